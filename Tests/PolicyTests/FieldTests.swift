// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Intake
@testable import Policy

@Suite("The language of fields")
struct FieldTests {
    /// The custom attribute that a field makes of an entry, as JSON, or "left alone".
    private func made(_ field: String, of entry: Entry) throws -> String {
        let person = try desired(try policy(document(people: "custom_attributes:\n  f: \(field)")), entry)
        let text = json(person)
        guard let start = text.firstRange(of: "{\"f\":"), let end = text.firstRange(of: "},\"email\"") else {
            return "left alone"
        }
        return String(text[start.upperBound..<end.lowerBound])
    }

    private static let amy = person([
        "mail": ["Amy@PlanetExpress.com"], "sn": ["o'neil-VAN  dyk"], "given": ["  ämy "], "groups": ["Crew; Delivery ;;crew"],
        "dept": ["eng-backend"], "size": ["1.50"], "active": ["Inactive"], "joined": ["20260131120000.0Z"], "empty": [""],
        "several": ["b", "a", "b"], "worker.Status": ["Aktiv"], "Worker Name": ["Amy W"], "long": ["a,b,c"],
    ])

    @Test(
        "steps change values in one order, whatever the order of keys",
        arguments: [
            ("{from: mail, case: lower}", "\"amy@planetexpress.com\""),
            ("{from: mail, part: 1, split: '@', case: upper}", "\"AMY\""),
            ("{from: sn, case: title}", "\"O'Neil-Van  Dyk\""),
            ("{from: sn, case: title, whitespace: collapse}", "\"O'Neil-Van Dyk\""),
            ("{from: sn, whitespace: remove}", "\"o'neil-VANdyk\""),
            ("{from: given, case: title}", "\"Ämy\""),
            ("{from: groups, split: ';'}", "[\"Crew\",\"Delivery\",\"crew\"]"),
            ("{from: groups, split: ';', case: lower}", "[\"crew\",\"delivery\"]"),
            ("{from: long, split: ',', part: -1}", "\"c\""),
            ("{from: long, split: ',', part: 4}", "null"),
            ("{from: [{from: long, split: ',', part: 9}, dept]}", "\"eng-backend\""),
            ("{from: dept, strip_prefix: [ops-, eng-]}", "\"backend\""),
            ("{from: dept, strip_suffix: -backend, map: {ENG: Engineering}}", "\"Engineering\""),
            ("{from: dept, map: {'eng-*': Engineering, '*': Other}}", "\"Engineering\""),
            ("{from: dept, map: {'ops-*': Operations, '*': Other}}", "\"Other\""),
            ("{from: dept, map: {eng-backend: }}", "null"),
            ("{from: dept, map: {eng-backend: , x: y}, default: none}", "\"none\""),
            ("{from: dept, map: {'*': A, 'ENG-backend': B}}", "\"B\""),
            ("{from: worker.status, map: {aktiv: active}}", "\"active\""),
            ("'{Worker Name}'", "\"Amy W\""),
            ("'{given|title} {sn|collapse|upper}'", "\"Ämy O'NEIL-VAN DYK\""),
            ("'{given|first|upper}.{sn|remove|lower}@x.org'", "\"Ä.o'neil-vandyk@x.org\""),
            ("{from: nothing, default: 3}", "3"),
            ("{from: [nothing, {value: 4}]}", "4"),
            ("several", "[\"a\",\"b\"]"),
        ])
    func steps(field: String, expected: String) throws {
        #expect(try made(field, of: Self.amy) == expected)
    }

    @Test(
        "types give one spelling",
        arguments: [
            ("{from: size, type: number}", "1.5"), ("{from: several, type: text}", "\"b\""),
            ("{from: dept, type: list}", "[\"eng-backend\"]"), ("{from: several, type: list}", "[\"a\",\"b\"]"),
            ("{from: active, type: boolean}", "false"), ("{from: joined, type: date}", "\"2026-01-31T12:00:00Z\""),
            ("{from: [empty, nothing], type: number}", "null"), ("{from: size, map: {'1.50': 2}, type: number}", "2"),
        ])
    func types(field: String, expected: String) throws {
        #expect(try made(field, of: Self.amy) == expected)
    }

    @Test("a value of another type is a fault that does not show it")
    func wrongTypes() throws {
        for type in ["number", "boolean", "date"] {
            let policy = try policy(document(people: "custom_attributes: {f: {from: dept, type: \(type)}}"))
            let found = try #require(fault(policy, person(["dept": ["s3cret"]])))
            #expect(found.reason == .badValue && found.message == "the value of f is no \(type)")
        }
    }

    @Test(
        "dates of every export have one spelling",
        arguments: [
            ("2026-11-23 04:28:18+00:00", "2026-11-23T04:28:18Z"), ("2025-04-24T21:53:49+02:00", "2025-04-24T19:53:49Z"),
            ("2026-01-01T00:30:00.123-01:00", "2026-01-01T01:30:00Z"), ("20261123042818.0Z", "2026-11-23T04:28:18Z"),
            ("20261123042818Z", "2026-11-23T04:28:18Z"), ("202611230428+0100", "2026-11-23T03:28:00Z"),
            ("20261123042818", "2026-11-23T04:28:18Z"), ("/Date(1745531629000)/", "2025-04-24T21:53:49Z"),
            ("1745531629000", "2025-04-24T21:53:49Z"), ("1745531629", "2025-04-24T21:53:49Z"),
            ("133801212610000000", "2024-12-31T12:21:01Z"),
            ("2013-01-01", "2013-01-01"), ("20130101", "2013-01-01"), ("2024-02-29", "2024-02-29"),
            ("1601-01-01 00:00:00+00:00", ""), ("9999-12-31 23:59:59.999999+00:00", ""), ("9999-12-31 23:59:59.999999", ""),
            ("0", ""),
            ("9223372036854775807", ""), ("/Date(-11644473600000)/", ""),
            ("2023-02-29", nil), ("31/12/2015", nil), ("2026-13-01", nil), ("yesterday", nil), ("2026-11-23T25:00:00Z", nil),
            ("1", nil),
            ("20261323", nil), ("2026-11-23T04:28:18Zx", nil), ("", nil), ("2026", nil),
        ] as [(String, String?)])
    func dates(text: String, expected: String?) {
        #expect(DateText.canonical(text, order: nil) == expected)
    }

    @Test("days of numbers are read in the order that the policy states")
    func numberedDays() throws {
        #expect(DateText.canonical("31/12/2015", order: .dayFirst) == "2015-12-31")
        #expect(DateText.canonical("1.2.2015", order: .dayFirst) == "2015-02-01")
        #expect(DateText.canonical("1/2/2015", order: .monthFirst) == "2015-01-02")
        #expect(DateText.canonical("31/12/2015", order: .monthFirst) == nil)
        #expect(DateText.canonical("2015-12-31", order: .monthFirst) == "2015-12-31")
        #expect(try made("{from: d, type: date, format: day/month/year}", of: person(["d": ["01/02/2015"]])) == "\"2015-02-01\"")
    }

    @Test("seconds since 1970 and days agree over 600 years")
    func calendar() {
        for day in stride(from: -130_000, through: 90_000, by: 13) {
            let moment = DateText.Moment(seconds: Int64(day) * 86_400 + 86_399)
            #expect(moment.days == day && moment.second == 86_399 && moment.isValid)
        }
        #expect(DateText.Moment(seconds: -1).description == "1969-12-31T23:59:59Z")
    }

    @Test("absent, null and empty are three statements")
    func statements() throws {
        var null = person()
        let index = Array("f".utf8).withUnsafeBytes { null.findOrAdd($0) }
        null.attributes[index].presence = .null
        let entries = ["absent": person(), "null": null, "list": person(["f": []]), "text": person(["f": [" "]])]
        let kept = ["absent": "{absent: keep}", "null": "{null: keep}", "list": "{empty: keep}", "text": "{empty: keep}"]
        for (statement, entry) in entries {
            for (rule, missing) in kept {
                let isKept = missing == kept[statement]
                #expect(
                    try made("{from: [g, f], missing: \(missing)}", of: entry) == (isKept ? "left alone" : "null"),
                    "\(statement) \(rule)")
            }
            #expect(try made("{from: f, missing: keep}", of: entry) == "left alone")
        }
        #expect(try made("{from: [f, g], missing: {null: keep}}", of: null) == "left alone", "g is not mentioned, f is null")
    }

    @Test("fields of the creation only, and precedence")
    func rules() throws {
        let yaml = document(
            people: """
                display_name: {from: givenName, only: creation, precedence: 7}
                custom_attributes: {a: {value: x, only: creation}, b: {from: c, precedence: -1}, c: d}
                """, rest: "precedence: 3"
        ).replacing("name: cn", with: "name: {from: cn, only: creation}")
        let policy = try policy(yaml)
        #expect(policy.people.onlyOnCreation == ["custom_attributes.a", "display_name", "name"])
        #expect(
            ["display_name", "custom_attributes.b", "custom_attributes.c", "email", "enabled"].map(policy.precedence) == [
                7, -1, 3, 3, 3,
            ])
        let plain = try desired(try Policy(yaml: yaml.replacing(", only: creation", with: ""), file: "t"), person())
        #expect(try desired(policy, person()) == plain, "what is only for the creation stands in its usual place")
        let policyless = try Policy(yaml: document(), file: "t")
        #expect(policyless.people.onlyOnCreation.isEmpty && policyless.precedence == 0)
    }

    @Test("an e-mail can be built, for exports that have none")
    func builtEmail() throws {
        let policy = try policy(
            document().replacing("email: mail", with: "email: [mail, '{first|remove|lower}.{last|remove|lower}@example.org']"))
        let entry = person(["mail": [], "first": ["Amy Lou"], "last": ["Wong"]])
        #expect(try desired(policy, entry).email == "amylou.wong@example.org")
        let stripped = try self.policy(document().replacing("email: mail", with: "email: {from: mail, strip_prefix: old-}"))
        #expect(try desired(stripped, person(["mail": ["old-a@b.de"]])).email == "a@b.de")
    }

    private func policy(_ yaml: String) throws -> Policy { try Policy(yaml: yaml, file: "t") }

    @Test("what changes the meaning of a field changes the fingerprint, and nothing else does")
    func fingerprint() throws {
        func print(_ field: String) throws -> String { try policy(document(people: "display_name: \(field)")).fingerprint }
        let fields = [
            "a", "[a, b]", "{from: a, case: lower}", "{from: a, case: upper}", "{from: a, split: ','}",
            "{from: a, split: ',', part: 1}",
            "{from: a, map: {x: y}}", "{from: a, map: {x: z}}", "{from: a, whitespace: collapse}", "{from: a, strip_prefix: b}",
            "{from: a, strip_suffix: b}", "{from: a, missing: keep}", "{from: a, missing: {null: keep}}",
            "{from: a, only: creation}",
            "{from: a, precedence: 1}", "{from: a, default: b}", "'{a|lower}'", "{from: [{from: a, case: lower}, b]}",
            "{from: [a, b], case: lower}",
        ]
        #expect(Set(try fields.map(print)).count == fields.count)
        #expect(try print("a") == print("{from: a}"))
        #expect(try print("a") == print("{from: [a], missing: {absent: clear}}"))
        #expect(try print("{from: a, case: lower, split: ','}") == print("{split: ',', case: lower, from: a}"))
        #expect(try print("{from: a, default: b}") == print("[a, {value: b}]"))
        let bare = try policy(document()).fingerprint
        #expect(try policy(document(rest: "precedence: 0")).fingerprint == bare)
        #expect(try policy(document(rest: "precedence: 1")).fingerprint != bare)
    }

    @Test(
        "mistakes in fields",
        arguments: [
            ("{from: a, case: loud}", "must be one of \"lower\", \"upper\", \"title\""),
            ("{from: a, cas: lower}", "did you mean \"case\"?"),
            ("{from: a, part: 1}", "\"part\" needs \"split\""), ("{from: a, split: ',', part: 0}", "counts from 1"),
            ("{from: a, split: ''}", "must be the text at which"), ("{from: a, map: [a]}", "must be a mapping of values"),
            ("{from: a, map: {A: x, a: y}}", "given more than once in \"map\""),
            ("{from: a, map: {a: [b]}}", "a value in \"map\" must be a text"),
            ("{from: a, only: create}", "must be one of \"creation\""),
            ("{from: a, missing: {nul: keep}}", "did you mean \"null\"?"),
            ("{from: a, missing: {null: forget}}", "must be one of \"clear\", \"keep\""),
            ("{from: a, type: text}", "unknown key \"type\""),
            ("'{a|loud}'", "\"loud\" in \"{a|loud}\" is none of"), ("'{a|uper}'", "did you mean \"upper\"?"),
            ("{from: a, whitespace: trim}", "must be one of \"collapse\", \"remove\""),
            ("{from: [{form: a}]}", "did you mean \"from\"?"),
            ("{case: lower}", "needs the key \"from\""), ("{from: a, precedence: high}", "must be a whole number"),
            ("[{value: x, case: lower}]", "nothing else goes with it"),
        ])
    func mistakes(field: String, expected: String) {
        let found = PolicyTests.mistakes(document(people: "display_name: \(field)"))
        #expect(found.count == 1 && found[0].contains(expected), "\(found)")
    }

    @Test("formats go with dates only")
    func formats() {
        let found = PolicyTests.mistakes(document(people: "custom_attributes: {a: {from: b, format: day/month/year}}"))
        #expect(found.count == 1 && found[0].contains("goes with \"type: date\" only"), "\(found)")
        #expect(
            PolicyTests.mistakes(document(people: "custom_attributes: {a: {from: b, type: dat}}")).first?.contains("\"date\"?")
                == true)
    }
}
