// SPDX-License-Identifier: Apache-2.0

/// Finds out what parts the cells of a file.
enum CSVDelimiter {
    /// So many rows are looked at, and not more than these bytes.
    static let rows = 5
    static let bytes = 1 << 16

    /// The delimiter, nothing where more bytes are needed; the answer depends on the file only, never on its chunks.
    ///
    /// Best is what stands in each row equally often, then what stands in each row, then what is most frequent in the first.
    static func sniff(_ window: UnsafeRawBufferPointer, isLast: Bool) -> UInt8? {
        let sample = UnsafeRawBufferPointer(rebasing: window.prefix(bytes))
        let candidates = CSVOptions.delimiters.map { UInt8(ascii: $0) }
        var counts: [[Int]] = [[0, 0, 0, 0]]
        var isQuoted = false
        var isBlank = true
        var isWhole = isLast || window.count >= bytes
        for byte in sample {
            if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if isQuoted {
                continue
            } else if byte == 0x0A || byte == 0x0D {
                if isBlank { continue }
                isBlank = true
                if counts.count == rows {
                    isWhole = true
                    break
                }
                counts.append([0, 0, 0, 0])
                continue
            } else if let index = candidates.firstIndex(of: byte) {
                counts[counts.count - 1][index] += 1
            }
            isBlank = false
        }
        guard isWhole else { return nil }
        // The last row may be cut by the end of the sample.
        if isBlank, counts.count > 1 { counts.removeLast() }
        let best = candidates.indices.max { a, b in
            score(counts, a) == score(counts, b) ? a > b : score(counts, a) < score(counts, b)
        }
        return best.map { candidates[$0] }
    }

    private static func score(_ counts: [[Int]], _ index: Int) -> Int {
        let column = counts.map { $0[index] }
        guard let first = column.first, let least = column.min(), let most = column.max() else { return 0 }
        if least > 0 { return (least == most ? 2 : 1) << 40 + least }
        return first
    }
}
