// SPDX-License-Identifier: Apache-2.0

/// The script for boxes that show a secret (`data-secret`): masks it after 30 seconds, copies it. A part of each surface's own.
package enum SecretScript {
    package static let bytes: [UInt8] = PackageResources.secret_js
}
