// SPDX-License-Identifier: Apache-2.0

package import Directory

/// A parameter as it was sent: not at all, as null, or with a value of the type asked for.
package enum Given<Value: Sendable & Equatable>: Sendable, Equatable {
    case absent
    case null
    case value(Value)

    /// The value, or nil when absent or null.
    package var value: Value? {
        if case .value(let value) = self { value } else { nil }
    }

    /// Whether the key was sent at all.
    package var isPresent: Bool { self != .absent }
}

/// Reads typed values from parameters and collects the complaints, so that a client sees all of them at once.
///
/// A value of the wrong type counts as absent and leaves a complaint behind; ``finish()`` throws them as one 422.
package struct ParameterReader {
    /// What is wrong so far, in the order of reading; a surface adds its own.
    package var problems: [FieldProblem] = []
    private let parameters: RequestParameters
    private let attribute: String?

    /// Starts to read `parameters`.
    ///
    /// - Parameter attribute: the attribute whose value they are, where they are no call's own; complaints are about that.
    package init(_ parameters: RequestParameters, within attribute: String? = nil) {
        self.parameters = parameters
        self.attribute = attribute
    }

    /// Whether the key was sent, with whatever value.
    package func contains(_ key: String) -> Bool { parameters.fields.position(of: key) != nil }

    /// A text. A number is taken as written, as Rails does for text columns.
    package mutating func string(_ key: String) -> Given<String> {
        read(key) { value in
            switch value {
            case .string(let text): .success(.value(text))
            case .integer(let number): .success(.value(String(number)))
            case .decimal(let text): .success(.value(text))
            default: .failure(.invalid)
            }
        }
    }

    /// An integer; a quoted one is accepted, an empty text counts as null.
    package mutating func integer(_ key: String) -> Given<Int64> {
        read(key) { value in
            switch value {
            case .integer(let number): return .success(.value(number))
            case .decimal: return .failure(.notAnInteger)
            case .string(""): return .success(.null)
            case .string(let text):
                guard let number = Int64(text), text.utf8.first != UInt8(ascii: "+") else { return .failure(.notANumber) }
                return .success(.value(number))
            default: return .failure(.notANumber)
            }
        }
    }

    /// A boolean; `true false 1 0` as text or number and the empty text (false) are read as a person would.
    package mutating func bool(_ key: String) -> Given<Bool> {
        read(key) { value in
            guard let bool = value.asBool else { return .failure(.invalid) }
            return .success(.value(bool))
        }
    }

    /// An object.
    package mutating func object(_ key: String) -> Given<JSONObject> {
        read(key) { value in
            if case .object(let object) = value { .success(.value(object)) } else { .failure(.invalid) }
        }
    }

    /// An array.
    package mutating func array(_ key: String) -> Given<[JSONValue]> {
        read(key) { value in
            if case .array(let elements) = value { .success(.value(elements)) } else { .failure(.invalid) }
        }
    }

    /// Any value, for a surface that decides itself what a wrong type means.
    package mutating func value(_ key: String) -> Given<JSONValue> {
        read(key) { .success(.value($0)) }
    }

    /// A text that may be changed: nil when absent; null counts as blank, which a rule then refuses.
    package mutating func text(_ key: String) -> String? {
        switch string(key) {
        case .absent: nil
        case .null: ""
        case .value(let text): text
        }
    }

    /// One of a closed list of words; null and anything else is a problem.
    package mutating func choice<Value>(_ key: String, _ known: (String) -> Value?) -> Value? {
        guard let text = text(key) else { return nil }
        let value = known(text)
        if value == nil { complain(key, "is not included in the list") }
        return value
    }

    /// Notes a complaint.
    package mutating func complain(_ attribute: String, _ message: String) {
        problems.append(
            self.attribute.map { FieldProblem($0, says: "\(attribute) \(message)") } ?? FieldProblem(attribute, says: message))
    }

    /// Throws all complaints as one 422; does nothing when there are none.
    package func finish() throws(APIError) {
        if !problems.isEmpty { throw .validation(problems) }
    }

    private mutating func read<Value>(
        _ key: String, _ convert: (JSONValue) -> Result<Given<Value>, Complaint>
    ) -> Given<Value> {
        guard let value = parameters.fields[key] else { return .absent }
        if value == .null { return .null }
        guard !parameters.needsScrutiny || value.isStorable else {
            complain(key, Complaint.notStorable.rawValue)
            return .absent
        }
        switch convert(value) {
        case .success(let given): return given
        case .failure(let complaint):
            complain(key, complaint.rawValue)
            return .absent
        }
    }
}

/// What can be wrong with the form of a value, as the message says it.
private enum Complaint: String, Error {
    case invalid = "is invalid"
    case notANumber = "is not a number"
    case notAnInteger = "must be an integer"
    case notStorable = "contains a null character or a number out of range"
}

extension JSONValue {
    /// The value read as a switch, or nil when it is none: booleans, 1, 0 and the texts `true false 1 0` and empty.
    package var asBool: Bool? {
        switch self {
        case .bool(let value): value
        case .integer(1), .string("true"), .string("1"): true
        case .integer(0), .string("false"), .string("0"), .string(""): false
        default: nil
        }
    }
}
