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
        // A line a page.
        "overview": PackageResources.overview_mustache,
    ]

    /// Style and script.
    static let files: [String: [UInt8]] = [
        "console.css": PackageResources.console_css,
        "console.js": PackageResources.console_js + SecretScript.bytes,
    ]
}
