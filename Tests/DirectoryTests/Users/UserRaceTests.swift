// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Postgres
import Testing

@Suite struct UserRaceTests {
    /// The outcome of one of several calls made at once.
    enum Outcome: Sendable, Equatable {
        case id(Int64)
        case refused(DirectoryError)
        case failed(String)

        static func of(_ body: () async throws -> Int64) async -> Outcome {
            do {
                return .id(try await body())
            } catch let error as DirectoryError { return .refused(error) } catch { return .failed("\(error)") }
        }
    }

    static func atOnce(_ count: Int, _ body: @escaping @Sendable (Int) async throws -> Int64) async -> [Outcome] {
        await withTaskGroup(of: Outcome.self) { group in
            for number in 0..<count { group.addTask { await Outcome.of { try await body(number) } } }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    @Test func oneAppCreatingOneAddressManyTimesGetsOneUser() async throws {
        try await withDirectory(pool: .init(limit: 8)) { world in
            let app = try await world.app("One")
            for round in 0..<12 {
                let outcomes = await Self.atOnce(8) { number in
                    let draft = UserDraft("user\(round)@example.org", password: number % 2 == 0 ? nil : "Secret-123")
                    return try await world.directory.users.create(draft, by: app.caller).id
                }
                #expect(Set(outcomes.map { "\($0)" }).count == 1, "\(outcomes)")
                guard case .id = outcomes[0] else {
                    Issue.record("\(outcomes)")
                    return
                }
            }
            #expect(try await world.count("select count(*) from users") == 12)
        }
    }

    @Test func twoAppsCreatingOneAddressOneWins() async throws {
        try await withDirectory(pool: .init(limit: 8)) { world in
            let apps = [try await world.app("One"), try await world.app("Two")]
            for round in 0..<12 {
                let outcomes = await Self.atOnce(2) { number in
                    try await world.user("user\(round)@example.org", by: apps[number]).id
                }
                #expect(outcomes.filter { if case .id = $0 { true } else { false } }.count == 1, "\(outcomes)")
                #expect(outcomes.contains(.refused(.emailTaken)), "\(outcomes)")
            }
            #expect(try await world.count("select count(*) from user_permissibles") == 12)
        }
    }

    @Test func updatesToOneAddressOneWins() async throws {
        try await withDirectory(pool: .init(limit: 8)) { world in
            let app = try await world.app("One")
            var ids: [Int64] = []
            for number in 0..<4 { ids.append(try await world.user("u\(number)@example.org", by: app).id) }
            for round in 0..<8 {
                let outcomes = await Self.atOnce(4) { [ids] number in
                    try await world.directory.users.update(
                        ids[number], UserUpdate(email: "wanted\(round)@example.org"), by: app.caller
                    ).id
                }
                #expect(outcomes.filter { $0 == .refused(.emailTaken) }.count == 3, "\(outcomes)")
            }
        }
    }

    @Test func deletesAtOnceDeleteOnce() async throws {
        try await withDirectory(pool: .init(limit: 8)) { world in
            let app = try await world.app("One")
            for round in 0..<5 {
                let id = try await world.user("u\(round)@example.org", by: app).id
                let outcomes = await Self.atOnce(6) { _ in
                    try await world.directory.users.delete(id, by: app.caller)
                    return id
                }
                #expect(
                    outcomes.filter { $0 == .id(id) }.count == 1 && outcomes.filter { $0 == .refused(.notFound) }.count == 5,
                    "\(outcomes)")
                #expect(try await world.auditActions(of: id) == "user.create user.delete")
                #expect(try await world.version(ofUser: id) == 2)
            }
        }
    }

    @Test func updatesAtOnceLoseNothing() async throws {
        try await withDirectory(pool: .init(limit: 8)) { world in
            let app = try await world.app("One")
            let ada = try await world.user("ada@example.org", by: app)
            let outcomes = await Self.atOnce(16) { number in
                try await world.directory.users.update(ada.id, UserUpdate(attributes: #"{"k\#(number)":1}"#), by: app.caller).id
            }
            #expect(outcomes.allSatisfy { $0 == .id(ada.id) }, "\(outcomes)")
            #expect(try await world.version(ofUser: ada.id) == 17)
            #expect(try await world.count("select count(*) from users, jsonb_object_keys(custom_attributes)") == 16)
            #expect(try await world.count("select count(*) from audit_events where action = 'user.update'") == 16)
        }
    }

    /// Two inserts of one address can wait for each other; the victim tries again and nobody sees it.
    @Test func deadlockVictimsTryAgain() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            for statement: PostgresQuery in [
                "create sequence attempts",
                """
                create function fail_first() returns trigger language plpgsql as $$ begin
                    if nextval('attempts') < 3 then raise exception 'deadlock' using errcode = '40P01'; end if;
                    return new; end $$
                """,
                "create trigger fail_first before insert on users for each row execute function fail_first()",
            ] { try await world.postgres.execute(statement) }
            let ada = try await world.user("ada@example.org", by: app)
            #expect(ada.secrets != nil)
            #expect(try await world.count("select last_value from attempts") == 3)
            #expect(try await world.auditActions(of: ada.id) == "user.create")
            // Not for ever.
            try await world.postgres.execute("alter sequence attempts restart")
            try await world.postgres.execute("alter sequence attempts minvalue -9 restart with -9")
            await #expect(throws: PostgresError.self) { try await world.user("bob@example.org", by: app) }
        }
    }
}
