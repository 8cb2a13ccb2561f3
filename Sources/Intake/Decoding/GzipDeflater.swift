// SPDX-License-Identifier: Apache-2.0

import CZlib

/// Writes gzip (RFC 1952) piece by piece.
///
/// A class, since zlib's state must not move; used by one writer only.
package final class GzipDeflater {
    private let stream: UnsafeMutablePointer<z_stream>
    private let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 14, alignment: 16)

    /// - Parameter level: 1 is fast, 9 is small.
    package init(level: Int32 = 6) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // Fails only for want of memory, for another level, or with another library than the one compiled for.
        precondition(muster_gzip_begin_writing(stream, level) == Z_OK, "zlib cannot be used")
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
        block.deallocate()
    }

    /// Appends what there is to write after these bytes, often nothing yet.
    package func write(_ bytes: UnsafeRawBufferPointer, into output: inout [UInt8]) {
        run(bytes, Z_NO_FLUSH, into: &output)
    }

    /// Appends the rest, with the checksum.
    package func finish(into output: inout [UInt8]) {
        run(UnsafeRawBufferPointer(start: nil, count: 0), Z_FINISH, into: &output)
    }

    private func run(_ bytes: UnsafeRawBufferPointer, _ flush: Int32, into output: inout [UInt8]) {
        // zlib reads only: the pointer loses its const in C before version 1.3.
        stream.pointee.next_in = UnsafeMutableRawPointer(mutating: bytes.baseAddress)?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = UInt32(bytes.count)
        repeat {
            stream.pointee.next_out = block.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = UInt32(block.count)
            _ = deflate(stream, flush)
            output.append(contentsOf: block[..<(block.count - Int(stream.pointee.avail_out))])
        } while stream.pointee.avail_out == 0
    }
}
