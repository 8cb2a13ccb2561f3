// SPDX-License-Identifier: Apache-2.0

/// The prepared statements of one session, the least recently used making room for new ones.
struct StatementCache {
    /// A statement is the same one when its text and the types of its values are.
    struct Key: Hashable {
        let sql: String
        let types: [UInt32]

        init(_ query: PostgresQuery) {
            sql = query.sql
            types = query.bindings.types
        }
    }

    private struct Entry {
        let name: String
        var lastUsed: UInt64
    }

    let capacity: Int
    private var entries: [Key: Entry] = [:]
    private var clock: UInt64 = 0
    private var names: UInt64 = 0
    /// Statements the server still has to be told to forget.
    private(set) var discarded: [String] = []

    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    var count: Int { entries.count }

    /// The name under which the server knows the statement.
    mutating func name(for key: Key) -> String? {
        guard let index = entries.index(forKey: key) else { return nil }
        clock += 1
        entries.values[index].lastUsed = clock
        return entries.values[index].name
    }

    /// A name no statement of the session has had.
    mutating func newName() -> String {
        names += 1
        return "m\(names)"
    }

    /// Notes that the server has prepared the statement; what must make room goes to `discarded`.
    mutating func insert(_ key: Key, name: String) {
        if entries.count >= capacity, let oldest = entries.min(by: { $0.value.lastUsed < $1.value.lastUsed }) {
            remove(oldest.key)
        }
        clock += 1
        if let old = entries.updateValue(Entry(name: name, lastUsed: clock), forKey: key) { discarded.append(old.name) }
    }

    /// Forgets a statement, which the server shall forget too.
    mutating func remove(_ key: Key) {
        if let entry = entries.removeValue(forKey: key) { discarded.append(entry.name) }
    }

    /// Hands out the statements that the server shall forget.
    mutating func takeDiscarded() -> [String] {
        defer { discarded = [] }
        return discarded
    }
}
