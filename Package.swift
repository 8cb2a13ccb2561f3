// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// Every target of ours: Swift 6 mode, warnings are errors, imports and existentials explicit.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

extension Target.Dependency {
    static let logging = product(name: "Logging", package: "swift-log")
    static let metrics = product(name: "Metrics", package: "swift-metrics")
    static let serviceLifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let yams = product(name: "Yams", package: "Yams")
}

/// A module and what it may import: the arrows of the module map in README.md.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "muster",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev", "libcrypt-dev"])]),
        module("Postgres", ["CLibPQ", .logging, .metrics, .serviceLifecycle]),
        module("Secrets", ["COpenSSL"]),
        .target(
            name: "Directory",
            dependencies: ["Postgres", "Secrets"],
            resources: [.embedInCode("Migrations/V0001_first_light.sql")],
            swiftSettings: strict
        ),
        module("Intake"),
        module("Policy", ["Intake", .yams]),
        module("Sync", ["Directory", "Policy", "Intake", "Postgres", .logging, .nioPosix]),

        .target(
            name: "PostgresTestSupport",
            dependencies: ["Postgres", .logging],
            path: "Tests/PostgresTestSupport",
            swiftSettings: strict
        ),
        tests("PostgresTests", ["Postgres", "PostgresTestSupport", .logging, .serviceLifecycle]),
        tests("SecretsTests", ["Secrets"]),
        tests("IntakeTests", ["Intake"]),
        tests("PolicyTests", ["Policy", "Intake"]),
        .target(
            name: "DirectoryTestSupport",
            dependencies: ["Directory", "Secrets", "Postgres", "PostgresTestSupport"],
            path: "Tests/DirectoryTestSupport",
            swiftSettings: strict
        ),
        tests("DirectoryTests", ["Directory", "Secrets", "Postgres", "PostgresTestSupport", "DirectoryTestSupport"]),
        tests("SyncTests", ["Sync", "Directory", "Policy", "Intake", "Secrets", "Postgres", "PostgresTestSupport", "DirectoryTestSupport", .logging]),

        .executableTarget(name: "muster-bench-generate", path: "Tests/Benchmarks/Generator", swiftSettings: strict),
        .executableTarget(
            name: "muster-bench-postgres", dependencies: ["Postgres", "PostgresTestSupport", .logging], path: "Tests/Benchmarks/PostgresBench",
            swiftSettings: strict),
        .executableTarget(
            name: "muster-bench-read", dependencies: ["Intake"], path: "Tests/Benchmarks/IntakeReading", swiftSettings: strict),
    ]
)
