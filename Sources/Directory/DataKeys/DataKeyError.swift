// SPDX-License-Identifier: Apache-2.0

/// Why data keys could not be opened, added or wrapped anew; never carries key material.
package enum DataKeyError: Error, Sendable, Hashable, CustomStringConvertible {
    /// This process was not given the master key.
    case noMasterKey
    /// The master key at hand does not open a data key, or could not be read.
    case notOpened(String)
    /// The master key at hand is not that of the database, which has this fingerprint.
    case otherMasterKey(expected: String)
    /// The new master key is the one in use.
    case sameMasterKey

    /// A stable name.
    package var code: String {
        switch self {
        case .noMasterKey: "data_keys.no_master_key"
        case .notOpened: "data_keys.not_opened"
        case .otherMasterKey: "data_keys.other_master_key"
        case .sameMasterKey: "data_keys.same_master_key"
        }
    }

    /// What happened and what to do next.
    package var description: String {
        switch self {
        case .noMasterKey: "this process was not given the master key"
        case .notOpened(let why): "the data keys cannot be opened: \(why)"
        case .otherMasterKey(let expected):
            "the master key was rotated (now \(expected.prefix(16))…): put the new file in place of the old one, "
                + "or point MUSTER_SECRET_KEY_FILE at it"
        case .sameMasterKey: "the new master key is the one in use already"
        }
    }
}
