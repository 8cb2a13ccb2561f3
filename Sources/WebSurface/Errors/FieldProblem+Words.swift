// SPDX-License-Identifier: Apache-2.0

package import Directory

extension FieldProblem {
    /// A problem in the words that Rails would use: `FieldProblem("email", says: "can't be blank")` is "Email can't be blank".
    ///
    /// The attribute is humanised as Rails does (`display_name` → `Display name`, `user_id` → `User`); `base` is nobody's.
    package init(_ attribute: String, says message: String) {
        guard attribute != "base" else {
            self.init(attribute, message)
            return
        }
        let noun = attribute.hasSuffix("_id") ? attribute.dropLast(3) : attribute[...]
        let words = String(noun.map { $0 == "_" ? " " : $0 })
        self.init(attribute, "\(words.prefix(1).uppercased())\(words.dropFirst()) \(message)")
    }
}
