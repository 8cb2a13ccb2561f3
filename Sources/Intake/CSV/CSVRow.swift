// SPDX-License-Identifier: Apache-2.0

/// The cells of one row, in storage that is used again for the next.
struct CSVRow {
    enum Outcome {
        /// The row ends before this byte of the window.
        case row(next: Int)
        /// The end of the row is not in the window.
        case needMore
        /// The file ends within quotation marks that were opened here.
        case unclosed(at: Int)
    }

    /// All cells one after the other, quotation marks undone.
    private(set) var bytes: [UInt8] = []
    /// Where each cell ends.
    private(set) var ends: [Int] = []
    /// Line ends that the row has, its own included.
    private(set) var lines = 0
    /// What is wrong with the row, in words.
    private(set) var fault: String?
    /// Whether the row ended with the file and not with its line.
    private(set) var isUnterminated = false

    var count: Int { ends.count }

    /// Whether no cell has anything but blanks.
    var isBlank: Bool { bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 } }

    subscript(index: Int) -> Range<Int> { (index == 0 ? 0 : ends[index - 1])..<ends[index] }

    /// Reads the row that begins at `start`.
    mutating func read(_ window: UnsafeRawBufferPointer, from start: Int, delimiter: UInt8, isLast: Bool) -> Outcome {
        bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 22)
        ends.removeAll(keepingCapacity: true)
        (lines, fault, isUnterminated) = (0, nil, false)
        var index = start
        while true {
            let cell = bytes.count
            var blanks = index
            while blanks < window.count, window[blanks] == 0x20 { blanks &+= 1 }
            if blanks < window.count, window[blanks] == UInt8(ascii: "\"") {
                let open = blanks
                guard let close = quoted(window, from: open &+ 1, isLast: isLast) else {
                    return isLast ? .unclosed(at: open) : .needMore
                }
                index = close
                index = behindQuotes(window, from: index, delimiter)
            } else {
                let from = index
                while index < window.count, window[index] != delimiter, window[index] != 0x0A, window[index] != 0x0D {
                    index &+= 1
                }
                bytes.append(contentsOf: window[from..<index])
            }
            guard index < window.count || isLast else { return .needMore }
            unwrapFormula(from: cell)
            ends.append(bytes.count)
            guard index < window.count else {
                isUnterminated = true
                return .row(next: index)
            }
            let byte = window[index]
            index &+= 1
            if byte == delimiter { continue }
            lines &+= 1
            if byte == 0x0D {
                guard index < window.count || isLast else { return .needMore }
                if index < window.count, window[index] == 0x0A { index &+= 1 }
            }
            return .row(next: index)
        }
    }

    /// A cell in quotation marks, and where its closing one is behind; nothing where that is not in the window.
    private mutating func quoted(_ window: UnsafeRawBufferPointer, from start: Int, isLast: Bool) -> Int? {
        var index = start
        var from = start
        while index < window.count {
            let byte = window[index]
            if byte == UInt8(ascii: "\"") {
                bytes.append(contentsOf: window[from..<index])
                guard index &+ 1 < window.count else { return isLast ? index &+ 1 : nil }
                guard window[index &+ 1] == UInt8(ascii: "\"") else { return index &+ 1 }
                bytes.append(byte)
                index &+= 2
                from = index
                continue
            }
            if byte == 0x0A || (byte == 0x0D && !(index &+ 1 < window.count && window[index &+ 1] == 0x0A)) { lines &+= 1 }
            index &+= 1
        }
        return nil
    }

    /// Passes over blanks behind closing quotation marks; anything else there is a fault.
    private mutating func behindQuotes(_ window: UnsafeRawBufferPointer, from start: Int, _ delimiter: UInt8) -> Int {
        var index = start
        while index < window.count, window[index] != delimiter, window[index] != 0x0A, window[index] != 0x0D {
            if window[index] != 0x20, fault == nil {
                fault = "cell \(count + 1): a delimiter expected behind the closing quotation mark"
            }
            index &+= 1
        }
        return index
    }

    /// `="00042"`, by which spreadsheets are kept from losing zeros, is the text 00042.
    private mutating func unwrapFormula(from start: Int) {
        guard bytes.count >= start + 3, bytes[start] == UInt8(ascii: "="), bytes[start + 1] == UInt8(ascii: "\""),
            bytes[bytes.count - 1] == UInt8(ascii: "\""), !bytes[(start + 2)..<(bytes.count - 1)].contains(UInt8(ascii: "\""))
        else { return }
        bytes.removeLast()
        bytes.removeSubrange(start..<start + 2)
    }
}
