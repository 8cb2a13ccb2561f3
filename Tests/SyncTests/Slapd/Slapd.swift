// SPDX-License-Identifier: Apache-2.0

import Foundation
import Subprocess
import SystemPackage

/// A real slapd on a Unix socket, with one company in it, as long as the test lasts.
struct Slapd: Sendable {
    static let base = "dc=harbour,dc=example"
    private static let admin = "cn=admin,\(base)"

    let folder: String

    private var url: String {
        "ldapi://" + "\(folder)/ldapi".addingPercentEncoding(withAllowedCharacters: .alphanumerics)!
    }

    /// Runs `body` beside a slapd.
    static func run<T: Sendable>(_ body: @Sendable (Slapd) async throws -> T) async throws -> T {
        let slapd = Slapd(folder: NSTemporaryDirectory() + "muster-slapd-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: slapd.folder + "/data", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: slapd.folder) }
        try slapd.configuration.write(toFile: slapd.folder + "/slapd.conf", atomically: true, encoding: .utf8)
        let served = try await Subprocess.run(
            .path("/usr/sbin/slapd"), arguments: ["-d", "0", "-f", "\(slapd.folder)/slapd.conf", "-h", slapd.url], input: .none,
            output: .discarded, error: .discarded
        ) { execution in
            defer { try? execution.send(signal: .terminate) }
            try await slapd.begin()
            return try await body(slapd)
        }
        return served.closureResult
    }

    /// Makes changes, written as LDIF change records.
    func modify(_ changes: String) async throws {
        let file = "\(folder)/changes.ldif"
        try changes.write(toFile: file, atomically: true, encoding: .utf8)
        let result = try await tool("ldapmodify", ["-f", file])
        guard result.terminationStatus.isSuccess else { throw Failure(description: "\(result.standardError)\n\(changes)") }
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Exports people and groups the way an administrator does.
    func export(to path: String) async throws {
        let filter = "(|(objectClass=inetOrgPerson)(objectClass=groupOfNames))"
        let result = try await tool("ldapsearch", ["-o", "ldif-wrap=no", "-b", Self.base, filter, "*", "entryUUID"])
        guard result.terminationStatus.isSuccess else { throw Failure(description: result.standardError) }
        try result.standardOutput.write(toFile: path, atomically: true, encoding: .utf8)
    }

    /// Hands over what happened since the last time.
    ///
    /// - Returns: whether anything did.
    func handOver(to path: String) throws -> Bool {
        let log = "\(folder)/audit.ldif"
        guard FileManager.default.fileExists(atPath: log) else { return false }
        try? FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: log, toPath: path)
        return true
    }

    private func tool(_ name: String, _ arguments: [String]) async throws
        -> ExecutionResult<Void, StringOutput<UTF8>, StringOutput<UTF8>>
    {
        try await Subprocess.run(
            .name(name), arguments: Arguments(["-x", "-H", url, "-D", Self.admin, "-w", "only-behind-this-socket"] + arguments),
            output: .string(limit: 1 << 24), error: .string(limit: 1 << 16))
    }

    /// Waits until it listens, and makes the tree.
    private func begin() async throws {
        let tree = """
            dn: \(Self.base)
            changetype: add
            objectClass: dcObject
            objectClass: organization
            o: Harbour

            dn: ou=people,\(Self.base)
            changetype: add
            objectClass: organizationalUnit

            dn: ou=away,\(Self.base)
            changetype: add
            objectClass: organizationalUnit

            dn: ou=groups,\(Self.base)
            changetype: add
            objectClass: organizationalUnit

            dn: cn=support,ou=groups,\(Self.base)
            changetype: add
            objectClass: groupOfNames
            member: \(Self.admin)

            dn: cn=leads,ou=groups,\(Self.base)
            changetype: add
            objectClass: groupOfNames
            member: \(Self.admin)

            """
        let end = ContinuousClock.now + .seconds(20)
        while true {
            do { return try await modify(tree) } catch { guard ContinuousClock.now < end else { throw error } }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private var configuration: String {
        """
        include /etc/ldap/schema/core.schema
        include /etc/ldap/schema/cosine.schema
        include /etc/ldap/schema/inetorgperson.schema
        modulepath /usr/lib/ldap
        moduleload back_mdb
        moduleload refint
        moduleload auditlog
        pidfile \(folder)/slapd.pid
        sizelimit unlimited
        database mdb
        suffix "\(Self.base)"
        rootdn "\(Self.admin)"
        rootpw only-behind-this-socket
        directory \(folder)/data
        # Only a sample: nothing here must outlive the machine.
        dbnosync
        # Who is renamed, moved or deleted is so in the groups too.
        overlay refint
        refint_attributes member
        refint_nothing "\(Self.admin)"
        # What happened, as change records, what refint does included.
        overlay auditlog
        auditlog \(folder)/audit.ldif
        """
    }
}
