// SPDX-License-Identifier: Apache-2.0

import Postgres

extension AgentBotStore {
    /// The bots that the query means, the newest first; for operators.
    package func list(_ query: AgentBotListQuery, by caller: Caller) async throws -> Page<AgentBotListItem> {
        let problems = query.problems
        guard problems.isEmpty else {
            try await directory.authenticateOperator(caller)
            throw DirectoryError.invalid(problems)
        }
        let walk = query.platformAppID.map { ListWalk.ofApp($0) } ?? .all
        return try await directory.page(
            walk, of: .agentBot, query.page, by: caller, AgentBotListStatements.list(query, walk, caller: caller)
        ) { row in
            AgentBotListItem(
                id: try row.decode(Int64.self, "id"), name: try row.decode(String?.self, "name"),
                description: try row.decode(String?.self, "description"),
                accountID: try row.decode(Int64?.self, "account_id"), accountName: try row.decode(String?.self, "account_name"),
                firstOwner: try row.decode(String?.self, "first_app"), owners: try row.decode(Int64.self, "apps"),
                createdAt: try row.timestamp("created_at"))
        }
    }
}
