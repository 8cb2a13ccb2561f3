// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Logging
import Postgres
import ServiceLifecycle
import Testing
import WebSurface
import Webhooks
import Work

extension TestDirectory {
    func user(_ email: String, by app: TestApp) async throws -> User {
        var draft = UserDraft()
        draft.email = email
        draft.name = "Somebody"
        return try await directory.users.create(draft, by: app.caller)
    }

    func rename(_ id: Int64, _ name: String, by app: TestApp) async throws {
        var update = UserUpdate()
        update.name = name
        _ = try await directory.users.update(id, update, by: app.caller)
    }

    func account(_ name: String, by app: TestApp) async throws -> Account {
        var draft = AccountDraft()
        draft.name = name
        return try await directory.accounts.create(draft, by: app.caller)
    }

    func join(_ user: Int64, _ account: Int64, _ role: Role? = nil, by app: TestApp) async throws {
        var draft = MembershipDraft()
        draft.userID = user
        draft.role = role
        _ = try await directory.memberships.upsert(accountID: account, draft, by: app.caller)
    }

    func webhook(_ url: String, _ events: [String]? = nil, by app: TestApp) async throws -> Webhook {
        var draft = WebhookDraft()
        draft.url = url
        draft.events = events
        return try await directory.webhooks.create(draft, by: app.caller)
    }

    func grant(_ kind: String, _ id: Int64, to app: TestApp, rights: Int16) async throws {
        try await postgres.execute(
            """
            insert into platform_app_permissibles (kind, platform_app_id, object_id, origin, rights)
            values (\(kind)::text::object_kind, \(app.id), \(id), 'granted', \(rights))
            """)
    }

    /// The types of the deliveries of a webhook, in their order.
    func deliveryTypes(_ webhook: Int64) async throws -> [String] {
        try await postgres.query("select type from deliveries where webhook_id = \(webhook) order by id").map {
            try $0.decode(String.self, "type")
        }
    }

    func text(_ query: PostgresQuery) async throws -> String {
        try await postgres.query(query).first?.decode(String?.self, at: 0) ?? ""
    }

    func divideAll() async throws { while try await directory.outbox.divide(limit: 3) {} }

    /// Workers as the daemon composes them, in a hurry.
    func worker(
        allowing networks: [String] = ["127.0.0.0/8"], hosts: [String: [String]] = [:], limit: Duration = .seconds(5),
        authorities: ReceiverAuthorities = .system, firstPause: Duration = .milliseconds(2), lease: Duration = .seconds(60),
        logger: Logger = Logger(label: "quiet", factory: { _ in SwiftLogNoOpLogHandler() })
    ) -> Worker {
        var options = DeliveryHandler.Options()
        options.limit = limit
        options.firstPause = firstPause
        var pace = Worker.Options()
        pace.period = .milliseconds(10)
        pace.firstPause = .milliseconds(5)
        let resolver = Resolver { host in hosts[host] ?? (host.contains { $0.isLetter } ? [] : [host]) }
        return Worker(
            queue: JobQueue(postgres: postgres, lease: lease),
            handlers: [
                OutboxHandler(outbox: directory.outbox),
                DeliveryHandler(
                    deliveries: directory.deliveries, policy: AddressPolicy(allowed: networks.compactMap { AddressBlock($0) }),
                    resolver: resolver, authorities: authorities, options: options),
            ], options: pace, logger: logger)
    }

    /// Runs workers until `isDone`, then drains them.
    func run(_ workers: [Worker], until isDone: @escaping @Sendable () async throws -> Bool) async throws {
        let quiet = Logger(label: "quiet", factory: { _ in SwiftLogNoOpLogHandler() })
        let group = ServiceGroup(configuration: .init(services: workers.map { .init(service: $0) }, logger: quiet))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            do {
                let end = ContinuousClock.now + .seconds(30)
                while try await !isDone() {
                    try #require(ContinuousClock.now < end, "the workers do not get there")
                    try await Task.sleep(for: .milliseconds(5))
                }
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// Runs a worker until nothing waits any more.
    func deliverAll(_ worker: Worker? = nil) async throws {
        try await run([worker ?? self.worker()]) {
            try await count(
                "select (select count(*) from outbox) + (select count(*) from deliveries where state = 'pending')") == 0
        }
    }
}
