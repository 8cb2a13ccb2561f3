// SPDX-License-Identifier: Apache-2.0

import Foundation
import Postgres
import Secrets
import Testing

@testable import Directory

/// What only operators do finds no caller where a Platform App asks, whatever its scopes, and does nothing then.
@Suite struct OperatorStatementTests {
    private static func statements(_ caller: Caller) -> [String: PostgresQuery] {
        let page = PageRequest(limit: 1)
        return [
            "AuditSearchStatements.search": AuditSearchStatements.search(AuditEventFilter(), page, caller: caller),
            "OverviewStatements.figures": OverviewStatements.figures(caller: caller),
            "OverviewStatements.waitingRuns": OverviewStatements.waitingRuns(caller: caller),
            "OverviewStatements.failingWebhooks": OverviewStatements.failingWebhooks(caller: caller),
            "OverviewStatements.tokens": OverviewStatements.tokens(caller: caller),
            "OverviewStatements.stalledJobs": OverviewStatements.stalledJobs(caller: caller),
            "RunStatements.latest": RunStatements.latest(["a"], caller: caller),
            "RunStatements.policies": RunStatements.policies(caller: caller),
            "RunChangeStatements.refusalCounts": RunChangeStatements.refusalCounts(of: 1, caller: caller),
            "RunChangeStatements.findingCounts": RunChangeStatements.findingCounts(of: 1, caller: caller),
            "RunChangeStatements.accounts": RunChangeStatements.accounts(of: 1, page, caller: caller),
            "DisputeStatements.list": DisputeStatements.list(DisputeFilter(), id: nil, page, caller: caller),
            "DisputeStatements.take link": DisputeStatements.take(
                1, for: 1, .link(1), grants: false, reason: nil, caller: caller),
            "DisputeStatements.take adopt": DisputeStatements.take(
                1, for: 1, .adopt(1), grants: true, reason: nil, caller: caller),
            "DisputeStatements.settle": DisputeStatements.settle(1, ignore: true, reason: nil, caller: caller),
            "QuarantineStatements.list": QuarantineStatements.list(QuarantineFilter(), id: nil, page, caller: caller),
            "QuarantineStatements.retry": QuarantineStatements.retry(nil, QuarantineFilter(), caller: caller),
            "QuarantineStatements.retry policy": QuarantineStatements.retry(policy: "a", caller: caller),
            "QuarantineStatements.troubles": QuarantineStatements.troubles(page, caller: caller),
            "SettingStatements.retention": SettingStatements.retention(caller: caller),
            "SettingStatements.setRetention": SettingStatements.setRetention(Retention(), caller: caller),
            "SettingStatements.dataKeys": SettingStatements.dataKeys(caller: caller),
            "WebhookOperatorStatements.list": WebhookOperatorStatements.list(page, caller: caller),
            "WebhookOperatorStatements.setEnabled": WebhookOperatorStatements.setEnabled(1, true, caller: caller),
        ]
    }

    @Test(arguments: statements(.command).keys.sorted()) func operatorStatementsAreClosedToApps(_ name: String) throws {
        let app = Caller(claims: AccessTokenClaims(owner: .platformApp, id: 1, nonce: UUID(), keyID: 1))
        let closed = try #require(Self.statements(app)[name]).sql
        #expect(closed.contains("caller as (select 0::bigint as app_id") && closed.contains(" where false)"), "\(closed)")
        // Nothing that follows may begin without the caller: it is joined, or asked for.
        let body = try #require(closed.range(of: "where false)")).upperBound
        #expect(closed[body...].contains("caller"), "\(closed)")
    }
}
