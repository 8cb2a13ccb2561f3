// SPDX-License-Identifier: Apache-2.0

/// Makes a full read of an older one and of what changed since: entries go in, those that there are now come out.
///
/// Each entry goes the way of its object through the changes, under whatever name it has at the time; then come the objects that
/// the changes made. What no change is about passes through. The sink of the older read's entries, in any order.
package struct ChangeMerge<Sink: EntrySink>: EntrySink {
    private let log: ChangeLog
    /// What takes the entries.
    package var sink: Sink
    /// Changes that were about something.
    private var isDone: [Bool]
    /// Changes that did not fit the object.
    package private(set) var misfits = 0

    package init(_ log: ChangeLog, into sink: Sink) {
        self.log = log
        self.sink = sink
        isDone = [Bool](repeating: false, count: log.count)
    }

    package mutating func begin(file: String) throws { try sink.begin(file: file) }

    package mutating func entry(_ entry: borrowing Entry) throws {
        guard log.count > 0 else { return try sink.entry(entry) }
        let name = ChangeLog.name(of: entry)
        guard let first = log.next(of: name, after: -1) else { return try sink.entry(entry) }
        var object: ChangedObject? = ChangedObject(entry)
        follow(&object, named: name, names: entry.names, from: first)
        if let object { try sink.entry(object.entry) }
    }

    /// Of an entry that could not be read nobody knows what it is, unless it is gone or was told anew as a whole.
    package mutating func rejected(_ rejection: Rejection) throws {
        if let dn = rejection.dn {
            for names in [Entry.Names.distinguished, .plain] {
                var index = -1
                while let next = log.next(of: ChangeLog.name(dn, names), after: index) {
                    if log.changes[next].kind == .delete {
                        isDone[next] = true
                        return
                    }
                    if log.changes[next].kind == .add { return }
                    index = next
                }
            }
        }
        try sink.rejected(rejection)
    }

    /// Gives the sink the objects that the changes made.
    ///
    /// - Returns: how many changes found nothing that they are about, as those of things which the read does not hold.
    package mutating func finish() throws -> Int {
        for index in log.changes.indices where !isDone[index] {
            let change = log.changes[index]
            guard change.kind == .add || change.kind == .upsert else { continue }
            var object: ChangedObject?
            follow(&object, named: log.names[index], names: change.entry.names, from: index)
            if let object { try sink.entry(object.entry) }
        }
        return log.changes.indices.count { !isDone[$0] && log.changes[$0].kind != .delete } + misfits
    }

    /// Takes an object through the changes, from one that is about it on.
    private mutating func follow(_ object: inout ChangedObject?, named name: String, names: Entry.Names, from first: Int) {
        var name = name
        var index: Int? = first
        while let at = index {
            let change = log.changes[at]
            isDone[at] = true
            if change.kind == .delete {
                object = nil
                return
            }
            if log.names[at] == name {
                do throws(EntryChange.Misfit) { try object.apply(change) } catch { misfits += 1 }
            } else if let dn = change.dn, let rename = change.rename, let now = try? ChangedObject.renamed(dn, rename) {
                object?.move(above: DistinguishedName.depth(ofNormalised: log.names[at]), to: now)
            }
            if change.kind == .rename, let object { name = ChangeLog.name(object.dn, names) }
            index = log.next(of: name, after: at)
        }
    }
}
