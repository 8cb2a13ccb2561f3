// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Intake
import Policy
import Postgres
import Secrets

/// Takes entries from a reader, maps them by the policy and builds the rows of the staging table.
///
/// Holds no more than the rows that were not taken yet, however long the file.
struct EntryStager: EntrySink {
    /// At most so many findings are kept of one run; the rest is counted.
    static let findingLimit = 1_000

    let policy: Policy
    private(set) var rows = BinaryCopyBuffer()
    private(set) var findings: [RunFinding] = []
    private(set) var counts = RunCounts()
    /// People who could not be read and whose id is not known: while there are any, nobody's absence is proven.
    private(set) var unidentified = 0
    /// Whether a group lists members, so that they must be looked for.
    private(set) var listsMembers = false
    /// Whether accounts or rules came to light by entries: by a rule for each of many accounts, by the form of a group's name, or by
    /// another name that a group has.
    var discovers: Bool { !accounts.isEmpty || !rules.isEmpty }
    private var canonical: [UInt8] = []
    private var names = NameCache()
    /// What came to light so far.
    private var accounts: Set<DesiredAccount> = []
    private var rules: Set<GroupRule> = []
    /// The file of a folder in which the entries stand.
    private var file: String?

    init(policy: Policy) {
        self.policy = policy
    }

    mutating func begin(file: String) { self.file = file }

    mutating func entry(_ entry: borrowing Entry) throws {
        counts["entries"] += 1
        // What was deleted is not there, whatever it still says about itself.
        guard !entry.isTombstone else {
            counts["tombstones"] += 1
            return
        }
        switch policy.map(entry, names: &names) {
        case .person(let person):
            counts["people"] += 1
            stage(person, line: entry.position.line)
        case .group(let group):
            counts["groups"] += 1
            stage(group, entry: entry)
        case .ignored:
            counts["ignored"] += 1
            if entry.isContinuation { stageMembers(ofRest: entry) }
        case .rejected(let fault):
            counts["rejected"] += 1
            let key = policy.externalKey(ofRejected: entry)
            note(
                RunFinding(
                    code: fault.code, entry: entry.dn, line: Int64(entry.position.line), detail: fault.message, externalKey: key))
            // A person whose id is known was seen, and is not absent, whatever else is wrong with the entry.
            if let key {
                stage(kind: "r", key: key, line: entry.position.line)
            } else {
                unidentified += 1
            }
        }
    }

    mutating func rejected(_ rejection: Rejection) throws {
        counts["entries"] += 1
        counts["rejected"] += 1
        unidentified += 1
        note(
            RunFinding(code: rejection.code, entry: rejection.dn, line: Int64(rejection.position.line), detail: rejection.message)
        )
    }

    /// Notes changes that found nothing that they are about, as those of things that the read does not hold.
    mutating func note(unmatched count: Int) { if count > 0 { counts["changes_unmatched"] = count } }

    /// Hands out the rows built so far.
    mutating func takeRows() -> [UInt8] { rows.take() }

    /// Hands out the last rows with the trailer of the format.
    mutating func finishRows() -> [UInt8] { rows.finish() }

    private mutating func stage(_ person: DesiredPerson, line: Int) {
        canonical.removeAll(keepingCapacity: true)
        person.writeCanonicalJSON(into: &canonical)
        rows.beginRow(9)
        append(kind: "p")
        person.externalKey.withUnsafeBytes { rows.append(raw: $0) }
        rows.append(text: person.dn)
        rows.appendNull()
        rows.append(text: person.loginName)
        rows.append(text: person.email)
        canonical.withUnsafeBytes { rows.append(raw: $0) }
        rows.append(Int64(line))
        rows.append(text: person.passwordHash?.text)
        for fault in person.findings {
            note(RunFinding(code: fault.code, entry: person.dn, line: Int64(line), detail: fault.message))
        }
        stage(person.discovered)
    }

    private mutating func stage(_ group: DesiredGroup, entry: borrowing Entry) {
        let line = entry.position.line
        stage(kind: "g", name: group.key, line: line)
        for parent in group.parents { stage(member: "d", group.key, of: parent, line: line) }
        stage(group.discovered)
        policy.forEachMember(of: entry) { member in
            switch member {
            case .dn(let dn): stage(member: "d", dn, of: group.key, line: line)
            case .login(let login): stage(member: "l", login, of: group.key, line: line)
            }
        }
    }

    /// The rest of a group whose beginning stands elsewhere: often its name and members are all that it says.
    private mutating func stageMembers(ofRest entry: borrowing Entry) {
        guard let group = entry.dn.flatMap({ DistinguishedName.normalised($0) }) else { return }
        let line = entry.position.line
        policy.forEachMember(of: entry) { member in
            switch member {
            case .dn(let dn): stage(member: "d", dn, of: group, line: line)
            case .login(let login): stage(member: "l", login, of: group, line: line)
            }
        }
    }

    /// Accounts and rules that entries bring to light, each once: a thousand people of one group name it a thousand times.
    private mutating func stage(_ found: Discovered) {
        guard !found.isEmpty else { return }
        for account in found.accounts where accounts.insert(account).inserted {
            let said = try? JSONEncoder().encode(AccountText(account, policy))
            rows.beginRow(9)
            append(kind: "a")
            rows.appendNull()
            rows.append(text: account.key)
            for _ in 0..<3 { rows.appendNull() }
            rows.append(said.map { Array($0) })
            rows.appendNull()
            rows.appendNull()
        }
        for rule in found.rules where rules.insert(rule).inserted {
            rows.beginRow(9)
            append(kind: "u")
            rows.appendNull()
            rows.append(text: rule.group)
            rows.append(text: rule.account)
            rows.append(text: rule.roleText)
            rows.appendNull()
            rows.appendNull()
            rows.append(Int64(rule.precedence))
            rows.appendNull()
        }
    }

    private mutating func stage(member kind: Unicode.Scalar, _ name: String, of group: String, line: Int) {
        listsMembers = true
        stage(kind: kind, name: name, parent: group, line: line)
    }

    private mutating func stage(kind: Unicode.Scalar, key: [UInt8]? = nil, name: String? = nil, parent: String? = nil, line: Int)
    {
        rows.beginRow(9)
        append(kind: kind)
        rows.append(key)
        rows.append(text: name)
        rows.append(text: parent)
        rows.appendNull()
        rows.appendNull()
        rows.appendNull()
        rows.append(Int64(line))
        rows.appendNull()
    }

    private mutating func append(kind: Unicode.Scalar) {
        withUnsafeBytes(of: UInt8(kind.value)) { rows.append(raw: $0) }
    }

    private mutating func note(_ finding: RunFinding) {
        guard findings.count < Self.findingLimit else { return }
        let detail = file.map { "\($0): \(finding.detail)" } ?? finding.detail
        findings.append(
            RunFinding(
                code: finding.code, entry: finding.entry, line: finding.line, detail: detail, externalKey: finding.externalKey))
    }
}

/// An account that came to light, as ``MatchStatements/accounts(_:)`` reads it.
private struct AccountText: Encodable {
    let keys: [String]
    let name: String
    let locale: String?
    let isFromEntry: Bool
    let absent: String
    let keepsMembers: Bool

    init(_ account: DesiredAccount, _ policy: Policy) {
        keys = account.keys
        name = account.name
        locale = account.locale
        isFromEntry = account.isFromEntry
        absent = account.absent.rawValue
        keepsMembers = policy.eachAccounts.first { $0.key == account.rule }?.absentMembers == .keep
    }
}
