// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@testable import Policy

@Suite("A folder of policies")
struct FolderTests {
    /// A folder that is gone after the test.
    private func withFolder(_ files: [String: [UInt8]], _ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "policies-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, bytes) in files {
            #expect(FileManager.default.createFile(atPath: "\(folder)/\(name)", contents: Data(bytes)))
        }
        try body(folder)
    }

    @Test("sound policies come with the mistakes of the others; names are unique")
    func mixed() throws {
        let second = document().replacing("policy: test", with: "policy: second")
        let files: [String: [UInt8]] = [
            "b.yaml": Array(document().utf8), "a.yml": Array(second.utf8), "c.yaml": Array(document().utf8),
            "d.yaml": Array("policy: d\npol".utf8), "e.yaml": [0x61, 0x0A, 0xC3, 0xA4, 0xFF, 0x62], ".f.yaml": [0xFF],
            "g.txt": [0xFF],
        ]
        try withFolder(files) { folder in
            let load = Policy.load(folder: folder)
            #expect(load.policies.map(\.name) == ["second", "test"])
            #expect(load.policies[0].folder == folder)
            let found = load.diagnostics.map { String($0.description.dropFirst(folder.count + 1)) }
            #expect(found.count == 3)
            #expect(found.contains("c.yaml:1:9: error: the policy \"test\" is defined already in \(folder)/b.yaml"))
            #expect(found.contains("e.yaml:2:2: error: the file is no UTF-8 text"))
            #expect(found.contains { $0.hasPrefix("d.yaml:") })
            #expect(throws: PolicyDiagnostics.self) { try load.get() }
        }
    }

    @Test("a folder or file that is not there is a mistake, an empty folder is none")
    func missing() throws {
        #expect(Policy.load(folder: "/nowhere/at/all").diagnostics.map(\.code) == [.unreadable])
        #expect(throws: PolicyDiagnostics.self) { try Policy.load(file: "/nowhere.yaml") }
        try withFolder([:]) { folder in
            let policies = try Policy.load(folder: folder).get()
            #expect(policies.isEmpty)
        }
    }

    @Test("the policies of this repository are sound")
    func shipped() throws {
        let policies = try Policy.load(folder: "\(packageRoot)/Policies").get()
        #expect(policies.map(\.name) == ["active-directory", "csv", "entra", "google", "keycloak", "okta", "openldap", "scim"])
    }
}
