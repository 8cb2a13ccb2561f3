// SPDX-License-Identifier: Apache-2.0

package import Directory
package import Secrets
package import Sync
package import WebSurface

/// `/super_admin`: where super admins operate the installation. What each page needs of the frame is told at ``Frame``.
package struct Console: Sendable {
    let directory: Directory
    private let desk: Desk
    private let facts: InstallationFacts
    private let policies: PolicyShelf?
    private let sync: SyncDesk?

    /// - Parameters:
    ///   - publicURL: how others reach the installation. Unless it is https, the console answers this machine only.
    ///   - policies: those that the daemon watches; nil where there is no sync.
    ///   - sync: begins runs that are asked for here; nil where nobody does.
    package init(
        directory: Directory, passwords: PasswordHasher, publicURL: String, facts: InstallationFacts = InstallationFacts(),
        policies: PolicyShelf? = nil, sync: SyncDesk? = nil
    ) {
        self.directory = directory
        self.facts = facts
        self.policies = policies
        self.sync = sync
        desk = Desk(directory: directory, passwords: passwords, publicURL: publicURL)
    }

    /// Adds every route of the console.
    package func addRoutes(to router: WebRouter) {
        let frame = Frame(desk, router)
        SignInPages(directory: directory, service: desk.signIn).addRoutes(to: frame)
        ProfilePages(directory: directory, service: desk.signIn).addRoutes(to: frame)
        AuthenticatorPages(directory: directory).addRoutes(to: frame)
        SuperAdminPages(directory: directory).addRoutes(to: frame)
        OverviewPages(directory: directory, facts: facts, policies: policies).addRoutes(to: frame)
        PlatformAppPages(apps: directory.platformApps).addRoutes(to: frame)
        AppTokenPages(apps: directory.platformApps, tokens: directory.tokens).addRoutes(to: frame)
        PermissiblePages(apps: directory.platformApps, permissibles: directory.permissibles).addRoutes(to: frame)
        GrantPages(apps: directory.platformApps, permissibles: directory.permissibles).addRoutes(to: frame)
        AccessTokenPages(tokens: directory.tokens).addRoutes(to: frame)
        UserPages(directory: directory, publicURL: desk.publicURL, policies: policies).addRoutes(to: frame)
        AccountPages(directory: directory).addRoutes(to: frame)
        AgentBotPages(directory: directory).addRoutes(to: frame)
        SyncPages(directory: directory, facts: facts, policies: policies, sync: sync).addRoutes(to: frame)
        AuditPages(directory: directory).addRoutes(to: frame)
        SettingsPages(directory: directory, facts: facts, publicURL: desk.publicURL).addRoutes(to: frame)
        frame.close()
    }
}
