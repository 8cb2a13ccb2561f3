// SPDX-License-Identifier: Apache-2.0

/// What an agent bot's fields must be, whoever writes them (contract section 5). No field is required.
enum AgentBotRules {
    static func problems(_ draft: AgentBotDraft) -> [FieldProblem] {
        draft.problems
            + text("name", "Name", draft.name ?? nil, limit: 255)
            + text("description", "Description", draft.description ?? nil, limit: 65_535)
            + text("outgoing_url", "Outgoing url", draft.outgoingURL ?? nil, limit: 2_048)
            + avatar(draft.avatarURL ?? nil)
    }

    private static func text(_ attribute: String, _ name: String, _ value: String?, limit: Int) -> [FieldProblem] {
        guard let value, value.unicodeScalars.count > limit else { return StorableText.problems(attribute, name, value) }
        return [FieldProblem(attribute, "\(name) is too long (maximum is \(limit) characters)")]
    }

    /// Browsers will follow it, so that only addresses of the web are taken.
    private static func avatar(_ url: String?) -> [FieldProblem] {
        guard let url, !url.isEmpty else { return [] }
        let start = url.prefix(8).lowercased()
        guard start.hasPrefix("https://") || start.hasPrefix("http://"), !url.contains(where: \.isWhitespace) else {
            return [FieldProblem("avatar_url", "Avatar url is invalid")]
        }
        return text("avatar_url", "Avatar url", url, limit: 2_048)
    }
}
