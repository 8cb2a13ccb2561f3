// SPDX-License-Identifier: Apache-2.0

/// Bytes that are overwritten when nobody holds them any more, and that no description shows.
///
/// Thread safety: written in `init` only.
package final class SecretBytes: Sendable {
    /// The number of bytes.
    package let count: Int

    private nonisolated(unsafe) let storage: UnsafeMutableRawBufferPointer

    /// `count` bytes that start as zeros and are filled by the closure.
    package init(count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
        self.count = count
        storage = .allocate(byteCount: count, alignment: 16)
        storage.initializeMemory(as: UInt8.self, repeating: 0)
        fill(storage)
    }

    /// A copy of the bytes.
    package convenience init(copying bytes: UnsafeRawBufferPointer) {
        self.init(count: bytes.count) { $0.copyMemory(from: bytes) }
    }

    /// Random bytes.
    package static func random(count: Int) -> SecretBytes {
        SecretBytes(count: count) { SecureRandom.fill($0) }
    }

    deinit {
        zeroise(storage)
        storage.deallocate()
    }

    /// Calls the body with the bytes, which must not leave it.
    package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(self) { try body(buffer) }
    }

    /// The bytes, valid as long as the caller keeps this object alive.
    var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(storage) }

    /// The start of the bytes, valid as long as the caller keeps this object alive.
    var bytes: UnsafePointer<UInt8>? { buffer.bindMemory(to: UInt8.self).baseAddress }
}

extension SecretBytes: Equatable {
    /// Compares in constant time.
    package static func == (left: SecretBytes, right: SecretBytes) -> Bool {
        withExtendedLifetime((left, right)) { constantTimeEquals(left.buffer, right.buffer) }
    }
}

extension SecretBytes: CustomStringConvertible, CustomReflectable {
    /// Never the bytes.
    package var description: String { "SecretBytes(redacted)" }

    /// A mirror without children.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
