// SPDX-License-Identifier: Apache-2.0

/// A key from which the keys of all purposes are derived; the database holds it wrapped by the master key.
package struct DataKey: Sendable, Equatable {
    /// The length of the key in bytes.
    static let length = 32
    /// The length of a wrapped key: format, nonce, ciphertext, tag.
    package static let wrappedLength = 1 + AESGCM.nonceLength + length + AESGCM.tagLength
    private static let format: UInt8 = 1

    /// The number under which tokens and rows name the key.
    package let id: Int32

    private let bytes: SecretBytes

    /// The key with this number and these 32 bytes.
    init(id: Int32, bytes: SecretBytes) {
        precondition(bytes.count == Self.length, "a data key has 32 bytes")
        self.id = id
        self.bytes = bytes
    }

    /// A new random key.
    package static func random(id: Int32) -> DataKey {
        DataKey(id: id, bytes: .random(count: length))
    }

    /// The key in the form that may be stored: sealed by the master key and bound to its number.
    package func wrap(with master: MasterKey) -> [UInt8] {
        let nonce = SecureRandom.bytes(AESGCM.nonceLength)
        let sealed = bytes.withUnsafeBytes { bytes in
            AESGCM.seal(bytes, key: master.wrappingKey(), nonce: nonce, authenticating: Self.context(id: id))
        }
        return [Self.format] + nonce + sealed
    }

    /// The key that `wrap` made of it under the same number and master key.
    package static func unwrap(_ wrapped: [UInt8], id: Int32, with master: MasterKey) throws(KeyringError) -> DataKey {
        guard wrapped.count == wrappedLength, wrapped[0] == format else { throw .notUnwrapped(id: id) }
        let nonce = Array(wrapped[1...AESGCM.nonceLength])
        let sealed = Array(wrapped[(1 + AESGCM.nonceLength)...])
        let plain = AESGCM.open(sealed, key: master.wrappingKey(), nonce: nonce, authenticating: context(id: id))
        guard let plain else { throw .notUnwrapped(id: id) }
        return DataKey(id: id, bytes: plain)
    }

    /// The key for one purpose.
    func derive(_ purpose: KeyPurpose) -> HMACKey {
        HMACKey(HKDF.sha256(key: bytes, purpose: purpose.rawValue))
    }

    private static func context(id: Int32) -> [UInt8] {
        Array("muster/data-key/v1/\(id)".utf8)
    }
}

extension DataKey: CustomStringConvertible, CustomReflectable {
    /// The number, never the key.
    package var description: String { "DataKey(\(id), redacted)" }

    /// A mirror that shows the number only.
    package var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}
