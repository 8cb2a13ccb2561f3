// SPDX-License-Identifier: Apache-2.0

package import Directory
import HTTPTypes
import Hummingbird
package import WebSurface

/// The Super Admin API, `/super_admin/api/v1`: what the console does with apps, grants, tokens, runs, settings and the trail, for programs
/// that carry a super admin's scoped token.
///
/// The calls on users, accounts and agent bots beside these are the Platform API's own, for another audience. The original has no
/// such API, so nothing here follows a contract; shapes, lists, errors and lenient types are those of the Platform API.
package struct SuperAdminAPI: DirectorySurface {
    package let directory: Directory

    package init(directory: Directory) {
        self.directory = directory
    }

    /// Adds every route of the API.
    package func addRoutes(to router: WebRouter) {
        let api = router.routes.group("super_admin/api/v1")
        addPlatformAppRoutes(to: api)
        addPermissibleRoutes(to: api)
        addAccessTokenRoutes(to: api)
        addSuperAdminRoutes(to: api)
        addSuperAdminSessionRoutes(to: api)
        addSyncRunRoutes(to: api)
        addDisputeRoutes(to: api)
        addQuarantineRoutes(to: api)
        addSettingRoutes(to: api)
        addAuditEventRoutes(to: api)
        addExplanationRoutes(to: api)
    }

    /// Who calls: the holder of a super admin's token whose signature is right. The statement checks the rest.
    func caller(_ context: WebContext) throws(APIError) -> Caller {
        guard let credential = context.web.credential,
            let caller = directory.superAdminCaller(token: credential.token, requestID: context.web.requestID)
        else { throw .invalidAccessToken }
        directory.tokens.note(caller, address: context.web.remoteAddress)
        return caller
    }

    /// The parameters of body and query.
    func reader(_ request: Request, _ context: WebContext, _ caller: Caller) async throws -> ParameterReader {
        try await parameters(request, context) { try await directory.authenticate(caller) }
    }

    /// Answers a page of a list.
    ///
    /// - Parameter list: names the list, with its filters.
    func list<Item>(
        _ reader: inout ParameterReader, _ request: Request, _ context: WebContext, _ caller: Caller, list: String,
        page: (PageRequest) async throws -> Page<Item>, write: (Item, inout JSONWriter) -> Void
    ) async throws -> Response {
        try await self.list(
            &reader, request, context, list: list, isOriginal: false, itemSize: 384,
            reach: { try await directory.authenticate(caller) }, page: { try await page($0 ?? .first) }, write: write)
    }
}

extension ParameterReader {
    /// Scopes by name: an array of texts, or one text with commas; nil where none are given.
    ///
    /// - Parameter read: reads one.
    mutating func scopes(_ key: String, _ read: (String) -> Scope?) -> [Scope]? {
        let names: [String]?
        switch value(key) {
        case .absent, .null: names = nil
        case .value(.array(let elements)):
            names = elements.map { if case .string(let text) = $0 { text } else { "" } }
        case .value(.string(let text)):
            names = text.split(separator: ",").map { String($0.drop { $0 == " " }) }
        case .value: names = [""]
        }
        guard let names else { return nil }
        let scopes = names.compactMap(read)
        if scopes.count < names.count { complain(key, "is not included in the list") }
        return scopes
    }
}
