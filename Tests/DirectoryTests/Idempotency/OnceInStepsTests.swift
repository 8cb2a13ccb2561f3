// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Postgres
import Synchronization
import Testing

@testable import Directory

/// Calls of several transactions under a key.
@Suite struct OnceInStepsTests {
    private struct Broken: Error {}

    private func call(renewedEvery period: Duration = .seconds(20)) throws -> KeyedCall {
        var call = try KeyedCall(key: "k", content: [1, 2, 3])
        call.lease = .seconds(600)
        call.renewal = period
        return call
    }

    @Test func theLeaseIsRenewedWhileTheCallTakes() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let until = "select (extract(epoch from leased_until) * 1000000)::bigint from idempotency_keys"
            let answer = try await world.directory.onceInSteps(
                call(renewedEvery: .milliseconds(50)), by: app.caller, note: { $0 }, replay: { $0 },
                execute: {
                    let first = try await world.count("\(unescaped: until)")
                    while try await world.count("\(unescaped: until)") == first { try await Task.sleep(for: .milliseconds(20)) }
                    // Nobody else gets it meanwhile.
                    await #expect(throws: DirectoryError.inProgress) {
                        try await world.directory.onceInSteps(
                            call(), by: app.caller, note: { $0 }, replay: { $0 }, execute: { "second" })
                    }
                    return "\"first\""
                })
            #expect(answer == "\"first\"")
            let again = try await world.directory.onceInSteps(
                call(), by: app.caller, note: { $0 }, replay: { "replayed " + $0 }, execute: { "second" })
            #expect(again == "replayed \"first\"")
        }
    }

    @Test func whatFailsOrIsNotKeptLeavesNoKey() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            await #expect(throws: Broken.self) {
                try await world.directory.onceInSteps(
                    call(), by: app.caller, note: { $0 }, replay: { $0 }, execute: { throw Broken() })
            }
            #expect(try await world.count("select count(*) from idempotency_keys") == 0)
            for number in 1...2 {
                let answer = try await world.directory.onceInSteps(
                    call(), by: app.caller, note: { _ in nil }, replay: { $0 }, execute: { "\(number)" })
                #expect(answer == "\(number)")
            }
            #expect(try await world.count("select count(*) from idempotency_keys") == 0)
        }
    }

    @Test func whoLostTheLeaseDoesNotOverwriteTheOthersAnswer() async throws {
        try await withDirectory { world in
            let app = try await world.app("One")
            let first = try await world.directory.onceInSteps(
                call(), by: app.caller, note: { $0 }, replay: { $0 },
                execute: {
                    // Silent for too long: another one takes the key and is done first.
                    try await world.postgres.execute("update idempotency_keys set leased_until = now() - interval '1 second'")
                    let other = try await world.directory.onceInSteps(
                        call(), by: app.caller, note: { $0 }, replay: { $0 }, execute: { "\"other\"" })
                    #expect(other == "\"other\"")
                    return "\"late\""
                })
            #expect(first == "\"late\"")
            #expect(try await world.text("select answer #>> '{}' from idempotency_keys") == "other")
        }
    }

    @Test func notesOfOutcomes() throws {
        let outcomes: [ProvisionOutcome] = [
            .created(7), .updated(8), .unchanged(.max), .withdrawn, .failed(.nonPermissible),
            .failed(.invalid([FieldProblem("email", "Email is \"odd\""), FieldProblem("name", "Name can't be blank")])),
            .failed(.nonPermissible), .failed(.invalid([])),
        ]
        let text = try #require(ProvisionNote(outcomes)?.text)
        #expect(try ProvisionNote.outcomes(text) == outcomes)
        #expect(text.components(of: "non_permissible") == 1)
        #expect(try ProvisionNote.outcomes(try #require(ProvisionNote([])?.text)) == [])
        // To be tried again: not for a day.
        #expect(ProvisionNote([.created(1), .failed(.unavailable)]) == nil)
        let long = (0..<10_000).map { number in
            ProvisionOutcome.failed(.invalid([FieldProblem("base", String(repeating: "\(number)", count: 30))]))
        }
        #expect(ProvisionNote(long)?.text == nil)
        for bad in [
            "{}", "[]", #"{"reasons":[],"items":[[3,0]]}"#, #"{"reasons":[],"items":[[9,0]]}"#, #"{"reasons":[],"items":[[1]]}"#,
        ] {
            #expect(throws: DecodingError.self, "\(bad)") { try ProvisionNote.outcomes(bad) }
        }
    }
}

extension String {
    fileprivate func components(of word: String) -> Int { ranges(of: word).count }
}
