// SPDX-License-Identifier: Apache-2.0

/// What reads one format, behind `EntryReader`.
///
/// A value that keeps the entry being read, never the file: the window moves along the file, and begins again at the
/// first byte that was not taken.
protocol FormatReader {
    /// The line of the next byte, counted from 1.
    var line: Int { get }

    /// Takes all whole tokens or lines of the window and returns how many bytes they are.
    ///
    /// - Parameters:
    ///   - base: the byte of the file at which the window begins.
    ///   - isLast: whether the window reaches to the end of the file.
    mutating func consume<S: EntrySink>(
        _ window: UnsafeRawBufferPointer, base: Int, isLast: Bool, into sink: inout S
    ) throws -> Int

    /// Takes the end of the file, which has `bytes` bytes, and says what it proves.
    mutating func finish<S: EntrySink>(bytes: Int, into sink: inout S) throws -> Proof
}

/// The readers of all formats: an enumeration and no existential, so that calls are direct.
enum AnyFormatReader {
    /// The format is not known yet.
    case none
    case ldap3(LDAP3Reader)
    case ldif(LDIFReader)
    case json(JSONExportReader)
    case csv(CSVReader)

    var line: Int {
        switch self {
        case .none: 1
        case .ldap3(let reader): reader.line
        case .ldif(let reader): reader.line
        case .json(let reader): reader.line
        case .csv(let reader): reader.line
        }
    }

    // Each reader is moved out while it works, so that nothing of it is copied.

    mutating func consume<S: EntrySink>(
        _ window: UnsafeRawBufferPointer, base: Int, isLast: Bool, into sink: inout S
    ) throws -> Int {
        switch self {
        case .none: return 0
        case .ldap3(var reader):
            self = .none
            defer { self = .ldap3(reader) }
            return try reader.consume(window, base: base, isLast: isLast, into: &sink)
        case .ldif(var reader):
            self = .none
            defer { self = .ldif(reader) }
            return try reader.consume(window, base: base, isLast: isLast, into: &sink)
        case .json(var reader):
            self = .none
            defer { self = .json(reader) }
            return try reader.consume(window, base: base, isLast: isLast, into: &sink)
        case .csv(var reader):
            self = .none
            defer { self = .csv(reader) }
            return try reader.consume(window, base: base, isLast: isLast, into: &sink)
        }
    }

    mutating func finish<S: EntrySink>(bytes: Int, into sink: inout S) throws -> Proof {
        switch self {
        case .none: return Proof(level: .none, entries: 0, rejected: 0, bytes: bytes, notes: [.emptyInput])
        case .ldap3(let reader): return reader.finish(bytes: bytes, into: &sink)
        case .ldif(var reader): return try reader.finish(bytes: bytes, into: &sink)
        case .json(var reader): return try reader.finish(bytes: bytes, into: &sink)
        case .csv(let reader): return reader.finish(bytes: bytes)
        }
    }
}
