// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes

extension ConsoleVisit {
    /// A moment, told from now.
    func moment(_ time: Timestamp?) -> Moment? { time.map { Moment($0, now: now) } }

    /// The versions that a form may replace: the one that it was made from.
    var matching: VersionMatch { .oneOf([integer(ObjectForm.version) ?? -1]) }

    /// An id for a filter; what is none finds nothing.
    func filterID(_ name: String) -> Int64? { text(name).map { Int64($0) ?? -1 } }

    /// Carries out a form's work. What is wrong with it, or that somebody else was quicker, is said by the form itself, which
    /// keeps what was typed.
    ///
    /// - Parameter form: makes the form anew, with the problems; with the newest version of the object.
    func saving(
        _ work: () async throws -> ConsoleAnswer, orElse form: ([FieldProblem]) async throws -> ConsolePage
    ) async throws -> ConsoleAnswer {
        do {
            return try await saving(work, otherwise: form)
        } catch DirectoryError.stale {
            var page = try await form([])
            page.status = .preconditionFailed
            page.notice = .warning(
                "Nothing was saved: somebody changed it since you opened this form. What you typed is kept. "
                    + "Look at how it is now, then save again to replace it.")
            return .page(page)
        }
    }

    /// Who did something, as a link where there is a page about them.
    func words(_ actor: NamedActor) -> String {
        let name = actor.name ?? actor.id.map { "\($0)" } ?? ""
        return switch actor.kind {
        case "platform_app": "Platform App \(name)"
        case "super_admin": "Super admin \(name)"
        case "source": "Source \(name)"
        case "user": "User \(name)"
        case "command": "The command line"
        default: "\(actor.kind) \(name)"
        }
    }
}
