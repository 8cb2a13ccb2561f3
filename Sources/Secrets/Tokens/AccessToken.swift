// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// The text form of an access token: 80 characters that a double click selects and a secret scanner finds.
///
/// | characters | what |
/// | --- | --- |
/// | 8 | prefix of the owner's kind: `mst_app_`, `mst_usr_`, `mst_bot_`, `mst_adm_` |
/// | 11 | version (high byte) and number of the data key (low 32 bits) |
/// | 11 | id of the token's row |
/// | 22 | nonce |
/// | 22 | HMAC-SHA256 over kind, version, key, id and nonce, truncated to 128 bits |
/// | 6 | CRC-32 (zip) of the 74 characters before |
///
/// Numbers are 64-bit words in base62 (`0-9A-Za-z`), most significant digit first, with leading zeros. For scanners:
/// `\bmst_(?:app|usr|bot|adm)_[0-9A-Za-z]{72}\b`; the checksum tells a real token from a look-alike without asking anybody.
package enum AccessToken {
    /// The length of every token in characters.
    package static let length = 80
    /// The regular expression that finds tokens in any text.
    package static let pattern = #"\bmst_(?:app|usr|bot|adm)_[0-9A-Za-z]{72}\b"#

    /// The number of the data key that a text of the right form names; nothing is proved before `Keyring.verify`.
    package static func keyID(of text: String) -> Int32? {
        var text = text
        return text.withUTF8 { fields($0)?.keyID }
    }

    static let version: UInt64 = 1
    static let prefixLength = 8
    static let checkedLength = 74

    /// The numbers that stand in the text before the code.
    struct Words {
        var header: UInt64
        var id: UInt64
        var nonceHigh: UInt64
        var nonceLow: UInt64
    }

    /// What stands in a text of the right form.
    struct Fields {
        var owner: AccessTokenClaims.Owner
        var words: Words
        var code: (UInt64, UInt64)

        var keyID: Int32 { Int32(bitPattern: UInt32(truncatingIfNeeded: words.header)) }
    }

    /// Reads a text; nil unless its form, its version and its checksum are right.
    static func fields(_ text: UnsafeBufferPointer<UInt8>) -> Fields? {
        guard text.count == length else { return nil }
        var reader = TokenReader(text)
        guard
            let owner = reader.owner(),
            let header = reader.word(), let id = reader.word(), let nonceHigh = reader.word(), let nonceLow = reader.word(),
            let codeHigh = reader.word(), let codeLow = reader.word(),
            reader.checksum(),
            header & 0xFFFF_FFFF_0000_0000 == version << 56
        else { return nil }
        let words = Words(header: header, id: id, nonceHigh: nonceHigh, nonceLow: nonceLow)
        return Fields(owner: owner, words: words, code: (codeHigh, codeLow))
    }

    /// The 128-bit code of the words for an owner's kind.
    static func code(_ words: Words, owner: AccessTokenClaims.Owner, key: HMACKey) -> (UInt64, UInt64) {
        withUnsafeTemporaryAllocation(byteCount: 72, alignment: 8) { scratch in
            let parts = (UInt64(owner.rawValue), words.header, words.id, words.nonceHigh, words.nonceLow)
            scratch.storeBytes(of: parts.0.bigEndian, toByteOffset: 0, as: UInt64.self)
            scratch.storeBytes(of: parts.1.bigEndian, toByteOffset: 8, as: UInt64.self)
            scratch.storeBytes(of: parts.2.bigEndian, toByteOffset: 16, as: UInt64.self)
            scratch.storeBytes(of: parts.3.bigEndian, toByteOffset: 24, as: UInt64.self)
            scratch.storeBytes(of: parts.4.bigEndian, toByteOffset: 32, as: UInt64.self)
            let message = UnsafeRawBufferPointer(rebasing: scratch[..<40])
            key.authenticate(message, into: UnsafeMutableRawBufferPointer(rebasing: scratch[40...]))
            let high = UInt64(bigEndian: scratch.load(fromByteOffset: 40, as: UInt64.self))
            let low = UInt64(bigEndian: scratch.load(fromByteOffset: 48, as: UInt64.self))
            return (high, low)
        }
    }
}

extension Keyring {
    /// The token of the claims; the same claims always give the same token.
    package func mint(_ claims: AccessTokenClaims) throws(KeyringError) -> String {
        guard let key = self[claims.keyID] else { throw .unknownKey(id: claims.keyID) }
        let (nonceHigh, nonceLow) = claims.nonce.words
        let words = AccessToken.Words(
            header: AccessToken.version << 56 | UInt64(UInt32(bitPattern: claims.keyID)), id: UInt64(bitPattern: claims.id),
            nonceHigh: nonceHigh, nonceLow: nonceLow)
        let code = AccessToken.code(words, owner: claims.owner, key: key.accessToken)
        return String(unsafeUninitializedCapacity: AccessToken.length) { text in
            var writer = TokenWriter(text)
            writer.append(claims.owner.prefix)
            writer.append(words.header)
            writer.append(words.id)
            writer.append(words.nonceHigh)
            writer.append(words.nonceLow)
            writer.append(code.0)
            writer.append(code.1)
            writer.appendChecksum()
            return writer.count
        }
    }

    /// The claims of a token that was minted with a key of this keyring, or nil for everything else.
    ///
    /// That a token verifies does not mean that it is still valid: its row decides on revocation, expiry and nonce.
    package func verify(_ text: some StringProtocol) -> AccessTokenClaims? {
        let claims = text.utf8.withContiguousStorageIfAvailable { verify($0) }
        if let claims { return claims }
        return Array(text.utf8).withUnsafeBufferPointer { verify($0) }
    }

    /// The claims of a token in UTF-8, as `verify(_:)` of a text.
    package func verify(_ text: UnsafeBufferPointer<UInt8>) -> AccessTokenClaims? {
        guard let fields = AccessToken.fields(text), let key = self[fields.keyID] else { return nil }
        let words = fields.words
        let expected = AccessToken.code(words, owner: fields.owner, key: key.accessToken)
        guard constantTimeEquals(expected, fields.code) else { return nil }
        return AccessTokenClaims(
            owner: fields.owner, id: Int64(bitPattern: words.id), nonce: UUID(high: words.nonceHigh, low: words.nonceLow),
            keyID: fields.keyID)
    }
}
