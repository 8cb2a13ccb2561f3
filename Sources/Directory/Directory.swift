// SPDX-License-Identifier: Apache-2.0

package import Postgres
package import Secrets

/// The domain: users, accounts, memberships and who owns them.
///
/// A store per noun; each call is one statement that resolves the caller, enforces ownership and does the work. Surfaces are
/// given the stores that they need and never the database.
package struct Directory: Sendable {
    let postgres: PostgresClient
    let keys: InstallationKeys
    let passwords: PasswordHasher
    /// What tokens were used for calls, until it is written down.
    let tokenUses = TokenUses()
    /// How often apps may call, where operators have set that.
    package let callLimits = CallLimits()
    /// The calls that provision, by their source.
    let turns = Turns()

    /// - Parameter master: reads the master key, whenever another program added a data key; without it those cannot be opened.
    package init(
        postgres: PostgresClient, keyring: Keyring, passwords: PasswordHasher,
        master: (@Sendable () async throws -> MasterKey)? = nil
    ) {
        self.postgres = postgres
        keys = InstallationKeys(keyring, master: master)
        self.passwords = passwords
    }

    package var users: UserStore { UserStore(directory: self) }
    package var accounts: AccountStore { AccountStore(directory: self) }
    package var agentBots: AgentBotStore { AgentBotStore(directory: self) }
    package var memberships: MembershipStore { MembershipStore(directory: self) }
    package var provisioning: ProvisionStore { ProvisionStore(directory: self) }
    package var customRoles: CustomRoleStore { CustomRoleStore(directory: self) }
    package var suspensions: SuspensionStore { SuspensionStore(directory: self) }
    package var permissibles: PermissibleStore { PermissibleStore(directory: self) }
    package var loginLinks: LoginLinkStore { LoginLinkStore(directory: self) }
    package var sessions: SessionStore { SessionStore(directory: self) }
    package var profiles: ProfileStore { ProfileStore(directory: self) }
    package var signInFailures: SignInFailureStore { SignInFailureStore(directory: self) }
    package var tokens: TokenStore { TokenStore(directory: self) }
    package var outbox: OutboxStore { OutboxStore(directory: self) }
    package var tombstones: TombstoneStore { TombstoneStore(directory: self) }
    package var webhooks: WebhookStore { WebhookStore(directory: self) }
    package var deliveries: DeliveryStore { DeliveryStore(directory: self) }
    package var settings: SettingStore { SettingStore(directory: self) }
    package var retention: RetentionStore { RetentionStore(directory: self) }
    package var runs: RunJournal { RunJournal(directory: self) }
    package var disputes: DisputeStore { DisputeStore(directory: self) }
    package var quarantine: QuarantineStore { QuarantineStore(directory: self) }
    package var overview: OverviewStore { OverviewStore(directory: self) }
    package var auditEvents: AuditEventStore { AuditEventStore(directory: self) }
    package var platformApps: PlatformAppStore { PlatformAppStore(directory: self) }
    package var dataKeys: DataKeyStore { DataKeyStore(directory: self) }
    package var superAdmins: SuperAdminStore { SuperAdminStore(directory: self) }
    package var links: LinkStore { LinkStore(directory: self) }
    package var history: HistoryStore { HistoryStore(directory: self) }
    package var superAdminSessions: SuperAdminSessionStore { SuperAdminSessionStore(directory: self) }

    /// The caller that a presented access token speaks for, when its signature is right and it is a Platform App's.
    ///
    /// Costs no query: a forged token never reaches the database.
    package func platformAppCaller(token: String, requestID: String?) -> Caller? {
        guard let claims = keyring.verify(token), claims.owner == .platformApp else { return nil }
        return Caller(claims: claims, requestID: requestID)
    }

    /// The same for a super admin's token.
    package func superAdminCaller(token: String, requestID: String?) -> Caller? {
        guard let claims = keyring.verify(token), claims.owner == .superAdmin else { return nil }
        return Caller(claims: claims, requestID: requestID)
    }

    /// How often the app behind a presented token may call, where that was set; nil for everything else, forged tokens included.
    package func callLimit(of token: String) -> CallLimit? { callLimits.limit(of: token, keyring) }

    /// Throws ``DirectoryError/invalidAccessToken`` unless the token is alive: for calls that fail before any statement checks it.
    package func authenticate(_ caller: Caller) async throws {
        let row = try await row("with \(caller: caller, needs: []) select app_id from caller")
        guard row != nil else { throw DirectoryError.invalidAccessToken }
    }

    /// Hashes a password; ``DirectoryError/unavailable`` when too many wait for that already.
    func hash(_ password: String) async throws -> String {
        do {
            return try await passwords.hash(password)
        } catch PasswordError.overloaded, PasswordError.stopped {
            throw DirectoryError.unavailable
        }
    }

    /// Runs one statement and gives its first row; constraint violations come out as the domain's errors.
    func row(_ query: PostgresQuery) async throws -> PostgresRow? {
        try await rows(query).first
    }

    /// Runs one statement that answers with rows.
    ///
    /// Two writers of one address check each other's row only when both are written, so that one may be a deadlock's victim.
    /// A statement is a transaction of its own: run again, it finds what the winner wrote.
    func rows(_ query: PostgresQuery) async throws -> PostgresRows {
        var attemptsLeft = 3
        while true {
            do throws(PostgresError) {
                let rows = try await run(query)
                await learnKeys(of: rows)
                return rows
            } catch {
                attemptsLeft -= 1
                guard error.isRetryable, attemptsLeft > 0 else { throw DirectoryError(error) ?? error }
            }
        }
    }
}
