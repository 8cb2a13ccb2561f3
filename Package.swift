// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// Every target of ours: Swift 6 mode, warnings are errors, imports and existentials explicit.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    // LLVM's dead store elimination takes the end of an async function for unreachable code (llvm/llvm-project#53800). Of a result
    // returned in memory it so drops a value that is replaced on one path only, and the other path returns garbage, as here:
    // `var page = Page(); if isBad { page.status = 422 }; return page`. Stores of other blocks are too dear for it now.
    .unsafeFlags(["-Xllvm", "-dse-memoryssa-otherbb-cost=100000"], .when(configuration: .release)),
]

extension Target.Dependency {
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let asyncHTTPClient = product(name: "AsyncHTTPClient", package: "async-http-client")
    static let configuration = product(name: "Configuration", package: "swift-configuration")
    static let httpTypes = product(name: "HTTPTypes", package: "swift-http-types")
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let hummingbirdCore = product(name: "HummingbirdCore", package: "hummingbird")
    static let logging = product(name: "Logging", package: "swift-log")
    static let metrics = product(name: "Metrics", package: "swift-metrics")
    static let mustache = product(name: "Mustache", package: "swift-mustache")
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioHTTPTypes = product(name: "NIOHTTPTypes", package: "swift-nio-extras")
    static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let serviceLifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let subprocess = product(name: "Subprocess", package: "swift-subprocess")
    static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
    static let systemPackage = product(name: "SystemPackage", package: "swift-system")
    static let yams = product(name: "Yams", package: "Yams")
}

/// A module and what it may import: the arrows of the module map in README.md.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// What tests share, and what they need to make it.
func testSupport(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: strict)
}

func benchmark(_ name: String, folder: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: "Tests/Benchmarks/\(folder)", swiftSettings: strict)
}

/// What the console's pages are made of; `Console/Frame/ConsoleResources.swift` names each of them once more.
let consoleResources = [
    // The frame and its parts.
    "console.css", "console.js", "layout.mustache", "field.mustache", "pager.mustache", "filters.mustache", "badge.mustache",
    "moment.mustache", "facts.mustache", "empty.mustache", "danger.mustache", "secret.mustache", "message.mustache",
    "confirm.mustache", "form_token.mustache", "form.mustache",
    "secrets.mustache",
    // A line a noun.
    "overview.mustache",
    "table.mustache", "cell.mustache", "row_form.mustache", "section.mustache", "act_form.mustache", "object_page.mustache",
    "object_list.mustache", "object_form.mustache",
    "sync_policies.mustache", "sync_runs.mustache", "sync_run.mustache", "sync_progress.mustache", "sync_findings.mustache",
    "run_rows.mustache", "sync_decision.mustache", "sync_undo.mustache", "sync_policy.mustache",
    "sync_dispute.mustache",
    "audit.mustache", "settings.mustache", "settings_webhooks.mustache",
    "profile.mustache", "authenticator.mustache", "enrolment.mustache", "recovery_codes.mustache",
    "super_admins.mustache", "super_admin.mustache",
    "platform_apps.mustache", "platform_app.mustache", "platform_app_new.mustache", "platform_app_end.mustache",
    "permissibles.mustache", "permissible.mustache", "access_tokens.mustache", "access_token.mustache", "app_tokens.mustache",
    "app_token_new.mustache", "token_fields.mustache", "token_table.mustache", "issued.mustache",
]

let package = Package(
    name: "muster",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // No traits: the file is read by Yams, which knows lines and columns; flags come from swift-argument-parser.
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev", "libcrypt-dev"])]),
        .systemLibrary(name: "CQRencode", pkgConfig: "libqrencode", providers: [.apt(["libqrencode-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        module("Postgres", ["CLibPQ", .logging, .metrics, .serviceLifecycle]),
        module("Secrets", ["COpenSSL", "CQRencode"]),
        .target(
            name: "Directory",
            dependencies: ["Postgres", "Secrets"],
            resources: [
                .embedInCode("Migrations/V0001_first_light.sql"),
                .embedInCode("Migrations/V0002_parallel_apply.sql"),
                .embedInCode("Migrations/V0003_work.sql"),
                .embedInCode("Migrations/V0004_find.sql"),
                .embedInCode("Migrations/V0005_idempotency_keys.sql"),
                .embedInCode("Migrations/V0006_sign_in.sql"),
                .embedInCode("Migrations/V0007_rotation_and_leases.sql"),
                .embedInCode("Migrations/V0008_super_admins.sql"),
                .embedInCode("Migrations/V0009_journal.sql"),
                .embedInCode("Migrations/V0010_sync_whole.sql"),
                .embedInCode("Migrations/V0011_kept_reads.sql"),
                .embedInCode("Migrations/V0012_disputes_and_quarantine.sql"),
                .embedInCode("Migrations/V0013_partitions_ahead.sql"),
            ],
            swiftSettings: strict
        ),
        module("Intake", ["CZlib"]),
        module("Policy", ["Intake", "Secrets", .yams]),
        module("Sync", ["Directory", "Policy", "Intake", "Postgres", "Secrets", .logging, .nioCore, .nioPosix]),
        module("Work", ["Directory", "Postgres", .logging, .serviceLifecycle]),
        module(
            "Webhooks",
            ["Work", "WebSurface", "Directory", "Secrets", .asyncHTTPClient, .logging, .nioCore, .nioHTTP1, .nioPosix, .nioSSL]),
        module(
            "WebSurface",
            ["Directory", .hummingbird, .hummingbirdCore, .httpTypes, .logging, .metrics, .nioCore, .nioHTTP1, .nioHTTPTypes]),
        module("SignIn", ["Directory", "Secrets"]),
        .target(
            name: "Pages", dependencies: ["WebSurface", .hummingbird, .httpTypes, .mustache, .nioCore],
            resources: [.embedInCode("Resources/secret.js")], swiftSettings: strict
        ),
        module("SignInAPI", ["SignIn", "WebSurface", "Directory", .hummingbird, .httpTypes, .nioCore]),
        .target(
            name: "SignInPage",
            dependencies: ["Pages", "SignIn", "WebSurface", "Directory", .hummingbird, .httpTypes],
            resources: ["login.mustache", "profile.mustache", "login.css", "login.js"].map { .embedInCode("Resources/\($0)") },
            swiftSettings: strict
        ),
        .target(
            name: "Console",
            dependencies: [
                "Pages", "WebSurface", "Directory", "SignIn", "Sync", "Policy", "Intake", "Secrets", .hummingbird, .httpTypes,
                .nioCore,
            ],
            resources: consoleResources.map { .embedInCode("Resources/\($0)") },
            swiftSettings: strict
        ),
        module("SuperAdminAPI", ["WebSurface", "Directory", "Secrets", .hummingbird, .httpTypes]),
        module("PlatformAPI", ["WebSurface", "Sync", "Directory", .hummingbird, .httpTypes, .nioCore, .serviceLifecycle]),
        .target(
            name: "Documents",
            dependencies: ["WebSurface", "Secrets", .hummingbird, .httpTypes, .nioCore, .yams],
            resources: [
                .embedInCode("OpenAPI/common.yaml"), .embedInCode("OpenAPI/users.yaml"), .embedInCode("OpenAPI/login.yaml"),
                .embedInCode("OpenAPI/accounts.yaml"), .embedInCode("OpenAPI/account_users.yaml"),
                .embedInCode("OpenAPI/custom_roles.yaml"), .embedInCode("OpenAPI/agent_bots.yaml"),
                .embedInCode("OpenAPI/sync.yaml"), .embedInCode("OpenAPI/provisioning.yaml"),
                .embedInCode("OpenAPI/permissibles.yaml"),
                .embedInCode("OpenAPI/webhooks.yaml"), .embedInCode("OpenAPI/audit.yaml"), .embedInCode("OpenAPI/auth.yaml"),
                .embedInCode("OpenAPI/operations.yaml"), .embedInCode("OpenAPI/super_admin.yaml"),
                .embedInCode("OpenAPI/disputes.yaml"),
                .embedInCode("Postman/walk.yaml"), .embedInCode("Page/page.css"),
            ],
            swiftSettings: strict
        ),
        module(
            "Daemon",
            [
                "PlatformAPI", "SuperAdminAPI", "Documents", "SignInAPI", "SignInPage", "SignIn", "Console", "WebSurface",
                "Webhooks", "Work",
                "Sync",
                "Policy",
                "Directory", "Secrets", "Postgres", .configuration, .hummingbird, .logging,
                .nioCore, .nioPosix, .serviceLifecycle, .subprocess, .systemPackage, .unixSignals, .yams,
            ]),
        module(
            "Commands",
            [
                "Daemon", "WebSurface", "Sync", "Policy", "Intake", "Directory", "Secrets", "Postgres", .argumentParser, .logging,
                .metrics,
                .nioCore,
                .nioPosix,
                .unixSignals,
            ]),
        .executableTarget(name: "muster", dependencies: ["Commands"], swiftSettings: strict),

        testSupport("PostgresTestSupport", ["Postgres", .logging]),
        testSupport("DirectoryTestSupport", ["Directory", "Secrets", "Postgres", "PostgresTestSupport", .logging]),
        testSupport("WebTestSupport", ["WebSurface", .hummingbird, .logging, .nioCore, .serviceLifecycle]),
        tests("PostgresTests", ["Postgres", "PostgresTestSupport", .logging, .serviceLifecycle, .subprocess, .systemPackage]),
        tests("SecretsTests", ["Secrets", .subprocess, .systemPackage]),
        tests("IntakeTests", ["Intake"]),
        tests("PolicyTests", ["Policy", "Intake", "Secrets"]),
        tests("DirectoryTests", ["Directory", "Secrets", "Postgres", "PostgresTestSupport", "DirectoryTestSupport"]),
        tests(
            "SyncTests",
            [
                "Sync", "Directory", "Policy", "Intake", "Secrets", "Postgres", "PostgresTestSupport", "DirectoryTestSupport",
                .logging, .subprocess, .systemPackage,
            ]),
        tests(
            "WebSurfaceTests",
            [
                "WebSurface", "WebTestSupport", "Directory", .hummingbird, .httpTypes, .logging, .metrics, .nioCore,
                .serviceLifecycle,
                .product(name: "InMemoryLogging", package: "swift-log"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
            ]),
        tests(
            "PlatformAPITests",
            [
                "PlatformAPI", "SuperAdminAPI", "SignInAPI", "SignInPage", "SignIn", "Sync", "WebSurface", "WebTestSupport",
                "Directory", "DirectoryTestSupport", "Postgres", "Secrets",
                .hummingbird, .httpTypes, .logging, .nioCore, .serviceLifecycle,
                .product(name: "InMemoryLogging", package: "swift-log"),
            ]),
        tests("SignInTests", ["SignIn", "Directory", "DirectoryTestSupport", "Secrets", "Postgres"]),
        tests(
            "SignInPageTests",
            ["SignInPage", "SignIn", "WebSurface", "WebTestSupport", "Directory", "DirectoryTestSupport", "Postgres"]),
        tests(
            "ConsoleTests",
            [
                "Console", "Pages", "PlatformAPI", "SignIn", "WebSurface", "WebTestSupport", "Directory", "DirectoryTestSupport",
                "Postgres",
                "PostgresTestSupport", "Secrets", "Sync", "Policy", .hummingbird, .httpTypes, .logging,
            ]),
        tests(
            "DocumentsTests",
            [
                "Documents", "PlatformAPI", "SuperAdminAPI", "SignInAPI", "SignIn", "Sync", "WebSurface", "Directory",
                "DirectoryTestSupport", .logging,
                .hummingbird, .httpTypes,
            ]),
        tests(
            "WorkTests",
            [
                "Work", "Directory", "Secrets", "Postgres", "PostgresTestSupport", "DirectoryTestSupport", .logging,
                .serviceLifecycle,
            ]),
        tests(
            "WebhooksTests",
            [
                "Webhooks", "Work", "WebSurface", "PlatformAPI", "Sync", "Directory", "Secrets", "Postgres",
                "DirectoryTestSupport",
                .hummingbird, .httpTypes, .logging, .nioCore, .nioHTTP1, .nioPosix, .nioSSL, .serviceLifecycle, .subprocess,
                .systemPackage,
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "InMemoryLogging", package: "swift-log"),
            ]),
        tests(
            "DaemonTests",
            [
                "Daemon", "Sync", "Policy", "Postgres", "WebSurface", "DirectoryTestSupport", .logging, .serviceLifecycle,
                .subprocess, .systemPackage,
            ]),
        tests("CommandsTests", ["Commands", "Daemon", "WebSurface", "Directory", "Sync", "Policy", "Postgres", "Secrets"]),
        tests(
            "SystemTests",
            ["muster", "muster-bench-generate", "Postgres", "PostgresTestSupport", .logging, .subprocess, .systemPackage]),

        benchmark("muster-bench-generate", folder: "Generator"),
        benchmark("muster-bench-postgres", folder: "PostgresBench", ["Postgres", "PostgresTestSupport", .logging]),
        benchmark("muster-bench-read", folder: "IntakeReading", ["Intake"]),
    ]
)
