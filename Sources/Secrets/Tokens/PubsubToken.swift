// SPDX-License-Identifier: Apache-2.0
package import FoundationEssentials

/// What a pubsub token says: which user may listen to the events of that user.
package struct PubsubTokenClaims: Sendable, Hashable {
    /// The id of the user.
    package var userID: Int64
    /// The nonce in the user's row: a new one makes the former token void.
    package var nonce: UUID
    /// The number of the data key that signs.
    package var keyID: Int32

    /// Claims of these parts.
    package init(userID: Int64, nonce: UUID, keyID: Int32) {
        self.userID = userID
        self.nonce = nonce
        self.keyID = keyID
    }
}

/// The text form of a pubsub token: 39 base62 characters, safe in a URL.
///
/// 6 characters number of the data key, 11 id of the user, 22 HMAC-SHA256 over key, id and nonce, truncated to 128 bits. The nonce
/// is not part of the text: it stays in the user's row.
package enum PubsubToken {
    /// The length of every token in characters.
    package static let length = 39

    private static let keyIDLength = 6

    /// The user and the key that a text names; nothing is proved before `Keyring.verify`.
    package static func parse(_ text: String) -> (userID: Int64, keyID: Int32)? {
        var text = text
        return text.withUTF8 { fields($0) }.map { ($0.userID, $0.keyID) }
    }

    fileprivate static func fields(
        _ text: UnsafeBufferPointer<UInt8>
    ) -> (userID: Int64, keyID: Int32, code: (UInt64, UInt64))? {
        guard text.count == length else { return nil }
        var reader = TokenReader(text)
        guard
            let keyID = reader.word(length: keyIDLength).flatMap(UInt32.init(exactly:)),
            let userID = reader.word(), let codeHigh = reader.word(), let codeLow = reader.word()
        else { return nil }
        return (Int64(bitPattern: userID), Int32(bitPattern: keyID), (codeHigh, codeLow))
    }

    fileprivate static func code(_ claims: PubsubTokenClaims, key: HMACKey) -> (UInt64, UInt64) {
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { scratch in
            let nonce = claims.nonce.words
            scratch.storeBytes(of: UInt64(UInt32(bitPattern: claims.keyID)).bigEndian, toByteOffset: 0, as: UInt64.self)
            scratch.storeBytes(of: claims.userID.bigEndian, toByteOffset: 8, as: Int64.self)
            scratch.storeBytes(of: nonce.high.bigEndian, toByteOffset: 16, as: UInt64.self)
            scratch.storeBytes(of: nonce.low.bigEndian, toByteOffset: 24, as: UInt64.self)
            let message = UnsafeRawBufferPointer(rebasing: scratch[..<32])
            key.authenticate(message, into: UnsafeMutableRawBufferPointer(rebasing: scratch[32...]))
            let high = UInt64(bigEndian: scratch.load(fromByteOffset: 32, as: UInt64.self))
            let low = UInt64(bigEndian: scratch.load(fromByteOffset: 40, as: UInt64.self))
            return (high, low)
        }
    }

    fileprivate static func write(_ claims: PubsubTokenClaims, code: (UInt64, UInt64)) -> String {
        String(unsafeUninitializedCapacity: length) { text in
            var writer = TokenWriter(text)
            writer.append(UInt64(UInt32(bitPattern: claims.keyID)), length: keyIDLength)
            writer.append(UInt64(bitPattern: claims.userID))
            writer.append(code.0)
            writer.append(code.1)
            return writer.count
        }
    }
}

extension Keyring {
    /// The pubsub token of the claims; the same claims always give the same token.
    package func mint(_ claims: PubsubTokenClaims) throws(KeyringError) -> String {
        guard let key = self[claims.keyID] else { throw .unknownKey(id: claims.keyID) }
        return PubsubToken.write(claims, code: PubsubToken.code(claims, key: key.pubsubToken))
    }

    /// The claims of a pubsub token that was minted for the nonce with a key of this keyring, or nil for everything else.
    package func verify(pubsubToken text: String, nonce: UUID) -> PubsubTokenClaims? {
        var text = text
        guard let fields = text.withUTF8({ PubsubToken.fields($0) }), let key = self[fields.keyID] else { return nil }
        let claims = PubsubTokenClaims(userID: fields.userID, nonce: nonce, keyID: fields.keyID)
        let isGenuine = constantTimeEquals(PubsubToken.code(claims, key: key.pubsubToken), fields.code)
        return isGenuine ? claims : nil
    }
}
