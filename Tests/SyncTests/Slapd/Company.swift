// SPDX-License-Identifier: Apache-2.0

/// What the directory holds and what the store should: a model of both, moved by the same steps.
struct Company {
    struct Person {
        /// Told from everybody who ever was by this number, which the directory keeps as `employeeNumber`.
        var number: Int
        var uid: String
        var name: String
        var mail: String
        var unit = "people"
        var isActive = true
        var groups: Set<String> = []

        var dn: String { "uid=\(uid),ou=\(unit),\(Slapd.base)" }
        var role: String { groups.contains("leads") ? "administrator" : groups.contains("support") ? "agent" : "-" }
    }

    /// What is stored of somebody.
    struct Stored {
        var mail: String
        var name: String
        var isSuspended: Bool
        var role: String
    }

    private(set) var people: [Person] = []
    /// By number, as of the last export.
    private(set) var stored: [Int: Stored] = [:]
    private var last = 0

    /// A step at random, as the change records that make it in the directory.
    mutating func step(_ random: inout some RandomNumberGenerator) -> String {
        guard people.count > 3 else { return add(&random) }
        let index = people.indices.randomElement(using: &random) ?? 0
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<22: return add(&random)
        case 22..<34: return delete(index)
        case 34..<44: return rename(index)
        case 44..<52: return move(index)
        case 52..<62: return toggle(index)
        case 62..<68: return replace(index, "cn", "Name \(next())") { $0.name = $1 }
        case 68..<76: return replace(index, "mail", "m\(next())@harbour.example") { $0.mail = $1 }
        case 76..<82: return swap(index, &random)
        case 82..<88: return deleteAndMakeAnew(index)
        default: return join(index, &random)
        }
    }

    /// Takes note that the directory was exported, and reconciled.
    ///
    /// - Returns: how many are disputed: they want an address that a user has who keeps it. Nothing of them is stored.
    mutating func exported() -> Int {
        let present = Set(people.map(\.number))
        // Whoever vanished and has the address: the entry was made anew, and the user is the same.
        var users: [Int: Int] = [:]
        for person in people {
            let former = stored.first { $0.value.mail == person.mail && !present.contains($0.key) }
            users[person.number] = stored[person.number] != nil ? person.number : former?.key
        }
        var disputed: Set<Int> = []
        while true {
            let more = people.filter { person in
                guard !disputed.contains(person.number),
                    let holder = stored.first(where: { $0.value.mail == person.mail })?.key, holder != users[person.number]
                else { return false }
                let moves = people.contains {
                    $0.number == holder && $0.mail != person.mail && !disputed.contains($0.number)
                }
                return !moves
            }
            if more.isEmpty { break }
            disputed.formUnion(more.map(\.number))
        }
        let settled = people.filter { !disputed.contains($0.number) }
        for person in settled { if let user = users[person.number] { stored[user] = nil } }
        for number in stored.keys where !present.contains(number) { stored[number]?.isSuspended = true }
        for person in settled {
            stored[person.number] = Stored(
                mail: person.mail, name: person.name, isSuspended: !person.isActive, role: person.role)
        }
        return disputed.count
    }

    /// A line for each user, as ``CompanyTests`` asks the store for it.
    var image: String {
        stored.sorted { $0.key < $1.key }.map { number, user in
            "\(number)|\(user.mail)|\(user.name)|\(user.isSuspended ? "suspended" : "active")|\(user.role)"
        }.joined(separator: "\n")
    }

    private mutating func next() -> Int {
        last += 1
        return last
    }

    private func record(_ person: Person) -> String {
        """
        dn: \(person.dn)
        changetype: add
        objectClass: inetOrgPerson
        uid: \(person.uid)
        cn: \(person.name)
        sn: \(person.name)
        mail: \(person.mail)
        employeeNumber: \(person.number)
        employeeType: \(person.isActive ? "active" : "disabled")


        """
    }

    private mutating func add(_ random: inout some RandomNumberGenerator) -> String {
        let number = next()
        // Now and then somebody gets the address of one who left.
        let present = Set(people.map(\.number))
        let mails = Set(people.map(\.mail))
        let left = stored.sorted { $0.key < $1.key }.filter { !present.contains($0.key) && !mails.contains($0.value.mail) }
        let mail = Bool.random(using: &random) ? left.randomElement(using: &random)?.value.mail : nil
        let person = Person(number: number, uid: "u\(number)", name: "Name \(number)", mail: mail ?? "m\(number)@harbour.example")
        people.append(person)
        return record(person)
    }

    private mutating func delete(_ index: Int) -> String { "dn: \(people.remove(at: index).dn)\nchangetype: delete\n\n" }

    private mutating func deleteAndMakeAnew(_ index: Int) -> String {
        var person = people[index]
        person.number = next()
        person.groups = []
        let records = delete(index) + record(person)
        people.append(person)
        return records
    }

    private mutating func rename(_ index: Int) -> String {
        let former = people[index].dn
        people[index].uid = "u\(next())"
        return "dn: \(former)\nchangetype: modrdn\nnewrdn: uid=\(people[index].uid)\ndeleteoldrdn: 1\n\n"
    }

    private mutating func move(_ index: Int) -> String {
        let former = people[index].dn
        people[index].unit = people[index].unit == "people" ? "away" : "people"
        let superior = "ou=\(people[index].unit),\(Slapd.base)"
        return
            "dn: \(former)\nchangetype: modrdn\nnewrdn: uid=\(people[index].uid)\ndeleteoldrdn: 1\nnewsuperior: \(superior)\n\n"
    }

    private mutating func toggle(_ index: Int) -> String {
        replace(index, "employeeType", people[index].isActive ? "disabled" : "active") { $0.isActive = $1 == "active" }
    }

    private mutating func swap(_ index: Int, _ random: inout some RandomNumberGenerator) -> String {
        guard let other = people.indices.filter({ $0 != index }).randomElement(using: &random) else { return "" }
        let (mine, theirs) = (people[index].mail, people[other].mail)
        return replace(index, "mail", theirs) { $0.mail = $1 } + replace(other, "mail", mine) { $0.mail = $1 }
    }

    private mutating func join(_ index: Int, _ random: inout some RandomNumberGenerator) -> String {
        let group = Bool.random(using: &random) ? "support" : "leads"
        let leaves = people[index].groups.remove(group) != nil
        if !leaves { people[index].groups.insert(group) }
        return """
            dn: cn=\(group),ou=groups,\(Slapd.base)
            changetype: modify
            \(leaves ? "delete" : "add"): member
            member: \(people[index].dn)
            -


            """
    }

    private mutating func replace(_ index: Int, _ attribute: String, _ value: String, _ note: (inout Person, String) -> Void)
        -> String
    {
        note(&people[index], value)
        return "dn: \(people[index].dn)\nchangetype: modify\nreplace: \(attribute)\n\(attribute): \(value)\n-\n\n"
    }
}
