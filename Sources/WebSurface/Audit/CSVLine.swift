// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Lines of comma-separated values (RFC 4180) that no spreadsheet takes for formulas.
package enum CSVLine {
    /// Writes one line with its end.
    package static func write(_ cells: [String?], into buffer: inout ByteBuffer) {
        for (index, cell) in cells.enumerated() {
            if index > 0 { buffer.writeString(",") }
            if let cell { buffer.writeString(quoted(defused(cell))) }
        }
        buffer.writeString("\r\n")
    }

    /// What a spreadsheet would run gets an apostrophe before it: whatever begins with one of `= + - @`, a tab or a line's end.
    static func defused(_ cell: String) -> String {
        guard let first = cell.unicodeScalars.first else { return cell }
        return dangerous.contains(first) ? "'" + cell : cell
    }

    private static func quoted(_ cell: String) -> String {
        // By scalars: a line's end of two of them is one character.
        let needsQuotes = cell.unicodeScalars.contains { $0 == "\"" || $0 == "," || $0 == "\r" || $0 == "\n" }
        return needsQuotes ? "\"" + cell.replacing("\"", with: "\"\"") + "\"" : cell
    }

    /// The full-width forms are read as the plain ones by some.
    private static let dangerous: Set<Unicode.Scalar> = [
        "=", "+", "-", "@", "\t", "\r", "\n", "\u{FF1D}", "\u{FF0B}", "\u{FF0D}", "\u{FF20}",
    ]
}
