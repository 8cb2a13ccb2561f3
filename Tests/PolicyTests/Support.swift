// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@testable import Intake
@testable import Policy

/// The root of the package.
let packageRoot = String(#filePath.dropLast("/Tests/PolicyTests/Support.swift".count))

/// A policy whose people part can be changed; the rest is small and valid.
func document(people: String = "", groups: String = "", accounts: String = "[]", rest: String = "") -> String {
    """
    policy: test
    platform_app: Directory sync
    source: ldap
    people:
      where: (objectClass=person)
      email: mail
      name: cn
    \(people.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
    \(groups)
    accounts: \(accounts)
    \(rest)
    """
}

func policy(_ yaml: String) throws -> Policy { try Policy(yaml: yaml, file: "test.yaml") }

/// The diagnostics of a document, as they are printed.
func mistakes(_ yaml: String) -> [String] {
    do throws(PolicyDiagnostics) {
        _ = try Policy(yaml: yaml, file: "p.yaml")
        return []
    } catch {
        return error.all.map(\.description)
    }
}

/// An entry of a person with everything that `document` needs; `changes` replace or add attributes.
func person(_ changes: KeyValuePairs<String, [String]> = [:], dn: String? = "cn=Amy,dc=x") -> Entry {
    var attributes: [(String, [String])] = [
        ("objectClass", ["top", "person"]), ("entryUUID", ["766710fe-7b42-1041-8ba1-83f2eee34544"]),
        ("mail", ["amy@planetexpress.com"]), ("cn", ["Amy Wong"]),
    ]
    for (name, values) in changes {
        attributes.removeAll { $0.0 == name }
        attributes.append((name, values))
    }
    return entry(dn: dn, attributes)
}

/// An entry from a list that was made at run time, which `Entry.init(dn:attributes:)` cannot take.
func entry(dn: String?, _ attributes: [(String, [String])]) -> Entry {
    var entry = Entry(dn: dn, attributes: [:])
    for (name, values) in attributes {
        let index = Array(name.utf8).withUnsafeBytes { entry.findOrAdd($0) }
        for value in values {
            let bytes = AttributeValue(text: value).bytes
            bytes.withUnsafeBytes { entry.append($0, kind: .text, to: index) }
        }
    }
    return entry
}

func desired(_ policy: Policy, _ entry: Entry) throws -> DesiredPerson {
    let mapped = policy.map(entry)
    guard case .person(let person) = mapped else {
        Issue.record("expected a person, got \(mapped)")
        throw CancellationError()
    }
    return person
}

func fault(_ policy: Policy, _ entry: Entry) -> EntryFault? {
    if case .rejected(let fault) = policy.map(entry) { return fault }
    return nil
}

func json(_ person: DesiredPerson) -> String { String(decoding: person.canonicalJSON, as: UTF8.self) }
