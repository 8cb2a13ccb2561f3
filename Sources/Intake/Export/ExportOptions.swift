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
}
