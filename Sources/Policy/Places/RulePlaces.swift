// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Yams

/// Where the rules that a journal names stand in a policy's file.
package struct RulePlaces: Sendable {
    private let file: String
    /// By rule: `people.email`, `people.custom_attributes.KEY`.
    private let lines: [String: Int]
    private let accounts: [AccountRule]

    /// Looks through the policy's file as it is now. Reads a file: not for a cooperative thread.
    package init(_ policy: Policy) {
        file = policy.file
        accounts = policy.accounts
        guard let data = FileManager.default.contents(atPath: policy.file), let yaml = String(validating: data, as: UTF8.self),
            let document = try? PolicyDocument(yaml: yaml, file: policy.file)
        else {
            lines = [:]
            return
        }
        lines = Self.lines(document.root)
    }

    /// `FILE:LINE` of a rule; of a group the line that names it, or the account's where the group is a member of such a group; nil
    /// when the policy has no such rule any more.
    ///
    /// - Parameter account: the key of the account that a group's rule is about, or whose own rule it is.
    package func place(of rule: String, account: String? = nil) -> String? {
        let found: Int? =
            if let account {
                accounts.first { $0.key == account }.map { found in
                    found.grants.first { $0.selector.groupKey == rule }?.line ?? found.line
                }
            } else {
                lines[rule]
            }
        return found.map { "\(file):\($0)" }
    }

    private static func lines(_ root: Node) -> [String: Int] {
        var lines: [String: Int] = [:]
        guard let people = root.mapping?["people"]?.mapping else { return lines }
        for (key, value) in people {
            guard let name = key.string else { continue }
            lines["people.\(name)"] = key.mark?.line
            guard name == "custom_attributes", let attributes = value.mapping else { continue }
            for (attribute, _) in attributes {
                if let key = attribute.string { lines["people.custom_attributes.\(key)"] = attribute.mark?.line }
            }
        }
        return lines
    }
}
