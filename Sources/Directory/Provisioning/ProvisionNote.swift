// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// What is kept of a bulk's answer under its Idempotency-Key: an id or a reason for each item, each reason once. All else that
/// the answer says stands in the request, which is the same when it is answered again.
struct ProvisionNote: Codable {
    /// More is not kept: the call is carried out again then, which does nothing to what is as it was asked for.
    static let longest = 1 << 20

    fileprivate struct Reason: Codable, Hashable {
        let code: String
        let attributes: [String]
        let messages: [String]
    }

    fileprivate var reasons: [Reason] = []
    /// For each item the number of its kind, then the user's id or the reason's place.
    private var items: [[Int64]] = []

    /// nil where the answer says "later" of an item: it must not say so for a day.
    init?(_ outcomes: [ProvisionOutcome]) {
        var places: [Reason: Int64] = [:]
        for outcome in outcomes {
            let kind = Int64(ProvisionOutcome.Kind.allCases.firstIndex(of: outcome.kind) ?? 0)
            guard case .failed(let error) = outcome else {
                items.append([kind, outcome.userID ?? 0])
                continue
            }
            guard let reason = Reason(error) else { return nil }
            let place = places[reason] ?? Int64(reasons.count)
            if places.updateValue(place, forKey: reason) == nil { reasons.append(reason) }
            items.append([kind, place])
        }
    }

    /// JSON; nil when it is too long.
    var text: String? {
        guard let data = try? JSONEncoder().encode(self), data.count <= Self.longest else { return nil }
        return String(decoding: data, as: UTF8.self)
    }

    /// - Throws: `DecodingError` for what no daemon of this version has written.
    static func outcomes(_ text: String) throws -> [ProvisionOutcome] {
        let note = try JSONDecoder().decode(ProvisionNote.self, from: Data(text.utf8))
        let kinds = ProvisionOutcome.Kind.allCases
        return try note.items.map { item in
            guard item.count == 2, kinds.indices.contains(Int(item[0])) else { throw unreadable }
            switch kinds[Int(item[0])] {
            case .created: return .created(item[1])
            case .updated: return .updated(item[1])
            case .unchanged: return .unchanged(item[1])
            case .withdrawn: return .withdrawn
            case .failed:
                guard note.reasons.indices.contains(Int(item[1])) else { throw unreadable }
                return .failed(try note.reasons[Int(item[1])].error)
            }
        }
    }

    private static let unreadable = DecodingError.dataCorrupted(
        .init(codingPath: [], debugDescription: "not the note of a bulk"))
}

extension ProvisionNote.Reason {
    fileprivate init?(_ error: DirectoryError) {
        switch error {
        case .nonPermissible, .notFound: self.init(code: error.code, attributes: [], messages: [])
        case .invalid(let problems):
            self.init(code: error.code, attributes: problems.map(\.attribute), messages: problems.map(\.message))
        default: return nil
        }
    }

    fileprivate var error: DirectoryError {
        get throws {
            if code == DirectoryError.nonPermissible.code { return .nonPermissible }
            if code == DirectoryError.notFound.code { return .notFound }
            return .invalid(zip(attributes, messages).map { FieldProblem($0, $1) })
        }
    }
}
