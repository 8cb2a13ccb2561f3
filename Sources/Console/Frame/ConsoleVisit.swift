// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Hummingbird
import WebSurface

/// One request to the console: what was asked, and by whom.
struct ConsoleVisit: Sendable {
    let request: Request
    let context: WebContext
    let parameters: RequestParameters
    let section: ConsoleSection?
    let desk: Desk
    /// Microseconds since 1970: one moment for everything on the page.
    let now: Int64
    /// What the browser's cookie holds; nil without one of the right form.
    let token: SuperAdminSessionToken?
    /// The token for the forms of the page.
    let formToken: String
    /// Who is signed in; nil on open pages only.
    var session: SuperAdminSession?
    /// Whether the caller must be confirmed.
    var isConfirmed = false

    /// The path that was asked for, as routes are written, with the public URL's own.
    var path: String { desk.base + request.uri.path }

    /// Whether the page was asked for, and no form sent.
    var isGet: Bool { request.method == .get }

    /// As whom the directory is asked: every statement finds the session itself.
    var caller: Caller {
        get throws(DirectoryError) {
            guard let token else { throw .invalidAccessToken }
            let caller = Caller(session: token.proof, requestID: context.web.requestID)
            return isConfirmed ? caller.confirmed : caller
        }
    }

    // MARK: - What was sent

    /// A reader of parameters, for what needs its complaints.
    var reader: ParameterReader { ParameterReader(parameters) }

    /// A text without blanks around it; nil when it is absent or empty.
    func text(_ name: String) -> String? {
        let text = rawText(name)?.trimmingBlanks()
        return text?.isEmpty == false ? text : nil
    }

    /// A text as it was sent, for passwords.
    func rawText(_ name: String) -> String? {
        var reader = reader
        return reader.string(name).value
    }

    /// A whole number; nil when it is absent, empty or none.
    func integer(_ name: String) -> Int64? {
        var reader = reader
        return reader.integer(name).value
    }

    /// Whether a box is ticked.
    func flag(_ name: String) -> Bool {
        var reader = reader
        return reader.bool(name).value ?? false
    }

    /// The texts of a group of boxes, `name[]`.
    func texts(_ name: String) -> [String] {
        var reader = reader
        return (reader.array(name).value ?? []).compactMap { if case .string(let text) = $0, !text.isEmpty { text } else { nil } }
    }

    /// One of a closed list; nil for what is none of it.
    func choice<Choice: RawRepresentable<String>>(_ name: String, _ type: Choice.Type = Choice.self) -> Choice? {
        text(name).flatMap(Choice.init(rawValue:))
    }

    /// An id from the path; 404 for what is none.
    func pathID(_ name: String = "id") throws -> Int64 { try context.pathID(name) }

    // MARK: - Where things are

    /// The address of a path below `/super_admin`.
    func href(_ path: String, _ query: KeyValuePairs<String, String> = [:]) -> String {
        desk.place(path) + QueryText.encoded(query.map { ($0.key, $0.value) })
    }

    /// The address of this page, with other parameters.
    ///
    /// - Parameter changes: what is set; nil takes a parameter away.
    func hrefHere(_ changes: KeyValuePairs<String, String?>) -> String {
        var pairs = QueryText.pairs(context.web.query ?? "").filter { pair in
            pair.name != "flash" && !changes.contains { $0.key == pair.name }
        }
        for case (let name, let value?) in changes { pairs.append((name, value)) }
        return path + QueryText.encoded(pairs)
    }

    // MARK: - Doing

    /// Carries out a form's work; what the directory finds wrong with it is shown by the form itself.
    func saving(
        _ work: () async throws -> ConsoleAnswer, otherwise: ([FieldProblem]) async throws -> ConsolePage
    ) async throws -> ConsoleAnswer {
        do {
            return try await work()
        } catch DirectoryError.invalid(let problems) {
            var page = try await otherwise(problems)
            page.status = .unprocessableContent
            return .page(page)
        }
    }
}

extension String {
    /// Without blanks, tabs and line ends around it.
    func trimmingBlanks() -> String {
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(scalars[first...last])
    }
}
