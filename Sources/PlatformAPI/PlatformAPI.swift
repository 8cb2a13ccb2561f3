// SPDX-License-Identifier: Apache-2.0

package import Directory
import HTTPTypes
import Hummingbird
package import WebSurface

/// The Platform API, `/platform/api/v1`: what the installation's own software calls with the token of a Platform App.
///
/// Its calls on users, accounts and agent bots are there for operators as well, `/super_admin/api/v1`, with a super admin's
/// token: the same routes for another caller, who reaches everything.
///
/// A drop-in for the API of the same name (contract sections 1 to 5). Each noun has a folder with its routes, the parameters
/// it reads and the body it answers with; rules and ownership are the directory's.
package struct PlatformAPI: DirectorySurface {
    /// Whose calls are taken.
    package enum Audience: Sendable {
        case platformApps, superAdmins
    }

    let audience: Audience
    let users: UserStore
    let accounts: AccountStore
    let memberships: MembershipStore
    let provisioning: ProvisionStore
    let customRoles: CustomRoleStore
    let suspensions: SuspensionStore
    let permissibles: PermissibleStore
    let loginLinks: LoginLinkStore
    let sessions: SessionStore
    let tokens: TokenStore
    package let directory: Directory
    let agentBots: AgentBotStore
    let webhooks: WebhookStore
    let auditEvents: AuditEventStore
    let verify: @Sendable (_ token: String, _ requestID: String) -> Caller?
    let authenticate: @Sendable (Caller) async throws -> Void
    /// Shown as an account's `support_email` where it has none of its own.
    let senderAddress: String
    /// How others reach the installation, without a slash at the end.
    let publicURL: String

    /// - Parameters:
    ///   - senderAddress: the installation's own address.
    ///   - publicURL: where login links lead, without a slash at the end.
    package init(
        directory: Directory, senderAddress: String, publicURL: String, audience: Audience = .platformApps
    ) {
        self.audience = audience
        self.directory = directory
        users = directory.users
        accounts = directory.accounts
        memberships = directory.memberships
        provisioning = directory.provisioning
        customRoles = directory.customRoles
        suspensions = directory.suspensions
        permissibles = directory.permissibles
        loginLinks = directory.loginLinks
        sessions = directory.sessions
        tokens = directory.tokens
        agentBots = directory.agentBots
        webhooks = directory.webhooks
        auditEvents = directory.auditEvents
        verify =
            switch audience {
            case .platformApps: { directory.platformAppCaller(token: $0, requestID: $1) }
            case .superAdmins: { directory.superAdminCaller(token: $0, requestID: $1) }
            }
        authenticate = { try await directory.authenticate($0) }
        self.senderAddress = senderAddress
        self.publicURL = publicURL
    }

    /// Adds every route of the API.
    package func addRoutes(to router: WebRouter) {
        switch audience {
        case .platformApps:
            let api = router.routes.group("platform/api/v1")
            addObjectRoutes(to: api)
            addProvisionRoutes(to: api)
            addPermissibleRoutes(to: api)
            addWebhookRoutes(to: api)
            addAuditEventRoutes(to: api)
            addDisputeRoutes(to: api)
            // GET mints a link, as in the original.
            router.refuseHead(on: "platform/api/v1/users/:id/login")
        case .superAdmins:
            addObjectRoutes(to: router.routes.group("super_admin/api/v1"))
            router.refuseHead(on: "super_admin/api/v1/users/:id/login")
        }
    }

    /// What can be done with the objects that an app owns.
    private func addObjectRoutes(to api: RouterGroup<WebContext>) {
        addUserRoutes(to: api)
        addAccountRoutes(to: api)
        addAccountUserRoutes(to: api)
        addUserFindRoutes(to: api)
        addSuspensionRoutes(to: api)
        addCustomRoleRoutes(to: api)
        addAgentBotRoutes(to: api)
        addSignInRoutes(to: api)
    }

    /// Who calls: the holder of a token whose signature is right. The statement checks the rest.
    func caller(_ request: Request, _ context: WebContext) throws(APIError) -> Caller {
        guard let credential = context.web.credential, let caller = verify(credential.token, context.web.requestID) else {
            throw .invalidAccessToken
        }
        tokens.note(caller, address: context.web.remoteAddress)
        return caller
    }
}
