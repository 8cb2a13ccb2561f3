// SPDX-License-Identifier: Apache-2.0

/// Says again what an ``EntryRecorder`` wrote down, piece by piece: to a sink there is no difference to the export itself.
///
/// After an error it is of no more use.
package struct EntryReplay: ~Copyable {
    private let inflater = GzipInflater()
    private var window: [UInt8] = []
    private var taken = 0
    private var hasBegun = false
    private var isOver = false
    private var entry = Entry()
    private var entries = 0
    private var rejections = 0

    package init() {}

    /// Reads the next bytes of the recording.
    ///
    /// - Throws: ``IntakeError`` where it is no recording, or a damaged one; what the sink throws.
    package mutating func read<S: EntrySink>(_ chunk: [UInt8], into sink: inout S) throws {
        var index = 0
        var isMore = true
        while isMore {
            isMore = try chunk.withUnsafeBytes { bytes throws(IntakeError) in
                try inflater.inflate(bytes, from: &index, into: &window)
            }
            try consume(into: &sink)
        }
    }

    /// Takes the end of the recording.
    ///
    /// - Throws: ``IntakeError`` where it is cut.
    package func finish() throws(IntakeError) {
        try inflater.finish()
        guard isOver else { throw fault(.truncated, "the end of the kept read", "the end of the bytes") }
    }

    private mutating func consume<S: EntrySink>(into sink: inout S) throws {
        // Moved out while it is read, so that no copy is made.
        var bytes: [UInt8] = []
        swap(&bytes, &window)
        var used = 0
        try bytes.withUnsafeBytes { all in
            if !hasBegun {
                guard all.count >= EntryRecorder.head.count else { return }
                guard all.starts(with: EntryRecorder.head) else { throw fault(.unknownShape, "a kept read", "something else") }
                used = EntryRecorder.head.count
                hasBegun = true
            }
            while used < all.count {
                var scan = RecordScan(UnsafeRawBufferPointer(rebasing: all[(used + 1)...]))
                guard let length = scan.number() else {
                    guard all.count - used > 10 else { return }
                    throw fault(.unknownShape, "the length of a record", "no number")
                }
                let start = used + 1 + scan.index
                guard all.count - start >= length else { return }
                guard !isOver, let kind = EntryRecorder.Kind(rawValue: all[used]) else {
                    throw fault(.unknownShape, "a record of a kept read", "something else")
                }
                try take(kind, RecordScan(UnsafeRawBufferPointer(rebasing: all[start..<start + length])), into: &sink)
                used = start + length
            }
        }
        swap(&bytes, &window)
        window.removeSubrange(..<used)
        taken += used
    }

    private mutating func take<S: EntrySink>(_ kind: EntryRecorder.Kind, _ record: RecordScan, into sink: inout S) throws {
        var record = record
        switch kind {
        case .file: try sink.begin(file: String(decoding: record.bytes, as: UTF8.self))
        case .entry:
            guard record.read(&entry) else { throw fault(.unknownShape, "an entry", "a damaged one") }
            entries += 1
            try sink.entry(entry)
        case .rejection:
            guard let rejection = record.rejection() else { throw fault(.unknownShape, "a rejection", "a damaged one") }
            rejections += 1
            try sink.rejected(rejection)
        case .end:
            guard record.number() == entries, record.number() == rejections else {
                throw fault(.countMismatch, "\(entries) entries as read", "another number")
            }
            isOver = true
        }
    }

    private func fault(_ code: IntakeError.Code, _ expected: String, _ found: String) -> IntakeError {
        IntakeError(code: code, position: Position(line: 0, byte: taken), expected: expected, found: found)
    }
}

/// Reads numbers, texts and entries as ``EntryRecorder`` writes them; nothing where there is none.
private struct RecordScan {
    let bytes: UnsafeRawBufferPointer
    var index = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    private mutating func byte() -> UInt8? {
        guard index < bytes.count else { return nil }
        index += 1
        return bytes[index - 1]
    }

    mutating func number() -> Int? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while let byte = byte(), shift < 63 {
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return Int(exactly: value) }
            shift += 7
        }
        return nil
    }

    private mutating func raw(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count >= 0, bytes.count - index >= count else { return nil }
        index += count
        return UnsafeRawBufferPointer(rebasing: bytes[(index - count)..<index])
    }

    private mutating func raw() -> UnsafeRawBufferPointer? { number().flatMap { raw($0) } }

    /// A text that may be missing; nothing where the record is damaged.
    private mutating func text() -> String?? {
        guard let count = number() else { return nil }
        if count == 0 { return .some(nil) }
        return raw(count - 1).map { String(decoding: $0, as: UTF8.self) }
    }

    mutating func rejection() -> Rejection? {
        guard let line = number(), let byte = number(), let name = text(), let reason = name.flatMap(Rejection.Reason.init),
            let dn = text(), let message = text()
        else { return nil }
        return Rejection(position: Position(line: line, byte: byte), reason: reason, dn: dn, message: message ?? "")
    }

    /// Fills the entry; false where the record is damaged.
    mutating func read(_ entry: inout Entry) -> Bool {
        guard let bits = byte(), let line = number(), let place = number() else { return false }
        let flags = Entry.Flags(rawValue: bits)
        entry.reset(at: Position(line: line, byte: place))
        entry.names = flags.contains(.isPlain) ? .plain : .distinguished
        entry.hasMissingValues = flags.contains(.hasMissingValues)
        entry.isContinuation = flags.contains(.isContinuation)
        if flags.contains(.hasName) {
            guard let name = raw() else { return false }
            entry.setDN(name)
        }
        guard let count = number() else { return false }
        for _ in 0..<count {
            guard let presence = byte().flatMap(Entry.Presence.init), let name = raw(), let values = number() else {
                return false
            }
            let attribute = entry.add(name, key: NameForm.key(name))
            for _ in 0..<values {
                guard let kind = byte().flatMap(AttributeValue.Kind.init), let value = raw() else { return false }
                entry.append(value, kind: kind, to: attribute)
            }
            entry.attributes[attribute].presence = presence
        }
        return index == bytes.count
    }
}
