// SPDX-License-Identifier: Apache-2.0

/// What an agent bot's fields must be, whoever writes them (contract section 5). No field is required.
enum AgentBotRules {
    static func problems(_ draft: AgentBotDraft) -> [FieldProblem] {
        draft.problems
            + StorableText.problems("name", "Name", draft.name ?? nil, maximum: 255)
            + StorableText.problems("description", "Description", draft.description ?? nil, maximum: 65_535)
            + StorableText.problems("outgoing_url", "Outgoing url", draft.outgoingURL ?? nil, maximum: 2_048)
            + avatar(draft.avatarURL ?? nil)
    }

    /// Browsers will follow it, so that only addresses of the web are taken.
    private static func avatar(_ url: String?) -> [FieldProblem] {
        guard let url, !url.isEmpty else { return [] }
        let start = url.prefix(8).lowercased()
        guard start.hasPrefix("https://") || start.hasPrefix("http://"), !url.contains(where: \.isWhitespace) else {
            return [FieldProblem("avatar_url", "Avatar url is invalid")]
        }
        return StorableText.problems("avatar_url", "Avatar url", url, maximum: 2_048)
    }
}
