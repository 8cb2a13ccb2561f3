// SPDX-License-Identifier: Apache-2.0

/// SplitMix64: small, fast, the same everywhere.
struct SplitMix {
    private var state: UInt64

    init(_ seed: UInt64, _ stream: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 ^ stream &* 0xD1B5_4A32_D192_ED03
        _ = next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z &>> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z &>> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z &>> 31
    }

    mutating func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: next() % UInt64(bound))
    }
}

/// A person as an export shows it.
struct Person {
    var uuid: String
    var uid: String
    var given: Int
    var surname: Int
    /// Counts the surnames taken since the start; part of cn and mail.
    var married = 0
    var mailDomain = 0
    var title: Int
    var groups: [Int]
    var phone: String
    var employee: String
}

/// People computed from seed and number, so that nothing is kept.
struct FakeDirectory {
    static let base = "dc=northwind,dc=example"
    static let givenNames = [
        "Anna", "Jörg", "Zoë", "Łukasz", "Marie", "José", "Søren", "Chloé", "Ivan", "Nguyễn", "Aylin", "Björn", "Fatima",
        "Håkon", "Ines", "Jürgen", "Karin", "Liam", "Mia", "Noah", "Olga", "Pavel", "Quentin", "Rosa", "Sofia", "Tomáš",
        "Uma", "Victor", "Wanda", "Ximena", "Yusuf", "Žofia", "明", "Дмитрий", "Ελένη", "Amélie",
    ]
    static let asciiGiven = [
        "anna", "joerg", "zoe", "lukasz", "marie", "jose", "soren", "chloe", "ivan", "nguyen", "aylin", "bjorn", "fatima",
        "hakon", "ines", "juergen", "karin", "liam", "mia", "noah", "olga", "pavel", "quentin", "rosa", "sofia", "tomas",
        "uma", "victor", "wanda", "ximena", "yusuf", "zofia", "ming", "dmitri", "eleni", "amelie",
    ]
    static let surnames = [
        "Müller", "O'Brien", "Smith", "Kowalski", "García", "Nielsen", "Rossi", "Ivanov", "Trần", "Yılmaz", "Svensson",
        "Haddad", "Lund", "Dubois", "Weiß", "Novák", "Silva", "Jensen", "Papadopoulos", "Andersson", "Fischer", "van den Berg",
        "Okafor", "Kim", "Tanaka", "Singh", "Moreau", "Schröder", "Horváth", "Popescu", "Costa", "Bauer", "de Vries",
    ]
    static let asciiSurnames = [
        "mueller", "obrien", "smith", "kowalski", "garcia", "nielsen", "rossi", "ivanov", "tran", "yilmaz", "svensson",
        "haddad", "lund", "dubois", "weiss", "novak", "silva", "jensen", "papadopoulos", "andersson", "fischer", "vandenberg",
        "okafor", "kim", "tanaka", "singh", "moreau", "schroeder", "horvath", "popescu", "costa", "bauer", "devries",
    ]
    static let titles = [
        "Agent", "Senior Agent", "Team Lead", "Support Engineer", "Analyst", "Coordinator", "Manager", "Administrator",
    ]
    static let domains = ["northwind.example", "mail.northwind.example", "northwind-labs.example"]

    let options: Options

    /// All people, in order; those gone are left out, those who came stand at the end.
    func forEach(_ body: (Person) -> Void) {
        var came = 0
        for number in 0..<options.count {
            var change = SplitMix(options.changeSeed &+ 0x5EED, UInt64(number))
            let isChanged = Double(change.next() % 1_000_000) < options.changePercent * 10_000
            guard isChanged else {
                body(person(number))
                continue
            }
            var changed = person(number)
            switch change.below(10) {
            case 0...2: changed.groups = groups(&change)
            case 3...4: changed.mailDomain = 1 + change.below(Self.domains.count - 1)
            case 5...6:
                changed.married += 1
                changed.surname = (changed.surname + 1 + change.below(Self.surnames.count - 1)) % Self.surnames.count
            case 7: changed.title = (changed.title + 1) % Self.titles.count
            case 8: continue
            default:
                came += 1
                body(changed)
                continue
            }
            body(changed)
        }
        for number in 0..<came { body(person(1_000_000_000 + number)) }
    }

    private func person(_ number: Int) -> Person {
        var random = SplitMix(options.seed, UInt64(number))
        let uuid = Self.uuid(random.next(), random.next())
        let given = random.below(Self.givenNames.count)
        let surname = random.below(Self.surnames.count)
        let uid = "\(Self.asciiGiven[given].prefix(1))\(Self.asciiSurnames[surname].prefix(6))\(number)"
        let phone = "+49 30 \(1_000_000 + random.below(9_000_000))"
        let title = random.below(Self.titles.count)
        return Person(
            uuid: uuid, uid: uid, given: given, surname: surname, title: title, groups: groups(&random), phone: phone,
            employee: "E\(number)")
    }

    private func groups(_ random: inout SplitMix) -> [Int] {
        var groups: [Int] = []
        while groups.count < options.memberships {
            let group = random.below(options.groups)
            if !groups.contains(group) { groups.append(group) }
        }
        return groups
    }

    private static func uuid(_ high: UInt64, _ low: UInt64) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for index in 0..<32 {
            if [8, 12, 16, 20].contains(index) { text.append(UInt8(ascii: "-")) }
            let word = index < 16 ? high : low
            text.append(digits[Int(word >> UInt64(60 - 4 * (index % 16)) & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension Person {
    var cn: String { "\(FakeDirectory.givenNames[given]) \(FakeDirectory.surnames[surname])" }
    var dn: String { "cn=\(cn)+uid=\(uid),ou=people,\(FakeDirectory.base)" }
    var mail: String {
        let name = "\(FakeDirectory.asciiGiven[given]).\(FakeDirectory.asciiSurnames[surname])"
        return "\(name).\(employee.dropFirst())@\(FakeDirectory.domains[mailDomain])"
    }

    static func groupDN(_ group: Int) -> String {
        "cn=team-\(group),ou=groups,\(FakeDirectory.base)"
    }
}
