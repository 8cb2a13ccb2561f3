// SPDX-License-Identifier: Apache-2.0

import Foundation
import Postgres
import Secrets
import Testing

@testable import Directory

/// Every statement on an owned table resolves whom it works for and joins the permissibles itself.
@Suite struct StatementTests {
    static let caller = Caller(claims: AccessTokenClaims(owner: .platformApp, id: 1, nonce: UUID(), keyID: 1))
    static let range = ChangeRange(
        set: ChangeSet(run: 1, plannedAt: .now, count: 9, firstChunkEnd: 0), first: 1, last: 9)

    /// What a call of a Platform App runs: name as in the source, text.
    static let calls: [String: PostgresQuery] = [
        "UserStatements.show": UserStatements.show(1, caller: caller),
        "UserStatements.findPermitted": UserStatements.findPermitted(email: "a@x.org", caller: caller),
        "UserStatements.create": UserStatements.create(
            UserDraft(), email: "a@x.org", passwordHash: nil, keyID: 1, caller: caller),
        "UserStatements.update": UserStatements.update(
            1, UserUpdate(), email: nil, passwordHash: nil, needed: .write, caller: caller),
        "UserStatements.delete": UserStatements.delete(1, caller: caller),
        "UserStatements.handBack": UserStatements.handBack(1, fields: nil, caller: caller),
        "ProvisionStatements.plan": ProvisionStatements.plan([ProvisionItem()], numbers: [0], source: 1, caller: caller),
        "UserTokenStatements.lock": UserTokenStatements.lock(1, caller: caller),
        "UserTokenStatements.token": UserTokenStatements.token(1, TokenRequest(), keyID: 1, caller: caller),
        "UserFindStatements.find": UserFindStatements.find(UserQuery(page: PageRequest(limit: 1)), caller: caller),
        "UserFindStatements.members": UserFindStatements.find(membersOfOne, caller: caller),
        "AccountStatements.list": AccountStatements.list(nil, caller: caller),
        "AccountStatements.show": AccountStatements.show(1, caller: caller),
        "AccountStatements.create": AccountStatements.create(AccountDraft(), features: JSONText("{}"), caller: caller),
        "AccountStatements.update": AccountStatements.update(1, AccountDraft(), features: nil, caller: caller),
        "AccountStatements.delete": AccountStatements.delete(1, caller: caller),
        "MembershipStatements.list": MembershipStatements.list(accountID: 1, nil, caller: caller),
        "MembershipStatements.check": MembershipStatements.check(
            accountID: 1, userID: 1, caller: caller, needs: .accountUsersWrite),
        "MembershipStatements.upsert": MembershipStatements.upsert(accountID: 1, userID: 1, MembershipDraft(), caller: caller),
        "AgentBotStatements.list": AgentBotStatements.list(nil, caller: caller),
        "AgentBotStatements.show": AgentBotStatements.show(1, caller: caller),
        "AgentBotStatements.check": AgentBotStatements.check(1, account: 1, caller: caller),
        "AgentBotStatements.create": AgentBotStatements.create(AgentBotDraft(), keyID: 1, caller: caller),
        "AgentBotStatements.update": AgentBotStatements.update(1, AgentBotDraft(), caller: caller),
        "AgentBotStatements.delete": AgentBotStatements.delete(1, caller: caller),
        "MembershipStatements.delete": MembershipStatements.delete(accountID: 1, userID: 1, caller: caller),
        "SuspensionStatements.suspend": SuspensionStatements.suspend(user: 1, reason: nil, caller: caller),
        "SuspensionStatements.restore": SuspensionStatements.restore(user: 1, caller: caller),
        "SuspensionStatements.suspend membership": SuspensionStatements.suspend(
            accountID: 1, userID: 1, reason: nil, caller: caller),
        "SuspensionStatements.restore membership": SuspensionStatements.restore(accountID: 1, userID: 1, caller: caller),
        "SuspensionStatements.ofUsers": SuspensionStatements.ofUsers([1], caller: caller, needs: .usersRead),
        "SuspensionStatements.ofMemberships": SuspensionStatements.ofMemberships(
            [1], accountID: 1, caller: caller, needs: .accountUsersRead),
        "CustomRoleStatements.list": CustomRoleStatements.list(accountID: 1, nil, caller: caller),
        "CustomRoleStatements.show": CustomRoleStatements.show(1, accountID: 1, caller: caller, needs: .customRolesRead),
        "CustomRoleStatements.create": CustomRoleStatements.create(accountID: 1, CustomRoleDraft(), caller: caller),
        "CustomRoleStatements.update": CustomRoleStatements.update(1, accountID: 1, CustomRoleDraft(), caller: caller),
        "CustomRoleStatements.delete": CustomRoleStatements.delete(1, accountID: 1, caller: caller),
        "PermissibleStatements.list": PermissibleStatements.list(.user, after: 0, fetched: 1, caller: caller),
        "PermissibleStatements.release": PermissibleStatements.release(.user, 1, caller: caller),
        "DisputeStatements.ofApp": DisputeStatements.ofApp(DisputeFilter(), id: nil, PageRequest(limit: 1), caller: caller),
        "LoginLinkStatements.mint": LoginLinkStatements.mint(1, digest: [], caller: caller),
        "LoginLinkStatements.revoke": LoginLinkStatements.revoke(1, caller: caller),
        "UserSessionStatements.list": UserSessionStatements.list(1, caller: caller),
        "UserSessionStatements.end": UserSessionStatements.end(1, session: nil, caller: caller),
    ]

    private static var membersOfOne: UserQuery {
        var query = UserQuery(page: PageRequest(limit: 1))
        query.accountID = 1
        return query
    }

    private static let everything = ChangeWork(
        hasAccounts: true, createsAccounts: true, hasKnownUsers: true, createsUsers: true, hasFirstMemberships: true,
        hasLaterMemberships: true, movesLinks: true, deletes: true, hasCustomRoles: true, suspends: true, restores: true)

    /// What the change engine writes on behalf of a run's app.
    static let writes: [String: [PostgresQuery]] = [
        "ApplyStatements.accounts": ApplyStatements.accounts(range, everything),
        "ApplyStatements.users": ApplyStatements.users(range, everything, keyID: 1),
        "RefusalStatements.refuse": [RefusalStatements.refuse(.account, range), RefusalStatements.refuse(.user, range)],
    ]

    private static let operators = "operators only: see operatorsStatementsKnowNoApp"

    /// Statements that touch no owned object, or write none; each with the reason why it needs no permissible.
    static let exempt: [String: String] = [
        "ProfileStatements.update": "the person themselves, by their own credential",
        "ProfileStatements.passwordHash": "the person themselves, by their own credential",
        "ProfileStatements.setPassword": "the person themselves, by their own credential",
        "ProfileStatements.revealToken": "the person themselves, by their own credential",
        "ProfileStatements.rotateToken": "the person themselves, by their own credential",
        "ApplyStatements.createAccounts": "part of accounts or users",
        "ApplyStatements.updateAccounts": "part of accounts or users",
        "ApplyStatements.updateUsers": "part of accounts or users", "ApplyStatements.createUsers": "part of accounts or users",
        "ApplyStatements.removeMemberships": "part of accounts or users",
        "ApplyStatements.createMemberships": "part of accounts or users",
        "ApplyStatements.writeMemberships": "part of accounts or users",
        "ApplyStatements.suspend": "part of accounts or users", "ApplyStatements.restore": "part of accounts or users",
        "ApplyStatements.deleteUsers": "part of accounts or users",
        "ApplyStatements.createCustomRoles": "part of accounts or users",
        "ApplyStatements.clearCustomRoles": "part of accounts or users",
        "ApplyStatements.moveLinks": "part of accounts or users", "ApplyStatements.relink": "part of accounts or users",
        "RefusalStatements.refuseTakenEmails": "only refuses; reads whether an address is free",
        "SeatStatements.lock": "locks rows and shows none of them", "SeatStatements.refuse": "only refuses; counts seats",
        "ChangeStatements.hold": "locks the source", "ChangeStatements.takeOver": "marks the source",
        "ChangeStatements.claim": "writes applied ranges",
        "ChangeStatements.appliedRanges": "reads applied ranges", "ChangeStatements.refusalCounts": "reads refusals",
        "ChangeStatements.refusals": "reads refusals",
        "ProvisionStatements.finish": "ends a run", "ProvisionStatements.prepare": "makes the app's own source",
        "ChangeStatements.sizes": "counts users and links",
        "ChangeStatements.work": "counts what kinds of changes a plan holds",
        "ChangeStatements.locks": "locks rows and shows none of them",
        "ReadBackStatements.mismatches": "counts",
        "SessionStatements.redeem": "no app calls: needs the token of a login link, and asks for the permissible of its app",
        "LoginLinkStatements.state": "no app calls: needs the token of the link",
        "SessionStatements.passwordHash": "no app calls: what a password is compared with",
        "SessionStatements.open": "no app calls: needs the password",
        "SessionStatements.rehash": "no app calls: needs the password",
        "SessionStatements.person": "no app calls: a person's own", "SessionStatements.list": "no app calls: a person's own",
        "SessionStatements.end": "no app calls: a person's own",
        "SignInFailureStatements.count": "counts failures", "SignInFailureStatements.forgive": "counts failures",
        "ListStatements.end": operators, "ListStatements.search": operators, "UserListStatements.list": operators,
        "UserListStatements.exact": operators, "AccountListStatements.list": operators, "AgentBotListStatements.list": operators,
        "MembershipListStatements.ofUser": operators, "MembershipListStatements.ofAccount": operators,
        "MembershipListStatements.suspensions": operators, "OperatorSuspensionStatements.standing": operators,
        "OperatorSuspensionStatements.lift": operators, "OperatorSuspensionStatements.suspend": operators,
        "LinkStatements.list": operators, "HistoryStatements.events": operators, "HistoryStatements.changes": operators,
        "FactStatements.user": operators, "FactStatements.account": operators, "PermissibleStatements.owners": operators,
        "PermissibleStatements.grant": "operators only: see operatorsOnly",
        "PermissibleStatements.revoke": "likewise", "AppPermissibleStatements.list": "likewise",
        "AppPermissibleStatements.show": "likewise",
        "AppPermissibleStatements.candidates": "likewise",
        "PlatformAppStatements.create": "likewise", "PlatformAppStatements.list": "likewise",
        "PlatformAppStatements.show": "likewise", "PlatformAppStatements.stakes": "likewise",
        "PlatformAppStatements.update": "likewise", "PlatformAppStatements.disable": "likewise",
        "PlatformAppStatements.enable": "likewise", "PlatformAppStatements.switched": "part of disable and enable",
        "PlatformAppStatements.callLimits": "no token gets there: what each process keeps to itself",
        "HandoverStatements.lock": "operators only", "HandoverStatements.move": "likewise",
        "HandoverStatements.sources": "likewise", "HandoverStatements.releaseSources": "likewise",
        "HandoverStatements.end": "likewise",
        "TokenStatements.list": "likewise", "TokenStatements.show": "likewise", "TokenStatements.reveal": "likewise",
        "TokenStatements.issue": "likewise", "TokenStatements.rotate": "likewise", "TokenStatements.revoke": "likewise",
        "IdempotencyStatements.lock": "the app's own keys", "IdempotencyStatements.find": "the app's own keys",
        "IdempotencyStatements.store": "the app's own keys", "IdempotencyStatements.renew": "the app's own keys",
        "IdempotencyStatements.finish": "the app's own keys", "IdempotencyStatements.release": "the app's own keys",
        "PurgeStatements.all": "purges what is deleted for everybody; no token gets there",
        "PurgeStatements.objects": "part of all", "PurgeStatements.accounts": "part of all",
        "PurgeStatements.botsOfAccounts": "part of all", "PurgeStatements.members": "part of all",
        "PurgeStatements.webhooks": "part of all", "PurgeStatements.deliveriesOfWebhooks": "part of all",
        "PurgeStatements.expiredSessions": "part of all",
        "PurgeStatements.deadLoginLinks": "part of all", "PurgeStatements.expiredSuperAdminSessions": "part of all",
        "OutboxStatements.emit": "writes the outbox", "OutboxStatements.divideEvents": "joins the permissibles of each webhook",
        "OutboxStatements.divideRange": "joins the permissibles of each webhook",
        "WebhookStatements.list": "webhooks have one owner, which is joined: see webhooksAreTheCallers",
        "WebhookStatements.show": "likewise", "WebhookStatements.create": "likewise", "WebhookStatements.update": "likewise",
        "WebhookStatements.delete": "likewise", "WebhookStatements.deliveries": "likewise",
        "WebhookStatements.redeliver": "likewise", "WebhookStatements.rotate": "likewise",
        "DeliveryStatements.target": "no token gets there",
        "DeliveryStatements.due": "no token gets there", "DeliveryStatements.delivered": "no token gets there",
        "AuditEventStatements.list": "the caller's app is joined, and its permissible on the object asked for",
        "DeliveryStatements.failed": "no token gets there",
        "AuditSearchStatements.search": "operators only: see operatorStatementsAreClosedToApps",
        "OverviewStatements.figures": "likewise", "OverviewStatements.waitingRuns": "likewise",
        "OverviewStatements.failingWebhooks": "likewise", "OverviewStatements.tokens": "likewise",
        "OverviewStatements.stalledJobs": "likewise",
        "RunStatements.latest": "likewise", "RunStatements.policies": "likewise",
        "RunStatements.list": "runs have one app, which is asked for: see runsAreTheCallers",
        "RunStatements.show": "see runsAreTheCallers", "RunStatements.release": "see runsAreTheCallers",
        "RunStatements.reject": "see runsAreTheCallers", "RunBeginStatements.reach": "see runsAreTheCallers",
        "RunBeginStatements.begin": "see runsAreTheCallers", "RunBeginStatements.beginUndo": "see runsAreTheCallers",
        "ExplanationStatements.fields": "see operatorsStatementsKnowNoApp", "ExplanationStatements.memberships": "likewise",
        "ExplanationStatements.suspensions": "likewise", "ExplanationStatements.reads": "likewise",
        "RunDecisionStatements.decide": "see runsAreTheCallers", "RunDecisionStatements.counts": "operators only",
        "RunChangeStatements.list": "see runsAreTheCallers", "RunChangeStatements.refusalCounts": "operators only",
        "RunChangeStatements.findings": "see runsAreTheCallers",
        "RunChangeStatements.findingCounts": "operators only", "RunChangeStatements.accounts": "operators only",
        "DisputeStatements.list": "see operatorsStatementsKnowNoApp", "DisputeStatements.take": "likewise",
        "DisputeStatements.settle": "likewise",
        "QuarantineStatements.list": "likewise", "QuarantineStatements.retry": "likewise",
        "QuarantineStatements.troubles": "likewise",
        "StandingStatements.failed": "no token gets there; deliveries to the webhooks of the run's app",
        "StandingStatements.recovered": "likewise", "StandingStatements.retryLater": "no token gets there",
        "StandingStatements.forgetRetry": "likewise", "StandingStatements.isPutAside": "likewise",
        "SettingStatements.retention": "see operatorStatementsAreClosedToApps", "SettingStatements.setRetention": "likewise",
        "SettingStatements.dataKeys": "likewise",
        "WebhookOperatorStatements.list": "likewise", "WebhookOperatorStatements.setEnabled": "likewise",
        "RetentionStatements.auditEvents": "part of the purge; no token gets there",
        "RetentionStatements.deliveries": "likewise", "RetentionStatements.months": "likewise",
        "RetentionStatements.changes": "likewise", "RetentionStatements.findings": "likewise",
        "RetentionStatements.keptReads": "likewise", "RetentionStatements.refusals": "likewise",
        "RetentionStatements.runs": "likewise",
    ]

    @Test(arguments: calls.keys.sorted()) func callsResolveTheirCaller(_ name: String) throws {
        let sql = try #require(Self.calls[name]).sql
        #expect(sql.hasPrefix("with caller as (select a.id as app_id"))
        for condition in [
            "t.nonce = $", "a.disabled_at is null", "t.revoked_at is null", "t.expires_at > now()", "'platform_app'",
            "require_scopes(t.scopes, array['",
        ] {
            #expect(sql.contains(condition))
        }
        let joins = sql.contains("p.platform_app_id = caller.app_id")
        let grants = sql.contains("insert into platform_app_permissibles") && sql.contains("'created', 15 from created, caller")
        #expect(joins || grants)
        // Who reads or writes on both sides asks on both sides.
        if (name.hasPrefix("MembershipStatements") && !name.hasSuffix("list")) || name.hasSuffix(" membership") {
            #expect(sql.contains("p.kind = 'account'") && sql.contains("p.kind = 'user'"))
        }
        // Writing needs more than being permitted at all.
        if sql.contains("update users x") || sql.contains("update accounts x") || sql.contains("update agent_bots x")
            || sql.contains("delete from account_users")
        {
            #expect(sql.contains(/permit\.rights & (2|4|8|\$\d+)/))
        }
        // No membership without its account's permissible.
        if sql.contains("join accounts a on a.id = au.account_id") {
            #expect(sql.contains("pa.platform_app_id = caller.app_id and pa.rights & 1 <> 0"))
        }
    }

    @Test(arguments: writes.keys.sorted()) func writesOfTheEngineJoinThePermissibles(_ name: String) throws {
        for statement in try #require(Self.writes[name]) {
            let sql = statement.sql
            #expect(sql.hasPrefix("with accepted as materialized (") && sql.contains("pa.disabled_at is null"))
            let joins = sql.contains(/(p|up)\.platform_app_id = [cd]\.app_id/)
            let grants =
                sql.contains("insert into platform_app_permissibles") && sql.contains("c.app_id, c.object_id, 'created', 15")
            #expect(joins || grants, "\(sql)")
            if sql.contains("account_users") {
                #expect(
                    sql.contains(/up\.platform_app_id = [cd]\.app_id/) && sql.contains(/ap\.platform_app_id = [cd]\.app_id/),
                    "\(sql)")
            }
            if joins { #expect(sql.contains("rights & "), "\(sql)") }
        }
    }

    /// A source that comes from a join lets the planner pair all links with all changes, and never come back.
    @Test func linksAreFoundByASourceThatIsAValue() {
        let readBack = ReadBackStatements.mismatches(Self.range.set)
        #expect(readBack.sql.contains("l.source_id = (select") && !readBack.sql.contains("join runs"))
        for statement in Self.writes.values.flatMap({ $0 }) + [readBack] {
            #expect(!statement.sql.contains(/join links \w+ on [^\n]*source_id = [a-z]+\./), "\(statement.sql)")
        }
    }

    @Test func webhooksAreTheCallers() {
        let caller = Self.caller
        for statement in [
            WebhookStatements.list(nil, caller: caller), WebhookStatements.show(1, caller: caller),
            WebhookStatements.update(1, WebhookDraft(), caller: caller), WebhookStatements.delete(1, caller: caller),
            WebhookStatements.deliveries(1, PageRequest(limit: 1), caller: caller),
            WebhookStatements.redeliver(1, delivery: 1, caller: caller),
            WebhookStatements.rotate(1, overlap: 1, keyID: 1, caller: caller),
        ] {
            #expect(statement.sql.hasPrefix("with caller as (select a.id as app_id"))
            #expect(statement.sql.contains(/(o|w|x)\.platform_app_id = caller\.app_id/))
        }
    }

    @Test func runsAreTheCallers() {
        let (caller, page) = (Self.caller, PageRequest(limit: 1))
        let (reading, writing): ([PostgresQuery], [PostgresQuery]) = (
            [
                RunStatements.list(RunFilter(policy: "p"), page, caller: caller),
                RunStatements.show(1, policy: "p", caller: caller),
                RunChangeStatements.list(of: 1, policy: "p", RunChangeFilter(), page, caller: caller),
                RunChangeStatements.findings(of: 1, policy: "p", page, caller: caller),
            ],
            [
                RunStatements.release(1, policy: "p", caller: caller),
                RunStatements.reject(1, reason: "r", policy: "p", caller: caller),
                RunDecisionStatements.decide(.approved, of: 1, RunSelection(), reason: nil, policy: "p", caller: caller),
                RunBeginStatements.reach(platformApp: "a", caller: caller),
                RunBeginStatements.begin(policy: "p", fingerprint: "x", source: 1, fileName: "f", applies: true, caller: caller),
                RunBeginStatements.beginUndo(of: 1, applies: true, caller: caller),
            ]
        )
        for (statements, scope) in [(reading, "runs:read"), (writing, "runs:write")] {
            for statement in statements {
                #expect(statement.sql.contains(/^with (recursive )?caller as \(select a\.id as app_id/), "\(statement.sql)")
                #expect(statement.sql.contains("require_scopes(t.scopes, array['\(scope)']"), "\(statement.sql)")
                #expect(statement.sql.contains(/(r|x|s|a)\.(platform_app_)?id = caller\.app_id/), "\(statement.sql)")
            }
        }
        // What is written is the caller's in the writing itself, not only in what is shown of it.
        for statement in [RunStatements.release(1, caller: caller), RunStatements.reject(1, reason: "r", caller: caller)] {
            #expect(statement.sql.contains(/x\.released_at is null\s+and x\.platform_app_id = caller\.app_id/))
        }
    }

    /// For a Platform App these have no caller, whatever its scopes.
    @Test func operatorsStatementsKnowNoApp() {
        let (caller, page) = (Self.caller, PageRequest(limit: 1))
        let author = SuspensionAuthor(kind: "command", id: 0)!
        let statements: [PostgresQuery] = [
            ListStatements.end(.all, of: .user, page, caller: caller), ListStatements.search(.user, "x", caller: caller),
            UserListStatements.list(UserListQuery(page: page), .all, caller: caller),
            UserListStatements.exact(email: "x", externalID: nil, caller: caller),
            AccountListStatements.list(AccountListQuery(page: page), .all, caller: caller),
            AgentBotListStatements.list(AgentBotListQuery(page: page), .all, caller: caller),
            MembershipListStatements.ofUser(1, only: nil, page, caller: caller),
            MembershipListStatements.ofAccount(1, page, caller: caller),
            MembershipListStatements.suspensions([1], caller: caller),
            OperatorSuspensionStatements.standing(.user, 1, caller: caller),
            OperatorSuspensionStatements.lift(user: 1, author, caller: caller),
            OperatorSuspensionStatements.lift(account: 1, author, caller: caller),
            OperatorSuspensionStatements.lift(accountID: 1, userID: 1, author, caller: caller),
            OperatorSuspensionStatements.suspend(account: 1, reason: nil, caller: caller),
            LinkStatements.list(.user, 1, caller: caller),
            ExplanationStatements.fields(.user, 1, caller: caller), ExplanationStatements.fields(.account, 1, caller: caller),
            ExplanationStatements.memberships(1, caller: caller), ExplanationStatements.suspensions(.user, 1, caller: caller),
            ExplanationStatements.reads(.user, 1, caller: caller),
            RunChangeStatements.refusalCounts(of: 1, caller: caller), RunDecisionStatements.counts(of: 1, caller: caller),
            HistoryStatements.events(.user, 1, before: .newest, limit: 1, caller: caller),
            HistoryStatements.changes(.user, 1, before: .newest, limit: 1, caller: caller),
            FactStatements.user(1, caller: caller), FactStatements.account(1, membersUpTo: nil, caller: caller),
            PermissibleStatements.owners(.user, 1, by: caller),
        ]
        for statement in statements {
            #expect(statement.sql.hasPrefix("with caller as (select 0::bigint as app_id"))
            #expect(statement.sql.prefix(300).contains("where false)"))
        }
    }

    /// For the caller of an app each of these finds no caller at all, whatever scopes its token has.
    @Test func operatorsOnly() {
        let (caller, draft, page) = (Self.caller, PlatformAppDraft(name: "A"), PageRequest(limit: 1))
        let statements: [PostgresQuery] =
            [
                PermissibleStatements.grant(.user, 1, to: 1, .all, by: caller),
                PermissibleStatements.revoke(.user, 1, from: 1, by: caller),
                AppPermissibleStatements.list(.user, of: 1, page, by: caller),
                AppPermissibleStatements.show(.user, 1, of: 1, by: caller),
                AppPermissibleStatements.candidates(.user, for: 1, "a", id: 1, most: 1, by: caller),
                PlatformAppStatements.create(draft, keyID: 1, by: caller),
                PlatformAppStatements.list(page, text: "a", bound: 1, by: caller),
                PlatformAppStatements.show(1, bound: 1, by: caller), PlatformAppStatements.stakes(1, by: caller),
                PlatformAppStatements.update(1, PlatformAppUpdate(), by: caller),
                PlatformAppStatements.disable(1, by: caller), PlatformAppStatements.enable(1, by: caller),
                HandoverStatements.lock([1], by: caller),
                HandoverStatements.move(.account, from: 1, to: .app(2), .after(0), by: caller),
                HandoverStatements.move(.user, from: 1, to: .nobody, .one(1), by: caller),
                HandoverStatements.releaseSources(of: 1, by: caller),
                HandoverStatements.end(1, to: .nobody, by: caller),
                TokenStatements.list(TokenQuery(page: page), by: caller), TokenStatements.show(1, by: caller),
                TokenStatements.reveal(1, by: caller),
                TokenStatements.issue(to: 1, scopes: nil, expiresIn: nil, keyID: 1, by: caller),
                TokenStatements.rotate(of: 1, nil, overlap: 1, keyID: 1, by: caller),
                TokenStatements.revoke(1, of: nil, by: caller),
            ] + HandoverStatements.sources(from: 1, to: 2, by: caller)
        for statement in statements {
            #expect(
                statement.sql.contains(/^with caller as \(select 0::bigint as app_id,[^()]* where false\)/), "\(statement.sql)")
        }
    }

    @Test func everyStatementIsListed() throws {
        var found: Set<String> = []
        for (file, text) in try Self.sources() where file.hasSuffix("Statements.swift") {
            let type = file.dropLast(".swift".count)
            for match in text.matches(of: /static func (\w+)\([^{]*?\)\s*->\s*\[?PostgresQuery/) {
                found.insert("\(type).\(match.1)")
            }
        }
        let listed = Set(Self.calls.keys.map { String($0.prefix { $0 != " " }) }).union(Self.writes.keys).union(Self.exempt.keys)
            .union(Self.superAdmins.keys).union(Self.superAdminsSigningIn)
        #expect(found.subtracting(listed) == [], "new statements: list them here, with their permissibles")
        #expect(listed.subtracting(found) == [], "statements that are gone")
    }

    @Test func noStatementOnOwnedTablesIsWrittenElsewhere() throws {
        let allowed: Set<String> = []
        let owned =
            /(from|join|into|update|using) (users|accounts|account_users|agent_bots|custom_roles|platform_app_permissibles|\w+_permissibles|suspensions|links)\b/
        for (file, text) in try Self.sources() where !file.hasSuffix("Statements.swift") && !allowed.contains(file) {
            let code = text.split(separator: "\n").filter { !$0.contains("//") }.joined(separator: "\n")
            // These are the joins that statements share; every statement that uses them is tested above. A user's own token
            // reaches what is the user's, and no permissible.
            if ["Caller.swift", "UserCaller.swift", "UserRow.swift", "SignedInRow.swift"].contains(file) { continue }
            #expect(code.firstMatch(of: owned) == nil, "\(file)")
        }
    }

    private static func sources() throws -> [(file: String, text: String)] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Sources/Directory").standardized
        let files = try #require(FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)).compactMap {
            $0 as? URL
        }
        let swift = files.filter { $0.pathExtension == "swift" }
        #expect(swift.count > 20)
        return try swift.map { ($0.lastPathComponent, try String(contentsOf: $0, encoding: .utf8)) }
    }
}
