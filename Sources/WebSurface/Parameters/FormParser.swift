// SPDX-License-Identifier: Apache-2.0

/// Reads URL-encoded forms and query strings into the shape that Rails (Rack) gives them.
///
/// `a=1&b[c]=2&d[]=3&d[]=4&e[][f]=5` becomes `{"a":"1","b":{"c":"2"},"d":["3","4"],"e":[{"f":"5"}]}`. All values are
/// texts; a name without `=` is null. A name used in two shapes (`a=1&a[b]=2`), an invalid percent-encoding, invalid
/// UTF-8, more than `maximumPairs` pairs or more than `maximumDepth` brackets are malformed.
struct FormParser {
    /// The text breaks the rules above.
    struct Malformed: Error {}

    static let maximumPairs = 4096
    static let maximumDepth = 32

    private(set) var fields = JSONObject()
    /// A U+0000 was seen.
    private(set) var needsScrutiny = false

    /// Reads a whole form.
    init(_ form: some Collection<UInt8>) throws(Malformed) {
        var pairs = 0
        for pair in form.split(separator: UInt8(ascii: "&")) {
            pairs += 1
            guard pairs <= Self.maximumPairs else { throw Malformed() }
            let mark = pair.firstIndex(of: UInt8(ascii: "="))
            let name = try decode(pair[..<(mark ?? pair.endIndex)])
            let value = try mark.map { mark throws(Malformed) in try decode(pair[pair.index(after: mark)...]) }
            try add(name, value.map { .string($0) } ?? .null)
        }
    }

    /// Reads the text fields of a multipart form; their names have the same shapes.
    init(multipart fields: [(name: String, value: String)]) throws(Malformed) {
        guard fields.count <= Self.maximumPairs else { throw Malformed() }
        for field in fields {
            if field.name.utf8.contains(0) || field.value.utf8.contains(0) { needsScrutiny = true }
            try add(field.name, .string(field.value))
        }
    }

    private mutating func add(_ name: String, _ value: JSONValue) throws(Malformed) {
        guard !name.isEmpty else { return }
        let path = try Self.path(of: name)
        try fields.update(path.base) { slot throws(Malformed) in
            try Self.insert(value, at: path.keys[...], into: &slot)
        }
    }

    /// `a[b][]` is `a` with the keys `b` and the empty key (append); a name with unbalanced brackets is taken literally.
    private static func path(of name: String) throws(Malformed) -> (base: String, keys: [String]) {
        guard let open = name.firstIndex(of: "["), open != name.startIndex, name.last == "]" else { return (name, []) }
        var keys: [String] = []
        var rest = name[open...]
        while !rest.isEmpty {
            guard rest.first == "[", let close = rest.firstIndex(of: "]") else { return (name, []) }
            keys.append(String(rest[rest.index(after: rest.startIndex)..<close]))
            rest = rest[rest.index(after: close)...]
        }
        guard keys.count <= maximumDepth else { throw Malformed() }
        return (String(name[..<open]), keys)
    }

    private static func insert(
        _ value: JSONValue, at keys: ArraySlice<String>, into slot: inout JSONValue?
    ) throws(Malformed) {
        guard let key = keys.first else {
            slot = value
            return
        }
        if key.isEmpty {
            var elements: [JSONValue] = []
            switch slot {
            case nil: break
            case .array(let existing)?: elements = existing
            default: throw Malformed()
            }
            slot = nil
            try append(value, at: keys.dropFirst(), to: &elements)
            slot = .array(elements)
        } else {
            var object = JSONObject()
            switch slot {
            case nil: break
            case .object(let existing)?: object = existing
            default: throw Malformed()
            }
            slot = nil
            try object.update(key) { inner throws(Malformed) in try insert(value, at: keys.dropFirst(), into: &inner) }
            slot = .object(object)
        }
    }

    /// `a[][b]=1&a[][c]=2` fills one element; a key that the last element has already starts the next one.
    private static func append(
        _ value: JSONValue, at keys: ArraySlice<String>, to elements: inout [JSONValue]
    ) throws(Malformed) {
        var element: JSONValue?
        if !keys.isEmpty, case .object? = elements.last, !holds(keys, in: elements.last) {
            element = elements.removeLast()
        }
        try insert(value, at: keys, into: &element)
        elements.append(element ?? value)
    }

    private static func holds(_ keys: ArraySlice<String>, in value: JSONValue?) -> Bool {
        guard let key = keys.first else { return value != nil }
        guard case .object(let object)? = value else { return false }
        return holds(keys.dropFirst(), in: object[key])
    }

    private mutating func decode(_ bytes: some Collection<UInt8>) throws(Malformed) -> String {
        guard let decoded = PercentEncoding.decode(bytes, plusIsBlank: true),
            let text = String(validating: decoded, as: UTF8.self)
        else { throw Malformed() }
        if decoded.contains(0) { needsScrutiny = true }
        return text
    }
}

/// Percent-encoding as forms and paths use it.
enum PercentEncoding {
    /// The bytes behind an encoded text, or nil when a `%` is not followed by two hexadecimal digits.
    static func decode(_ bytes: some Collection<UInt8>, plusIsBlank: Bool) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = iterator.next().flatMap(Hexadecimal.value(of:)),
                    let low = iterator.next().flatMap(Hexadecimal.value(of:))
                else { return nil }
                decoded.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsBlank: decoded.append(UInt8(ascii: " "))
            default: decoded.append(byte)
            }
        }
        return decoded
    }
}
