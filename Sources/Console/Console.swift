// SPDX-License-Identifier: Apache-2.0

package import Directory
package import Secrets
package import WebSurface

/// `/super_admin`: where super admins operate the installation. What each page needs of the frame is told at ``Frame``.
package struct Console: Sendable {
    let directory: Directory
    private let desk: Desk
    private let publicURL: String

    /// - Parameter publicURL: how others reach the installation. Unless it is https, the console answers this machine only.
    package init(directory: Directory, passwords: PasswordHasher, publicURL: String) {
        self.directory = directory
        self.publicURL = publicURL
        desk = Desk(directory: directory, passwords: passwords, publicURL: publicURL)
    }

    /// Adds every route of the console.
    package func addRoutes(to router: WebRouter) {
        let frame = Frame(desk, router)
        OverviewPages(directory: directory).addRoutes(to: frame)
        UserPages(directory: directory, publicURL: publicURL).addRoutes(to: frame)
        AccountPages(directory: directory).addRoutes(to: frame)
        AgentBotPages(directory: directory).addRoutes(to: frame)
        frame.close()
    }
}
