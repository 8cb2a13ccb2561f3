// SPDX-License-Identifier: Apache-2.0

/// Why an export cannot be read at all: nothing of it may be used.
package struct IntakeError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of fault.
    package enum Code: String, Sendable, CaseIterable {
        /// The file ends where more had to come.
        case truncated
        /// Broken JSON.
        case malformedJSON = "malformed_json"
        /// JSON nested deeper than any export is.
        case tooDeep = "too_deep"
        /// One value or line is longer than `EntryLimits` allow.
        case tooLong = "too_long"
        /// Bytes that are not UTF-8.
        case notUTF8 = "not_utf8"
        /// Something after the end of the document.
        case trailingBytes = "trailing_bytes"
        /// JSON or text, but no format known here.
        case unknownShape = "unknown_shape"
        /// LDIF change records (`changetype:`), which say what to do and not what is.
        case changeRecords = "change_records"
        /// The server ended the search with an error (`result: 4 Size limit exceeded`).
        case searchFailed = "search_failed"
        /// Broken gzip, or an archive of another kind.
        case badCompression = "bad_compression"
        /// The export states another number of entries than it has.
        case countMismatch = "count_mismatch"
    }

    package var code: Code
    /// The file of an export of several; nil where there is but one, and whoever reads it knows its name.
    package var file: String?
    /// The line is 0 for bytes that are no lines (gzip). In a file that is not UTF-8 already, bytes are counted in UTF-8.
    package var position: Position
    /// What should have stood there.
    package var expected: String
    /// What stood there, described; never a value of an attribute.
    package var found: String

    package init(code: Code, position: Position, expected: String, found: String) {
        self.code = code
        self.position = position
        self.expected = expected
        self.found = found
    }

    package var line: Int { position.line }
    package var byte: Int { position.byte }

    /// One line: where, what was expected, what was found.
    package var description: String {
        "\(file.map { "\($0), " } ?? "")\(line > 0 ? "line \(line), " : "")byte \(byte): expected \(expected), found \(found) (\(code.rawValue))"
    }
}
