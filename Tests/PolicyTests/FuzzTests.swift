// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@testable import Policy

@Suite("Damaged policies")
struct FuzzTests {
    /// Pieces that mean something to YAML, to filters, to names or to templates.
    private static let pieces = [
        ":", ": ", "- ", "\n", "\n  ", "{", "}", "[", "]", ",", "\"", "'", "&a ", "*a", "#", "|", ">", "%", "@", "`", "!",
        "!!int ",
        "? ", "~", "null", "---\n", "...\n", "\t", "\r\n", "\u{0}", "\u{7}", "\u{FEFF}", "ä", "\u{1F600}", "e\u{301}", "(", ")",
        "(&(a=b)", "=", "\\", "cn=", "{cn}", "<<: ", "999999999999999999999", "-1", ".inf", "1e999", "true", "", "\u{2028}",
        "\u{85}",
    ]

    private static func mutate(_ text: [Unicode.Scalar], _ random: inout SplitMix) -> [Unicode.Scalar] {
        var text = text
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let at = Int.random(in: 0...text.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: text.insert(contentsOf: (pieces.randomElement(using: &random) ?? "").unicodeScalars, at: at)
            case 1: text.removeSubrange(at..<min(text.count, at + Int.random(in: 1...12, using: &random)))
            case 2 where at < text.count: text[at] = Unicode.Scalar(UInt8.random(in: 0...255, using: &random))
            case 3:
                let end = min(text.count, at + Int.random(in: 1...60, using: &random))
                text.insert(contentsOf: text[at..<end], at: Int.random(in: 0...text.count, using: &random))
            default:
                var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
                lines.swapAt(Int.random(in: 0..<lines.count, using: &random), Int.random(in: 0..<lines.count, using: &random))
                text = Array(lines.joined(separator: ["\n"]))
            }
        }
        return text
    }

    @Test(
        "every damage gives a policy or at least one mistake at a place that exists",
        arguments: ["openldap", "active-directory", "keycloak", "csv"])
    func damage(name: String) throws {
        let data = try #require(FileManager.default.contents(atPath: "\(packageRoot)/Policies/\(name).yaml"))
        let original = Array(String(decoding: data, as: UTF8.self).unicodeScalars)
        let seed: UInt64 = 0xf022_0002
        var random = SplitMix(state: seed)
        var valid = 0
        let rounds = ProcessInfo.processInfo.environment["MUSTER_SOAK"] == nil ? 500 : 100_000
        for round in 0..<rounds {
            let scalars = Self.mutate(original, &random)
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars)
            let yaml = String(view)
            do throws(PolicyDiagnostics) {
                _ = try Policy(yaml: yaml, file: "f.yaml")
                valid += 1
            } catch {
                let breaks: Set<Unicode.Scalar> = ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}", "\u{B}", "\u{C}"]
                let lines = scalars.split(omittingEmptySubsequences: false) { breaks.contains($0) }
                let widest = lines.map(\.count).max() ?? 0
                #expect(!error.all.isEmpty, "seed \(seed) round \(round)")
                for mistake in error.all {
                    let isThere =
                        mistake.line >= 1 && mistake.line <= lines.count + 1 && mistake.column >= 1
                        && mistake.column <= widest + 2 && !mistake.message.isEmpty
                    #expect(isThere, "seed \(seed) round \(round): \(mistake)")
                }
            }
        }
        #expect(valid > rounds / 20 && valid < rounds * 19 / 20, "the damage is neither nothing nor total: \(valid) valid")
    }
}
