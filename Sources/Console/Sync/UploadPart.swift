// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Sync
import WebSurface

/// The form by which an export is sent for a policy; a part of `sync_policy`.
struct UploadPart: Sendable {
    let action: String
    let mode: Field
    let file: FileField
    let limit: String
    /// Where who is not confirmed proves to be there; nil for who is.
    let confirm: String?

    /// The field for the file, with what is wrong with it.
    struct FileField: Sendable {
        let error: String?
    }

    /// Which files are taken is up to the policy; nil where it has none that is sound.
    init?(_ sheet: PolicySheet, _ sync: SyncDesk?, _ visit: ConsoleVisit, _ problems: [FieldProblem]) {
        guard let sync, let name = sheet.card.name, sheet.policy != nil else { return nil }
        let address = "sync/policies/" + QueryText.encoded(name)
        let isConfirmed = visit.session?.isConfirmed == true
        action = visit.href(address + "/uploads")
        mode = .choice(
            "mode", "What becomes of it", nil,
            [("plan", "Plan only: nothing changes before you approve it")]
                + (isConfirmed ? [("apply", "Plan and apply, unless a guard holds it")] : []))
        file = FileField(error: problems.first { $0.attribute == "file" }?.message)
        limit = "At most \(Self.size(sync.sizeLimit)), in the format that the policy reads; compressed by gzip or not."
        confirm = isConfirmed ? nil : visit.href(address + "/confirm")
    }

    static func size(_ bytes: Int64) -> String {
        for (size, unit) in [(Int64(1) << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] where bytes >= size {
            return "\((bytes / size).grouped) \(unit)"
        }
        return bytes.counted("byte")
    }
}

extension SyncPages {
    /// Takes an export for a policy, and begins its run.
    func upload(_ visit: ConsoleVisit, _ form: FormUpload) async throws -> ConsoleAnswer {
        let name = try visit.context.pathText("name")
        guard let sync else { throw DirectoryError.notFound }
        do {
            var taken: SyncDesk.TakenUpload
            do {
                taken = try await sync.take(form, SyncDesk.Upload(name: "", applies: false), policy: name, by: try visit.caller)
            } catch {
                throw form.refusal ?? error
            }
            guard form.size > 0 else {
                await sync.discard(taken)
                throw UploadProblem(FieldProblem("file", "Choose the file first; this one is empty"))
            }
            taken.upload.name = Self.journalName(form.fileName)
            taken.upload.applies = form.fields["mode"] == "apply"
            let run = try await sync.begin(taken, by: try visit.caller)
            return .to("sync/runs/\(run)", .uploaded)
        } catch let problem as UploadProblem {
            return try await refused(visit, name, problem.problem, .unprocessableContent)
        } catch let error as UploadError {
            let status: HTTPResponse.Status = error.code == .tooLarge ? .contentTooLarge : .unprocessableContent
            return try await refused(visit, name, FieldProblem("file", RunWords.sentence(error.message) ?? ""), status)
        } catch let error as SyncError {
            return try await refused(visit, name, FieldProblem("base", RunWords.sentence(error.message) ?? ""), .conflict)
        } catch let error as MultipartStream.Malformed {
            return try await refused(
                visit, name, FieldProblem("file", RunWords.sentence(error.message) ?? ""), .unprocessableContent)
        }
    }

    /// Whoever proved to be there may have an upload applied at once.
    func confirm(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        .to("sync/policies/" + QueryText.encoded(try visit.context.pathText("name")), .confirmed)
    }

    private func refused(
        _ visit: ConsoleVisit, _ name: String, _ problem: FieldProblem, _ status: HTTPResponse.Status
    ) async throws -> ConsoleAnswer {
        guard let sheet = try await policies?.sheet(name) else { throw DirectoryError.notFound }
        var page = try await policyPage(visit, sheet, [problem])
        page.status = status
        return .page(page)
    }

    /// What the journal calls the file: the last part of what the sender does, as far as it can be stored.
    private static func journalName(_ sent: String?) -> String {
        let last = sent?.split { $0 == "/" || $0 == "\\" }.last.map(String.init) ?? ""
        let plain = String(
            String.UnicodeScalarView(last.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.prefix(200)))
        return plain.isEmpty ? "upload" : plain
    }
}

/// What is wrong with an upload, by the form's own word.
private struct UploadProblem: Error {
    let problem: FieldProblem

    init(_ problem: FieldProblem) { self.problem = problem }
}
