// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Secrets
import Testing

@Suite struct MasterKeyTests {
    private func write(_ text: String, to path: String, mode: mode_t = 0o600) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        chmod(path, mode)
    }

    @Test func generatedKeyIsLoaded() throws {
        try withFolder { folder in
            let path = folder + "/master.key"
            let key = try MasterKey.generate(path: path)
            #expect(try MasterKey.load(path: path) == key)
            var status = stat()
            stat(path, &status)
            #expect(status.st_mode & 0o7777 == 0o600)
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.wholeMatch(of: /muster-master-key-v1:[0-9A-Za-z+\/]{43}=\n/) != nil)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["master.key"], "no draft is left")
        }
    }

    @Test func existingFileIsKept() throws {
        try withFolder { folder in
            let path = folder + "/master.key"
            for content in ["", "precious"] {
                try write(content, to: path)
                #expect(throws: MasterKeyError.exists(path: path)) { try MasterKey.generate(path: path) }
                #expect(try String(contentsOfFile: path, encoding: .utf8) == content)
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["master.key"])
            symlink(folder + "/elsewhere", folder + "/link")
            #expect(throws: MasterKeyError.exists(path: folder + "/link")) {
                try MasterKey.generate(path: folder + "/link")
            }
        }
    }

    @Test func oneOfManyGeneratorsWins() async throws {
        let folder = NSTemporaryDirectory() + "/secrets-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/master.key"
        let winners = await withTaskGroup(of: MasterKey?.self) { group in
            for _ in 0..<16 { group.addTask { try? MasterKey.generate(path: path) } }
            return await group.reduce(into: []) { winners, key in winners += key.map { [$0] } ?? [] }
        }
        #expect(winners.count == 1)
        #expect(try MasterKey.load(path: path) == winners.first)
    }

    @Test(arguments: [0o640, 0o604, 0o620, 0o610, 0o601, 0o644, 0o777] as [mode_t])
    func filesOfOthersAreRefused(mode: mode_t) throws {
        try withFolder { folder in
            let path = folder + "/master.key"
            _ = try MasterKey.generate(path: path)
            chmod(path, mode)
            #expect(throws: MasterKeyError.exposed(path: path, mode: mode)) { try MasterKey.load(path: path) }
            chmod(path, 0o400)
            #expect(throws: Never.self) { try MasterKey.load(path: path) }
        }
    }

    @Test func onlyTheCanonicalLineIsAKey() throws {
        try withFolder { folder in
            let path = folder + "/master.key"
            _ = try MasterKey.generate(path: path)
            let line = try String(contentsOfFile: path, encoding: .utf8)
            try write(String(line.dropLast()), to: path)
            #expect(throws: Never.self, "the newline may be absent") { try MasterKey.load(path: path) }

            let zeros = "muster-master-key-v1:" + String(repeating: "A", count: 42)
            try write(zeros + "A=\n", to: path)
            #expect(throws: Never.self) { try MasterKey.load(path: path) }
            let wrong = [
                "", "\n", line + "\n", line + line, " " + line, line.dropLast() + " ", line.dropLast() + "\0",
                line.replacingOccurrences(of: "v1", with: "v2"), line.replacingOccurrences(of: "=", with: "A"),
                line.uppercased(), zeros + "B=\n", zeros + "A\n", zeros + "==\n", zeros + "*=\n", zeros + "AAAAA=\n",
                String(line.dropFirst(21)), String(repeating: "A", count: 300),
            ]
            for text in wrong {
                try write(text, to: path)
                #expect(throws: MasterKeyError.malformed(path: path), "\(text)") { try MasterKey.load(path: path) }
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func whatIsNoFileIsRefused() throws {
        try withFolder { folder in
            #expect(throws: MasterKeyError.missing(path: folder + "/none")) { try MasterKey.load(path: folder + "/none") }
            #expect(throws: MasterKeyError.notAFile(path: folder)) { try MasterKey.load(path: folder) }
            mkfifo(folder + "/pipe", 0o600)
            #expect(throws: MasterKeyError.notAFile(path: folder + "/pipe")) { try MasterKey.load(path: folder + "/pipe") }
            let error = #expect(throws: MasterKeyError.self) { try MasterKey.generate(path: folder + "/none/key") }
            #expect(error?.code == "master_key.system")
        }
    }

    @Test func fingerprintNamesTheKey() throws {
        try withFolder { folder in
            let key = try MasterKey.generate(path: folder + "/a")
            #expect(key.fingerprint == (try MasterKey.load(path: folder + "/a")).fingerprint)
            #expect(key.fingerprint.wholeMatch(of: /[0-9a-f]{64}/) != nil)
            #expect(key.fingerprint != MasterKey.random().fingerprint)
        }
    }
}
