// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres

/// A small installation with something of everything that the pages of users, accounts and bots show.
struct Scene: Sendable {
    let app: TestApp
    let ada: Int64
    let acme: Int64
    let role: Int64
    let bot: Int64

    /// - Parameter text: what stands in every field that an app or an export can fill with text.
    init(_ world: TestDirectory, text given: String? = nil) async throws {
        let text = given.map { String($0.unicodeScalars.prefix(250).map(Character.init)) }
        let directory = world.directory
        app = try await world.app(text.map { String($0.unicodeScalars.prefix(200).map(Character.init)) } ?? "Harbour")
        var user = UserDraft()
        (user.email, user.name, user.displayName) = ("ada@x.org", text ?? "Ada King", text ?? "Ada")
        user.customAttributes = Self.attributes(text)
        ada = try await directory.users.create(user, by: app.caller).id
        var account = AccountDraft()
        (account.name, account.customAttributes) = (text ?? "Acme", Self.attributes(text))
        account.domain = .some(text.map { String($0.unicodeScalars.prefix(90).map(Character.init)) } ?? "acme.example")
        account.limits = JSONText(#"{"agents":50}"#)
        acme = try await directory.accounts.create(account, by: app.caller).id
        var role = CustomRoleDraft()
        (role.name, role.description, role.permissions) = (text ?? "Reporter", text ?? "Reads reports", ["report_manage"])
        self.role = try await directory.customRoles.create(accountID: acme, role, by: app.caller).id
        var member = MembershipDraft()
        (member.userID, member.customRoleID) = (ada, .some(self.role))
        _ = try await directory.memberships.upsert(accountID: acme, member, by: app.caller)
        var bot = AgentBotDraft()
        (bot.name, bot.description, bot.accountID) = (.some(text ?? "Answers"), .some(text ?? "A bot"), .some(acme))
        bot.outgoingURL = .some(text ?? "https://bot.example/hook")
        self.bot = try await directory.agentBots.create(bot, by: app.caller).id
        _ = try await directory.suspensions.suspend(
            accountID: acme, userID: ada, SuspensionReason(text ?? "on leave"), by: app.caller)
        _ = try await directory.suspensions.suspend(user: ada, SuspensionReason(text ?? "left"), by: app.caller)
        try await fill(world, text)
    }

    /// What calls do not make: what a sync leaves behind, and a session.
    private func fill(_ world: TestDirectory, _ text: String?) async throws {
        let postgres = world.postgres
        let name = text ?? "harbour"
        try await postgres.execute("select ensure_changes_partition()")
        try await postgres.execute(
            """
            with s as (insert into sources (platform_app_id, name) values (\(app.id), \(name)) returning id),
            r as (
                insert into runs (platform_app_id, source_id, policy, state) select \(app.id), id, \(name), 'done' from s returning id
            ),
            l as (
                insert into links (source_id, kind, external_key, object_id, policy, last_seen_run)
                select s.id, 'user', \([3] + Array(name.utf8.prefix(500))), \(ada), \(name), r.id from s, r
            ),
            c as (
                insert into changes (run_id, seq, planned_at, kind, action, object_id, fields, memberships, reason)
                select id, 1, now(), 'user', 'update', \(ada),
                       jsonb_build_object(\(name)::text, jsonb_build_array('before', \(name)::text, \(name)::text)),
                       jsonb_build_object('7', jsonb_build_array(null, \(name)::text, \(name)::text)), \(name) from r
            ),
            f as (insert into change_refusals (run_id, seq, code, detail) select id, 1, 'x', \(name) from r)
            insert into applied_ranges (run_id, first_seq, last_seq) select id, 1, 1 from r
            """)
        try await postgres.execute(
            """
            insert into sessions (user_id, client, digest, password_mark, expires_at, user_agent, address)
            select id, 'client', '\\x00', password_mark(password_hash), now() + interval '1 day', \(name), '192.0.2.7'
            from users where id = \(ada)
            """)
        try await postgres.execute("update users set message_signature = \(name), avatar_url = \(name) where id = \(ada)")
    }

    private static func attributes(_ text: String?) -> JSONText {
        guard let text else { return JSONText(#"{"region": "north", "cost": {"centre": 7}}"#) }
        let escaped = text.unicodeScalars.map { scalar in
            scalar == "\"" || scalar == "\\" ? "\\\(scalar)" : scalar.value < 32 ? " " : String(scalar)
        }.joined()
        return JSONText("{\"\(escaped)\": \"\(escaped)\", \"list\": [\"\(escaped)\"]}")
    }

    /// Every page of the slice that shows something of the scene, below `/super_admin`, with a name for its picture.
    var pages: [(path: String, name: String)] {
        let (user, account) = ("users/\(ada)", "accounts/\(acme)")
        return [
            ("users", "users"), ("users/new", "user-new"), (user, "user"), ("\(user)/edit", "user-edit"),
            ("\(user)/delete", "user-delete"), ("\(user)/password", "user-password"), ("\(user)/token", "user-token"),
            ("\(user)/memberships", "user-memberships"), ("\(user)/memberships/new", "user-membership-new"),
            ("\(user)/memberships/\(acme)", "user-membership"), ("\(user)/sessions", "user-sessions"),
            ("\(user)/history", "user-history"), ("accounts", "accounts"), ("accounts/new", "account-new"),
            (account, "account"), ("\(account)/edit", "account-edit"), ("\(account)/delete", "account-delete"),
            ("\(account)/members", "account-members"), ("\(account)/members/new", "account-member-new"),
            ("\(account)/custom_roles", "custom-roles"), ("\(account)/custom_roles/new", "custom-role-new"),
            ("\(account)/custom_roles/\(role)", "custom-role"), ("\(account)/history", "account-history"),
            ("agent_bots", "agent-bots"), ("agent_bots/new", "agent-bot-new"), ("agent_bots/\(bot)", "agent-bot"),
            ("agent_bots/\(bot)/edit", "agent-bot-edit"), ("agent_bots/\(bot)/history", "agent-bot-history"),
        ]
    }
}
