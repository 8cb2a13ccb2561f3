// SPDX-License-Identifier: Apache-2.0

/// What a derived key is for; the text is part of the derivation and never changes.
enum KeyPurpose: String, CaseIterable {
    case accessToken = "muster/access-token/v1"
    case pubsubToken = "muster/pubsub-token/v1"
    case content = "muster/content/v1"
    case webhook = "muster/webhook-secret/v1"
    case totp = "muster/totp/v1"
}

/// The data keys of an installation, with the keys of all purposes derived once.
///
/// An immutable value: a rotation makes a new keyring.
package struct Keyring: Sendable {
    /// The number of the key under which new tokens are made.
    package let currentID: Int32

    private let purposes: [Int32: PurposeKeys]

    /// A keyring of the keys, of which one is current.
    package init(_ keys: [DataKey], currentID: Int32) throws(KeyringError) {
        var purposes: [Int32: PurposeKeys] = [:]
        for key in keys {
            guard purposes.updateValue(PurposeKeys(key), forKey: key.id) == nil else { throw .duplicateKey(id: key.id) }
        }
        try self.init(purposes, currentID: currentID)
    }

    /// A keyring of keys as the database holds them.
    package init(unwrapping keys: [Int32: [UInt8]], currentID: Int32, with master: MasterKey) throws(KeyringError) {
        var opened: [DataKey] = []
        for (id, wrapped) in keys {
            opened.append(try DataKey.unwrap(wrapped, id: id, with: master))
        }
        try self.init(opened, currentID: currentID)
    }

    private init(_ purposes: [Int32: PurposeKeys], currentID: Int32) throws(KeyringError) {
        guard purposes[currentID] != nil else { throw .unknownKey(id: currentID) }
        self.currentID = currentID
        self.purposes = purposes
    }

    /// This keyring with further keys, of which one, or a former one, is current. A key that it holds already stays as it is.
    package func adding(_ keys: [DataKey], currentID: Int32) throws(KeyringError) -> Keyring {
        var purposes = purposes
        for key in keys where purposes[key.id] == nil { purposes[key.id] = PurposeKeys(key) }
        return try Keyring(purposes, currentID: currentID)
    }

    /// The numbers of all keys, ascending.
    package var keyIDs: [Int32] { purposes.keys.sorted() }

    /// Whether it has the key with this number.
    package func holds(_ id: Int32) -> Bool { purposes[id] != nil }

    /// The derived keys of a data key, or nil when the keyring does not hold it.
    subscript(id: Int32) -> PurposeKeys? { purposes[id] }
}

/// The keys derived from one data key.
struct PurposeKeys: Sendable {
    let accessToken: HMACKey
    let pubsubToken: HMACKey
    let content: HMACKey
    let webhook: HMACKey
    let totp: HMACKey

    init(_ key: DataKey) {
        accessToken = key.derive(.accessToken)
        pubsubToken = key.derive(.pubsubToken)
        content = key.derive(.content)
        webhook = key.derive(.webhook)
        totp = key.derive(.totp)
    }
}

extension Keyring: CustomStringConvertible, CustomReflectable {
    /// The numbers of the keys, never the keys.
    package var description: String { "Keyring(keys: \(keyIDs), current: \(currentID))" }

    /// A mirror that shows numbers only.
    package var customMirror: Mirror { Mirror(self, children: ["keyIDs": keyIDs, "currentID": currentID]) }
}
