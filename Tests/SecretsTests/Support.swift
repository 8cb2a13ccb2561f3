// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Secrets

/// A reproducible source of randomness: a failing test prints its seed.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }
}

/// The bytes of hexadecimal text.
func hex(_ text: String) -> [UInt8] {
    var digits = text.utf8.filter { $0 != UInt8(ascii: " ") }.map { UInt8(String(UnicodeScalar($0)), radix: 16)! }[...]
    var bytes: [UInt8] = []
    while let high = digits.popFirst(), let low = digits.popFirst() {
        bytes.append(high << 4 | low)
    }
    return bytes
}

/// The bytes of a secret, for comparison with a known answer.
func reveal(_ secret: SecretBytes) -> [UInt8] {
    secret.withUnsafeBytes { Array($0) }
}

func secret(_ bytes: [UInt8]) -> SecretBytes {
    bytes.withUnsafeBytes { SecretBytes(copying: $0) }
}

/// A folder that exists while the body runs.
func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = NSTemporaryDirectory() + "/secrets-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
}

/// A second opinion: a script for the system's Python, which shares no code with us.
enum Python {
    static let path = find("python3")
    static let isInstalled = path != nil

    /// Where the program is, by `PATH`.
    static func find(_ program: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.map { "\($0)/\(program)" }.first(where: FileManager.default.isExecutableFile)
    }

    /// What the script prints, in lines; the arguments contain nothing that a shell would interpret.
    static func run(_ script: String, _ arguments: [String]) async throws -> [String] {
        let file = NSTemporaryDirectory() + "/secrets-\(UUID().uuidString).py"
        try Data(script.utf8).write(to: URL(fileURLWithPath: file))
        defer { unlink(file) }
        let command = "python3 '\(file)' " + arguments.map { "'\($0)'" }.joined(separator: " ")
        let pool = BoundedThreadPool(threads: 1, queueLimit: 1)
        let output = try await pool.run {
            var output: [UInt8] = []
            guard let pipe = popen(command, "re") else { return output }
            while case let byte = fgetc(pipe), byte != EOF { output.append(UInt8(byte)) }
            pclose(pipe)
            return output
        }
        await pool.stop()
        return String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
