// SPDX-License-Identifier: Apache-2.0

/// One value of an attribute: a slice of its entry, text where the bytes are valid UTF-8.
///
/// Numbers and booleans of an export are text as it was written (`512`, `true`). Whether a value is text or binary
/// depends on its bytes only, never on how the export wrote it, so that all exports of one person are alike.
package struct AttributeValue: Sendable, Hashable {
    /// Whether the bytes are valid UTF-8.
    package enum Kind: UInt8, Sendable {
        case text, binary
    }

    package let kind: Kind
    /// The value itself; base64 is already undone.
    package let bytes: ArraySlice<UInt8>

    init(kind: Kind, bytes: ArraySlice<UInt8>) {
        self.kind = kind
        self.bytes = bytes
    }

    /// Makes a value from text.
    package init(text: String) {
        self.init(kind: .text, bytes: Array(text.utf8)[...])
    }

    /// Makes a value from bytes, which is text when they are valid UTF-8.
    package init(bytes: [UInt8]) {
        let isText = bytes.withUnsafeBytes { UTF8Check.isValid($0) }
        self.init(kind: isText ? .text : .binary, bytes: bytes[...])
    }

    /// The value as text, nothing where it is binary.
    package var string: String? {
        guard kind == .text else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    package var isEmpty: Bool { bytes.isEmpty }
}
