// SPDX-License-Identifier: Apache-2.0

import Pages

/// What the console's pages are made of, part of the program.
enum ConsoleResources {
    /// Templates by the names under which pages and other templates ask for them.
    static let templates: [String: [UInt8]] = [
        "layout": PackageResources.layout_mustache,
        "form_token": PackageResources.form_token_mustache,
        "field": PackageResources.field_mustache,
        "pager": PackageResources.pager_mustache,
        "filters": PackageResources.filters_mustache,
        "badge": PackageResources.badge_mustache,
        "moment": PackageResources.moment_mustache,
        "facts": PackageResources.facts_mustache,
        "empty": PackageResources.empty_mustache,
        "danger": PackageResources.danger_mustache,
        "secret": PackageResources.secret_mustache,
        "message": PackageResources.message_mustache,
        "confirm": PackageResources.confirm_mustache,
        "table": PackageResources.table_mustache,
        "cell": PackageResources.cell_mustache,
        "row_form": PackageResources.row_form_mustache,
        "section": PackageResources.section_mustache,
        "act_form": PackageResources.act_form_mustache,
        "object_page": PackageResources.object_page_mustache,
        "object_list": PackageResources.object_list_mustache,
        "object_form": PackageResources.object_form_mustache,
        "form": PackageResources.form_mustache,
        "secrets": PackageResources.secrets_mustache,
        // A line a page.
        "overview": PackageResources.overview_mustache,
        "sync_policies": PackageResources.sync_policies_mustache,
        "sync_runs": PackageResources.sync_runs_mustache,
        "sync_run": PackageResources.sync_run_mustache,
        "sync_progress": PackageResources.sync_progress_mustache,
        "sync_findings": PackageResources.sync_findings_mustache,
        "sync_decision": PackageResources.sync_decision_mustache,
        "sync_undo": PackageResources.sync_undo_mustache,
        "sync_policy": PackageResources.sync_policy_mustache,
        "sync_dispute": PackageResources.sync_dispute_mustache,
        "run_rows": PackageResources.run_rows_mustache,
        "audit": PackageResources.audit_mustache,
        "settings": PackageResources.settings_mustache,
        "settings_webhooks": PackageResources.settings_webhooks_mustache,
        "profile": PackageResources.profile_mustache,
        "authenticator": PackageResources.authenticator_mustache,
        "enrolment": PackageResources.enrolment_mustache,
        "recovery_codes": PackageResources.recovery_codes_mustache,
        "super_admins": PackageResources.super_admins_mustache,
        "super_admin": PackageResources.super_admin_mustache,
        "platform_apps": PackageResources.platform_apps_mustache,
        "platform_app_new": PackageResources.platform_app_new_mustache,
        "platform_app": PackageResources.platform_app_mustache,
        "platform_app_end": PackageResources.platform_app_end_mustache,
        "token_fields": PackageResources.token_fields_mustache,
        "token_table": PackageResources.token_table_mustache,
        "access_tokens": PackageResources.access_tokens_mustache,
        "access_token": PackageResources.access_token_mustache,
        "app_tokens": PackageResources.app_tokens_mustache,
        "app_token_new": PackageResources.app_token_new_mustache,
        "issued": PackageResources.issued_mustache,
        "permissibles": PackageResources.permissibles_mustache,
        "permissible": PackageResources.permissible_mustache,
    ]

    /// Style and script.
    static let files: [String: [UInt8]] = [
        "console.css": PackageResources.console_css,
        "console.js": PackageResources.console_js + SecretScript.bytes,
    ]
}
