// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Intake
import Testing

@testable import Policy

/// A JSON value of the schema.
private indirect enum Schema: Decodable {
    case object([String: Schema])
    case array([Schema])
    case text(String)
    case other

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let object = try? container.decode([String: Schema].self) {
            self = .object(object)
        } else if let array = try? container.decode([Schema].self) {
            self = .array(array)
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else {
            self = .other
        }
    }

    subscript(_ key: String) -> Schema? { if case .object(let object) = self { object[key] } else { nil } }
    var items: [Schema] { if case .array(let items) = self { items } else { [] } }
    var keys: Set<String> { if case .object(let object) = self { Set(object.keys) } else { [] } }
    var texts: [String] { items.compactMap { if case .text(let text) = $0 { text } else { nil } } }

    /// The alternatives of a value, itself where there are none.
    var alternatives: [Schema] { self["oneOf"].map { $0.items.flatMap(\.alternatives) } ?? [self] }

    /// The keys of the alternative that is an object with keys.
    var properties: Set<String> { alternatives.compactMap { $0["properties"]?.keys }.first { !$0.isEmpty } ?? [] }

    /// The choices of the alternative that has some.
    var choices: Set<String> { Set(alternatives.flatMap { $0["enum"]?.texts ?? [] }) }
}

@Suite("The schema for editors")
struct SchemaTests {
    private let schema: Schema

    init() throws {
        let data = try #require(FileManager.default.contents(atPath: "\(packageRoot)/Policies/policy.schema.json"))
        schema = try JSONDecoder().decode(Schema.self, from: data)
    }

    /// What stands at a path of keys; `$name` begins at a definition.
    private func at(_ path: String) throws -> Schema {
        var place = schema
        for key in path.split(separator: ".").map({ String($0) }) {
            if key.hasPrefix("$") {
                let found = schema["$defs"]?[String(key.dropFirst())]
                place = try #require(found, "\(path)")
            } else {
                let found = place.alternatives.compactMap { $0["properties"]?[key] }
                place = try #require(found.first, "\(path)")
            }
        }
        return place
    }

    private static let keyLists: [(String, [String])] = [
        ("", DocumentReader.policyKeys), ("read", DocumentReader.readKeys), ("read.csv", DocumentReader.csvKeys),
        ("people", DocumentReader.peopleKeys), ("people.authentication", DocumentReader.authenticationKeys),
        ("people.enabled", ["when", "unless"]), ("groups", DocumentReader.groupsKeys), ("$account", DocumentReader.accountKeys),
        ("$each_account", DocumentReader.eachAccountKeys), ("$each_account.each", DocumentReader.eachKeys),
        ("$account.roles", PolicyRole.allCases.map(\.rawValue) + ["custom"]), ("$limit", DocumentReader.limitKeys),
        ("guards", DocumentReader.guardKeys), ("guards.per_account", DocumentReader.accountGuardKeys),
        ("$field", DocumentReader.fieldKeys), ("$custom_attribute", DocumentReader.customAttributeKeys),
        ("$source", DocumentReader.sourceKeys), ("drift", DocumentReader.driftKeys), ("quarantine", ["share"]),
        ("people.absent", ["delete"]), ("people.absent.delete", ["after"]),
        ("people.authentication.password", ["keycloak"]), ("$field.missing", ["absent", "null", "empty"]),
    ]

    @Test("it has the keys that the reader knows, and no others", arguments: keyLists)
    func keys(path: String, known: [String]) throws {
        #expect(try at(path).properties == Set(known), "\(path)")
    }

    private static let choiceLists: [(String, [String])] = [
        ("read.format", DocumentReader.formats), ("read.manifest", ReadRule.Manifest.allCases.map(\.rawValue)),
        ("people.match", MatchRule.allCases.map(\.rawValue)), ("people.absent", AbsencePolicy.allCases.map(\.rawValue)),
        ("$account.absent", AbsencePolicy.allCases.map(\.rawValue)),
        ("$account.absent_members", MembershipAbsence.allCases.map(\.rawValue)),
        ("$field.whitespace", Transform.Whitespace.allCases.map(\.rawValue)),
        ("$field.case", Transform.LetterCase.allCases.map(\.rawValue)),
        ("$field.missing", FieldMapping.Missing.allCases.map(\.rawValue)), ("$custom_attribute.type", ValueType.names),
        ("$custom_attribute.format", ValueType.DateOrder.allCases.map(\.rawValue)),
        ("enforcement", OperationRules.Enforcement.allCases.map(\.rawValue)),
        ("held", OperationRules.Held.allCases.map(\.rawValue)),
        ("drift.action", OperationRules.Drift.Action.allCases.map(\.rawValue)),
        ("on_change", OperationRules.OnChange.allCases.map(\.rawValue)),
    ]

    @Test("it has the choices that the reader knows, and no others", arguments: choiceLists)
    func choices(path: String, known: [String]) throws {
        let place = try at(path)
        let found = place.choices.isEmpty ? place.alternatives.compactMap { $0["items"]?.choices }.first ?? [] : place.choices
        #expect(found == Set(known), "\(path)")
    }

    @Test("the schedule and protected people have their keys in one of the alternatives each")
    func alternatives() throws {
        #expect(Set(try at("schedule").alternatives.flatMap { $0["properties"]?.keys ?? [] }) == Set(DocumentReader.scheduleKeys))
        #expect(Set(try at("protect").alternatives.flatMap { $0["properties"]?.keys ?? [] }) == Set(DocumentReader.protectKeys))
        #expect(Set(try at("$selector").alternatives.flatMap { $0["properties"]?.keys ?? [] }) == ["where", "ou"])
    }

    /// A validator of others, where the machine has one.
    private static let hasValidator = run("python3 -c 'import jsonschema, yaml' 2>/dev/null").status == 0

    private static func run(_ command: String) -> (status: Int32, output: String) {
        guard let pipe = popen(command, "r") else { return (-1, "") }
        var output: [UInt8] = []
        var byte = fgetc(pipe)
        while byte != EOF {
            output.append(UInt8(truncatingIfNeeded: byte))
            byte = fgetc(pipe)
        }
        return (pclose(pipe), String(decoding: output, as: UTF8.self))
    }

    private static let script = """
        import json, sys, glob, yaml, jsonschema
        schema = json.load(open(sys.argv[1]))
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        for name in sys.argv[2:]:
            print(name, 'good' if validator.is_valid(yaml.safe_load(open(name))) else 'bad')
        """

    @Test(
        "a validator of others takes every policy of the repository, and refuses what the reader refuses",
        .enabled(if: hasValidator))
    func validated() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/muster-schema-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var names = ["\(packageRoot)/Policies/examples/harbour.yaml"]
        for name in try FileManager.default.contentsOfDirectory(atPath: "\(packageRoot)/Policies") where name.hasSuffix(".yaml") {
            names.append("\(packageRoot)/Policies/\(name)")
        }
        for (index, yaml) in Self.documents.enumerated() {
            try Data(yaml.utf8).write(to: URL(filePath: "\(folder)/\(index).yaml"))
            names.append("\(folder)/\(index).yaml")
        }
        try Data(Self.script.utf8).write(to: URL(filePath: "\(folder)/validate.py"))
        let (status, output) = Self.run(
            "python3 \(folder)/validate.py \(packageRoot)/Policies/policy.schema.json \(names.joined(separator: " ")) 2>&1")
        #expect(status == 0, "\(output)")
        let verdicts = output.split(separator: "\n").map { $0.hasSuffix("good") }
        try #require(verdicts.count == names.count, "\(output)")
        for (name, isGood) in zip(names, verdicts) {
            let yaml = String(decoding: try #require(FileManager.default.contents(atPath: name)), as: UTF8.self)
            #expect(isGood == mistakes(yaml).isEmpty, "\(yaml.suffix(300)) \(mistakes(yaml))")
        }
    }

    /// Documents about which reader and schema must agree.
    private static let documents: [String] =
        [
            "display_name: {from: a, case: lower, split: ',', part: -1, missing: {'null': keep}, only: creation, precedence: 3}",
            "display_name: {from: [a, {from: b, case: upper}, {value: c}], default: d}",
            "display_name: {value: x, from: y, zzz: 1}",
            "custom_attributes: {a: {from: b, type: date, format: day/month/year}, c: {value: [x, y]}, d: {value: 3}, e: 'x{y}'}",
            "custom_attributes: {a: {from: b, type: dat}}", "custom_attributes: {a: {from: b, map: {x: 1, y: true, z: }}}",
            "match: []", "match: [mail]", "absent: {delete: {after: 30d}}", "absent: {delete: {}}", "absent: remove",
            "enabled: {when: (a=b)}", "enabled: {}",
            "authentication: {provider: {value: x}, subject: a, password: {keycloak: credentials}}",
            "authentication: {password: [userPassword, b]}", "authentication: {pasword: a}", "id: '{Employee ID}'",
            "display_name: {case: lower}",
        ].map { document(people: $0) }
        + [
            "[{key: a, name: A, members: everyone, roles: {administrator: [cn=a, {where: (a=b)}], custom: {B: {ou: dc=x}}}}]",
            "[{key: a, name: A}]", "[{key: a, name: A, members: [{wher: x}]}]", "[{key: 'a b', name: A, members: everyone}]",
            "[{key: a, each: {group: '*'}, name: ['{cn}', '{value}'], roles: {administrator: cn=x}, renames: {a: b}}]",
            "[{key: a, each: {attribute: {from: department, split: ';'}}, absent: keep}]",
            "[{key: a, each: {ou: 'ou=*,dc=x'}, members: everyone}]",
            "[{key: a, each: {}}]", "[{key: a, name: A, members: everyone, absent_members: suspend}]",
            "[{key: a, name: A, members: everyone, locale: english}]",
        ].map { document(accounts: $0) }
        + [
            "guards: {removals: {percent: 10}, per_account: {members: {count: 3}}}", "guards: {removals: {floor: 1}}",
            "guards: {x: {count: 1}}",
            "guards: {per_account: {creations: {count: 3}}}", "protect: [a@b.de, {group: cn=x}]", "protect: [{x: y}]",
            "enforcement: add-only",
            "enforcement: all", "schedule: {cron: '0 3 * * *', jitter: 5m}", "schedule: {every: 1h, cron: '* * * * *'}",
            "schedule: {jitter: 1m}",
            "quarantine: {share: 101}", "drift: {every: 6h, action: mend}", "drift: {action: mend}",
            "precedence: 5", "precedence: high", "on_change: apply", "on_change: ask", "read: {keep: never}",
            "read: {keep: soon}",
            "read: {files: a.ldif, changes: [b.ldif, 'c/*.ldif'], keep: 90d}",
            "read: {files: [a.csv, b.csv], csv: {delimiter: tab, header: true}}",
            "read: {formt: csv}", "read: {format: x}", "groups: {names: displayName, nested: false}", "groups: {nested: maybe}",
        ].map { document(rest: $0) }
}
