// SPDX-License-Identifier: Apache-2.0

/// A line of what is known of an object; a list of them, named `facts`, is shown by the template `facts`.
struct Fact: Sendable {
    let label: String
    /// Shown as text, and copied by the button beside it where there is one.
    var text: String?
    /// Shown as code.
    var code: String?
    var moment: Moment?
    var badges: [Badge] = []
    var links: [PageLink] = []
    /// Shown in place of nothing.
    var none: String?

    private init(_ label: String) { self.label = label }

    /// A text; a dash when there is none.
    static func text(_ label: String, _ text: String?, none: String = "none") -> Fact {
        var fact = Fact(label)
        if let text, !text.isEmpty { fact.text = text } else { fact.none = none }
        return fact
    }

    /// An identifier, to be copied.
    static func code(_ label: String, _ code: String?, none: String = "none") -> Fact {
        var fact = Fact(label)
        if let code, !code.isEmpty { fact.code = code } else { fact.none = none }
        return fact
    }

    static func moment(_ label: String, _ moment: Moment?, none: String = "never") -> Fact {
        var fact = Fact(label)
        fact.moment = moment
        if moment == nil { fact.none = none }
        return fact
    }

    static func badges(_ label: String, _ badges: [Badge], none: String = "none") -> Fact {
        var fact = Fact(label)
        fact.badges = badges
        if badges.isEmpty { fact.none = none }
        return fact
    }

    static func links(_ label: String, _ links: [PageLink], none: String = "none") -> Fact {
        var fact = Fact(label)
        fact.links = links
        if links.isEmpty { fact.none = none }
        return fact
    }
}
