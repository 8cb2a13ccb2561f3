// SPDX-License-Identifier: Apache-2.0

/// A JSON value as a client sent it.
///
/// Integers that fit are `Int64`; every other number keeps its text, so nothing is rounded on the way to the database.
package enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// A number with fraction, exponent or more digits than `Int64` holds, as written.
    case decimal(String)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

/// A JSON object that remembers the order of its keys; of duplicate keys the last value wins.
package struct JSONObject: Sendable {
    package private(set) var keys: [String] = []
    package private(set) var values: [JSONValue] = []
    /// Made once an object is too big for a linear search, so that a hostile body costs no quadratic time.
    private var positions: [String: Int]?

    private static let linearLimit = 12

    /// Makes an empty object.
    package init() {}

    package var count: Int { keys.count }
    package var isEmpty: Bool { keys.isEmpty }

    /// The value of `key`, or nil when the key is absent.
    package subscript(key: String) -> JSONValue? {
        get { position(of: key).map { values[$0] } }
        set {
            guard let newValue else { return remove(key) }
            if let position = position(of: key) {
                values[position] = newValue
            } else {
                positions?[key] = keys.count
                keys.append(key)
                values.append(newValue)
                if positions == nil, keys.count > Self.linearLimit { index() }
            }
        }
    }

    /// Takes over every field of `other`, whose values win.
    package mutating func merge(_ other: JSONObject) {
        for (key, value) in other { self[key] = value }
    }

    func position(of key: String) -> Int? {
        if let positions { return positions[key] }
        return keys.firstIndex(of: key)
    }

    /// Applies `change` to the value of `key` in place, starting from nil when absent.
    mutating func update<E: Error>(_ key: String, _ change: (inout JSONValue?) throws(E) -> Void) throws(E) {
        guard let position = position(of: key) else {
            var value: JSONValue?
            try change(&value)
            self[key] = value
            return
        }
        // Taken out while it changes, so that the nested value is not copied.
        var value: JSONValue? = values[position]
        values[position] = .null
        try change(&value)
        values[position] = value ?? .null
    }

    private mutating func remove(_ key: String) {
        guard let position = position(of: key) else { return }
        keys.remove(at: position)
        values.remove(at: position)
        if positions != nil { index() }
    }

    private mutating func index() {
        positions = Dictionary(zip(keys, 0...), uniquingKeysWith: { _, last in last })
    }
}

extension JSONObject: Sequence {
    package func makeIterator() -> Zip2Sequence<[String], [JSONValue]>.Iterator { zip(keys, values).makeIterator() }
}

extension JSONObject: Equatable {
    /// Two objects are equal when they hold the same fields in whatever order.
    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.allSatisfy { right[$0.0] == $0.1 }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (key, value) in elements { self[key] = value }
    }
}

extension JSONValue {
    /// Whether PostgreSQL can store the value as `jsonb`: no U+0000 in any string, no number out of `numeric`'s range.
    package var isStorable: Bool {
        switch self {
        case .null, .bool, .integer: true
        case .decimal(let text): DecimalText.isModest(text.utf8)
        case .string(let text): !text.utf8.contains(0)
        case .array(let elements): elements.allSatisfy(\.isStorable)
        case .object(let object):
            !object.keys.contains { $0.utf8.contains(0) } && object.values.allSatisfy(\.isStorable)
        }
    }
}

/// What we know about a number from its text alone.
enum DecimalText {
    /// Digits and exponent small enough to be stored and shown again; a double never needs more.
    static func isModest(_ text: some Collection<UInt8>) -> Bool {
        guard text.count <= 400 else { return false }
        guard let mark = text.firstIndex(where: { $0 | 0x20 == UInt8(ascii: "e") }) else { return true }
        let exponent = Int(String(decoding: text[text.index(after: mark)...], as: UTF8.self))
        return exponent.map { (-400...400).contains($0) } ?? false
    }
}
