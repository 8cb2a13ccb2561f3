// SPDX-License-Identifier: Apache-2.0

/// A page about one object: what is known of it, in sections; the template is `object_page`.
struct ObjectPage: Sendable {
    var sections: [PageSection] = []
    var dangers: [DangerZone] = []
}

/// A part of a page with a heading of its own.
struct PageSection: Sendable {
    let heading: String?
    /// Below the heading.
    var text: String?
    var filters: FilterBar?
    var facts: [Fact] = []
    var hasFacts = false
    var table: DataTable?
    /// Said in place of a table with nothing in it.
    var none: String?
    var empty: EmptyState?
    var pager: Pager?
    var secret: SecretBox?
    var forms: [ActForm] = []
    var links: [PageLink] = []
    var hasLinks = false

    init(_ heading: String?, _ text: String? = nil) {
        self.heading = heading
        self.text = text
    }

    /// A section of facts.
    static func facts(_ heading: String?, _ facts: [Fact]) -> PageSection {
        var section = PageSection(heading)
        (section.facts, section.hasFacts) = (facts, !facts.isEmpty)
        return section
    }

    /// A table, or what is said in its place.
    static func table(_ heading: String?, _ table: DataTable, none: String, _ text: String? = nil) -> PageSection {
        var section = PageSection(heading, text)
        if table.rows.isEmpty { section.none = none } else { section.table = table }
        return section
    }

    /// The same section with ways to other pages below it.
    func linking(_ links: [PageLink]) -> PageSection {
        var section = self
        (section.links, section.hasLinks) = (links, !links.isEmpty)
        return section
    }
}

/// A form for one act, of few fields; the template is `act_form`.
struct ActForm: Sendable {
    let action: String
    let button: String
    /// Whether the button stands back.
    var isQuiet = true
    var fields: [Field] = []
    var hidden: [DangerZone.Hidden] = []
}

/// A list of objects with its search; the template is `object_list`.
struct ObjectList: Sendable {
    let filters: FilterBar?
    var table: DataTable?
    var empty: EmptyState?
    var pager: Pager?

    /// - Parameters:
    ///   - empty: shown where there is nothing at all.
    ///   - kind: what is listed, in the plural, for where nothing matches.
    init(_ filters: FilterBar?, _ table: DataTable, _ pager: Pager, empty: EmptyState, kind: String) {
        self.filters = filters
        if !table.rows.isEmpty {
            self.table = table
        } else if pager.next != nil {
            self.empty = EmptyState("None among the newest", "There may be more further back: go on to the next page.")
        } else if let clear = filters?.clear {
            self.empty = EmptyState("No \(kind) match", "Search for less, or for something else.", PageLink("Show all", clear))
        } else if pager.first != nil {
            self.empty = EmptyState("That was all", "There are no more \(kind).")
        } else {
            self.empty = empty
        }
        self.pager = pager
    }
}

/// A form that makes or changes an object; the template is `object_form`.
struct ObjectForm: Sendable {
    let action: String
    let button: String
    let cancel: String
    let groups: [Group]
    var hidden: [DangerZone.Hidden] = []

    /// Fields that belong together.
    struct Group: Sendable {
        /// nil for the fields that the form is about.
        let legend: String?
        let fields: [Field]
        /// Whether the fields are many and short, and stand beside one another.
        let isDense: Bool

        init(_ legend: String? = nil, _ fields: [Field], isDense: Bool = false) {
            self.legend = legend
            self.fields = fields
            self.isDense = isDense
        }
    }

    /// The field with the version that the form was made from.
    static let version = "version"
}

extension Pager {
    /// The way through a list that has positions of its own.
    init(first: String?, next: String?) {
        self.first = first
        self.next = next
        (firstLabel, nextLabel) = ("Newest", "Older")
        hasLinks = first != nil || next != nil
    }
}
