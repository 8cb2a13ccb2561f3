// SPDX-License-Identifier: Apache-2.0

import Pages

/// A table of a list, which becomes a block for each row where there is no room; the template is `table`.
struct DataTable: Sendable {
    /// What it lists, for who does not see the heading above it.
    let label: String
    let headers: [Header]
    var rows: [Row] = []

    /// What stands above a column.
    struct Header: Sendable {
        let label: String
        let isNumber: Bool
        /// Whether only those hear it who do not see the column, such as the one of buttons.
        let isUnseen: Bool
    }

    /// A line of the table.
    struct Row: Sendable {
        let cells: [Cell]
    }

    /// - Parameter columns: a name that begins with `#` is of numbers, one that begins with `-` is not seen.
    init(_ label: String, _ columns: [String]) {
        self.label = label
        headers = columns.map { name in
            let mark = name.first
            let plain = mark == "#" || mark == "-" ? String(name.dropFirst()) : name
            return Header(label: plain, isNumber: mark == "#", isUnseen: mark == "-")
        }
    }

    /// Adds a line; the first cell names it.
    mutating func append(_ cells: [Cell]) {
        var cells = cells
        for index in cells.indices {
            cells[index].isHeader = index == 0
            cells[index].label = index == 0 || headers[index].isUnseen ? nil : headers[index].label
            cells[index].kind = headers[index].isNumber ? "number" : headers[index].isUnseen ? "acts" : nil
        }
        rows.append(Row(cells: cells))
    }

    /// What stands in one place of the table; the template is `cell`.
    struct Cell: Sendable {
        fileprivate(set) var isHeader = false
        fileprivate(set) var label: String?
        fileprivate(set) var kind: String?
        var href: String?
        var text: String?
        /// Below the text, in less.
        var faint: String?
        var code: String?
        var moment: Moment?
        var badges: [Badge] = []
        var links: [PageLink] = []
        var forms: [RowForm] = []
        var differences: [Difference] = []
        var hasDifferences = false
        var none: String?

        /// A text; what stands in its place when there is none.
        static func text(_ text: String?, faint: String? = nil, none: String = "none") -> Cell {
            var cell = Cell()
            cell.faint = faint
            if let text, !text.isEmpty { cell.text = text } else { cell.none = none }
            return cell
        }

        /// The way to what the row is about; never without a word to click on.
        static func link(_ text: String?, _ href: String, faint: String? = nil) -> Cell {
            var cell = Cell.text(text.flatMap { $0.trimmingBlanks().isEmpty ? nil : $0 } ?? "without a name", faint: faint)
            cell.href = href
            return cell
        }

        static func code(_ code: String?) -> Cell {
            var cell = Cell()
            cell.code = code
            return cell
        }

        static func moment(_ moment: Moment?, none: String = "never") -> Cell {
            var cell = Cell()
            cell.moment = moment
            if moment == nil { cell.none = none }
            return cell
        }

        static func badges(_ badges: [Badge]) -> Cell {
            var cell = Cell()
            cell.badges = badges
            return cell
        }

        static func acts(_ links: [PageLink], _ forms: [RowForm] = []) -> Cell {
            var cell = Cell()
            (cell.links, cell.forms) = (links, forms)
            return cell
        }

        static func differences(_ differences: [Difference], text: String? = nil) -> Cell {
            var cell = Cell()
            (cell.differences, cell.hasDifferences, cell.text) = (differences, !differences.isEmpty, text)
            return cell
        }
    }
}

extension DataTable.Cell: PageProperties {
    func property(_ name: String) -> Any? {
        switch name {
        case "isHeader": isHeader
        case "label": label
        case "kind": kind
        case "href": href
        case "text": text
        case "faint": faint
        case "code": code
        case "moment": moment
        case "badges": badges
        case "links": links
        case "forms": forms
        case "differences": differences
        case "hasDifferences": hasDifferences
        case "none": none
        default: nil
        }
    }
}

/// A button in a row.
struct RowForm: Sendable {
    let action: String
    let button: String
    /// Says what the button alone does not, such as whose session it ends.
    let about: String
    var hidden: [DangerZone.Hidden] = []
}

/// What became of one field.
struct Difference: Sendable {
    let name: String
    /// nil when there was nothing.
    let before: String?
    let after: String?
    /// The rule of the policy that decided it.
    let rule: String?
}
