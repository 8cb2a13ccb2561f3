// SPDX-License-Identifier: Apache-2.0

/// A form of a few fields and a button. The template is `form`, for a page of its own as well as for a part of one.
struct FormPart: Sendable {
    let action: String
    let fields: [Field]
    let button: String
    var hidden: [DangerZone.Hidden] = []
    /// Where who thinks better of it goes.
    var cancel: String?
    /// For a button that is not the page's main one.
    var isQuiet = false

    /// - Parameters:
    ///   - action: as ``ConsoleVisit/href(_:_:)`` makes it.
    ///   - button: says what it does: "Create user".
    init(_ action: String, _ fields: [Field], button: String, cancel: String? = nil, hidden: [DangerZone.Hidden] = []) {
        self.action = action
        self.fields = fields
        self.button = button
        self.cancel = cancel
        self.hidden = hidden
    }

    /// The same with a quiet button.
    var quiet: FormPart {
        var form = self
        form.isQuiet = true
        return form
    }
}

/// A page with secrets that are shown once; the template is `secrets`.
struct SecretsPage: Sendable {
    let paragraphs: [String]
    let secrets: [SecretBox]
    let next: PageLink
}
