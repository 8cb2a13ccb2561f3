// SPDX-License-Identifier: Apache-2.0

import Testing
import WebTestSupport

/// A browser as far as pages need one: keeps cookies, fills in forms, runs no script; follows no redirect by itself.
struct Visitor: Sendable {
    let port: Int
    var cookies: [String: String] = [:]
    /// Who it says it asks.
    var host = "127.0.0.1"

    /// Asks for a path below `/super_admin`, or for one that begins with a slash.
    mutating func get(_ path: String, headers: [(String, String)] = []) async throws -> RawAnswer {
        try await ask("GET", path, nil, headers)
    }

    /// Sends a form as it is given, without looking for its hidden fields.
    mutating func post(
        _ path: String, _ fields: KeyValuePairs<String, String> = [:], headers: [(String, String)] = []
    ) async throws -> RawAnswer {
        try await ask("POST", path, Self.form(fields.map { ($0.key, $0.value) }), headers)
    }

    /// Sends the form of a page whose action ends so, with what stands in it and what is typed.
    mutating func submit(
        _ page: RawAnswer, _ action: String, _ typed: KeyValuePairs<String, String> = [:], headers: [(String, String)] = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> RawAnswer {
        let forms = page.body.matches(of: /(?s)<form[^>]*? method="post" action="([^"]*)"[^>]*>(.*?)<\/form>/)
        let form = try #require(
            forms.first { $0.1.hasSuffix(action) }, "no form for \(action) in \(page.body)", sourceLocation: sourceLocation)
        var fields = form.2.matches(of: /<input type="hidden" name="([^"]+)" value="([^"]*)">/).map {
            (String($0.1), Self.plain(String($0.2)))
        }
        for input in form.2.matches(of: /<input id="[^"]*" name="([^"]+)" type="[a-z]+" value="([^"]*)"/) {
            fields.append((String(input.1), Self.plain(String(input.2))))
        }
        for (name, value) in typed {
            fields.removeAll { $0.0 == name }
            fields.append((name, value))
        }
        return try await ask("POST", Self.plain(String(form.1)), Self.form(fields), headers)
    }

    /// Sends a form with a file, in pieces of so many bytes.
    mutating func upload(
        _ path: String, _ fields: KeyValuePairs<String, String>, file: (name: String, bytes: [UInt8])?, piece: Int = 50_000
    ) async throws -> RawAnswer {
        let boundary = "----muster\(UInt32.random(in: 0 ... .max))"
        var body: [UInt8] = []
        for (name, value) in fields {
            body += Array("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8)
        }
        if let file {
            let disposition = "form-data; name=\"file\"; filename=\"\(file.name)\""
            body += Array("--\(boundary)\r\nContent-Disposition: \(disposition)\r\nContent-Type: text/plain\r\n\r\n".utf8)
            body += file.bytes + Array("\r\n".utf8)
        }
        body += Array("--\(boundary)--\r\n".utf8)
        let head =
            "POST /super_admin/\(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n"
            + "Cookie: \(cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; "))\r\n"
            + "Content-Type: multipart/form-data; boundary=\(boundary)\r\nContent-Length: \(body.count)\r\n\r\n"
        let client = try RawClient(port: port, receiveTimeout: 60)
        await client.send(head)
        for start in stride(from: 0, to: body.count, by: piece) {
            guard await client.send(Array(body[start..<min(body.count, start + piece)])) else { break }
        }
        return try #require(await client.answer())
    }

    /// Asks for a page again and again until it has these words.
    mutating func wait(for words: String, at path: String, sourceLocation: SourceLocation = #_sourceLocation) async throws
        -> RawAnswer
    {
        var page = try await get(path)
        let start = ContinuousClock.now
        while !page.body.contains(words) {
            try #require(ContinuousClock.now - start < .seconds(60), "\(page.body)", sourceLocation: sourceLocation)
            try await Task.sleep(for: .milliseconds(50))
            page = try await get(path)
        }
        return page
    }

    /// Goes where an answer leads.
    mutating func follow(_ answer: RawAnswer, sourceLocation: SourceLocation = #_sourceLocation) async throws -> RawAnswer {
        #expect(answer.status == 303, "\(answer)", sourceLocation: sourceLocation)
        return try await get(try #require(answer.header("location"), sourceLocation: sourceLocation))
    }

    private mutating func ask(
        _ method: String, _ path: String, _ form: String?, _ headers: [(String, String)]
    ) async throws -> RawAnswer {
        let target = path.hasPrefix("/") ? path : "/super_admin" + (path.isEmpty ? "" : "/" + path)
        var text = "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if !cookies.isEmpty { text += "Cookie: \(cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; "))\r\n" }
        if let form { text += "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: \(form.utf8.count)\r\n" }
        let client = try RawClient(port: port, receiveTimeout: 60)
        await client.send(text + "\r\n" + (form ?? ""))
        let answer = try #require(await client.answer(toHead: method == "HEAD"))
        for line in answer.header("set-cookie")?.split(separator: "\n") ?? [] {
            let pair = line.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            cookies[String(pair[0])] = pair[1].isEmpty ? nil : String(pair[1])
        }
        return answer
    }

    private static func form(_ fields: [(String, String)]) -> String {
        fields.map { "\(encoded($0.0))=\(encoded($0.1))" }.joined(separator: "&")
    }

    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let scalar = Unicode.Scalar(byte)
            let isPlain = scalar.properties.isAlphabetic && byte < 128 || (48...57).contains(byte)
            return isPlain ? String(scalar) : (byte < 16 ? "%0" : "%") + String(byte, radix: 16)
        }.joined()
    }

    private static func plain(_ markup: String) -> String {
        markup.replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&quot;", with: "\"").replacing(
            "&#39;", with: "'"
        )
        .replacing("&amp;", with: "&")
    }
}
