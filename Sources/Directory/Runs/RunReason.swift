// SPDX-License-Identifier: Apache-2.0

/// Why plans change things: every reason that a planner of ours writes down, with the actions that it comes with.
package enum RunReason {
    /// The reasons in the order of a person's life.
    package static let all = known.map(\.reason)

    /// Of what a run changes that reverses another one.
    package static let undo = "the reverse of an earlier run"

    /// The actions that a reason comes with; nil for one that is not known here.
    static func actions(_ reason: String) -> [String]? { known.first { $0.reason == reason }?.actions }

    /// Of who is suspended because the export does not hold him any more.
    package static let absent = "absent from the export"

    /// Of who is a user because a person resolved a dispute.
    package static let decided = "a person said whose entry it is"

    private static let known: [(reason: String, actions: [String])] = [
        ("new in the export", ["create"]),
        ("matched by e-mail", ["adopt"]),
        (decided, ["adopt"]),
        ("changed in the export", ["update"]),
        ("disabled in the export", ["create", "adopt", "suspend"]),
        (absent, ["suspend"]),
        ("absent for longer than the policy waits", ["delete"]),
        ("its entry was made anew", ["adopt"]),
        ("back or enabled in the export", ["restore", "adopt"]),
        ("a new account of the policy", ["create"]),
        ("its rule changed", ["update"]),
        ("its rule is gone from the policy", ["suspend"]),
        ("its rule is back", ["restore"]),
        ("nothing in the export leads to it any more", ["suspend"]),
        ("back in the export", ["restore"]),
        (undo, ["update", "suspend", "restore"]),
        ("asked for by the API", ["create", "update", "adopt", "suspend", "restore"]),
    ]
}
