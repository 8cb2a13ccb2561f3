// SPDX-License-Identifier: Apache-2.0

/// Why keys could not be used; never carries key material.
package enum KeyringError: Error, Equatable, CustomStringConvertible {
    /// The keyring does not hold the key with this number.
    case unknownKey(id: Int32)
    /// Two keys have this number.
    case duplicateKey(id: Int32)
    /// The stored key is damaged, was stored under another number, or belongs to another master key.
    case notUnwrapped(id: Int32)

    /// The stable name of the error.
    package var code: String {
        switch self {
        case .unknownKey: "keyring.unknown_key"
        case .duplicateKey: "keyring.duplicate_key"
        case .notUnwrapped: "keyring.not_unwrapped"
        }
    }

    /// What an operator needs to know.
    package var description: String {
        switch self {
        case .unknownKey(let id): "there is no data key \(id)"
        case .duplicateKey(let id): "there are two data keys \(id)"
        case .notUnwrapped(let id): "the data key \(id) cannot be opened with this master key"
        }
    }
}
