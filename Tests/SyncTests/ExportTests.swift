// SPDX-License-Identifier: Apache-2.0

import Foundation
import Intake
import Policy
import Postgres
import Secrets
import Subprocess
import Sync
import SystemPackage
import Testing

/// Exports as they lie on the disk: compressed, in other encodings, in folders, with manifests.
@Suite struct ExportTests {
    private func gzip(_ bytes: Data) -> Data {
        var output: [UInt8] = []
        let deflater = GzipDeflater()
        bytes.withUnsafeBytes { deflater.write($0, into: &output) }
        deflater.finish(into: &output)
        return Data(output)
    }

    private func write(_ world: SyncWorld, _ name: String, _ data: Data) throws -> String {
        let file = world.folder.appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: file)
        return file.path
    }

    private func run(_ world: SyncWorld, _ policy: Policy, _ path: String) async throws -> Run {
        try await world.reconciler.reconcile(policy, file: path, actor: "test")
    }

    private func manifest(_ entries: Int, _ data: Data, signature: String? = nil) -> Data {
        let signed = signature.map { ", \"signature\": \"\($0)\"" } ?? ""
        return Data("{\"entries\": \(entries), \"sha256\": \"\(Hex.encode(Digest.sha256(Array(data))))\"\(signed)}".utf8)
    }

    @Test func compressedAndInUTF16IsTheSameExport() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd()
            let text = Person.export(Person.crowd(40))
            let first = try await run(world, policy, try write(world, "a.json.gz", gzip(Data(text.utf8))))
            #expect(first.state == .done, "\(first.reason ?? "")")
            #expect(first.counts["create"] == 41)
            for encoding in [String.Encoding.utf16LittleEndian, .utf16] {
                let data = try #require(text.data(using: encoding))
                #expect(try await run(world, policy, try write(world, "b.json", data)).state == .unchanged)
                #expect(try await run(world, policy, try write(world, "b.json.gz", gzip(data))).state == .unchanged)
            }
            let image = try await world.image()
            let whole = gzip(Data(text.utf8))
            let cut = try await run(world, policy, try write(world, "cut.json.gz", whole.dropLast(9)))
            #expect(cut.state == .refused)
            #expect(cut.code == "truncated")
            #expect(cut.reason?.contains("gzip") == true)
            #expect(try await world.image() == image)
        }
    }

    @Test func aFolderIsOneExport() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd()
            let people = Person.crowd(40)
            _ = try write(world, "monday/people-2.json", Data(Person.export(Array(people[20...])).utf8))
            _ = try write(world, "monday/people-1.json.gz", gzip(Data(Person.export(Array(people[..<20])).utf8)))
            _ = try write(world, "monday/.DS_Store", Data("x".utf8))
            let folder = world.folder.appending(path: "monday").path
            let first = try await run(world, policy, folder)
            #expect(first.state == .done, "\(first.reason ?? "")")
            #expect(first.counts["people"] == 40)
            #expect(try await run(world, policy, folder + "/").state == .unchanged)
            #expect(try await world.reconcile(policy, Person.export(people)).state == .unchanged)

            // One bad file, and nothing of the folder is used; the message says which.
            let image = try await world.image()
            _ = try write(world, "monday/people-2.json", Data("{\"entries\": [".utf8))
            let refused = try await run(world, policy, folder)
            #expect(refused.state == .refused)
            #expect(refused.reason?.contains("people-2.json") == true, "\(refused.reason ?? "")")
            #expect(try await world.image() == image)

            // A file of people that is missing is people that are missing.
            try FileManager.default.removeItem(atPath: folder + "/people-2.json")
            #expect(try await run(world, policy, folder).state == .held)
            try FileManager.default.createDirectory(atPath: folder + "/old", withIntermediateDirectories: true)
            let nested = try await run(world, policy, folder)
            #expect(nested.code == "unreadable")
            try FileManager.default.createDirectory(atPath: world.folder.path + "/empty", withIntermediateDirectories: true)
            #expect(try await run(world, policy, world.folder.path + "/empty").code == "empty")
        }
    }

    @Test func aManifestIsHeldAgainstItsExport() async throws {
        try await withSyncWorld { world in
            let policy = try Policy.crowd(guards: "guards: {removals: {percent: 20}}\nread: {manifest: required}")
            let data = Data(Person.export(Person.crowd(40)).utf8)
            let path = try write(world, "a.json", data)
            let bare = try await run(world, policy, path)
            #expect(bare.state == .refused)
            #expect(bare.code == "manifest")

            for wrong in [manifest(39, data), manifest(40, data + Data(" ".utf8)), Data("{}".utf8), Data("x".utf8)] {
                _ = try write(world, "a.json.manifest.json", wrong)
                let refused = try await run(world, policy, path)
                #expect(refused.state == .refused)
                #expect(refused.code == "manifest")
                #expect(refused.reason?.isEmpty == false)
                #expect(try await world.count("select count(*) from users") == 0)
                #expect(try await world.count("select count(*) from pg_tables where schemaname = 'staging'") == 0)
            }
            _ = try write(world, "a.json.manifest.json", manifest(40, data))
            let attested = try await run(world, policy, path)
            #expect(attested.state == .done, "\(attested.reason ?? "")")
            #expect(try await world.count("select count(*) from runs where proof = 'attested'") == 1)

            // A manifest that is there has to be right, whether the policy asks for one or not.
            _ = try write(world, "a.json.manifest.json", manifest(41, data))
            #expect(try await run(world, try Policy.crowd(), path).code == "manifest")
        }
    }

    @Test func aManifestIsSigned() async throws {
        try await withSyncWorld { world in
            let data = Data(Person.export(Person.crowd(3)).utf8)
            let path = try write(world, "a.json", data)
            let text = "muster manifest\nentries 3\nsha256 \(Hex.encode(Digest.sha256(Array(data))))\n"
            let textFile = try write(world, "text", Data(text.utf8))
            let key = world.folder.appending(path: "key.pem").path
            _ = try await openssl("genpkey", "-algorithm", "ed25519", "-out", key)
            let publicKey = try await openssl("pkey", "-in", key, "-pubout", "-outform", "DER").base64EncodedString()
            let signature = try await openssl("pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", textFile).base64EncodedString()
            let policy = try Policy.crowd(guards: "read: {manifest: signed, public_key: \"\(publicKey)\"}")

            _ = try write(world, "a.json.manifest.json", manifest(3, data))
            #expect(try await run(world, policy, path).reason?.contains("has no \"signature\"") == true)
            _ = try write(
                world, "a.json.manifest.json",
                manifest(3, data, signature: (signature.first == "B" ? "C" : "B") + signature.dropFirst()))
            #expect(try await run(world, policy, path).code == "manifest")
            _ = try write(world, "a.json.manifest.json", manifest(3, data, signature: signature))
            let signed = try await run(world, policy, path)
            #expect(signed.state == .done, "\(signed.reason ?? "")")
        }
    }

    private func openssl(_ arguments: String...) async throws -> Data {
        let made = try await Subprocess.run(
            .path("/usr/bin/openssl"), arguments: Arguments(arguments), output: .bytes(limit: 1 << 16), error: .discarded)
        try #require(made.terminationStatus.isSuccess)
        return Data(made.standardOutput)
    }

    @Test func rowsProveNobodysAbsenceUnlessAttested() async throws {
        try await withSyncWorld { world in
            let policy = try Policy(
                yaml: """
                    policy: staff
                    platform_app: Directory sync
                    source: staff
                    read:
                      format: csv
                      encoding: windows-1252
                      csv: {delimiter: ";", values: "|", multiple: [Teams]}
                    people:
                      where: (Status=Active)
                      id: Number
                      email: Mail
                      name: "{First} {Last}"
                      custom_attributes: {teams: Teams}
                    guards: {removals: {percent: 50}}
                    """, file: "staff.yaml")
            func rows(_ count: Int) throws -> Data {
                let rows = (1...count).map { "\($0);J\u{F6}rg;\"Doe; \($0)\";p\($0)@x.example;Active;a|b\r\n" }.joined()
                return try #require(("Number;First;Last;Mail;Status;Teams\r\n" + rows + ";;;;;\r\n").data(using: .windowsCP1252))
            }
            let first = try await run(world, policy, try write(world, "a.csv", try rows(40)))
            #expect(first.state == .done, "\(first.reason ?? "")")
            #expect(
                try await world.count(
                    "select count(*) from users where name like 'Jörg Doe; %' and custom_attributes->'teams' = '[\"a\", \"b\"]'")
                    == 40)

            let fewer = try rows(38)
            let held = try await run(world, policy, try write(world, "b.csv", fewer))
            #expect(held.state == .held)
            #expect(held.code == "absence_unproven")
            _ = try write(world, "c.csv.manifest.json", manifest(38, fewer))
            let attested = try await run(world, policy, try write(world, "c.csv", fewer))
            #expect(attested.state == .done, "\(attested.reason ?? "")")
            #expect(attested.counts["suspend"] == 2)
        }
    }

    @Test func aGroupWhoseMembersComeInRangesOverFiles() async throws {
        try await withSyncWorld { world in
            let policy = try Policy(
                yaml: """
                    policy: ranged
                    platform_app: Directory sync
                    source: ranged
                    people: {where: (mail=*), id: entryUUID, email: mail, name: cn}
                    accounts: [{key: all, name: All, members: "cn=all,dc=x"}]
                    """, file: "ranged.yaml")
            func person(_ number: Int) -> String {
                "dn: cn=p\(number),dc=x\ncn: p\(number)\nmail: p\(number)@x.example\nentryUUID: "
                    + "00000000-0000-4000-8000-" + String(format: "%012d", number) + "\n\n"
            }
            func members(_ range: String, _ numbers: Range<Int>, _ more: String = "") -> String {
                "dn: cn=all,dc=x\n\(more)" + numbers.map { "member;range=\(range): cn=p\($0),dc=x\n" }.joined() + "\n"
            }
            let people = (0..<20).map(person).joined()
            _ = try write(world, "x/1.ldif", Data((people + members("0-9", 0..<10, "objectClass: group\n")).utf8))
            let folder = world.folder.appending(path: "x").path
            let part = try await run(world, policy, folder)
            #expect(part.counts["people"] == 20)
            #expect(try await world.count("select count(*) from account_users") == 10)
            // What comes later often says nothing but its name.
            _ = try write(world, "x/2.ldif", Data(members("10-*", 10..<20).utf8))
            let whole = try await run(world, policy, folder)
            #expect(whole.state == .done, "\(whole.reason ?? "")")
            #expect(try await world.count("select count(*) from account_users") == 20)
            #expect(try await world.count("select count(*) from runs where proof = 'none'") == 1)
            // Without the end, nobody's membership is taken away.
            try FileManager.default.removeItem(atPath: folder + "/2.ldif")
            #expect(try await run(world, policy, folder).state == .held)
            #expect(try await world.count("select count(*) from account_users") == 20)
        }
    }

    @Test func aTombstoneIsNobody() async throws {
        try await withSyncWorld { world in
            let policy = try Policy(
                yaml: """
                    policy: ad
                    platform_app: Directory sync
                    source: ad
                    people: {where: (objectClass=user), id: objectGUID, email: mail, name: cn}
                    """, file: "ad.yaml")
            func user(_ number: Int) -> String {
                "dn: CN=p\(number),DC=x\nobjectClass: user\ncn: p\(number)\nmail: p\(number)@x.example\n"
                    + "objectGUID: 00000000-0000-4000-8000-" + String(format: "%012d", number) + "\n\n"
            }
            let everybody = (0..<20).map(user).joined()
            #expect(try await run(world, policy, try write(world, "a.ldif", Data(everybody.utf8))).counts["create"] == 20)
            let deleted =
                "dn: CN=p0\\0ADEL:00000000-0000-4000-8000-000000000000,CN=Deleted Objects,DC=x\nobjectClass: user\n"
                + "objectGUID: 00000000-0000-4000-8000-000000000000\nisDeleted: TRUE\nlastKnownParent: DC=x\n\n"
            let run = try await run(world, policy, try write(world, "b.ldif", Data(((1..<20).map(user).joined() + deleted).utf8)))
            #expect(run.state == .done, "\(run.reason ?? "")")
            #expect(run.counts["tombstones"] == 1)
            #expect(run.counts["suspend"] == 1)
        }
    }
}
