// SPDX-License-Identifier: Apache-2.0

/// The formats of exports.
package enum EntryFormat: String, Sendable, CaseIterable {
    /// By the first byte that is no blank, a bracket is JSON, whose first keys tell the rest; by the first line, `dn:` and the
    /// like are LDIF, cells are CSV.
    case detect
    /// What ldap3's `response_to_json` and `entry_to_json` write, and ldapdomaindump.
    case ldap3
    /// Realm exports of Keycloak: one file, a file of a folder, an array of realms.
    case keycloak
    /// Pages of Microsoft Graph: users, groups, members of a group, delta.
    case graph
    /// `Get-ADUser | ConvertTo-Json` of PowerShell 5.1 and 7.
    case powershell
    /// SCIM 2.0: ListResponse and BulkRequest.
    case scim
    /// Lists of Okta: users, groups, users of a group.
    case okta
    /// Pages of the Google Directory API: users, groups, members of a group.
    case google
    /// Plain JSON objects, one after the other or in a list.
    case ndjson
    /// Records of RFC 2849: ldapsearch, slapcat, ldifde.
    case ldif
    /// Rows of cells, RFC 4180 and its dialects.
    case csv
}

/// Turns the bytes of an export into entries, in whatever chunks they come.
///
/// Memory does not grow with the file: kept are the entry being read and, from one chunk to the next, the token or
/// line that is not whole. After an error the reader is of no more use.
package struct EntryReader {
    /// The format, once it is known; `.detect` before.
    package private(set) var format: EntryFormat

    private let limits: EntryLimits
    private let group: String?
    private let csv: CSVOptions
    private var reader = AnyFormatReader.none
    private var hasBegun = false

    /// Bytes not taken yet, the first of which is byte `base` of the file.
    private var pending: [UInt8] = []
    private var base = 0
    /// A token was cut: it is not worth looking before this many bytes are there, or long ones would be read n² times.
    private var enough = 0

    /// Makes a reader for one export.
    ///
    /// - Parameters:
    ///   - group: the name of the group whose members the export lists, where only its file name or address says so.
    ///   - csv: how rows are meant, where the export has rows.
    package init(
        format: EntryFormat = .detect, group: String? = nil, limits: EntryLimits = EntryLimits(), csv: CSVOptions = CSVOptions()
    ) {
        self.format = format
        self.group = group
        self.limits = limits
        self.csv = csv
    }

    /// Reads the next bytes of the export.
    ///
    /// - Throws: `IntakeError` where the export cannot be read; what the sink throws.
    package mutating func read<S: EntrySink>(_ chunk: UnsafeRawBufferPointer, into sink: inout S) throws {
        pending.append(contentsOf: chunk)
        guard pending.count >= enough else { return }
        try consume(isLast: false, into: &sink)
    }

    /// Reads the next bytes of the export.
    package mutating func read<S: EntrySink>(_ chunk: some Collection<UInt8>, into sink: inout S) throws {
        pending.append(contentsOf: chunk)
        guard pending.count >= enough else { return }
        try consume(isLast: false, into: &sink)
    }

    /// Takes the end of the export and says what it proves.
    ///
    /// - Throws: `IntakeError` where the export cannot be whole; what the sink throws.
    package mutating func finish<S: EntrySink>(into sink: inout S) throws -> Proof {
        try consume(isLast: true, into: &sink)
        let bytes = base + pending.count
        guard hasBegun else {
            return Proof(level: .none, entries: 0, rejected: 0, bytes: bytes, notes: [.emptyInput])
        }
        return try reader.finish(bytes: bytes, into: &sink)
    }

    private mutating func consume<S: EntrySink>(isLast: Bool, into sink: inout S) throws {
        if !hasBegun {
            guard try begin(isLast: isLast) else { return }
            hasBegun = true
        }
        // Moved out while it is read, so that no copy is made.
        var window: [UInt8] = []
        swap(&window, &pending)
        let taken = try window.withUnsafeBytes { bytes in
            try reader.consume(bytes, base: base, isLast: isLast, into: &sink)
        }
        swap(&window, &pending)
        pending.removeSubrange(..<taken)
        base += taken
        enough = taken == 0 ? pending.count * 2 : 0
        guard pending.count <= limits.tokenBytes else {
            throw IntakeError(
                code: .tooLong, position: Position(line: reader.line, byte: base),
                expected: "values and lines of at most \(limits.tokenBytes) bytes", found: "a longer one")
        }
    }

    /// Passes over a byte order mark and finds the format; false where more bytes are needed, or all are blank.
    private mutating func begin(isLast: Bool) throws -> Bool {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        if base == 0, pending.starts(with: mark) {
            pending.removeFirst(mark.count)
            base = mark.count
        } else if base == 0, mark.starts(with: pending), !isLast {
            return false
        }
        guard let first = pending.first(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }) else {
            guard pending.count <= limits.tokenBytes else {
                throw IntakeError(
                    code: .tooLong, position: Position(line: 1, byte: base), expected: "an export", found: "only blanks")
            }
            return false
        }
        guard first != 0, first != 0xFF, first != 0xFE else {
            throw IntakeError(
                code: .notUTF8, position: Position(line: 1, byte: base), expected: "UTF-8",
                found: IntakeError.name(first) + " (UTF-16?)")
        }
        return try choose(first: first, isLast: isLast)
    }

    /// Makes the reader of the format, which the content tells where it is not named; false where more bytes are needed.
    private mutating func choose(first: UInt8, isLast: Bool) throws -> Bool {
        let isJSON = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        switch format {
        case .ldap3: reader = .ldap3(LDAP3Reader(limits: limits))
        case .ldif: reader = .ldif(LDIFReader(limits: limits))
        case .csv: reader = .csv(CSVReader(limits: limits, options: csv))
        case .detect where !isJSON:
            guard let hasCells = CSVReader.isLikely(pending, isLast: isLast) else { return false }
            format = hasCells ? .csv : .ldif
            reader = hasCells ? .csv(CSVReader(limits: limits, options: csv)) : .ldif(LDIFReader(limits: limits))
        case .detect, .keycloak, .graph, .powershell, .scim, .okta, .google, .ndjson:
            let wanted = format
            let verdict = try pending.withUnsafeBytes { bytes in
                try JSONShape.verdict(for: wanted, bytes: bytes, base: base, isList: first == UInt8(ascii: "["), isLast: isLast)
            }
            switch verdict {
            case nil:
                enough = pending.count * 2
                return false
            case .ldap3:
                format = .ldap3
                reader = .ldap3(LDAP3Reader(limits: limits))
            case .format(let name):
                format = name.family
                reader = .json(JSONExportReader(format: .of(name), group: group, limits: limits))
            }
        }
        return true
    }
}
