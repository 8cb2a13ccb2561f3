// SPDX-License-Identifier: Apache-2.0

package import Directory
import FoundationEssentials
import Secrets
package import Work

/// Sends a webhook's deliveries: one job a webhook, so that one daemon at a time does, and a receiver that is down holds up
/// nobody else's.
///
/// Of each object only the oldest is sent, so its events come in their order, and a delivery that fails holds up that object
/// alone. When nothing of what was tried got through, the job fails, and the pause between its attempts is the receiver's.
package struct DeliveryHandler: JobHandler {
    /// How it sends.
    package struct Options: Sendable {
        /// Requests to one receiver at a time.
        package var concurrency = 4
        /// How long one request may take, from the connection to the head of the answer.
        package var limit = Duration.seconds(15)
        /// The pause after the first failed attempt of a delivery.
        package var firstPause = Duration.seconds(5)

        package init() {}
    }

    private let deliveries: DeliveryStore
    private let policy: AddressPolicy
    private let resolver: Resolver
    private let authorities: ReceiverAuthorities
    private let options: Options

    package init(
        deliveries: DeliveryStore, policy: AddressPolicy, resolver: Resolver, authorities: ReceiverAuthorities = .system,
        options: Options = Options()
    ) {
        self.deliveries = deliveries
        self.policy = policy
        self.resolver = resolver
        self.authorities = authorities
        self.options = options
    }

    package var kind: String { "webhook" }

    package var longestPause: Duration { .seconds(300) }

    package func due() async throws -> [String] { try await deliveries.dueWebhooks().map(String.init) }

    package func run(_ job: Job) async throws -> JobOutcome {
        guard let webhook = Int64(job.key), let target = try await deliveries.target(webhook) else { return .done }
        do {
            guard let url = WebhookURL(target.url) else { throw DestinationError.badURL }
            let address = try await Sender.check(url, policy, resolver)
            return try await Sender.with(
                url, address: address, authorities: authorities, limit: options.limit
            ) { sender in
                try await send(webhook, to: target.url, sender)
            }
        } catch let error as DestinationError {
            for delivery in try await deliveries.due(webhook, limit: options.concurrency) {
                try await note(.failed(error.code), of: delivery)
            }
            throw error
        }
    }

    /// Sends until nothing is due, for as long as the checked address may be believed; then another job goes on.
    private func send(_ webhook: Int64, to url: String, _ sender: Sender) async throws -> JobOutcome {
        let end = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < end {
            let batch = try await deliveries.due(webhook, limit: options.concurrency)
            guard !batch.isEmpty else { return .done }
            // Read again for each batch: switched off, moved or given another secret, it is so at once.
            guard let target = try await deliveries.target(webhook) else { return .done }
            guard target.url == url else { return .again(after: .zero) }
            let results = try await withThrowingTaskGroup(of: SendResult.self) { group in
                for delivery in batch {
                    group.addTask {
                        let timestamp = Int64(Date().timeIntervalSince1970)
                        let signature = target.signature(of: delivery, timestamp: timestamp)
                        let result = try await sender.send(delivery, signature: signature, timestamp: timestamp)
                        try await note(result, of: delivery)
                        return result
                    }
                }
                return try await group.reduce(into: [SendResult]()) { $0.append($1) }
            }
            if let fault = ReceiverFault(results) { throw fault }
        }
        return .again(after: .zero)
    }

    private func note(_ result: SendResult, of delivery: Delivery) async throws {
        switch result {
        case .answered(let status) where result.isTaken: try await deliveries.delivered(delivery.id, status: status)
        case .answered(let status):
            try await deliveries.failed(delivery.id, status: status, error: "refused", pause: pause(after: delivery.attempts))
        case .failed(let code):
            try await deliveries.failed(delivery.id, status: nil, error: code, pause: pause(after: delivery.attempts))
        }
    }

    /// 5 s, 20 s, 80 s, 5 min, 21 min, 85 min and then 4 hours, each a little less at random.
    private func pause(after attempts: Int) -> Duration {
        let longest = options.firstPause * 2_880
        return min(options.firstPause * (1 << (2 * min(attempts, 8))), longest) * Double.random(in: 0.8...1)
    }
}

/// A receiver that took nothing of what it was sent: there is no sense in sending it the rest now.
struct ReceiverFault: Error, Equatable {
    let code: String

    /// nil when something got through, or when a single answer refuses a single message.
    init?(_ results: [SendResult]) {
        guard !results.contains(where: \.isTaken) else { return nil }
        let silent = results.compactMap { result in if case .failed(let code) = result { code } else { nil } }
        guard silent.count == results.count || results.count >= 3 else { return nil }
        code = silent.first ?? "refused"
    }
}
