// SPDX-License-Identifier: Apache-2.0
import Foundation
import Subprocess
import SystemPackage
import Testing

/// The running daemon against its own OpenAPI document, by schemathesis: half a minute, ten minutes in a soak.
///
/// Where nothing can be installed from PyPI, `MUSTER_WITHOUT_SCHEMATHESIS=1` leaves it out, and says so.
@Suite(.serialized) struct SchemathesisTests {
    private static let isLeftOut = ProcessInfo.processInfo.environment["MUSTER_WITHOUT_SCHEMATHESIS"] != nil

    private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Schemathesis/run").path

    @Test(.disabled(if: isLeftOut, "MUSTER_WITHOUT_SCHEMATHESIS is set: the API is not held against its document"))
    func theDaemonDoesWhatItsDocumentSays() async throws {
        try await MusterFixture.withMuster { muster in
            let daemon = try await muster.serve()
            let address = "http://127.0.0.1:\(try #require(daemon.port))"
            let created = try await muster.muster("app", "create", "Schemathesis", "--json")
            let app = try Self.token(in: created.out)
            let user = try Self.token(in: try await Self.newUser(address, app))
            let seconds = MusterFixture.isSoak ? "600" : "30"
            let result = try await Subprocess.run(
                .path("/bin/sh"), arguments: [Self.script, address, seconds],
                environment: .inherit.updating(["MUSTER_APP_TOKEN": app, "MUSTER_USER_TOKEN": user]),
                output: .string(limit: 1 << 24), error: .string(limit: 1 << 20))
            let text = result.standardOutput + result.standardError
            #expect(result.terminationStatus.isSuccess, "\(text)")
            print(text.suffix(600))
            // Nothing that went wrong inside is in the log either.
            #expect(!daemon.text.contains("request failed"))
            #expect(try await daemon.status("ready") == 200)
            #expect(try await daemon.end(SIGTERM) == 0)
        }
    }

    private static func newUser(_ address: String, _ token: String) async throws -> String {
        let result = try await Subprocess.run(
            .name("curl"),
            arguments: [
                "--silent", "--header", "api_access_token: \(token)", "--data", "email=person@example.org&name=Person",
                "\(address)/platform/api/v1/users",
            ], output: .string(limit: 1 << 16), error: .discarded)
        return result.standardOutput
    }

    private static func token(in json: String) throws -> String {
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        return try #require(object?["access_token"] as? String, "\(json)")
    }
}
