// SPDX-License-Identifier: Apache-2.0

import Secrets
import Testing

@testable import Intake
@testable import Policy

@Suite("Authentication information")
struct AuthenticationTests {
    private static let ssha = "{SSHA}RhE1AL3oJ7PvU6dMA6az6aI7/D437nDx"

    @Test("provider and subject are part of the desired state, of a password only a mark is")
    func canonical() throws {
        let policy = try policy(
            document(people: "authentication: {provider: {value: keycloak}, subject: [sub, uid], password: userPassword}"))
        let amy = try desired(policy, person(["uid": ["amy"], "userPassword": ["{SMD5}x", Self.ssha]]))
        let hash = try #require(amy.passwordHash)
        #expect(hash.text.hasPrefix("$ssha$") && amy.findings.isEmpty)
        #expect(
            json(amy) == """
                {"authentication":{"provider":"keycloak","subject":"amy"},"email":"amy@planetexpress.com","enabled":true,\
                "groups":[],"name":"Amy Wong","password":"\(hash.mark)"}
                """)
        let none = try desired(policy, person())
        #expect(none.passwordHash == nil && none.findings.isEmpty && !json(none).contains("password"))
        #expect(json(none).hasPrefix(#"{"authentication":{"provider":"keycloak","subject":null},"email""#))
        let other = try desired(policy, person(["uid": ["amy"], "userPassword": ["{SSHA}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]]))
        #expect(json(other) != json(amy), "another password is a change")
    }

    @Test("what cannot be verified is a finding and is not kept; nothing shows the hash")
    func findings() throws {
        let policy = try policy(document(people: "authentication: {password: userPassword}"))
        let person = try desired(policy, person(["userPassword": ["{SMD5}s3cret"]]))
        #expect(person.passwordHash == nil && person.findings.map(\.code) == ["unusable_password"])
        #expect(person.findings[0].message == "the password hash in userpassword cannot be used (password_hash.unsupported)")
        #expect(json(person) == #"{"email":"amy@planetexpress.com","enabled":true,"groups":[],"name":"Amy Wong"}"#)
        var shown = ""
        dump(try desired(policy, PolicyTests.person(["userPassword": [Self.ssha]])), to: &shown)
        #expect(!shown.contains("ssha$") && !shown.contains("RhE1AL3"))
    }

    @Test("of several credentials of Keycloak the password is taken")
    func keycloak() throws {
        let policy = try policy(document(people: "authentication: {password: {keycloak: credentials}}"))
        let secret =
            #"{"value":"4pf9K2jWSCcHC+CwsZP/qidN5pSmDUe6AX6wBerSGdBVKkExay8MWKx+EKmaaObZW6FVsD8vdW/ZsyUFD9gJ1Q==","salt":"1/qNkZ5kr77jOMOBPBogGw=="}"#
        let data = #"{"hashIterations":27500,"algorithm":"pbkdf2-sha256"}"#
        let (otpSecret, otpData) = (#"{"value":"x"}"#, #"{"subType":"totp","digits":6}"#)
        func made(_ types: [String], _ secrets: [String], _ parts: [String]) throws -> DesiredPerson {
            try desired(
                policy,
                person(["credentials.type": types, "credentials.secretData": secrets, "credentials.credentialData": parts]))
        }
        #expect(
            try made(["otp", "password"], [otpSecret, secret], [otpData, data]).passwordHash?.text.hasPrefix(
                "$pbkdf2-sha256$i=27500$") == true)
        #expect(try made([], [secret], [data]).passwordHash != nil)
        #expect(try made([], [secret, otpSecret], [data, otpData]).passwordHash == nil, "nobody guesses which belong together")
        #expect(try made(["otp"], [otpSecret], [otpData]).findings.isEmpty)
        let argon = try made(["password"], [secret], [#"{"hashIterations":5,"algorithm":"argon2"}"#])
        #expect(argon.passwordHash == nil && argon.findings.count == 1)
    }

    @Test(
        "mistakes",
        arguments: [
            ("{}", "needs one of"), ("{pasword: x}", "did you mean \"password\"?"),
            ("{password: {keycloack: c}}", "did you mean \"keycloak\"?"),
            ("{provider: {value: 3}}", "must be a text"), ("{subject: 'a b'}", "is not the name of an attribute"),
        ])
    func mistakes(written: String, expected: String) {
        let found = PolicyTests.mistakes(document(people: "authentication: \(written)"))
        #expect(found.count == 1 && found[0].contains(expected), "\(found)")
    }
}
