// SPDX-License-Identifier: Apache-2.0
import Directory
import Postgres
import WebSurface

extension BoundedCount {
    /// The number, with a sign that there are more.
    var text: String { isMore ? "\(value)+" : "\(value)" }
}

extension Timestamp {
    var text: String { RunText.time(PostgresTimestamp(microseconds: microseconds)) }
}

extension Timestamp? {
    var text: String { self?.text ?? "never" }
}

extension PlatformApp.Reach {
    var text: String { "\(users.text) users, \(accounts.text) accounts, \(agentBots.text) agent bots" }
}

extension PlatformAppHandover {
    var text: String { "\(self[.user]) users, \(self[.account]) accounts, \(self[.agentBot]) agent bots" }

    func show(_ output: OutputOptions, _ sentence: String) {
        guard output.json else { return Console.out(sentence) }
        Console.json { writer in
            writer.object {
                $0.field("done", true)
                $0.field("users", self[.user])
                $0.field("accounts", self[.account])
                $0.field("agent_bots", self[.agentBot])
            }
        }
    }
}

extension PlatformApp {
    /// - Parameter stakes: what else there is, where the app is shown alone.
    func write(to writer: inout JSONWriter, _ stakes: PlatformAppStakes? = nil) {
        let reach = stakes?.reach ?? reach
        writer.object {
            $0.field("id", id)
            $0.field("name", name)
            $0.field("disabled", disabled)
            $0.field("users", reach.users.value)
            $0.field("accounts", reach.accounts.value)
            $0.field("agent_bots", reach.agentBots.value)
            // Counted no further: there are more.
            $0.field("counts_are_bounds", ObjectKind.allCases.contains { reach[$0].isMore })
            $0.field("live_tokens", liveTokens)
            if let lastUsedAt { $0.field("last_used_at", microseconds: lastUsedAt.microseconds) }
            $0.field("reveals_user_tokens", settings.revealsUserTokens)
            $0.field("login_link_seconds", Int64(settings.loginLinkSeconds))
            if let calls = settings.callsPerMinute { $0.field("calls_per_minute", Int64(calls)) }
            $0.field("created_at", microseconds: createdAt.microseconds)
            guard let stakes else { return }
            $0.field("webhooks", stakes.webhooks)
            $0.array("sources") { sources in
                for source in stakes.sources {
                    sources.object {
                        $0.field("name", source.name)
                        $0.array("policies") { for policy in source.policies { $0.element(policy) } }
                    }
                }
            }
        }
    }
}
