// SPDX-License-Identifier: Apache-2.0

import Intake

/// What a run reads, as rows for the staging table: the files of an export, or a kept read.
protocol EntryFeed: Actor {
    /// What was counted and found so far.
    var stager: EntryStager { get }
    /// Bytes that became rows.
    var bytes: Int64 { get }
    /// Bytes that there are in all.
    nonisolated var size: Int64 { get }

    /// The next rows, the last ones with the trailer of the format; nil after those.
    ///
    /// Throws what reading throws, ``IntakeError`` and ``SyncError``.
    func next() async throws -> [UInt8]?

    /// What was read to its end, and what it proves.
    func conclusion() throws -> (facts: ReadFacts, digest: [UInt8])
}

/// What a read proves.
struct ReadFacts: Sendable, Equatable {
    var level: Proof.Level
    /// Why nobody's absence is proven; nil when it is.
    var unproven: String?

    init(level: Proof.Level, unproven: String?) {
        self.level = level
        self.unproven = unproven
    }

    init(_ proof: Proof) {
        level = proof.level
        if !proof.provesAbsence {
            unproven =
                proof.notes.isEmpty
                ? "the export may be incomplete" : proof.notes.map(\.description).joined(separator: ", ")
        }
    }

    static func level(named name: String) -> Proof.Level { Proof.Level.allCases.first { $0.name == name } ?? .none }
}

extension Proof.Level {
    /// As the journal has it.
    var name: String {
        switch self {
        case .none: "none"
        case .wellFormed: "well_formed"
        case .attested: "attested"
        }
    }
}
