// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres

/// What many tests make: objects with the fields that do not matter filled in.
extension TestDirectory {
    func user(_ email: String, by app: TestApp, name: String = "Somebody") async throws -> User {
        try await directory.users.create(UserDraft(email, name: name), by: app.caller)
    }

    func account(_ name: String, by app: TestApp) async throws -> Account {
        var draft = AccountDraft()
        draft.name = name
        return try await directory.accounts.create(draft, by: app.caller)
    }

    @discardableResult
    func member(_ user: Int64, of account: Int64, _ role: Role? = nil, by app: TestApp) async throws -> Membership {
        try await directory.memberships.upsert(accountID: account, MembershipDraft(user, role), by: app.caller)
    }

    /// What a super admin's grant comes to; no rights take it back.
    func grant(_ kind: ObjectKind, _ id: Int64, to app: TestApp, _ rights: Rights) async throws {
        guard !rights.isEmpty else {
            try await postgres.execute(
                """
                delete from platform_app_permissibles
                where kind = \(kind.rawValue)::text::object_kind and platform_app_id = \(app.id) and object_id = \(id)
                """)
            return
        }
        try await postgres.execute(
            """
            insert into platform_app_permissibles (kind, platform_app_id, object_id, origin, rights)
            values (\(kind.rawValue)::text::object_kind, \(app.id), \(id), 'granted', \(rights.rawValue))
            on conflict (kind, platform_app_id, object_id) do update set rights = excluded.rights
            """)
    }

    func text(_ query: PostgresQuery) async throws -> String? {
        try await postgres.query(query).first?.decode(String?.self, at: 0)
    }

    func version(ofUser id: Int64) async throws -> Int {
        try await count("select row_version from users where id = \(id)")
    }

    func version(ofAccount id: Int64) async throws -> Int {
        try await count("select row_version from accounts where id = \(id)")
    }

    /// Everything that the audit trail holds, as text to search in.
    func auditText() async throws -> String {
        try await text("select coalesce(string_agg(to_jsonb(e)::text, E'\\n' order by id), '') from audit_events e") ?? ""
    }

    func auditActions(of subject: Int64, _ kind: ObjectKind = .user) async throws -> String {
        try await text(
            """
            select coalesce(string_agg(action, ' ' order by id), '') from audit_events
            where subject_id = \(subject) and subject_kind = \(kind.rawValue)
            """) ?? ""
    }
}

extension UserDraft {
    init(_ email: String?, name: String? = "Somebody", password: String? = nil, attributes: String? = nil) {
        self.init()
        self.email = email
        self.name = name
        self.password = password
        customAttributes = attributes.map(JSONText.init)
    }
}

extension UserUpdate {
    init(email: String? = nil, name: String? = nil, password: String? = nil, attributes: String? = nil) {
        self.init()
        self.email = email
        self.name = name
        self.password = password
        customAttributes = attributes.map(JSONText.init)
    }
}

extension AccountDraft {
    init(name: String? = nil, status: AccountStatus? = nil) {
        self.init()
        self.name = name
        self.status = status
    }
}

extension MembershipDraft {
    init(_ user: Int64?, _ role: Role? = nil) {
        self.init()
        userID = user
        self.role = role
    }
}

extension DirectoryError {
    static let emailTaken = DirectoryError.invalid([FieldProblem("email", "Email has already been taken")])
    static let nameBlank = DirectoryError.invalid([FieldProblem("name", "Name can't be blank")])
}

/// Ids that no app was ever permitted to.
let strangeIDs: [Int64] = [-1, 0, 4_000_000_000, .max, .min]
