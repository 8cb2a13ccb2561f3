// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import WebSurface

/// A form with a file is read as it comes, however it is cut.
struct MultipartStreamTests {
    private static let boundary = "b0undary"

    private static func form(_ fields: [(String, String)], _ file: [UInt8]?, tail: String = "") -> [UInt8] {
        var body: [UInt8] = []
        for (name, value) in fields {
            body += Array("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8)
        }
        if let file {
            let head = "--\(boundary)\r\ncontent-disposition: form-data; name=\"file\"; filename=\"p.json\"\r\nX: y\r\n\r\n"
            body += Array(head.utf8) + file + Array("\r\n".utf8)
        }
        return body + Array("--\(boundary)\(tail.isEmpty ? "--\r\n" : tail)".utf8)
    }

    private static func read(_ body: [UInt8], _ piece: (Int) -> Int) throws -> (fields: [String], file: [UInt8], isOver: Bool) {
        var stream = MultipartStream(boundary: boundary)
        var (fields, file, at) = ([String](), [UInt8](), 0)
        while at < body.count {
            let end = min(body.count, at + max(1, piece(at)))
            for event in try stream.take(ByteBuffer(bytes: body[at..<end])) {
                switch event {
                case .field(let name, let value): fields.append("\(name)=\(value)")
                case .file(let name): fields.append("file \(name)")
                case .data(let data): file += Array(data.readableBytesView)
                case .end: fields.append("end")
                }
            }
            at = end
        }
        return (fields, file, stream.isOver)
    }

    /// Contents that look like the end of themselves.
    private static let contents: [[UInt8]] = [
        [], Array("x".utf8), Array("\r\n".utf8), Array("\r\n--b0undar".utf8), Array("\r\r\n-\r\n--\r\n--b0undarX--".utf8),
        Array("\r\n--b0undar\r\n--b0undar".utf8), Array(repeating: 13, count: 100), (0...255).map { UInt8($0) },
    ]

    @Test(arguments: contents) func everyCutGivesTheSame(_ content: [UInt8]) throws {
        let body = Self.form([("form_token", "t"), ("mode", "")], content, tail: "\r\nwhatever --")
        for size in 1...body.count {
            let (fields, file, isOver) = try Self.read(body) { _ in size }
            #expect(fields == ["form_token=t", "mode=", "file p.json", "end"] && file == content && isOver, "\(size)")
        }
    }

    @Test func randomCutsOfALargeFile() throws {
        var random = SystemRandomNumberGenerator()
        let content = (0..<300_000).map { _ in [13, 10, 45, 98, 48, 65][Int.random(in: 0..<6, using: &random)] as UInt8 }
        let body = Self.form([("a", "b")], content)
        let (_, file, isOver) = try Self.read(body) { _ in Int.random(in: 1...70_000, using: &random) }
        #expect(file == content && isOver)
    }

    @Test func whatIsNoSuchFormIsRefused() {
        #expect(throws: MultipartStream.Malformed.self) { try Self.read(Self.form([("a", "b")], nil)) { _ in 9 } }
        #expect(throws: MultipartStream.Malformed.self) {
            try Self.read(Array("--b0undary\r\nX: y\r\n\r\nz\r\n--b0undary--".utf8)) { _ in 9 }
        }
        // Fields without an end, and a preamble without one.
        #expect(throws: MultipartStream.Malformed.self) {
            try Self.read(Self.form([("a", String(repeating: "x", count: 40_000))], [1])) { _ in 1_000 }
        }
        #expect(throws: MultipartStream.Malformed.self) { try Self.read([UInt8](repeating: 65, count: 40_000)) { _ in 1_000 } }
        // It broke off.
        let whole = Self.form([], [1, 2, 3])
        let broken = try? Self.read(Array(whole.dropLast(14))) { _ in 5 }
        #expect(broken?.isOver == false)
    }
}
