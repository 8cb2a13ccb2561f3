// SPDX-License-Identifier: Apache-2.0
import CQRencode

/// A QR code (ISO/IEC 18004) of a text's bytes, of error correction level M.
package struct QRCode: Sendable {
    /// How many modules a side has, without the margin.
    package let width: Int

    private let modules: [Bool]

    /// The margin that readers need, in modules.
    private static let margin = 4

    /// The smallest code that holds the text; nil for more than 2331 bytes.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty, let code = QRcode_encodeData(Int32(bytes.count), bytes, 0, QR_ECLEVEL_M) else { return nil }
        defer { QRcode_free(code) }
        let width = Int(code.pointee.width)
        self.width = width
        // The lowest bit of each byte is the module, the others tell what it belongs to.
        modules = UnsafeBufferPointer(start: code.pointee.data, count: width * width).map { $0 & 1 == 1 }
    }

    /// Whether a module is dark.
    package subscript(column: Int, row: Int) -> Bool { modules[row * width + column] }

    /// The code as an SVG element, dark on light whatever the page's colours are, because readers expect it so.
    ///
    /// - Parameter label: what it is called to those who do not see it; without characters of markup.
    package func svg(label: StaticString) -> String {
        let side = width + 2 * Self.margin
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(side) \(side)" role="img" aria-label="\(label)" \
            shape-rendering="crispEdges"><path fill="#fff" d="M0 0h\(side)v\(side)H0z"/><path fill="#000" d="\(path)"/></svg>
            """
    }

    /// A rectangle for each run of dark modules in a row.
    private var path: String {
        var path = ""
        for row in 0..<width {
            var column = 0
            while column < width {
                let start = column
                while column < width, self[column, row] { column += 1 }
                if column > start {
                    let run = column - start
                    path += "M\(start + Self.margin) \(row + Self.margin)h\(run)v1h-\(run)z"
                }
                column += 1
            }
        }
        return path
    }
}
