// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Testing

@Suite struct UserRulesTests {
    /// What is cheap says the same as what it stands for, of texts made of the pieces that matter to either.
    @Test(arguments: [20_261_123, UInt64.random(in: .min ... .max)])
    func plainAddressesAreJudgedLikeAnyOthers(_ seed: UInt64) {
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let pieces =
            ["ada", "king", "x", "xn--", "xn-", "n", "co", "c0", "A", "-", ".", "@", "@example", ".org", "."]
            + (0..<128).map { String(UnicodeScalar(UInt8($0))) } + ["\r\n", "é", "\u{85}", "\u{301}", "日本"]
        var emails = 0
        for _ in 0..<200_000 {
            var text = Bool.random(using: &random) ? "ada@example" : ""
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                // The signs of all of ASCII one time in four: else nothing would be an address.
                let choice = Int.random(in: 0..<4, using: &random) == 0 ? pieces[...] : pieces[..<15]
                text += choice.randomElement(using: &random) ?? ""
            }
            let isEmail = UserRules.isEmailOfAnyScript(text)
            emails += isEmail ? 1 : 0
            #expect(UserRules.isEmail(text) == isEmail, "\(text.debugDescription)")
            #expect(UserRules.normalisedEmail(text) == Self.normalised(text), "\(text.debugDescription)")
        }
        #expect(emails > 1_000)
    }

    private static func normalised(_ text: String) -> String {
        var characters = Array(text)
        while characters.first?.isWhitespace == true { characters.removeFirst() }
        while characters.last?.isWhitespace == true { characters.removeLast() }
        return String(characters).lowercased()
    }
}
