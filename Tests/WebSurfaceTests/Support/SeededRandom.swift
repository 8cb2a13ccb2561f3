// SPDX-License-Identifier: Apache-2.0
import WebSurface

/// SplitMix64: the same seed makes the same test.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func text() -> String {
        let alphabet: [Character] = [
            "a", "Z", "\"", "\\", "/", "\n", "\u{1}", "ä", "😀", "\u{7f}", "\u{2028}", " ", "}", "%", "&",
        ]
        return String((0..<Int.random(in: 0...8, using: &self)).map { _ in alphabet.randomElement(using: &self)! })
    }

    mutating func jsonValue(depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &self) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &self))
        case 2: return .integer(Int64.random(in: .min ... .max, using: &self))
        case 3: return .decimal("\(Int64.random(in: -999...999, using: &self)).\(Int64.random(in: 0...999, using: &self))")
        case 4, 5: return .string(text())
        case 6: return .array((0..<Int.random(in: 0...4, using: &self)).map { _ in jsonValue(depth: depth - 1) })
        default:
            var object = JSONObject()
            for _ in 0..<Int.random(in: 0...20, using: &self) { object[text()] = jsonValue(depth: depth - 1) }
            return .object(object)
        }
    }
}
