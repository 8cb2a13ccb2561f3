// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Hummingbird
import ServiceLifecycle
import Sync
import WebSurface

extension SyncRunAPI {
    /// An export becomes a run by being sent; an applied run is undone by another one.
    func addAskingRoutes(to api: RouterGroup<WebContext>) {
        api.post { request, context in
            let (caller, policy) = try asked(context)
            return try await rendering { try await upload(request, context, policy, by: caller) }
        }
        api.post(":id/undo") { request, context in
            let (caller, policy) = try asked(context)
            let id = try await pathID("id", context, caller)
            return try await rendering { try await undo(id, request, context, policy, by: caller) }
        }
    }

    private func upload(
        _ request: Request, _ context: WebContext, _ policy: String, by caller: Caller
    ) async throws -> Response {
        let upload: SyncDesk.Upload
        do {
            upload = try self.upload(request, context)
            // A key that is none is told before anything is sent.
            _ = try KeyedCall(request, context, caller, body: [])
        } catch {
            try await directory.authenticate(caller)
            throw error
        }
        let taken = try await cancelWhenGracefulShutdown { [desk] in
            try await desk.take(request.body, upload, policy: policy, by: caller)
        }
        let run = try await once(try KeyedCall(request, context, caller, body: taken.digest), by: caller) {
            try await cancelWhenGracefulShutdown { [desk] in try await desk.begin(taken, by: caller) }
        }
        return try await accepted(run, request, policy, by: caller)
    }

    private func undo(
        _ id: Int64, _ request: Request, _ context: WebContext, _ policy: String, by caller: Caller
    ) async throws -> Response {
        var reader = try await parameters(request, context) { try await directory.authenticate(caller) }
        let applies = reader.appliesPlan()
        do {
            try reader.finish()
        } catch {
            try await directory.authenticate(caller)
            throw error
        }
        let call = try KeyedCall(request, context, caller, body: context.web.body.readableBytesView)
        let run = try await once(call, by: caller) {
            try await cancelWhenGracefulShutdown { [desk] in
                try await desk.undo(id, policy: policy, applies: applies, by: caller)
            }
        }
        return try await accepted(run, request, policy, by: caller)
    }

    /// Carries out a call once that begins a run: its number is what is kept of it.
    private func once(_ call: KeyedCall?, by caller: Caller, _ execute: @Sendable () async throws -> Int64) async throws -> Int64
    {
        guard let call else { return try await execute() }
        return try await directory.onceInSteps(
            call, by: caller, note: { "\($0)" },
            replay: {
                guard let run = Int64($0) else { throw DirectoryError.unavailable }
                return run
            }, execute: { try await execute() })
    }

    /// 202: the run goes on by itself.
    private func accepted(_ run: Int64, _ request: Request, _ policy: String, by caller: Caller) async throws -> Response {
        var response = try await show(run, policy, by: caller, status: .accepted)
        // Up to `runs`, as the caller spells it.
        let runs = request.uri.path.split(separator: "/").prefix(6).joined(separator: "/")
        response.headers[.location] = "/\(runs)/\(run)"
        return response
    }

    /// What is to become of the body, from the query and the head.
    private func upload(_ request: Request, _ context: WebContext) throws -> SyncDesk.Upload {
        var query = ParameterReader(try RequestParameters(body: .init(), contentType: nil, query: context.web.query))
        let applies = query.appliesPlan()
        let name = query.string("filename").value
        try query.finish()
        let type = request.headers[.contentType]?.lowercased() ?? ""
        let encoding = request.headers[.contentEncoding]?.lowercased() ?? ""
        // A form would be read as if it were the export; what is compressed otherwise would not be understood.
        guard !type.hasPrefix("multipart/"), ["", "identity", "gzip", "x-gzip"].contains(encoding) else {
            throw APIError.unsupportedMediaType
        }
        return SyncDesk.Upload(
            name: UploadName.of(name, disposition: request.headers[.contentDisposition]), applies: applies,
            announced: request.headers[.contentLength].flatMap { Int64($0) })
    }

    /// The one place where what the sync refuses becomes an answer.
    func rendering<T>(_ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch let error as SyncError {
            throw error.rendered
        } catch let error as UploadError {
            throw error.rendered
        }
    }
}

extension ParameterReader {
    /// `mode=plan|apply`: whether a plan that no guard holds is applied at once; without it, it waits.
    mutating func appliesPlan() -> Bool {
        choice("mode") { ["plan": false, "apply": true][$0] } ?? false
    }
}
