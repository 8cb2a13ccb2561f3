// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import FoundationEssentials
import Logging
import Postgres
import Secrets
import Synchronization
import Testing

@testable import Directory

/// Data keys that are added while others are at work.
@Suite struct DataKeyTests {
    /// A second process on the same database, which knows the keys of now.
    private static func replica(
        of world: TestDirectory, _ body: (Directory) async throws -> Void
    ) async throws {
        let postgres = PostgresClient(
            configuration: world.postgres.configuration,
            logger: Logger(label: "quiet", factory: { _ in SwiftLogNoOpLogHandler() }))
        let directory = Directory(
            postgres: postgres, keyring: world.directory.keyring, passwords: world.passwords,
            master: { try await world.directory.keys.master() })
        let result: Result<Void, any Error>
        do { result = .success(try await body(directory)) } catch { result = .failure(error) }
        await postgres.close()
        try result.get()
    }

    private static func works(_ token: String, in directory: Directory) async throws -> Bool {
        await directory.learnKey(of: token)
        guard let caller = directory.platformAppCaller(token: token, requestID: nil) else { return false }
        try await directory.authenticate(caller)
        return true
    }

    @Test func aNewKeyIsCurrentAndFormerTokensStayValid() async throws {
        try await withDirectory { world in
            let before = try await world.app("Before")
            let id = try await world.directory.dataKeys.rotate(by: .command)
            #expect(world.directory.currentKeyID == id)
            let after = try await world.app("After")
            #expect(AccessToken.keyID(of: after.token) == id)
            #expect(try await Self.works(before.token, in: world.directory))
            #expect(try await Self.works(after.token, in: world.directory))
            let keys = try await world.directory.dataKeys.list(by: .command)
            #expect(keys.map(\.id) == [id, id - 1])
            #expect(keys.map(\.isCurrent) == [true, false])
            #expect(keys.map(\.liveTokens) == [1, 1])
            #expect(keys[0].retiredAt == nil && keys[1].retiredAt != nil)
            #expect(try await world.count("select count(*) from audit_events where action = 'data_key.rotate'") == 1)
        }
    }

    @Test func aTokenUnderAKeyOfAnotherProcessIsKnownAtOnce() async throws {
        try await withDirectory { world in
            try await Self.replica(of: world) { there in
                _ = try await world.directory.dataKeys.rotate(by: .command)
                let app = try await world.app("After")
                #expect(there.platformAppCaller(token: app.token, requestID: nil) == nil, "it does not know the key yet")
                // Many at once: one look serves them all.
                let all = await withTaskGroup(of: Bool.self) { group in
                    for _ in 0..<20 { group.addTask { (try? await Self.works(app.token, in: there)) ?? false } }
                    return await group.reduce(into: [Bool]()) { $0.append($1) }
                }
                #expect(all.allSatisfy { $0 })
                #expect(there.currentKeyID == world.directory.currentKeyID)
            }
        }
    }

    @Test func aRowUnderAKeyOfAnotherProcessIsReadAtOnce() async throws {
        try await withDirectory { world in
            let app = try await world.app("App")
            try await Self.replica(of: world) { there in
                _ = try await world.directory.dataKeys.rotate(by: .command)
                let ada = try await world.user("ada@example.org", by: app)
                let read = try await there.users.show(ada.id, by: app.caller)
                #expect(read.secrets?.accessToken == ada.secrets?.accessToken)
                #expect(AccessToken.keyID(of: try #require(ada.secrets).accessToken) == there.currentKeyID)
            }
        }
    }

    @Test func forgedKeyNumbersDoNotBecomeQueries() async throws {
        let looks = Counter()
        let lookout = Lookout()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<500 { group.addTask { await lookout.look { looks.count() } } }
        }
        // All together, or the first at once and the others a second later; on a machine that is very busy in a few groups.
        #expect((1...9).contains(looks.value))
    }

    @Test func aGenuineTokenIsFoundBehindForgedOnes() async throws {
        try await withDirectory { world in
            let foreign = try Keyring([.random(id: 999)], currentID: 999)
            let forged = try foreign.mint(AccessTokenClaims(owner: .platformApp, id: 1, nonce: UUID(), keyID: 999))
            try await Self.replica(of: world) { there in
                #expect(try await !Self.works(forged, in: there))
                _ = try await world.directory.dataKeys.rotate(by: .command)
                let app = try await world.app("After")
                #expect(try await Self.works(app.token, in: there))
                #expect(try await !Self.works(forged, in: there))
            }
        }
    }

    @Test func aKeyThatTheMasterKeyDoesNotOpenIsReported() async throws {
        try await withDirectory { world in
            _ = try await world.postgres.execute(
                "insert into data_keys (wrapped) values (\(DataKey.random(id: 2).wrap(with: .random())))")
            await #expect(throws: DataKeyError.self) { try await world.directory.refreshKeys() }
            let app = try await world.app("Still served")
            #expect(try await Self.works(app.token, in: world.directory))
        }
    }

    @Test func anotherMasterKeyWrapsTheSameKeys() async throws {
        try await withDirectory { world in
            let app = try await world.app("App")
            _ = try await world.directory.dataKeys.rotate(by: .command)
            let later = try await world.app("Later")
            let (old, new) = (try await world.directory.keys.master(), MasterKey.random())
            await #expect(throws: DataKeyError.sameMasterKey) {
                try await world.directory.dataKeys.rewrap(from: old, to: old, by: .command)
            }
            await #expect(throws: DataKeyError.otherMasterKey(expected: old.fingerprint)) {
                try await world.directory.dataKeys.rewrap(from: .random(), to: new, by: .command)
            }
            #expect(try await world.directory.dataKeys.rewrap(from: old, to: new, by: .command) == 2)
            await #expect(throws: InstallationError.self) { try await Installation.keyring(world.postgres) { _ in old } }
            let opened = try await Installation.keyring(world.postgres) { _ in new }
            for token in [app.token, later.token] { #expect(opened.verify(token) != nil) }
            // The process that has the old key at hand serves on, and cannot add a key.
            #expect(try await Self.works(later.token, in: world.directory))
            await #expect(throws: DataKeyError.otherMasterKey(expected: new.fingerprint)) {
                try await world.directory.dataKeys.rotate(by: .command)
            }
        }
    }
}

private final class Counter: Sendable {
    private let number = Atomic(0)

    var value: Int { number.load(ordering: .relaxed) }

    func count() { number.add(1, ordering: .relaxed) }
}
