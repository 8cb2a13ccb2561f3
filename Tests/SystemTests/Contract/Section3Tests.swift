// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

extension ContractTests {
    /// 3. Accounts.
    @Suite("3") struct Section3 {
        /// What the installation gives a new account; our list, in the order of the body.
        static let defaultFeatures: [String] = [
            "agent_bots", "agent_management", "auto_resolve_conversations", "automations", "campaigns",
            "canned_responses", "channel_email", "channel_facebook", "channel_instagram", "channel_tiktok",
            "channel_website", "chatwoot_v4", "contact_chatwoot_support_team", "crm", "custom_attributes", "help_center",
            "inbox_management", "inbox_view", "integrations", "labels", "macros", "mobile_v2", "report_v4", "reports",
            "team_management", "voice_recorder",
        ]
    }
}
