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

let package = Package(
    name: "muster",
    platforms: [.macOS(.v15)],
    targets: [
        .target(name: "Intake", swiftSettings: strict),
        .executableTarget(
            name: "muster-bench-generate", path: "Tests/Benchmarks/Generator", swiftSettings: strict),
        .executableTarget(
            name: "muster-bench-read", dependencies: ["Intake"], path: "Tests/Benchmarks/IntakeReading", swiftSettings: strict),
        .testTarget(name: "IntakeTests", dependencies: ["Intake"], swiftSettings: strict),
    ]
)
