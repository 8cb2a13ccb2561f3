// SPDX-License-Identifier: Apache-2.0

/// The closed lists that an account's fields choose from (contract section 3.1); an unknown value is refused.
package enum AccountVocabulary {
    /// Language codes of the product.
    package static let locales: Set<String> = [
        "en", "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu", "hy", "id",
        "is", "it", "ja", "ka", "ko", "lt", "lv", "ml", "ms", "ne", "nl", "no", "pl", "pt", "pt_BR", "ro", "ru", "sh", "sk",
        "sl", "sq", "sr", "sv", "ta", "th", "tl", "tr", "uk", "ur", "ur_IN", "vi", "zh", "zh_CN", "zh_TW",
    ]

    /// What a new account has, as stored: only the enabled names.
    package static var defaultFeatures: JSONText { json(features.filter(\.value)) }

    /// Feature names come from a closed list, so nothing needs escaping.
    static func json(_ features: [String: Bool]) -> JSONText {
        JSONText("{" + features.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}")
    }

    /// The five limits that can be set; all numbers, seats are `agents`.
    package static let limits: Set<String> = ["agents", "inboxes", "captain_responses", "captain_documents", "emails"]

    /// Every feature that can be switched, with whether a new account has it.
    package static let features: [String: Bool] = [
        "agent_bots": true, "agent_management": true, "assignment_v2": false, "audit_logs": false,
        "auto_resolve_conversations": true,
        "automations": true, "campaigns": true, "canned_responses": true, "captain_integration": false,
        "captain_integration_v2": false,
        "channel_email": true, "channel_facebook": true, "channel_instagram": true, "channel_tiktok": true,
        "channel_twitter": false,
        "channel_voice": false, "channel_website": true, "chatwoot_v4": true, "companies": false,
        "contact_chatwoot_support_team": true,
        "crm": true, "crm_integration": false, "crm_v2": false, "custom_attributes": true, "custom_reply_domain": false,
        "custom_reply_email": false, "custom_roles": false, "disable_branding": false, "email_continuity_on_api_channel": false,
        "help_center": true, "help_center_embedding_search": false, "inbound_emails": false, "inbox_management": true,
        "inbox_view": true, "insert_article_in_reply": false, "integrations": true, "ip_lookup": false, "labels": true,
        "linear_integration": false, "macros": true, "message_reply_to": false, "mobile_v2": true, "notion_integration": false,
        "quoted_email_reply": false, "report_v4": true, "reports": true, "response_bot": false, "saml": false,
        "search_with_gin": false, "shopify_integration": false, "sla": false, "team_management": true,
        "twilio_content_templates": false,
        "voice_recorder": true, "whatsapp_campaign": false, "whatsapp_embedded_signup": false,
    ]
}
