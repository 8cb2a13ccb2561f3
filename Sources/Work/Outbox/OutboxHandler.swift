// SPDX-License-Identifier: Apache-2.0

package import Directory

/// Divides the outbox among the webhooks.
package struct OutboxHandler: JobHandler {
    private let outbox: OutboxStore

    package init(outbox: OutboxStore) {
        self.outbox = outbox
    }

    package var kind: String { "outbox" }

    package func due() async throws -> [String] { try await outbox.isPending() ? [""] : [] }

    package func run(_ job: Job) async throws -> JobOutcome {
        while try await outbox.divide() { try Task.checkCancellation() }
        return .done
    }
}
