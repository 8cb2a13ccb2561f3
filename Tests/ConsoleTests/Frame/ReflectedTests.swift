// SPDX-License-Identifier: Apache-2.0

import Pages
import Testing

@testable import Console

/// What templates find in the structs that they are given.
struct ReflectedTests {
    private struct Person {
        var name: String?
        var nick: String?
        var age = 36
        var share = 0.5
        var isOld = false
        var kind = Kind.plain
        var limit = Limit()
        var words: [String] = []
        var friends: [Person] = []
        var scores: [String: Int] = [:]

        enum Kind { case plain }
    }

    /// A struct that says itself as a text.
    private struct Limit: CustomStringConvertible {
        let most = 7
        var description: String { "at most \(most)" }
    }

    private func drawn(_ template: String, _ content: Any) -> String {
        PageLibrary(["page": Array(template.utf8)]).render(content, with: "page")
    }

    @Test func everyKindOfPropertyIsFound() {
        let ada = Person(
            name: "Ada <&>", words: ["a", "<b>"], friends: [Person(name: "Bob"), Person(name: nil, nick: "Cy", isOld: true)],
            scores: ["x": 3])
        #expect(
            drawn("{{name}}|{{nick}}|{{age}}|{{share}}|{{kind}}|{{limit}}", ada) == "Ada &lt;&amp;&gt;||36|0.5|plain|at most 7")
        #expect(drawn("{{limit.most}} {{#limit}}{{.}} {{most}}{{/limit}} {{scores.x}}", ada) == "7 at most 7 7 3")
        #expect(drawn("{{#words}}{{.}}{{^last()}},{{/last()}}{{/words}}{{^isOld}}!{{/isOld}}", ada) == "a,&lt;b&gt;!")
        // Without a point an outer struct's is found where there is none, with one it is not.
        #expect(
            drawn("{{#friends}}{{name}};{{.name}};{{#.nick}}{{.}}{{/.nick}}|{{/friends}}", ada)
                == "Bob;Bob;|Ada &lt;&amp;&gt;;;Cy|")
        #expect(drawn("{{#friends}}{{#.isOld}}{{.nick}}{{/.isOld}}{{#.words}}never{{/.words}}{{/friends}}", ada) == "Cy")
    }

    @Test func aCellTellsEveryPropertyThatItHas() throws {
        var cell = DataTable.Cell.link("Text", "/place", faint: "faint")
        (cell.code, cell.none, cell.moment) = ("code", "none", Moment(microseconds: 0, now: 0))
        cell.badges = [.bad("bad")]
        cell.links = [PageLink("link", "/link")]
        cell.forms = [RowForm(action: "/act", button: "Act", about: "it")]
        cell.differences = [Difference(name: "field", before: nil, after: "after", rule: nil)]
        cell.hasDifferences = true
        var table = DataTable("Table", ["First", "#Number"])
        table.append([cell, cell])
        let second = try #require(table.rows.first?.cells.last)
        for case (let name?, let value) in Mirror(reflecting: second).children {
            let optional = Mirror(reflecting: value)
            let has = optional.displayStyle == .optional ? try #require(optional.children.first).value : value
            #expect(try String(describing: #require(second.property(name))) == String(describing: has), "\(name)")
        }
        #expect(second.property("nothing") == nil)
        #expect(DataTable.Cell.code(nil).property("code") == nil)
    }
}
