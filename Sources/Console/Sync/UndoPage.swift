// SPDX-License-Identifier: Apache-2.0

import Directory
import Sync

/// Before the undo of a run is planned: what it does, and what it cannot do; the template is `sync_undo`.
struct UndoPage: Sendable {
    /// The run that undoes this one already.
    let already: PageLink?
    let effects: [Effect]
    let limits: [String]
    let form: FormPart?
    /// Shown where no undo can be begun from here.
    let none: String?

    /// What becomes of what the run did.
    struct Effect: Sendable {
        let count: String
        let did: String
        let undo: String
    }

    init(_ run: RunRecord, canBegin: Bool, _ visit: ConsoleVisit) {
        let counts = RunWords.counts(run)
        already = run.undoneBy.map { PageLink("Run \($0)", visit.href("sync/runs/\($0)")) }
        effects = Self.words.compactMap { name, did, undo in
            guard let count = counts[name], count > 0 else { return nil }
            return Effect(count: count.grouped, did: did, undo: undo)
        }
        limits = ["changed_since", "owned_by_person", "email_taken", "gone", "non_permissible"].compactMap {
            FindingWords.undo[$0]
        }
        form =
            canBegin
            ? FormPart(
                visit.href("sync/runs/\(run.id)/undo"), [], button: "Plan the undo of run \(run.id)",
                cancel: visit.href("sync/runs/\(run.id)"))
            : nil
        none = canBegin ? nil : "This console plans no undo by itself: “muster sync undo \(run.id)” does."
    }

    private static let words = [
        ("create", "created", "suspended: what was made is never unmade"),
        ("update", "updated", "set back, field by field"),
        ("adopt", "matched by e-mail", "set back, field by field; the link to the source stays"),
        ("suspend", "suspended", "restored, as far as the suspension is the source’s own"),
        ("restore", "restored", "suspended again"),
        ("delete", "deleted", "not brought back"),
    ]
}

extension SyncPages {
    func undoPage(_ visit: ConsoleVisit) async throws -> ConsoleAnswer { .page(try await undoPage(visit, [])) }

    private func undoPage(_ visit: ConsoleVisit, _ problems: [FieldProblem]) async throws -> ConsolePage {
        let run = try await directory.runs.show(try visit.pathID(), by: try visit.caller)
        guard run.canBeUndone else { throw DirectoryError.notFound }
        let content = UndoPage(run, canBegin: sync != nil, visit)
        var page = page(of: run, "Undo run \(run.id)?", "sync_undo", content, visit, "undo")
        page.notice = problems.notice(besides: [])
        return page
    }

    /// Plans the reverse, as a run of its own that waits.
    func undo(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        let id = try visit.pathID()
        guard let sync else { throw DirectoryError.notFound }
        return try await visit.saving {
            do {
                let run = try await sync.undo(id, applies: false, by: try visit.caller)
                return .to("sync/runs/\(run)", .planned)
            } catch let error as SyncError {
                throw DirectoryError.invalid([FieldProblem("base", RunWords.sentence(error.message) ?? error.message)])
            }
        } otherwise: {
            try await undoPage(visit, $0)
        }
    }
}

extension RunRecord {
    /// Whether something of it was applied that could be undone.
    var canBeUndone: Bool { ["done", "failed"].contains(state) && (changeCount ?? 0) > 0 }
}
