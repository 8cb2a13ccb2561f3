// SPDX-License-Identifier: Apache-2.0

/// A secret in the answer to the act that revealed or made it: with a script it is masked again after 30 seconds, and can be
/// copied. The template is `secret`.
struct SecretBox: Sendable {
    let id: String
    let label: String
    let value: String
    var hint: String?

    init(_ label: String, _ value: String, hint: String? = nil, id: String = "secret") {
        self.id = id
        self.label = label
        self.value = value
        self.hint = hint
    }
}
