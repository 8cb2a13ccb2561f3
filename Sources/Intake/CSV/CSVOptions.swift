// SPDX-License-Identifier: Apache-2.0

/// How a file of rows is to be read: what RFC 4180 leaves open, and what its writers made of it.
package struct CSVOptions: Sendable, Hashable {
    /// What parts cells; nil finds out, among `,` `;` tab `|`.
    package var delimiter: Unicode.Scalar?
    /// Whether the first row names the columns.
    package var hasHeader = true
    /// The names of the columns in their order; they win over those of the first row, where there is one.
    package var columns: [String]?
    /// What parts several values in one cell; nil where a cell is one value.
    package var valueSeparator: String?
    /// The columns whose cells hold several values, compared without regard to case; nil where all may.
    package var multiValuedColumns: [String]?
    /// The column that holds the name by which others know the row; nil where there is none.
    package var nameColumn: String?
    /// Whether rows may end early: the cells that are missing say nothing. Otherwise such rows are rejected.
    package var allowsShortRows = false
    /// Whether columns of the same name are told apart as `name`, `name#2`. Otherwise the file is refused.
    package var numbersDuplicates = false

    package init() {}

    /// The delimiters that are looked for, the first of two that do equally well.
    package static let delimiters: [Unicode.Scalar] = [",", ";", "\t", "|"]
}
