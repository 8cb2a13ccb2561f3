// SPDX-License-Identifier: Apache-2.0

/// What a permissible lets a Platform App do with one object; the bits of `platform_app_permissibles.rights`.
package struct Rights: OptionSet, Sendable, Hashable {
    package let rawValue: Int16

    package init(rawValue: Int16) {
        self.rawValue = rawValue
    }

    package static let read = Rights(rawValue: 1)
    package static let write = Rights(rawValue: 2)
    /// Token, login link, password and e-mail: whatever lets one act as the user.
    package static let impersonate = Rights(rawValue: 4)
    package static let delete = Rights(rawValue: 8)

    /// What an app has on everything it created.
    package static let all: Rights = [.read, .write, .impersonate, .delete]

    /// Every right with its name.
    package static let named: [(name: String, right: Rights)] = [
        ("read", .read), ("write", .write), ("impersonate", .impersonate), ("delete", .delete),
    ]

    /// The names of the rights held.
    package var names: [String] { Self.named.filter { contains($0.right) }.map(\.name) }
}
