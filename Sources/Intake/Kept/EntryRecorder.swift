// SPDX-License-Identifier: Apache-2.0

/// Writes down what a reader says, so that it can be said again: see ``EntryReplay``.
///
/// gzip over records: a byte that tells what it is, the length of the rest, the rest. Numbers are written seven bits a byte, the
/// lowest first (LEB128). Everything that a policy can see of an entry is kept, except for ``SealedAttributes``.
package struct EntryRecorder: EntrySink {
    /// What a recording begins with; the number is that of the form.
    static let head = Array("muster read 1\n".utf8)

    /// What a record is.
    enum Kind: UInt8 {
        /// The end, with the number of entries and of rejections.
        case end = 0
        /// A file of a folder begins.
        case file = 1
        case entry = 2
        case rejection = 3
    }

    private let sealed: SealedAttributes
    private let deflater: GzipDeflater
    private var record: [UInt8] = []
    private var window: [UInt8] = EntryRecorder.head
    private var output: [UInt8] = []
    /// Entries written down.
    package private(set) var entries = 0
    private var rejections = 0

    /// - Parameter sealed: what is not written down.
    package init(sealing sealed: SealedAttributes = SealedAttributes()) {
        self.sealed = sealed
        // Whoever keeps a read pays for it with time each time, and with space once.
        deflater = GzipDeflater(level: 1)
    }

    /// How many bytes wait to be taken.
    package var count: Int { output.count }

    /// Hands out what was written since the last time.
    package mutating func take() -> [UInt8] {
        defer { output.removeAll(keepingCapacity: true) }
        return output
    }

    /// Writes the end, and hands out the rest.
    package mutating func finish() -> [UInt8] {
        record.removeAll(keepingCapacity: true)
        record.append(number: entries)
        record.append(number: rejections)
        end(.end)
        flush()
        deflater.finish(into: &output)
        return take()
    }

    package mutating func begin(file: String) {
        record.removeAll(keepingCapacity: true)
        record.append(contentsOf: file.utf8)
        end(.file)
    }

    package mutating func entry(_ entry: borrowing Entry) {
        entries += 1
        record.removeAll(keepingCapacity: true)
        entry.write(into: &record, sealing: sealed)
        end(.entry)
    }

    package mutating func rejected(_ rejection: Rejection) {
        rejections += 1
        record.removeAll(keepingCapacity: true)
        record.append(number: rejection.position.line)
        record.append(number: rejection.position.byte)
        record.append(text: rejection.reason.rawValue)
        record.append(text: rejection.dn)
        record.append(text: rejection.message)
        end(.rejection)
    }

    private mutating func end(_ kind: Kind) {
        window.append(kind.rawValue)
        window.append(number: record.count)
        window.append(contentsOf: record)
        if window.count >= 1 << 16 { flush() }
    }

    private mutating func flush() {
        window.withUnsafeBytes { deflater.write($0, into: &output) }
        window.removeAll(keepingCapacity: true)
    }
}

extension Entry {
    /// The bits of what an entry is besides its attributes.
    struct Flags: OptionSet {
        let rawValue: UInt8
        static let isPlain = Flags(rawValue: 1)
        static let hasMissingValues = Flags(rawValue: 2)
        static let isContinuation = Flags(rawValue: 4)
        static let hasName = Flags(rawValue: 8)
    }

    fileprivate borrowing func write(into record: inout [UInt8], sealing sealed: SealedAttributes) {
        var flags: Flags = names == .plain ? .isPlain : []
        if hasMissingValues { flags.insert(.hasMissingValues) }
        if isContinuation { flags.insert(.isContinuation) }
        if dnRange != nil { flags.insert(.hasName) }
        record.append(flags.rawValue)
        record.append(number: position.line)
        record.append(number: position.byte)
        bytes.withUnsafeBytes { all in
            if let dnRange { record.append(raw: UnsafeRawBufferPointer(rebasing: all[dnRange])) }
            record.append(number: attributes.count)
            for index in attributes.indices {
                let attribute = attributes[index]
                let start = Int(attribute.nameStart)
                let name = UnsafeRawBufferPointer(rebasing: all[start..<start + Int(attribute.nameLength)])
                let isSealed = sealed.seals(name, key: attribute.key)
                record.append(attribute.presence.rawValue)
                record.append(raw: name)
                record.append(number: count(at: index))
                var next = attribute.firstValue
                while next >= 0 {
                    let value = values[Int(next)]
                    let start = Int(value.start)
                    let text = UnsafeRawBufferPointer(rebasing: all[start..<start + Int(value.length)])
                    if isSealed || SealedAttributes.isHash(text) {
                        record.append(AttributeValue.Kind.text.rawValue)
                        record.append(number: 0)
                    } else {
                        record.append(value.kind.rawValue)
                        record.append(raw: text)
                    }
                    next = value.next
                }
            }
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(number: Int) {
        var rest = UInt64(bitPattern: Int64(number))
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }

    fileprivate mutating func append(raw: UnsafeRawBufferPointer) {
        append(number: raw.count)
        append(contentsOf: raw)
    }

    /// A text that may be missing: its length and one, or zero.
    fileprivate mutating func append(text: String?) {
        guard let text else { return append(number: 0) }
        append(number: text.utf8.count + 1)
        append(contentsOf: text.utf8)
    }
}
