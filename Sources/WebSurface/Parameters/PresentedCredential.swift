// SPDX-License-Identifier: Apache-2.0
package import HTTPTypes

/// The token text that a request presents; nothing is known yet about whether it is any good.
///
/// `Authorization: Bearer` (in any case) wins over `api_access_token`, even when its token is bad; other authorization
/// schemes are ignored. `api_access_token` is found in any spelling with `_` or `-`. The same header sent twice with
/// different values is joined as HTTP has it, and so never a valid token.
package struct PresentedCredential: Sendable, Equatable {
    /// Where the token was found.
    package enum Source: Sendable, Equatable {
        case bearer, accessTokenHeader
    }

    package let token: String
    package let source: Source

    /// Finds the credential in the headers; nil when there is none.
    package init?(_ headers: HTTPFields) {
        if let authorization = headers[.authorization], let token = Self.bearerToken(authorization) {
            self.init(token: token, source: .bearer)
            return
        }
        var found: String?
        for field in headers where Self.isAccessTokenHeader(field.name.canonicalName) {
            found = if let earlier = found, earlier != field.value { earlier + ", " + field.value } else { field.value }
        }
        guard let found else { return nil }
        self.init(token: String(found[...].trimmingBlanks()), source: .accessTokenHeader)
    }

    private init(token: String, source: Source) {
        self.token = token
        self.source = source
    }

    private static func bearerToken(_ authorization: String) -> String? {
        let value = authorization[...].trimmingBlanks()
        let scheme = value.prefix { $0 != " " && $0 != "\t" }
        guard scheme.lowercased() == "bearer" else { return nil }
        return String(value[scheme.endIndex...].trimmingBlanks())
    }

    private static func isAccessTokenHeader(_ canonicalName: String) -> Bool {
        let expected: StaticString = "api-access-token"
        let name = canonicalName.utf8
        guard name.count == expected.utf8CodeUnitCount else { return false }
        return zip(name, UnsafeBufferPointer(start: expected.utf8Start, count: expected.utf8CodeUnitCount))
            .allSatisfy { $0 == $1 || ($0 == UInt8(ascii: "_") && $1 == UInt8(ascii: "-")) }
    }
}

extension PresentedCredential: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "PresentedCredential(\(source), redacted)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["source": source]) }
}
