// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Reads a `multipart/form-data` body (RFC 7578) as it comes, in whatever pieces: a few text fields, then one file, whose bytes are
/// passed on. Constant memory; no I/O.
package struct MultipartStream: Sendable {
    /// What a piece gave.
    package enum Event: Sendable, Equatable {
        /// A text field before the file.
        case field(name: String, value: String)
        /// The file begins; its name is as the sender has it, untrusted.
        case file(name: String)
        case data(ByteBuffer)
        /// The file ended; what follows does not matter.
        case end
    }

    /// The body is no such form, or not one that we take.
    package struct Malformed: Error, Equatable {
        package let message: String
    }

    private enum State: Equatable {
        case before, headers, field(name: String), file, over
    }

    /// Bytes that may stand before the file.
    static let headLimit = 16 << 10

    private let delimiter: [UInt8]
    private var state = State.before
    /// What is not dealt with yet: at most a part of a delimiter where the file goes on.
    private var rest: [UInt8]
    private var headSize = 0

    package init(boundary: String) {
        delimiter = Array("\r\n--\(boundary)".utf8)
        // The first delimiter may stand at the very beginning.
        rest = Array("\r\n".utf8)
    }

    /// Whether the file's end was seen.
    package var isOver: Bool { state == .over }

    /// Takes the next piece.
    package mutating func take(_ piece: ByteBuffer) throws(Malformed) -> [Event] {
        guard state != .over else { return [] }
        if state != .file {
            headSize += piece.readableBytes
            // The file may begin in the piece that is too much.
            guard headSize - piece.readableBytes <= Self.headLimit else {
                throw Malformed(message: "the file must come within the first \(Self.headLimit) bytes of the form")
            }
        }
        rest.append(contentsOf: piece.readableBytesView)
        var events: [Event] = []
        while let event = try step() { events += event }
        return events
    }

    /// - Returns: nil when more bytes are needed.
    private mutating func step() throws(Malformed) -> [Event]? {
        switch state {
        case .before:
            guard let at = Self.find(delimiter, in: rest) else { return nil }
            rest.removeFirst(at + delimiter.count)
            state = .headers
            return []
        case .headers:
            guard rest.count >= 2 else { return nil }
            if rest.starts(with: "--".utf8) { throw Malformed(message: "the form has no file") }
            guard let at = Self.find(Self.blank, in: rest) else { return nil }
            let event = try part(Array(rest[..<at]))
            rest.removeFirst(at + Self.blank.count)
            return event
        case .field(let name):
            // Of an empty field the delimiter begins with the blank line's end.
            guard let at = Self.find(delimiter, in: rest) else { return nil }
            guard let value = String(validating: rest[..<at], as: UTF8.self) else {
                throw Malformed(message: "a field is no UTF-8 text")
            }
            rest.removeFirst(at + delimiter.count)
            state = .headers
            return [.field(name: name, value: value)]
        case .file: return fileBytes()
        case .over: return nil
        }
    }

    private mutating func part(_ headers: [UInt8]) throws(Malformed) -> [Event] {
        let text = String(decoding: headers, as: UTF8.self)
        let disposition = text.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-disposition:") }
        guard let disposition, let name = MultipartParser.parameter("name", of: disposition) else {
            throw Malformed(message: "a part of the form has no name")
        }
        guard let file = MultipartParser.parameter("filename", of: disposition) else {
            state = .field(name: name)
            return []
        }
        state = .file
        return [.file(name: file)]
    }

    private mutating func fileBytes() -> [Event]? {
        guard !rest.isEmpty else { return nil }
        if let at = Self.find(delimiter, in: rest) {
            let data = ByteBuffer(bytes: rest[..<at])
            rest = []
            state = .over
            return data.readableBytes > 0 ? [.data(data), .end] : [.end]
        }
        // The end may be the beginning of a delimiter.
        let kept = min(rest.count, delimiter.count - 1)
        let begin = rest[(rest.count - kept)...].firstIndex(of: UInt8(ascii: "\r")) ?? rest.count
        guard begin > 0 else { return nil }
        let data = ByteBuffer(bytes: rest[..<begin])
        rest.removeFirst(begin)
        return [.data(data)]
    }

    private static let blank = Array("\r\n\r\n".utf8)

    private static func find(_ pattern: [UInt8], in text: [UInt8]) -> Int? {
        guard let first = pattern.first, text.count >= pattern.count else { return nil }
        let last = text.count - pattern.count
        return text.withUnsafeBufferPointer { bytes in
            var at = 0
            while at <= last, let candidate = bytes[at...last].firstIndex(of: first) {
                if bytes[candidate..<(candidate + pattern.count)].elementsEqual(pattern) { return candidate }
                at = candidate + 1
            }
            return nil
        }
    }
}
