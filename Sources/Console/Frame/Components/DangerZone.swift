// SPDX-License-Identifier: Apache-2.0

/// A form whose button destroys or closes something, saying before what it will do and to how many; the template is `danger`.
struct DangerZone: Sendable {
    let heading: String
    let text: String
    /// What will happen, a line each: "3 memberships end".
    let effects: [String]
    let hasEffects: Bool
    let action: String
    /// Says what it does: "Delete Ada Lovelace".
    let button: String
    var fields: [Field] = []
    /// Sent along unseen.
    var hidden: [Hidden] = []

    /// A hidden field.
    struct Hidden: Sendable {
        let name: String
        let value: String
    }

    init(
        _ heading: String, _ text: String, effects: [String] = [], action: String, button: String, fields: [Field] = [],
        hidden: [Hidden] = []
    ) {
        self.heading = heading
        self.text = text
        self.effects = effects
        hasEffects = !effects.isEmpty
        self.action = action
        self.button = button
        self.fields = fields
        self.hidden = hidden
    }
}
