// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Policy

@Suite("Mistakes in a policy")
struct DiagnosticsTests {
    @Test("an unknown key is shown with its place and the key that was meant")
    func unknownKey() {
        let yaml = "policy: a\nplatform_app: b\nsource: c\npeople: {where: (cn=*), email: mail, name: cn}\ngruops: {}\n"
        #expect(mistakes(yaml) == ["p.yaml:5:1: error: unknown key \"gruops\" in the policy; did you mean \"groups\"?"])
    }

    @Test("a policy has no name that has a meaning in addresses", arguments: ["disputes", "Quarantine"])
    func reservedName(_ name: String) {
        let yaml = "policy: \(name)\nplatform_app: b\nsource: c\npeople: {where: (cn=*), email: mail, name: cn}\n"
        let found = mistakes(yaml)
        #expect(found.count == 1 && found.first?.hasPrefix("p.yaml:1:9: error:") == true, "\(found)")
    }

    @Test("all mistakes are reported at once, in reading order")
    func allAtOnce() {
        let yaml = """
            policy: "a b"
            platform-app: x
            source: c
            read:
              files: [../out/*.json, "in*/a.json", "inbox/"]
              format: ldiff
            people:
              where: (&(cn=*)(sn=)
              id: [entryUUID, "no name"]
              emial: mail
              name: "{givenName} {sn"
              enabled: {}
              absent: delete
            groups:
              nested: sometimes
            accounts:
              - key: one
                name: One
                members: cn=support,ou
                locale: English
              - key: one
                name: Two
                roles: {admin: everyone}
            guards:
              removals: {percent: 200}
              email_changes: {floor: 3}
            """
        let found = mistakes(yaml).map { $0.split(separator: " error: ", maxSplits: 1)[0] }
        let places = [
            "1:9", "2:1", "5:11", "5:26", "5:40", "6:11", "8:23", "9:19", "10:3", "11:22", "12:12", "13:11",
            "15:11", "19:14", "20:13", "21:10", "23:13", "25:23", "26:18",
        ]
        #expect(Set(found) == Set(places.map { "p.yaml:\($0):" }), "\(mistakes(yaml).joined(separator: "\n"))")
        let sorted = found.map { $0.split(separator: ":").dropFirst().compactMap { Int($0) } }
        #expect(sorted == sorted.sorted { ($0[0], $0[1]) < ($1[0], $1[1]) })
    }

    @Test(
        "each kind of mistake says what is wrong",
        arguments: [
            ("", "the policy is empty"),
            ("- a\n- b\n", "must be a mapping"),
            ("policy: [\n", "this is no YAML"),
            ("policy: a\n---\npolicy: b\n", "a file holds one policy"),
            ("policy: a\npolicy: b\n", "the key \"policy\" is given more than once"),
            ("policy: *nowhere\n", "undefined alias"),
            ("policy: \u{1}\n", "this is no YAML"),
            (document(people: "display_name: {value: 3}"), "must be a text of at most 255"),
            (document(people: "email2: mail"), "did you mean \"email\"?"),
            (document(people: "match: [mail]"), "must be one of \"email\""),
            (document(people: "display_name: \"{}\""), "does not name an attribute"),
            (document(people: "display_name: \"}x{cn}\""), "a \"}\" without"),
            (document(people: "display_name: \"{{x}}\""), "a template without an attribute"),
            (document(people: "display_name: Amy Wong"), "a constant is written {value: \"Amy Wong\"}"),
            (document(people: "display_name: {value: x, missing: keep}"), "nothing else goes with it"),
            (document(people: "display_name:"), "is empty"),
            (document(people: "display_name: []"), "is an empty list"),
            (document(people: "custom_attributes: [a]"), "must be a mapping"),
            (document(people: "custom_attributes: {a: {value: {b: c}}}"), "must be a text, number, boolean, or list"),
            (document(people: "custom_attributes: {a: b, <<: {c: d}}"), "merge keys"),
            ("<<: {}\npolicy: a\nplatform_app: b\nsource: c\npeople: {where: (cn=*), email: mail, name: cn}\n", "merge keys"),
            (document(people: "id: []"), "is an empty list"),
            (document(groups: "groups: {members: [\"a b\"]}"), "is not the name of an attribute"),
            (document(accounts: "[{key: a, name: b}]"), "needs \"members\", \"roles\" or both"),
            (document(accounts: "[{key: a, name: b, members: everone}]"), "did you mean \"everyone\"?"),
            (document(accounts: "[{key: a, members: everyone}]"), "needs the key \"name\""),
            (document(accounts: "{key: a}"), "must be a list"),
            (document(rest: "guards: {removals: {count: -1}}"), "must lie between 0"),
            (document(rest: "guards: {removals: {count: many}}"), "must be a whole number"),
            (document(rest: "guards: {removals: {percent: .nan}}"), "must be a number"),
            (document(rest: "? [a, b]\n: c"), "a key in the policy must be a text"),
        ])
    func kinds(yaml: String, expected: String) {
        let found = mistakes(yaml)
        #expect(found.count == 1 && found[0].contains(expected), "\(found)")
    }

    @Test("a mistake in a filter or template is shown at its column, whatever quotes stand around it")
    func columns() {
        #expect(mistakes(document(people: "enabled: {when: (cn=a)(sn=b)}")).first?.hasPrefix("p.yaml:8:25:") == true)
        #expect(mistakes(document(people: "enabled: {when: \"(cn=a)(sn=b)\"}")).first?.hasPrefix("p.yaml:8:26:") == true)
        #expect(mistakes(document(people: "enabled: {when: &f '(cn=ä)(sn=b)'}")).first?.hasPrefix("p.yaml:8:29:") == true)
        #expect(mistakes(document(people: "display_name: 'ä {cn}{'")).first?.hasPrefix("p.yaml:8:24:") == true)
    }

    @Test("anchors are welcome, and values that YAML takes for other types stay as written")
    func anchorsAndTypes() throws {
        let policy = try policy(
            document(
                people: "display_name: &same [displayName, cn]\ncustom_attributes: {shown: *same}",
                accounts: "[{key: 007, name: on, locale: no, members: everyone}]"))
        #expect(policy.accounts[0].key == "007")
        #expect(policy.accounts[0].name == "on")
        #expect(policy.accounts[0].locale == "no")
        #expect(policy.people.customAttributes[0].mapping.sources.count == 2)
    }

    @Test("deep nesting and aliases that multiply end in a diagnostic, quickly")
    func hostile() {
        #expect(!mistakes(String(repeating: "[", count: 100_000)).isEmpty)
        #expect(!mistakes("policy: " + String(repeating: "{a: ", count: 5_000)).isEmpty)
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...20 {
            bomb += "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ") + "]\n"
        }
        #expect(mistakes(bomb + "people: *a20\n").count > 20)
        #expect(
            mistakes(String(repeating: "# padding\n", count: 200_000)) == ["p.yaml:1:1: error: the policy is larger than 1 MiB"])
    }

    @Test("names are compared by edits, where swapped letters and dashes count little")
    func nearest() {
        let keys = ["platform_app", "people", "policy", "groups", "guards"]
        #expect(NearestName.find("gruops", among: keys) == "groups")
        #expect(NearestName.find("Platform-App", among: keys) == "platform_app")
        #expect(NearestName.find("poeple", among: keys) == "people")
        #expect(NearestName.find("admin", among: ["agent", "administrator"]) == "administrator")
        #expect(NearestName.find("quota", among: keys) == nil)
    }
}
