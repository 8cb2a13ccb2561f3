// SPDX-License-Identifier: Apache-2.0

/// Makes one JSON object an entry: attributes by dotted path, lists as several values.
///
/// `{"profile": {"login": "x"}}` is `profile.login`. A list of objects gives the same attribute several values in
/// order (`emails.value`), the object marked `primary` first. Numbers and booleans are text as written; an object or a
/// list without members is mentioned without values. After a fault the rest is still walked, for the entry's name.
struct JSONFlattener {
    private struct Frame {
        var isList: Bool
        /// How much of `path` leads to what stands in here.
        var path: Int
        /// The keys seen in here are the last ones from here on.
        var keys: Int
        /// Values of the entry when this began.
        var values: Int
        var isEmpty = true
        /// An object marked primary, and a list in which one was.
        var isPrimary = false
        /// An object of a list that is taken away from it (`@removed` of Microsoft Graph).
        var isRemoved = false
    }

    private struct Key {
        var hash: UInt64
        var start: Int
        var length: Int
    }

    /// What a token did.
    enum Step {
        case more
        /// The object is over.
        case end
        /// The list of the items below this one begins.
        case below
    }

    /// Why the entry is bad.
    var fault: (reason: Rejection.Reason, message: String)?
    /// Whether the exporting tool cut a membership off.
    private(set) var lostMemberships = false

    private let limits: EntryLimits
    private var frames: [Frame] = []
    private var path: [UInt8] = []
    private var keys: [Key] = []
    private var keyBytes: [UInt8] = []
    private var buffer: [UInt8] = []
    private var skipDepth: Int?
    private var base = 0
    private var isMember = false
    private var inner: StaticString?

    init(limits: EntryLimits) {
        self.limits = limits
    }

    /// Begins an object, whose opening bracket was just read; `prefix` ends in a dot, or is empty.
    mutating func begin(prefix: StaticString = "", isMember: Bool = false, inner: StaticString? = nil, values: Int) {
        self.inner = inner
        fault = nil
        lostMemberships = false
        self.isMember = isMember
        frames.removeAll(keepingCapacity: true)
        keys.removeAll(keepingCapacity: keys.capacity <= 1 << 16)
        keyBytes.removeAll(keepingCapacity: keyBytes.capacity <= 1 << 20)
        path.removeAll(keepingCapacity: true)
        path.append(contentsOf: UnsafeRawBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount))
        base = path.count
        skipDepth = nil
        frames.append(Frame(isList: false, path: path.count, keys: 0, values: values))
    }

    /// Takes a token of the object.
    ///
    /// - Parameter depth: how many brackets are open after it.
    mutating func take(
        _ token: JSONTokenizer.Token, _ text: UnsafeRawBufferPointer, depth: Int, format: JSONFormat, into entry: inout Entry
    ) -> Step {
        if let skipped = skipDepth {
            if depth == skipped { skipDepth = nil }
            return .more
        }
        let top = frames.count - 1
        switch token.kind {
        case .key: takeKey(token, text, depth: depth, format: format)
        case .string, .number, .true, .false:
            frames[top].isEmpty = false
            append(token, text, format: format, to: &entry)
        case .null:
            if !frames[top].isList, allows(format), let index = attribute(in: &entry), entry.attributes[index].firstValue < 0 {
                entry.attributes[index].presence = .null
            }
        case .beginObject:
            frames[top].isEmpty = false
            open(isList: false, format: format, values: entry.values.count)
        case .beginArray:
            if frames.count == 1, let below = format.below, path[base...].elementsEqual(below.bytes) { return .below }
            frames[top].isEmpty = false
            open(isList: true, format: format, values: entry.values.count)
        case .endObject, .endArray:
            close(&entry, format: format)
            return frames.isEmpty ? .end : .more
        }
        return .more
    }

    // MARK: - Keys

    private mutating func takeKey(_ token: JSONTokenizer.Token, _ text: UnsafeRawBufferPointer, depth: Int, format: JSONFormat) {
        let top = frames.count - 1
        frames[top].isEmpty = false
        if token.isDamaged { reject(.badText, "a name has half a surrogate pair") }
        remember(text)
        path.removeLast(path.count - frames[top].path)
        if top > 1, frames[top - 1].isList, text.elementsEqual("@removed".utf8) { frames[top].isRemoved = true }
        if top == 0, format.ignored.contains(where: { text.elementsEqual($0.bytes) }) {
            skipDepth = depth
            return
        }
        if top == 0, let inner {
            if text.elementsEqual(inner.bytes) { return }
            path.append(contentsOf: "operation.".utf8)
        }
        path.append(contentsOf: text)
    }

    /// Notes a key of the innermost object, where none may stand twice.
    private mutating func remember(_ key: UnsafeRawBufferPointer) {
        guard fault == nil else { return }
        let hash = NameForm.key(key)
        for other in keys[frames[frames.count - 1].keys...] where other.hash == hash {
            let isSame = keyBytes.withUnsafeBytes { all in
                NameForm.equal(UnsafeRawBufferPointer(rebasing: all[other.start..<other.start + other.length]), key)
            }
            if isSame { return reject(.duplicateKey, "a key stands there twice") }
        }
        guard keyBytes.count &+ key.count <= limits.entryBytes, keys.count < 1 << 20 else {
            return reject(.tooLarge, "more than \(limits.entryBytes) bytes")
        }
        keys.append(Key(hash: hash, start: keyBytes.count, length: key.count))
        keyBytes.append(contentsOf: key)
    }

    // MARK: - Brackets

    private mutating func open(isList: Bool, format: JSONFormat, values: Int) {
        if !isList, !path.isEmpty, path.count > base || frames.count > 1 { path.append(UInt8(ascii: ".")) }
        frames.append(Frame(isList: isList, path: path.count, keys: keys.count, values: values))
    }

    private mutating func close(_ entry: inout Entry, format: JSONFormat) {
        let frame = frames.removeLast()
        guard let top = frames.indices.last else { return }
        path.removeLast(path.count - frame.path)
        if keys.count > frame.keys {
            keyBytes.removeLast(keyBytes.count - keys[frame.keys].start)
            keys.removeLast(keys.count - frame.keys)
        }
        if !frame.isList, path.count > base, path.last == UInt8(ascii: ".") { path.removeLast() }
        if frame.isEmpty, !frames[top].isList, path.count > base, allows(format) { _ = attribute(in: &entry) }
        if frame.isRemoved, fault == nil { entry.moveAway(valuesFrom: frame.values) }
        if frame.isPrimary, !frame.isList, frames[top].isList, !frames[top].isPrimary {
            frames[top].isPrimary = true
            if fault == nil { entry.moveToFront(valuesFrom: frame.values, to: frames[top].values) }
        }
    }

    // MARK: - Values

    private mutating func append(
        _ token: JSONTokenizer.Token, _ text: UnsafeRawBufferPointer, format: JSONFormat, to entry: inout Entry
    ) {
        if token.isDamaged { reject(.badText, "a value has half a surrogate pair") }
        let top = frames.count - 1
        if top > 0, !frames[top].isList, path[frames[top].path...].elementsEqual("primary".utf8) {
            frames[top].isPrimary = token.kind == .true || text.isName("true")
        }
        guard allows(format) else { return }
        guard entry.cost &+ text.count &+ path.count <= limits.entryBytes else {
            return reject(.tooLarge, "more than \(limits.entryBytes) bytes")
        }
        guard let index = attribute(in: &entry) else { return }
        if let rewrites = format.rewrites, token.kind == .string {
            buffer.removeAll(keepingCapacity: true)
            switch rewrites(text, &buffer) {
            case .asWritten: break
            case .rewritten: return buffer.withUnsafeBytes { entry.append($0, kind: .text, to: index) }
            case .lost:
                if JSONFormat.memberships.contains(where: { path.withUnsafeBytes { $0 }.isName($0) }) { lostMemberships = true }
                return
            }
        }
        entry.append(text, kind: .text, to: index)
    }

    /// Whether the path that was just read is kept; after a fault, what may be the name only.
    private func allows(_ format: JSONFormat) -> Bool {
        if fault == nil, !isMember || format.memberAttributes.isEmpty { return true }
        return path.withUnsafeBytes { path in
            func isOne(of names: [AttributeName], from start: Int) -> Bool {
                let written = UnsafeRawBufferPointer(rebasing: path[min(start, path.count)...])
                return names.contains { name in name.folded.withUnsafeBytes { NameForm.equal($0, written) } }
            }
            if fault != nil { return isOne(of: format.userNames + format.groupNames, from: 0) }
            return isOne(of: format.memberAttributes, from: base)
        }
    }

    /// The attribute of the path, added where it is not there yet.
    private mutating func attribute(in entry: inout Entry) -> Int? {
        if entry.attributes.count >= limits.attributes, fault == nil {
            let key = path.withUnsafeBytes { NameForm.key($0) }
            guard let known = path.withUnsafeBytes({ entry.find($0, key: key) }) else {
                reject(.tooLarge, "more than \(limits.attributes) attributes")
                return nil
            }
            return known
        }
        return path.withUnsafeBytes { entry.findOrAdd($0) }
    }

    private mutating func reject(_ reason: Rejection.Reason, _ message: String) {
        if fault == nil { fault = (reason, message) }
    }
}

extension StaticString {
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: utf8Start, count: utf8CodeUnitCount) }
}
