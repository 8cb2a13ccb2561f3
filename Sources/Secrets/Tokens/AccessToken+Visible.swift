// SPDX-License-Identifier: Apache-2.0

extension AccessToken {
    /// How many characters of a token may be shown: prefix, version, key and row. The nonce and the code behind them authenticate.
    package static let visibleLength = 30

    /// The part of a token that may be shown and compared with what a log or a scanner has; it opens nothing.
    package static func visiblePart(owner: AccessTokenClaims.Owner, id: Int64, keyID: Int32) -> String {
        String(unsafeUninitializedCapacity: visibleLength) { text in
            var writer = TokenWriter(text)
            writer.append(owner.prefix)
            writer.append(version << 56 | UInt64(UInt32(bitPattern: keyID)))
            writer.append(UInt64(bitPattern: id))
            return writer.count
        }
    }

    /// What a token says of itself, whole or cut off behind its visible part: whose kind it is and which row issued it. Nothing is
    /// checked, so this serves to look a row up and never to let anybody in.
    package static func row(named text: some StringProtocol) -> (owner: AccessTokenClaims.Owner, id: Int64)? {
        let bytes = Array(text.utf8)
        guard (visibleLength...length).contains(bytes.count) else { return nil }
        return bytes.withUnsafeBufferPointer { bytes in
            var reader = TokenReader(bytes)
            guard let owner = reader.owner(), let header = reader.word(), let id = reader.word(),
                header & 0xFFFF_FFFF_0000_0000 == version << 56, let id = Int64(exactly: id)
            else { return nil }
            return (owner, id)
        }
    }
}
