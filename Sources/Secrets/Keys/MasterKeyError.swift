// SPDX-License-Identifier: Apache-2.0

/// Why a master key file was refused; never carries what the file holds.
package enum MasterKeyError: Error, Equatable, CustomStringConvertible {
    /// There is no such file.
    case missing(path: String)
    /// A key was to be generated, but the file exists.
    case exists(path: String)
    /// The path names a folder, a pipe or a device.
    case notAFile(path: String)
    /// The group or others may do something with the file.
    case exposed(path: String, mode: UInt32)
    /// The file's content is no master key.
    case malformed(path: String)
    /// The system refused an operation on the file.
    case system(path: String, operation: String, errno: Int32)

    /// The stable name of the error.
    package var code: String {
        switch self {
        case .missing: "master_key.missing"
        case .exists: "master_key.exists"
        case .notAFile: "master_key.not_a_file"
        case .exposed: "master_key.exposed"
        case .malformed: "master_key.malformed"
        case .system: "master_key.system"
        }
    }

    /// What an operator needs to know.
    package var description: String {
        switch self {
        case .missing(let path): "the master key file \(path) does not exist"
        case .exists(let path): "the master key file \(path) exists and is not overwritten"
        case .notAFile(let path): "the master key \(path) is no regular file"
        case .exposed(let path, let mode):
            "the master key file \(path) has mode \(String(mode, radix: 8)): take all rights from group and others (chmod 600)"
        case .malformed(let path): "the master key file \(path) does not hold one line \(MasterKey.marker)<base64 of 32 bytes>"
        case .system(let path, let operation, let errno): "\(operation) of the master key file \(path) failed: errno \(errno)"
        }
    }
}
