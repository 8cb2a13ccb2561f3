// SPDX-License-Identifier: Apache-2.0

package import Directory
import HTTPTypes
import Hummingbird
package import Sync
package import WebSurface

/// The runs of policies, `/sync/{policy}/runs`: a Platform App sees and asks for those of the policies that act for it; an operator,
/// with a super admin's token, for all of them.
///
/// Whose a run is is decided in each statement; another app's is 404 as one that never was.
package struct SyncRunAPI: DirectorySurface {
    package let directory: Directory
    let desk: SyncDesk
    let audience: PlatformAPI.Audience
    let streams = EventStreams(limit: 256)

    package init(directory: Directory, desk: SyncDesk, audience: PlatformAPI.Audience = .platformApps) {
        self.directory = directory
        self.desk = desk
        self.audience = audience
    }

    /// Adds every route.
    package func addRoutes(to router: WebRouter) {
        let base =
            switch audience {
            case .platformApps: "platform/api/v1"
            case .superAdmins: "super_admin/api/v1"
            }
        let api = router.routes.group("\(base)/sync/:policy/runs")
        addAskingRoutes(to: api)
        addReadingRoutes(to: api)
        addDecisionRoutes(to: api)
        addEventRoutes(to: api)
        router.streamBody(of: "/\(base)/sync/:policy/runs", limit: Int(clamping: desk.sizeLimit))
    }

    // MARK: - What the routes share

    /// Who calls, and about which policy.
    func asked(_ context: WebContext) throws -> (caller: Caller, policy: String) {
        guard let credential = context.web.credential, let caller = caller(credential.token, context.web.requestID) else {
            throw APIError.invalidAccessToken
        }
        directory.tokens.note(caller, address: context.web.remoteAddress)
        let policy = try context.pathText("policy")
        return (caller, policy)
    }

    private func caller(_ token: String, _ requestID: String) -> Caller? {
        switch audience {
        case .platformApps: directory.platformAppCaller(token: token, requestID: requestID)
        case .superAdmins: directory.superAdminCaller(token: token, requestID: requestID)
        }
    }

    /// Answers with a run.
    func show(_ run: Int64, _ policy: String, by caller: Caller, status: HTTPResponse.Status = .ok) async throws -> Response {
        let record = try await directory.runs.show(run, policy: policy, by: caller.repeating)
        return Response.json(status: status) { record.write(to: &$0) }
    }
}

extension SyncError {
    /// What the client is told.
    var rendered: APIError {
        guard code == .busy else { return .validation([FieldProblem("base", message)]) }
        var error = APIError("busy", .conflict, message)
        error.headers[.retryAfter] = "5"
        return error
    }
}

extension UploadError {
    /// What the client is told.
    var rendered: APIError {
        switch code {
        case .tooLarge: .payloadTooLarge
        case .brokenOff: .badRequest
        case .storage: APIError("storage", .init(code: 507, reasonPhrase: "Insufficient Storage"), "The upload cannot be kept")
        }
    }
}
