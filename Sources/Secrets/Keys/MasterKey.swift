// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// The key that wraps the data keys; it lives in a file of its own, never in the database.
package struct MasterKey: Sendable, Equatable {
    /// What the line in the file starts with.
    static let marker = "muster-master-key-v1:"
    /// The length of the key in bytes.
    static let length = 32

    private let bytes: SecretBytes

    /// The key that the bytes are.
    init(_ bytes: SecretBytes) {
        precondition(bytes.count == Self.length, "a master key has 32 bytes")
        self.bytes = bytes
    }

    /// A new random key.
    package static func random() -> MasterKey {
        MasterKey(.random(count: length))
    }

    /// Names this key without telling anything of it: the daemon stores it in the database to recognise a foreign key.
    package var fingerprint: String {
        let derived = HKDF.sha256(key: bytes, purpose: "muster/master-key/fingerprint/v1")
        return Hex.encode(derived.withUnsafeBytes { Digest.sha256($0) })
    }

    /// The key under which data keys are wrapped.
    func wrappingKey() -> SecretBytes {
        HKDF.sha256(key: bytes, purpose: "muster/master-key/wrap-data-key/v1")
    }
}

extension MasterKey: CustomStringConvertible, CustomReflectable {
    /// Never the key.
    package var description: String { "MasterKey(redacted)" }

    /// A mirror without children.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

// The text form: the marker, the base64 of the key, and at most one newline.
extension MasterKey {
    private static let base64Length = 44

    /// The line as it stands in the file, in memory that is overwritten after use.
    func line() -> SecretBytes {
        let marker = Array(Self.marker.utf8)
        // EVP_EncodeBlock ends its text with a NUL, which becomes the newline.
        return SecretBytes(count: marker.count + Self.base64Length + 1) { line in
            line.copyBytes(from: marker)
            let text = line.bindMemory(to: UInt8.self).baseAddress.map { $0 + marker.count }
            let written = bytes.withUnsafeBytes { key in
                EVP_EncodeBlock(text, key.bindMemory(to: UInt8.self).baseAddress, Int32(key.count))
            }
            precondition(Int(written) == Self.base64Length, "32 bytes are 44 characters of base64")
            line[line.count - 1] = UInt8(ascii: "\n")
        }
    }

    /// The key that the content of a file spells, or nil when it is not exactly what `line` writes (the newline may be absent).
    static func parse(_ content: UnsafeRawBufferPointer) -> MasterKey? {
        let marker = Array(Self.marker.utf8)
        let length = marker.count + base64Length
        guard content.count == length || content.count == length + 1 else { return nil }
        // 44 characters decode to 33 bytes, the last of them for the padding.
        let decoded = SecretBytes(count: 33) { output in
            let text = content.bindMemory(to: UInt8.self).baseAddress.map { $0 + marker.count }
            _ = EVP_DecodeBlock(output.bindMemory(to: UInt8.self).baseAddress, text, Int32(base64Length))
        }
        let key = decoded.withUnsafeBytes { MasterKey(SecretBytes(copying: .init(rebasing: $0[..<Self.length]))) }
        // libcrypto decodes leniently; only the one spelling that it writes itself is taken.
        let isCanonical = key.line().withUnsafeBytes { line in
            constantTimeEquals(UnsafeRawBufferPointer(rebasing: line[..<content.count]), content)
        }
        return isCanonical ? key : nil
    }
}
