// SPDX-License-Identifier: Apache-2.0

/// What a webhook's fields must be. Whether its host may be called is decided when it is called, by its address.
package enum WebhookRules {
    /// How many webhooks an app may have: each one multiplies what a change costs.
    static let mostOfAnApp: Int32 = 20

    static func problems(_ draft: WebhookDraft, creating: Bool) -> [FieldProblem] {
        var problems = draft.problems
        func known(_ attribute: String) -> Bool { problems.contains { $0.attribute == attribute } }
        if !known("url"), creating || draft.url != nil {
            if draft.url.map({ $0.allSatisfy(\.isWhitespace) }) ?? true {
                problems.append(FieldProblem("url", "Url can't be blank"))
            } else if WebhookURL(draft.url ?? "") == nil {
                problems.append(FieldProblem("url", "Url is invalid"))
            }
        }
        if let events = draft.events, !known("events") {
            if events.isEmpty { problems.append(FieldProblem("events", "Events can't be blank")) }
            if events.contains(where: { EventType(rawValue: $0) == nil }) {
                problems.append(FieldProblem("events", "Events contain an unknown name"))
            }
        }
        return problems
    }
}

/// An address that webhooks may be sent to, taken apart by us so that what is checked is what is called.
package struct WebhookURL: Sendable, Equatable {
    package let isSecure: Bool
    /// In lower case; an IPv6 address without its brackets.
    package let host: String
    package let port: Int
    /// Path and query, `/` at least.
    package let target: String

    /// Reads `https://host[:port][/path][?query]`: no credentials, no fragment, nothing but plain ASCII.
    package init?(_ text: String) {
        guard text.utf8.count <= 2_048, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }),
            let mark = text.firstRange(of: "://"), !text.contains("#")
        else { return nil }
        switch text[..<mark.lowerBound].lowercased() {
        case "https": isSecure = true
        case "http": isSecure = false
        default: return nil
        }
        let rest = text[mark.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard let (host, port) = Self.authority(rest[..<end]) else { return nil }
        self.host = host
        self.port = port ?? (isSecure ? 443 : 80)
        let target = rest[end...]
        self.target = target.hasPrefix("/") ? String(target) : "/" + target
    }

    /// As it is called.
    package var text: String {
        let name = host.contains(":") ? "[\(host)]" : host
        let isUsual = port == (isSecure ? 443 : 80)
        return "\(isSecure ? "https" : "http")://\(name)\(isUsual ? "" : ":\(port)")\(target)"
    }

    private static func authority(_ text: Substring) -> (String, Int?)? {
        var host = text
        var port: Int?
        let afterBracket = text.lastIndex(of: "]") ?? text.startIndex
        if let colon = text[afterBracket...].lastIndex(of: ":") {
            let digits = text[text.index(after: colon)...]
            guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt16(digits), number > 0 else {
                return nil
            }
            port = Int(number)
            host = text[..<colon]
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            let address = host.dropFirst().dropLast()
            guard address.contains(":"), address.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else { return nil }
            return (address.lowercased(), port)
        }
        let isName = host.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) && $0 != 0x5F || $0 == 0x2D || $0 == 0x2E
        }
        guard !host.isEmpty, host.utf8.count <= 253, isName else { return nil }
        return (host.lowercased(), port)
    }
}
