// SPDX-License-Identifier: Apache-2.0

/// The search and the filters above a list, sent by GET so that the address holds them. The template is `filters`.
struct FilterBar: Sendable {
    var action: String
    let search: Search?
    let choices: [Field]
    /// nil when nothing is filtered.
    let clear: String?

    /// The field that the key `/` leads to.
    struct Search: Sendable {
        let label: String
        let name: String
        let value: String
        let hint: String
    }

    /// - Parameters:
    ///   - search: the label of the search field, whose name is `q`; nil for none.
    ///   - hint: what can be searched for.
    init(_ visit: ConsoleVisit, search: String?, hint: String = "", choices: [Field] = []) {
        action = visit.path
        self.search = search.map { Search(label: $0, name: "q", value: visit.text("q") ?? "", hint: hint) }
        self.choices = choices
        let isFiltered = visit.text("q") != nil || choices.contains { visit.text($0.name) != nil }
        clear = isFiltered ? action : nil
    }
}
