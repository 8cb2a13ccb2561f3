// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Pages
import WebSurface

/// Hangs the console's pages and acts on the router, and does for each what all of them need.
///
/// To add a page:
///
/// 1. Make a folder for its noun, with a struct `…Pages` that has an `addRoutes(to: Frame)`; add its line to ``Console``.
/// 2. Say what the page shows in a struct of stored properties (the template reads no computed ones), made of texts, arrays and
///    the parts in `Frame/Components`: ``Field``, ``Badge``, ``Moment``, ``Fact``, ``Pager``, ``FilterBar``, ``EmptyState``,
///    ``DangerZone``, ``SecretBox``, ``FormPart``.
/// 3. Write `Resources/noun.mustache`: what stands below the title, nothing around it. Name it in `Package.swift` and in
///    `ConsoleResources.swift`. Parts are included by name: `{{#email}}{{> field}}{{/email}}`. An optional of an inner struct is
///    asked for with a leading point, `{{#.hint}}`, since without it an outer struct's is found. No indentation before `{{>`.
/// 4. `frame.page("users/:id", in: .users) { visit in … }` for what shows: it answers with `.page(ConsolePage(…))`, reads
///    `visit.text("q")`, `visit.pathID("id")`, and asks the directory as `visit.caller`. It changes nothing.
/// 5. `frame.act("users/:id/delete", in: .users, confirmed: true) { visit in … }` for what does: a POST of a form that includes
///    `{{> form_token}}`. It answers with `.to("users", .deleted)`; or, where the directory throws `.invalid(problems)`, with the
///    form again, 422, each problem beside its field (``ConsoleVisit/saving(_:otherwise:)``); or with a page that shows a secret.
///    `confirmed` acts run with a `visit.caller` that is confirmed; whoever is not is asked, and the act goes on by itself.
/// 6. Every other error may be thrown: the frame has pages for what is not there, not possible now, and not allowed.
/// 7. Test it in `ConsoleTests` with `ConsoleSite`: the act, its refusals, then `browser.checkPage("users")` for accessibility
///    and pictures.
///
/// Safe to rely on: a handler runs only for a session that is signed in; an act only for a form of ours.
final class Frame {
    typealias Handler = @Sendable (ConsoleVisit) async throws -> ConsoleAnswer

    /// Takes the file of a form. ``FormUpload`` has been told what form it must be.
    typealias UploadHandler = @Sendable (ConsoleVisit, FormUpload) async throws -> ConsoleAnswer

    let desk: Desk
    private let router: WebRouter
    private let routes: RouterGroup<WebContext>
    private var pages: Set<String> = []
    private var acts: Set<String> = []

    init(_ desk: Desk, _ router: WebRouter) {
        self.desk = desk
        self.router = router
        routes = router.routes.group(RouterPath(Desk.folder))
        router.renderErrors(below: "/" + Desk.folder, except: "/\(Desk.folder)/api") { error, request, context in
            await desk.answer(to: error, request, context)
        }
        for name in ConsoleResources.files.keys.sorted() {
            routes.get(RouterPath("assets/:version/\(name)")) { _, context in
                try desk.assets.response(name, version: context.parameters.get("version") ?? "")
            }
        }
    }

    /// A page for whoever is signed in.
    ///
    /// - Parameters:
    ///   - path: below `/super_admin`, empty for that itself.
    ///   - section: the entry of the navigation that it belongs to.
    func page(_ path: String, in section: ConsoleSection?, _ show: @escaping Handler) {
        pages.insert(path)
        routes.get(RouterPath(path)) { [desk] request, context in
            try await desk.answering(request, context, section) { try await desk.show($0, show) }
        }
    }

    /// An act of whoever is signed in: a POST of one of our own forms.
    ///
    /// - Parameter confirmed: for what reveals a secret or destroys: whether the person must have given the password or a code
    ///   within the last ten minutes.
    func act(_ path: String, in section: ConsoleSection?, confirmed: Bool = false, _ act: @escaping Handler) {
        acts.insert(path)
        routes.post(RouterPath(path)) { [desk] request, context in
            try await desk.answering(request, context, section) { try await desk.carryOut($0, confirmed: confirmed, act) }
        }
    }

    /// Takes the file of a form from whoever is signed in: a POST of one of our own forms, `multipart/form-data`, in which the file
    /// comes last.
    ///
    /// - Parameter limit: bytes that the file may have; counting them is the handler's.
    func upload(_ path: String, in section: ConsoleSection?, limit: Int64, _ take: @escaping UploadHandler) {
        acts.insert(path)
        router.streamBody(of: RouterPath("\(Desk.folder)/\(path)"), limit: Int(limit) + FormUpload.overhead)
        routes.post(RouterPath(path)) { [desk] request, context in
            try await desk.answering(request, context, section) { try await desk.takeUpload($0, request, take) }
        }
    }

    /// A page for anybody who reaches the console, signed in or not.
    func openPage(_ path: String, _ show: @escaping Handler) {
        pages.insert(path)
        routes.get(RouterPath(path)) { [desk] request, context in
            try await desk.answering(request, context, nil) { try await desk.showOpen($0, show) }
        }
    }

    /// An act of anybody's: a POST of one of our own forms, told by the cookie that came with it.
    func openAct(_ path: String, _ act: @escaping Handler) {
        acts.insert(path)
        routes.post(RouterPath(path)) { [desk] request, context in
            try await desk.answering(request, context, nil) { try await desk.carryOutOpen($0, act) }
        }
    }

    /// Ends the list of routes: whoever asks for an act by its address, as a reload of its answer does, is led to the page above.
    func close() {
        for act in acts.subtracting(pages) {
            var above = act.split(separator: "/")
            repeat { above.removeLast() } while !pages.contains(above.joined(separator: "/")) && !above.isEmpty
            let count = above.count
            routes.get(RouterPath(act)) { [desk] request, _ in
                let segments = request.uri.path.split(separator: "/").dropFirst().prefix(count)
                return Response.seeOther(desk.place(segments.joined(separator: "/")))
            }
        }
    }
}
