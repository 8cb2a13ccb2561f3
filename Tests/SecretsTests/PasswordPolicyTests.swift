// SPDX-License-Identifier: Apache-2.0
import Secrets
import Testing

@Suite struct PasswordPolicyTests {
    private let policy = PasswordPolicy()

    @Test func acceptablePasswords() {
        for password in ["Aa1!bc", "Password1!", "Ünïcode1!A", "with blank 1A-", "Aa1!" + String(repeating: "x", count: 68)] {
            #expect(policy.violations(of: password) == [], "\(password)")
        }
        for special in "!@#$%^&*()_+-=[]{}\\|'\"/,.:;<>?`~" {
            #expect(policy.violations(of: "Abcde1\(special)") == [], "\(special)")
        }
    }

    @Test(arguments: [
        ("", ["Password can't be blank"]),
        ("Aa1!b", ["Password is too short (minimum is 6 characters)"]),
        ("aaaaa1!", ["Password must contain at least 1 uppercase character"]),
        ("AAAAA1!", ["Password must contain at least 1 lowercase character"]),
        ("Aaaaaa!", ["Password must contain at least 1 number character"]),
        ("Aaaaa1 ", ["Password must contain at least 1 special character"]),
        ("Aaaaa1é", ["Password must contain at least 1 special character"]),
        (
            "      ",
            [
                "Password must contain at least 1 uppercase character", "Password must contain at least 1 lowercase character",
                "Password must contain at least 1 number character", "Password must contain at least 1 special character",
            ]
        ),
        (
            "abc",
            [
                "Password is too short (minimum is 6 characters)", "Password must contain at least 1 uppercase character",
                "Password must contain at least 1 number character", "Password must contain at least 1 special character",
            ]
        ),
        ("Aa1!bc\0", ["Password contains 1 invalid character"]),
        ("Aa1!bc\0\0", ["Password contains 2 invalid characters"]),
    ])
    func violations(password: String, messages: [String]) {
        #expect(policy.violations(of: password) == messages)
    }

    @Test func lengthLimits() {
        let filler = { (count: Int) in "Aa1!" + String(repeating: "x", count: count - 4) }
        #expect(policy.violations(of: filler(72)) == [])
        #expect(policy.violations(of: filler(73)) == ["Password is too long (maximum is 72 bytes)"])
        #expect(policy.violations(of: filler(128)) == ["Password is too long (maximum is 72 bytes)"])
        #expect(policy.violations(of: filler(129)) == ["Password is too long (maximum is 128 characters)"])
        #expect(policy.violations(of: "Aa1!" + String(repeating: "é", count: 34)) == [])
        let many = "Aa1!" + String(repeating: "é", count: 35)
        #expect(policy.violations(of: many) == ["Password is too long (maximum is 72 bytes)"])
    }

    /// What the policy lets through, the hasher takes.
    @Test func policyAndHasherAgree() async throws {
        let hasher = PasswordHasher(cost: 4)
        for password in ["Aa1!bc", "Aa1!" + String(repeating: "x", count: 68), "Aa1!" + String(repeating: "é", count: 34)] {
            #expect(policy.violations(of: password).isEmpty)
            let hash = try await hasher.hash(password)
            #expect(try await hasher.verify(password, against: hash))
        }
        await hasher.stop()
    }
}
