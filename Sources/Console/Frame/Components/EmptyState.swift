// SPDX-License-Identifier: Apache-2.0

/// What stands in place of an empty list, and what to do about it; the template is `empty`.
struct EmptyState: Sendable {
    let heading: String
    let text: String
    var action: PageLink?

    init(_ heading: String, _ text: String, _ action: PageLink? = nil) {
        self.heading = heading
        self.text = text
        self.action = action
    }
}
