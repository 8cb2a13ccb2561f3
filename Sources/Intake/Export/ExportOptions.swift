// SPDX-License-Identifier: Apache-2.0

/// How an export is to be read: what its bytes do not say themselves.
package struct ExportOptions: Sendable, Hashable {
    package var format = EntryFormat.detect
    /// The encoding of its text; nil finds out (UTF-8, UTF-16).
    package var encoding: TextEncoding?
    /// How rows are meant, where the export has rows.
    package var csv = CSVOptions()
    /// What the manifest beside the export must be.
    package var manifest = ManifestRule()

    package init(format: EntryFormat = .detect) {
        self.format = format
    }
}

/// What a policy asks of the manifest beside an export (`FILE.manifest.json`).
package struct ManifestRule: Sendable, Hashable {
    /// Whether an export without manifest is refused. A manifest that is there must be right in any case.
    package var isRequired = false
    /// The public key (Ed25519, 32 bytes) by which a manifest must be signed; nil where it need not be.
    package var publicKey: [UInt8]?

    package init() {}

    /// The 32 bytes of an Ed25519 public key from their base64, or from what stands between the lines of its PEM file.
    package static func publicKey(base64 text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        guard Array(text.utf8).withUnsafeBytes({ Base64.decode($0, into: &bytes) }) else { return nil }
        // SubjectPublicKeyInfo of RFC 8410: always these twelve bytes, then the key.
        let prefix: [UInt8] = [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00]
        if bytes.count == 44, bytes.starts(with: prefix) { bytes.removeFirst(prefix.count) }
        return bytes.count == 32 ? bytes : nil
    }
}
