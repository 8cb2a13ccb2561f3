// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Intake

/// What is kept of a read says the same again.
@Suite("Recordings")
struct RecordingTests {
    /// Reads an export into a recorder and beside it into a sink, and plays the recording.
    static func record(_ bytes: [UInt8], format: EntryFormat = .detect) throws -> (told: CollectingSink, recording: [UInt8]) {
        let told = readExport(bytes, format: format)
        var recorder = EntryRecorder()
        var reader = EntryReader(format: format)
        try reader.read(bytes, into: &recorder)
        _ = try reader.finish(into: &recorder)
        return (told.sink, recorder.finish())
    }

    static func play(_ recording: [UInt8], chunk: Int = .max) throws -> CollectingSink {
        var sink = CollectingSink()
        sink.keeps = true
        var replay = EntryReplay()
        var start = 0
        while start < recording.count {
            let end = start + min(chunk, recording.count - start)
            try replay.read(Array(recording[start..<end]), into: &sink)
            start = end
        }
        try replay.finish()
        return sink
    }

    @Test(
        "every sample is told as it was, in any pieces",
        .enabled(if: Samples.isThere, "the samples are not beside the repository"))
    func samples() throws {
        var count = 0
        for folder in ["ldap3-json", "ldif", "msgraph", "keycloak", "google", "csv", "ldapdomaindump", "scim"] {
            let path = try #require(Samples.folder).appending(path: folder)
            for file in try FileManager.default.contentsOfDirectory(at: path, includingPropertiesForKeys: [.isRegularFileKey]) {
                guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true,
                    case let bytes = Array(try Data(contentsOf: file)), readExport(bytes).error == nil
                else { continue }
                let (told, recording) = try Self.record(bytes)
                var hashes = 0
                for chunk in [1, 997, Int.max] {
                    let again = try Self.play(recording, chunk: chunk)
                    #expect(again.rejections == told.rejections, "\(file.lastPathComponent)")
                    #expect(again.entries.count == told.entries.count, "\(file.lastPathComponent)")
                    for (old, new) in zip(told.entries, again.entries) where old != new {
                        // Nothing differs but what is sealed.
                        hashes += 1
                        #expect(old.presence == new.presence && old.dn == new.dn && old.position == new.position)
                        for (name, values) in old.attributes where new.attributes[name] != values {
                            #expect(new.attributes[name]?.allSatisfy(\.isEmpty) == true, "\(file.lastPathComponent) \(name)")
                            #expect(name.lowercased().contains("pass") || name.hasPrefix("credentials"), "\(name)")
                        }
                    }
                }
                count += told.entries.count
            }
        }
        #expect(count > 50, "\(count)")
    }

    @Test("absent, null, empty and kinds of values are what they were")
    func statements() throws {
        let (told, recording) = try Self.record(
            Array(
                #"{"value": [{"id": "u1", "userPrincipalName": "a", "mail": null, "otherMails": [], "x": [""]}, {"y": 1}]}"#.utf8)
        )
        #expect(try Self.play(recording) == told)
        let ldif = Array(
            "dn: cn=a,dc=x\nobjectGUID:: //79/A==\ncn: a\nmember;range=5-*: cn=b,dc=x\n\ndn: cn=b,dc=x\nx:: !\n\n".utf8)
        let (ranged, second) = try Self.record(ldif)
        let again = try Self.play(second)
        #expect(again == ranged && again.entries.count == 1 && again.rejections.count == 1)
        #expect(again.kept[0].isContinuation && again.kept[0].first("objectGUID")?.kind == .binary)
    }

    @Test("no hash of a password is kept, under whatever name")
    func hashes() throws {
        let secret = "c2VjcmV0c2VjcmV0c2VjcmV0"
        let ldif = """
            dn: uid=a,dc=x
            uid: a
            userPassword: {SSHA}\(secret)
            userPassword;x-old: \(secret)
            sambaNTPassword: \(secret)
            description: {PBKDF2-SHA512}10000$\(secret)$\(secret)
            comment: $2b$12$\(secret)
            note: $5 for lunch
            braces: {SSHA
            pwdLastSet: 133


            """
        var (_, recording) = try Self.record(Array(ldif.utf8))
        let entry = try #require(try Self.play(recording).kept.first)
        for name in ["userPassword", "userPassword;x-old", "sambaNTPassword", "description", "comment"] {
            #expect(entry.presence(of: AttributeName(name)) == .present, "\(name)")
            #expect(entry.values(of: AttributeName(name)).allSatisfy { $0.isEmpty }, "\(name)")
        }
        #expect(entry.first("note")?.string == "$5 for lunch" && entry.first("braces")?.string == "{SSHA")
        #expect(entry.first("pwdLastSet")?.string == "133")

        let realm = """
            {"realm": "r", "users": [{"id": "1", "username": "a", "credentials": [{"type": "password",
            "secretData": "{\\"value\\":\\"\(secret)\\"}", "credentialData": "{\\"x\\":\\"\(secret)\\"}", "hashedSaltedValue": "\(secret)"}]}]}
            """
        (_, recording) = try Self.record(Array(realm.utf8))
        let user = try #require(try Self.play(recording).kept.first)
        for name in user.attributeNames {
            #expect(!user.values(of: AttributeName(name)).contains { $0.string?.contains(secret) == true }, "\(name)")
        }
        #expect(user.first("credentials.type")?.string == "password")
    }

    @Test("a damaged recording is an error, and never another read")
    func damage() throws {
        var random = SeededRandom(seed: 7)
        let (told, recording) = try Self.record(Array(Self.people(40).utf8))
        for round in 0..<rounds(300, soak: 20_000) {
            let bytes = damaged(recording, hints: [0, 1, 0xFF, 0x80], most: 4, longest: 40, using: &random)
            guard bytes != recording else { continue }
            if let again = try? Self.play(bytes) { #expect(again == told, "round \(round)") }
        }
        for cut in stride(from: 0, to: recording.count, by: 7) {
            #expect(throws: IntakeError.self) { _ = try Self.play(Array(recording[..<cut])) }
        }
        // Sound gzip around what is none.
        for bytes in [[], Array("muster read 2\n".utf8), EntryRecorder.head, EntryRecorder.head + [2, 3, 0, 0, 0xFF]] {
            var output: [UInt8] = []
            let deflater = GzipDeflater()
            bytes.withUnsafeBytes { deflater.write($0, into: &output) }
            deflater.finish(into: &output)
            #expect(throws: IntakeError.self) { _ = try Self.play(output) }
        }
    }

    static func people(_ count: Int) -> String {
        (0..<count).map { "dn: uid=p\($0),dc=x\nuid: p\($0)\nmail: p\($0)@x.org\n\n" }.joined()
    }
}
