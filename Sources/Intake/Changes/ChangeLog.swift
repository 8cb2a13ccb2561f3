// SPDX-License-Identifier: Apache-2.0

/// The changes of an export that tells what happened, in their order, found by the names that they are about.
///
/// They are held in memory, so there is a limit: who has more to tell hands over a full read.
package struct ChangeLog: EntrySink {
    /// Why changes cannot be taken: none of the export is then.
    package enum Fault: Error, Sendable, Hashable, CustomStringConvertible {
        /// More than ``ChangeLog/limit``.
        case tooMany(limit: Int)
        /// A change that cannot be read: what comes behind it may rest on it.
        case rejected(Rejection)

        /// A sentence for a person.
        package var description: String {
            switch self {
            case .tooMany(let limit):
                "the changes take more than \(limit >> 20) MiB of memory: hand over a full export instead"
            case .rejected(let rejection):
                "line \(rejection.position.line): \(rejection.message); changes build on each other, so none of them is taken"
            }
        }
    }

    /// Bytes that changes may take in memory.
    package static let limit = 48 << 20
    /// What a change takes besides its values: tables, the index.
    private static let overhead = 512

    private let limit: Int
    private var cost = 0
    private(set) var changes: [EntryChange] = []
    /// The name of each in the one spelling.
    private(set) var names: [String] = []
    private var byName: [String: [Int]] = [:]
    /// Changes of what is below the name as well: new names, deletions of whole trees.
    private var ofTrees: [String: [Int]] = [:]

    package init(limit: Int = ChangeLog.limit) {
        self.limit = limit
    }

    /// How many there are.
    package var count: Int { changes.count }

    package var takesChanges: Bool { true }

    /// An object as a whole: what it was is forgotten.
    package mutating func entry(_ entry: borrowing Entry) throws {
        var change = EntryChange()
        change.kind = .add
        change.entry = copy entry
        try take(change)
    }

    package mutating func rejected(_ rejection: Rejection) throws { throw Fault.rejected(rejection) }

    package mutating func change(_ change: borrowing EntryChange) throws { try take(copy change) }

    private mutating func take(_ change: EntryChange) throws(Fault) {
        cost += change.entry.cost + Self.overhead
        guard cost <= limit else { throw .tooMany(limit: limit) }
        let name = Self.name(of: change.entry)
        byName[name, default: []].append(changes.count)
        if change.kind == .rename || change.deletesSubtree { ofTrees[name, default: []].append(changes.count) }
        changes.append(change)
        names.append(name)
    }

    /// The first change behind `index` that is about an object of this name, or about one above it.
    func next(of name: String, after index: Int) -> Int? {
        var first = Self.first(byName[name], after: index)
        guard !ofTrees.isEmpty else { return first }
        var above = DistinguishedName.parent(ofNormalised: name)
        while let tree = above, !tree.isEmpty {
            if let found = Self.first(ofTrees[tree], after: index), found < first ?? .max { first = found }
            above = DistinguishedName.parent(ofNormalised: tree)
        }
        return first
    }

    /// The first that is greater, of numbers in ascending order.
    private static func first(_ indices: [Int]?, after index: Int) -> Int? {
        guard let indices, let last = indices.last, last > index else { return nil }
        var (low, high) = (0, indices.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if indices[middle] > index { high = middle } else { low = middle + 1 }
        }
        return indices[low]
    }

    /// The one spelling of an entry's name.
    static func name(of entry: borrowing Entry) -> String {
        guard let dn = entry.dn else { return "" }
        return name(dn, entry.names)
    }

    static func name(_ dn: String, _ names: Entry.Names) -> String {
        if names == .distinguished, let name = DistinguishedName.normalised(dn) { return name }
        let blank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
        var bytes = Array(dn.utf8)[...].drop(while: blank)
        while let last = bytes.last, blank(last) { bytes.removeLast() }
        return String(decoding: CaseFolding.folded(bytes), as: UTF8.self)
    }
}
