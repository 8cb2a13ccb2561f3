// SPDX-License-Identifier: Apache-2.0

import CZlib

/// Undoes gzip (RFC 1952) piece by piece, with its checksums: one member or several, one after the other.
///
/// A class, since zlib's state must not move; used by one reader only. However much a few bytes blow up to, no more than one
/// block of it is in memory.
final class GzipInflater {
    /// Bytes of one block of output.
    static let blockSize = 1 << 16

    private enum State {
        /// Within a member.
        case member
        /// Behind a member: another one, padding or the end.
        case between
        /// Zeros behind the last member, as tapes and some tools leave them.
        case padding
    }

    private let stream: UnsafeMutablePointer<z_stream>
    private let block = UnsafeMutableRawBufferPointer.allocate(byteCount: GzipInflater.blockSize, alignment: 16)
    private var state = State.member
    /// Compressed bytes taken so far.
    private(set) var taken = 0

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // Fails only for want of memory or with another library than the one compiled for.
        precondition(muster_gzip_begin(stream) == Z_OK, "zlib cannot be used")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        block.deallocate()
    }

    /// Inflates from `index` on and appends at most one block to `output`.
    ///
    /// - Returns: whether there may be more from these bytes.
    /// - Throws: ``IntakeError`` with ``IntakeError/Code/badCompression`` or ``IntakeError/Code/trailingBytes``.
    func inflate(_ bytes: UnsafeRawBufferPointer, from index: inout Int, into output: inout [UInt8]) throws(IntakeError) -> Bool {
        while state != .member, index < bytes.count {
            let byte = bytes[index]
            if state == .between, byte == 0x1F {
                inflateReset(stream)
                state = .member
            } else if byte == 0 {
                state = .padding
                advance(&index, 1)
            } else {
                throw fault(.trailingBytes, "the end of the file or another gzip member", IntakeError.name(byte))
            }
        }
        guard state == .member else { return false }
        // zlib reads only: the pointer loses its const in C before version 1.3.
        let input = UnsafeMutableRawPointer(mutating: bytes.baseAddress?.advanced(by: index))
        let given = UInt32(clamping: bytes.count - index)
        stream.pointee.next_in = input?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = given
        stream.pointee.next_out = block.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(Self.blockSize)
        let result = CZlib.inflate(stream, Z_NO_FLUSH)
        let free = Int(stream.pointee.avail_out)
        output.append(contentsOf: block[..<(Self.blockSize - free)])
        advance(&index, Int(given - stream.pointee.avail_in))
        switch result {
        case Z_OK, Z_BUF_ERROR: return index < bytes.count || free == 0
        case Z_STREAM_END:
            state = .between
            return index < bytes.count
        default:
            let reason = stream.pointee.msg.map { String(cString: $0) } ?? "code \(result)"
            throw fault(.badCompression, "gzip data", reason)
        }
    }

    /// Takes the end of the file.
    ///
    /// - Throws: ``IntakeError`` with ``IntakeError/Code/truncated`` where the last member is not whole.
    func finish() throws(IntakeError) {
        guard state == .member else { return }
        throw fault(.truncated, "the end of the gzip data with its checksum", "the end of the file")
    }

    private func advance(_ index: inout Int, _ count: Int) {
        index += count
        taken += count
    }

    private func fault(_ code: IntakeError.Code, _ expected: String, _ found: String) -> IntakeError {
        IntakeError(code: code, position: Position(line: 0, byte: taken), expected: expected, found: found)
    }
}
