// SPDX-License-Identifier: Apache-2.0

import Directory
import WebSurface

extension SuspensionReason {
    /// What a suspending call sends; other keys are ignored.
    init(_ parameters: inout ParameterReader) {
        self.init(parameters.string("reason").value)
        problems = parameters.problems
    }
}

extension JSONWriter {
    /// The fields that `include=suspensions` adds to a user's or a membership's body.
    mutating func suspensions(_ suspensions: [Suspension]) {
        field("status", suspensions.isEmpty ? "active" : "suspended")
        array("suspensions") { list in
            for suspension in suspensions {
                list.object {
                    $0.field("by", suspension.byKind)
                    $0.field("by_id", suspension.byID)
                    $0.field("reason", suspension.reason)
                    $0.field("since", microseconds: suspension.since.microseconds)
                }
            }
        }
    }
}
