// SPDX-License-Identifier: Apache-2.0

/// What lies before every reader: the bytes of a file become text in UTF-8.
///
/// gzip is told by its first two bytes, text by its byte order mark or the encoding that was named. Memory does not grow
/// with what comes out.
package struct ExportDecoder: ~Copyable {
    /// As many bytes as tell one kind of file from another.
    private static let headSize = 6

    private enum Wrapping {
        /// The first bytes did not come yet.
        case unknown
        case none
        case gzip(GzipInflater)
    }

    private var wrapping = Wrapping.unknown
    private var text: TextDecoder
    private var head: [UInt8] = []
    private var block: [UInt8] = []

    /// - Parameter encoding: of the text within; nil finds out, and takes what says nothing for UTF-8.
    package init(encoding: TextEncoding? = nil) {
        text = TextDecoder(encoding)
    }

    /// Whether the next bytes are passed on as they are, so that nobody needs to ask for a copy.
    package var isTransparent: Bool {
        if case .none = wrapping { text.isTransparent } else { false }
    }

    /// Decodes from `index` on and appends a limited amount of text to `output`.
    ///
    /// - Returns: whether there may be more from these bytes.
    /// - Throws: ``IntakeError`` where the compressed data is broken.
    package mutating func decode(
        _ bytes: UnsafeRawBufferPointer, from index: inout Int, into output: inout [UInt8]
    ) throws(IntakeError) -> Bool {
        switch wrapping {
        case .unknown:
            // No more than is needed: what they blow up to is in memory at once.
            let end = min(bytes.count, index + Self.headSize - head.count)
            head.append(contentsOf: bytes[index..<end])
            index = end
            guard head.count == Self.headSize else { return false }
            try begin(into: &output)
            return index < bytes.count
        case .none:
            text.decode(UnsafeRawBufferPointer(rebasing: bytes[index...]), into: &output)
            index = bytes.count
            return false
        case .gzip(let inflater):
            block.removeAll(keepingCapacity: true)
            let isMore = try inflater.inflate(bytes, from: &index, into: &block)
            block.withUnsafeBytes { text.decode($0, into: &output) }
            return isMore
        }
    }

    /// Takes the end of the file and appends what was held back.
    ///
    /// - Throws: ``IntakeError`` where the compressed data or the text is cut.
    package mutating func finish(into output: inout [UInt8]) throws(IntakeError) {
        if case .unknown = wrapping { try begin(into: &output) }
        if case .gzip(let inflater) = wrapping { try inflater.finish() }
        guard text.finish(into: &output) else {
            throw IntakeError(
                code: .truncated, position: Position(line: 0, byte: 0), expected: "the second half of a character of UTF-16",
                found: "the end of the file")
        }
    }

    private mutating func begin(into output: inout [UInt8]) throws(IntakeError) {
        if let archive = Self.archive(head) {
            throw IntakeError(
                code: .badCompression, position: Position(line: 0, byte: 0), expected: "text, or text in gzip", found: archive)
        }
        wrapping = head.starts(with: [0x1F, 0x8B]) ? .gzip(GzipInflater()) : .none
        let first = head
        head = []
        var failure: IntakeError?
        first.withUnsafeBytes { first in
            var index = 0
            do throws(IntakeError) {
                while try decode(first, from: &index, into: &output) {}
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    /// What else a file of bytes that are no text may be.
    private static func archive(_ head: [UInt8]) -> String? {
        if head.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return "a zip archive (or a workbook); unpack it or save it as CSV" }
        if head.starts(with: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]) { return "xz" }
        if head.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) { return "zstd" }
        return nil
    }
}
