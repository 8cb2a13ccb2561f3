// SPDX-License-Identifier: Apache-2.0

/// Reads rows of cells (RFC 4180): each row is an entry, each column an attribute.
///
/// A cell without text is the empty text, and of a column with several values no value. Rows without any text are passed
/// over, wherever they stand. A row that has not as many cells as there are columns is rejected, as nobody knows which one is
/// missing; empty cells beyond the last column are no fault. Nothing in such a file says that it is whole.
struct CSVReader: FormatReader {
    private struct Column {
        var name: [UInt8]
        var key: UInt64
        var isMultiValued: Bool
    }

    let limits: EntryLimits
    let options: CSVOptions
    private(set) var tally = EntryTally()
    /// The line of the next row.
    private(set) var line = 1

    private var delimiter: UInt8?
    private var columns: [Column]?
    private var nameColumn: Int?
    private let separator: [UInt8]
    private var isFirstLine = true
    private var hasOpenEnd = false
    private var row = CSVRow()
    private var entry = Entry()

    init(limits: EntryLimits, options: CSVOptions = CSVOptions()) {
        self.limits = limits
        self.options = options
        separator = Array((options.valueSeparator ?? "").utf8)
        delimiter = options.delimiter.flatMap { $0.isASCII ? UInt8($0.value) : nil }
    }

    /// Takes all whole rows of the window and returns how many bytes they are.
    mutating func consume<S: EntrySink>(
        _ window: UnsafeRawBufferPointer, base: Int, isLast: Bool, into sink: inout S
    ) throws -> Int {
        var index = 0
        if isFirstLine {
            guard let start = separatorLine(window, isLast: isLast) else { return 0 }
            index = start
            if delimiter == nil {
                delimiter = CSVDelimiter.sniff(UnsafeRawBufferPointer(rebasing: window[start...]), isLast: isLast)
            }
            guard delimiter != nil else { return 0 }
            line += start > 0 ? 1 : 0
            isFirstLine = false
        }
        guard let delimiter else { return 0 }
        while index < window.count {
            let position = Position(line: line, byte: base + index)
            switch row.read(window, from: index, delimiter: delimiter, isLast: isLast) {
            case .needMore: return index
            case .unclosed(let at):
                throw IntakeError(
                    code: .truncated, position: Position(line: line, byte: base + at),
                    expected: "a closing quotation mark for the one that stands here", found: "the end of the file")
            case .row(let next):
                index = next
                line &+= row.lines
                hasOpenEnd = row.isUnterminated
                try take(at: position, into: &sink)
            }
        }
        return index
    }

    /// Behind the line `sep=;`, by which Excel is told the delimiter; 0 where there is none, nothing where more is needed.
    private mutating func separatorLine(_ window: UnsafeRawBufferPointer, isLast: Bool) -> Int? {
        let mark = Array("sep=".utf8)
        guard isLast || window.count >= 7 || !window.starts(with: mark.prefix(window.count)) else { return nil }
        guard window.count >= 6, window.starts(with: mark) else { return 0 }
        let isFeed = window[5] == 0x0A
        guard isFeed || (window.count >= 7 && window[5] == 0x0D && window[6] == 0x0A) else { return 0 }
        if delimiter == nil { delimiter = window[4] }
        return isFeed ? 6 : 7
    }

    // MARK: - Rows

    private mutating func take<S: EntrySink>(at position: Position, into sink: inout S) throws {
        guard !row.isBlank else { return }
        guard let columns else { return try takeFirst(at: position, into: &sink) }
        var fault = row.fault.map { (reason: Rejection.Reason.wrongShape, message: "line \(position.line), \($0)") }
        entry.reset(at: position)
        entry.names = .plain
        if fault == nil { fault = fill(columns, line: position.line) }
        try tally.deliver(&entry, fault: fault, ranges: RangeParts(), into: &sink)
    }

    /// The first row: the names of the columns, or already a row where the policy names them.
    private mutating func takeFirst<S: EntrySink>(at position: Position, into sink: inout S) throws {
        if let names = options.columns, !options.hasHeader {
            columns = try made(names, at: position)
            return try take(at: position, into: &sink)
        }
        guard row.fault == nil, row.bytes.withUnsafeBytes({ UTF8Check.isValid($0) }) else {
            throw IntakeError(
                code: row.fault == nil ? .notUTF8 : .unknownShape, position: position, expected: "the names of the columns",
                found: row.fault ?? "text that is not UTF-8; name its encoding")
        }
        if !options.hasHeader {
            columns = try made((1...max(1, row.count)).map(String.init), at: position)
            return try take(at: position, into: &sink)
        }
        let names = (0..<row.count).map { String(decoding: row.bytes[row[$0]], as: UTF8.self).trimmed }
        columns = try made(options.columns ?? names, at: position)
    }

    private mutating func made(_ names: [String], at position: Position) throws(IntakeError) -> [Column] {
        guard names.count <= limits.attributes else {
            throw IntakeError(
                code: .unknownShape, position: position, expected: "at most \(limits.attributes) columns", found: "\(names.count)"
            )
        }
        let several = options.multiValuedColumns.map { Set($0.map { AttributeName($0) }) }
        var seen: [AttributeName: Int] = [:]
        var columns: [Column] = []
        for (index, name) in names.enumerated() {
            var name = name
            if let first = seen[AttributeName(name)], !name.isEmpty {
                guard options.numbersDuplicates else {
                    throw IntakeError(
                        code: .unknownShape, position: position, expected: "each column's name once",
                        found: "\"\(name)\" over columns \(first + 1) and \(index + 1)")
                }
                var number = 2
                while seen[AttributeName("\(name)#\(number)")] != nil { number += 1 }
                name = "\(name)#\(number)"
            }
            seen[AttributeName(name)] = index
            let bytes = Array(name.utf8)
            columns.append(
                Column(
                    name: bytes, key: bytes.withUnsafeBytes { NameForm.key($0) },
                    isMultiValued: !separator.isEmpty && several?.contains(AttributeName(name)) != false))
        }
        if let wanted = options.nameColumn {
            nameColumn = seen[AttributeName(wanted)]
            guard nameColumn != nil else {
                throw IntakeError(
                    code: .unknownShape, position: position, expected: "a column \"\(wanted)\"",
                    found: names.prefix(20).map { "\"\($0)\"" }.joined(separator: ", "))
            }
        }
        return columns
    }

    private mutating func fill(_ columns: [Column], line: Int) -> (reason: Rejection.Reason, message: String)? {
        guard row.bytes.count <= limits.entryBytes else { return (.tooLarge, "more than \(limits.entryBytes) bytes") }
        guard row.bytes.withUnsafeBytes({ UTF8Check.isValid($0) }) else {
            return (.badText, "line \(line) is not UTF-8; another encoding has to be named")
        }
        if let nameColumn, nameColumn < row.count {
            let cell = Self.trimmed(row.bytes[row[nameColumn]])
            if !cell.isEmpty { cell.withUnsafeBytes { entry.setDN($0) } }
        }
        if row.count < columns.count, !options.allowsShortRows {
            return (.wrongShape, "line \(line): \(columns.count) cells expected, \(row.count) found")
        }
        for index in columns.count..<max(columns.count, row.count) where !Self.trimmed(row.bytes[row[index]]).isEmpty {
            return (.wrongShape, "line \(line): \(columns.count) cells expected, \(row.count) found")
        }
        for (index, column) in columns.enumerated() where index < row.count && !column.name.isEmpty {
            let attribute = column.name.withUnsafeBytes { entry.add($0, key: column.key) }
            let cell = row.bytes[row[index]]
            if column.isMultiValued {
                appendParts(of: cell, to: attribute)
            } else {
                cell.withUnsafeBytes { entry.append($0, kind: .text, to: attribute) }
            }
        }
        return nil
    }

    private mutating func appendParts(of cell: ArraySlice<UInt8>, to attribute: Int) {
        var rest = cell
        while true {
            let end = rest.indices.first { rest[$0...].starts(with: separator) }
            let part = Self.trimmed(rest[..<(end ?? rest.endIndex)])
            if !part.isEmpty { part.withUnsafeBytes { entry.append($0, kind: .text, to: attribute) } }
            guard let end else { return }
            rest = rest[(end + separator.count)...]
        }
    }

    private static func trimmed(_ cell: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var cell = cell.drop { $0 == 0x20 || $0 == 0x09 }
        while let last = cell.last, last == 0x20 || last == 0x09 { cell.removeLast() }
        return cell
    }

    // MARK: - Detection

    /// Whether a file that is no JSON begins with a row of cells and not with a line of LDIF; nothing where more bytes are needed.
    static func isLikely(_ head: [UInt8], isLast: Bool) -> Bool? {
        let line = head.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }.prefix { $0 != 0x0A && $0 != 0x0D }
        guard isLast || line.endIndex < head.endIndex || line.count >= CSVDelimiter.bytes else { return nil }
        guard let first = line.first, first != UInt8(ascii: "#"), first != UInt8(ascii: "<") else { return false }
        let start = line.prefix(8).map(NameForm.lower)
        let keywords = ["dn:", "version:", "search:", "result:", "ref:"]
        guard !keywords.contains(where: { start.starts(with: $0.utf8) }) else { return false }
        return line.contains { byte in CSVOptions.delimiters.contains { UInt8(ascii: $0) == byte } }
    }

    // MARK: - The end

    mutating func finish<S: EntrySink>(bytes: Int, into sink: inout S) throws -> Proof { finish(bytes: bytes) }

    /// What the file proves after its end: nothing.
    func finish(bytes: Int) -> Proof {
        tally.proof(level: .none, bytes: bytes, notes: hasOpenEnd ? [.unprovable, .noLineEndAtEnd] : [.unprovable])
    }
}

extension String {
    /// Without blanks and line ends around it.
    fileprivate var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text = text.dropFirst() }
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return String(text)
    }
}
