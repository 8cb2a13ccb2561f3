// SPDX-License-Identifier: Apache-2.0
import Foundation
import PostgresTestSupport
import Testing

/// `muster doctor` on installations that are well, and on broken ones.
@Suite(.serialized) struct DoctorTests {
    struct Report: Decodable {
        struct Check: Decodable {
            let check: String
            let state: String
            let message: String
            let remedy: String?
        }

        let state: String
        let checks: [Check]

        func states(_ check: String) -> [String] { checks.filter { $0.check == check }.map(\.state) }
    }

    private static func report(_ answer: MusterFixture.Answer) throws -> Report {
        let report = try JSONDecoder().decode(Report.self, from: Data(answer.out.utf8))
        for check in report.checks {
            #expect((check.state == "ok") == (check.remedy == nil), "\(check)")
            #expect(!check.message.contains("\n") && !check.message.contains("mst_"), "\(check)")
        }
        return report
    }

    @Test func anInstallationThatIsWell() async throws {
        try await ReplicaFixture.withReplicas { replicas in
            try FileManager.default.createDirectory(atPath: replicas.muster.policies, withIntermediateDirectories: true)
            let daemon = try await replicas.serve("one")
            let listen = "127.0.0.1:\(try #require(daemon.port))"
            let changes = ["MUSTER_LISTEN": listen, "MUSTER_DATA_DIR": "\(replicas.muster.folder)/one"]
            let answer = try await replicas.command("doctor", "--json", changes: changes)
            #expect(answer.code == 0, "\(answer.out)")
            let report = try Self.report(answer)
            for check in [
                "database", "encoding", "connections", "schema", "master_key", "data_keys", "clock", "policies", "listen",
            ] {
                #expect(report.states(check) == ["ok"], "\(check): \(answer.out)")
            }
            #expect(report.states("super_admins") == ["warning"], "there is none yet")
            #expect(try await replicas.command("doctor", "--strict", changes: changes).code == 1)
            let text = try await replicas.command("doctor", changes: changes)
            #expect(text.code == 0 && text.out.contains("muster admin create"), "\(text.out)")
        }
    }

    @Test func everythingThatIsWrongIsSaidAtOnce() async throws {
        try await ReplicaFixture.withReplicas { replicas in
            let folder = replicas.muster.folder
            try FileManager.default.createDirectory(atPath: replicas.muster.policies, withIntermediateDirectories: true)
            try "version: 1\nnonsense: true\n".write(
                toFile: "\(replicas.muster.policies)/bad.yaml", atomically: true, encoding: .utf8)
            try MachineKey.write(to: "\(folder)/foreign.key")
            chmod("\(folder)/foreign.key", 0o644)
            let open = "\(folder)/open"
            try FileManager.default.createDirectory(atPath: open, withIntermediateDirectories: false)
            chmod(open, 0o777)
            let port = try Squatter()
            let changes = [
                "MUSTER_SECRET_KEY_FILE": "\(folder)/foreign.key", "MUSTER_DATA_DIR": open,
                "MUSTER_LISTEN": "127.0.0.1:\(port.port)", "MUSTER_PUBLIC_URL": "http://muster.example.org",
            ]
            let answer = try await replicas.command("doctor", "--json", changes: changes)
            #expect(answer.code == 1)
            var report = try Self.report(answer)
            for check in ["master_key", "data_folder", "data_keys", "policies", "listen"] {
                #expect(report.states(check).contains("failure"), "\(check): \(answer.out)")
            }
            #expect(report.states("public_url") == ["warning"])
            #expect(report.states("database") == ["ok"])
            #expect(report.checks.contains { $0.remedy?.contains("chmod 600") == true })
            // The right mode, and still another key.
            chmod("\(folder)/foreign.key", 0o600)
            report = try Self.report(try await replicas.command("doctor", "--json", changes: changes))
            #expect(report.states("master_key") == ["ok"])
            #expect(report.checks.contains { $0.check == "data_keys" && $0.message.contains("another master key") })
            // A data key that does not open, a database without its last migration, and none at all.
            try await replicas.execute("update data_keys set wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)")
            report = try Self.report(try await replicas.command("doctor", "--json"))
            #expect(report.checks.contains { $0.check == "data_keys" && $0.message.contains("do not open: 1") })
            try await replicas.execute(
                "delete from schema_migrations where version = (select max(version) from schema_migrations)")
            report = try Self.report(try await replicas.command("doctor", "--json"))
            #expect(report.checks.contains { $0.check == "schema" && $0.remedy?.contains("muster migrate") == true })
            let nobody = try await replicas.command(
                "doctor", "--json",
                changes: ["MUSTER_DATABASE_URL": "postgres://u:s3cret-word@127.0.0.1:1/none?connect_timeout=1"])
            report = try Self.report(nobody)
            #expect(report.states("database") == ["failure"] && report.states("public_url") == ["ok"])
            #expect(!nobody.out.contains("s3cret-word") && !nobody.error.contains("s3cret-word"))
        }
    }

    @Test func aMachineWithoutAnInstallationIsToldSo() async throws {
        try await MusterFixture.withMuster { muster in
            let answer = try await muster.muster("doctor", "--json")
            let report = try Self.report(answer)
            #expect(report.checks.contains { $0.check == "database" && $0.state == "warning" }, "\(answer.out)")
            #expect(!FileManager.default.fileExists(atPath: muster.data), "it changes nothing")
        }
    }
}

/// A socket that takes connections and says nothing.
final class Squatter {
    let port: Int
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        port = try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                try #require(bind(descriptor, raw, length) == 0 && listen(descriptor, 8) == 0)
                try #require(getsockname(descriptor, raw, &length) == 0)
            }
            return Int(UInt16(bigEndian: pointer.pointee.sin_port))
        }
    }

    deinit { close(descriptor) }
}
