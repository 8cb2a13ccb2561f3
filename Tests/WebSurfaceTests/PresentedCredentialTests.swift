// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import NIOCore
import Testing
import WebSurface

@Suite struct PresentedCredentialTests {
    private func headers(_ fields: [(String, String)]) -> HTTPFields {
        HTTPFields(fields.map { HTTPField(name: HTTPField.Name($0.0)!, value: $0.1) })
    }

    @Test(arguments: ["api_access_token", "Api-Access-Token", "API_ACCESS_TOKEN", "api-access-token", "api_access-token"])
    func everySpellingOfTheHeader(_ name: String) {
        let credential = PresentedCredential(headers([(name, " t0ken ")]))
        #expect(credential?.token == "t0ken" && credential?.source == .accessTokenHeader)
    }

    @Test(arguments: ["Bearer good", "bearer good", "BEARER   good ", "BeArEr\tgood"])
    func bearerWinsInAnyCase(_ value: String) {
        let credential = PresentedCredential(headers([("api_access_token", "other"), ("Authorization", value)]))
        #expect(credential?.token == "good" && credential?.source == .bearer)
    }

    @Test func aBadBearerStillWins() {
        for value in ["Bearer", "Bearer "] {
            #expect(PresentedCredential(headers([("api_access_token", "good"), ("Authorization", value)]))?.token == "")
        }
    }

    @Test(arguments: ["Basic Zm9v", "Bearerx good", "Token good", ""])
    func otherSchemesAreIgnored(_ value: String) {
        #expect(PresentedCredential(headers([("Authorization", value), ("api_access_token", "good")]))?.token == "good")
        #expect(PresentedCredential(headers([("Authorization", value)])) == nil)
    }

    @Test func twoDifferentTokensAreNone() {
        #expect(PresentedCredential(headers([("api_access_token", "a"), ("Api-Access-Token", "b")]))?.token == "a, b")
        #expect(PresentedCredential(headers([("api_access_token", "a"), ("Api-Access-Token", "a")]))?.token == "a")
    }

    @Test func isNeverPrinted() throws {
        let credential = try #require(PresentedCredential(headers([("api_access_token", "s3cret")])))
        var dumped = "\(credential) \(String(reflecting: credential))"
        dump(credential, to: &dumped)
        #expect(!dumped.contains("s3cret"))
    }
}

@Suite struct RemoteAddressTests {
    @Test func blocks() throws {
        let private10 = try #require(AddressBlock("10.0.0.0/9"))
        #expect(private10.contains("10.127.1.1") && !private10.contains("10.128.0.0") && !private10.contains("::1"))
        #expect(private10.contains("::ffff:10.0.0.1"))
        let v6 = try #require(AddressBlock("2001:db8::/33"))
        #expect(v6.contains("2001:db8:7fff::1") && !v6.contains("2001:db8:8000::1"))
        #expect(AddressBlock("127.0.0.1")?.contains("127.0.0.1") == true)
        for bad in ["", "10.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/8/8", "host"] {
            #expect(AddressBlock(bad) == nil)
        }
    }

    @Test func proxiesAreBelievedOnlyWhenTrusted() throws {
        let peer = try SocketAddress(ipAddress: "10.0.0.9", port: 1)
        let forwarded: HTTPFields = [HTTPField.Name("X-Forwarded-For")!: "6.6.6.6, 203.0.113.7, 10.0.0.2"]
        #expect(TrustedProxies().clientAddress(peer: peer, headers: forwarded) == "10.0.0.9")
        let trusted = TrustedProxies([try #require(AddressBlock("10.0.0.0/8"))])
        #expect(trusted.clientAddress(peer: peer, headers: forwarded) == "203.0.113.7")
        #expect(trusted.clientAddress(peer: peer, headers: [:]) == "10.0.0.9")
        let stranger = try SocketAddress(ipAddress: "203.0.113.1", port: 1)
        #expect(trusted.clientAddress(peer: stranger, headers: forwarded) == "203.0.113.1")
        let junk: HTTPFields = [HTTPField.Name("X-Forwarded-For")!: "1.2.3.4, junk"]
        #expect(trusted.clientAddress(peer: peer, headers: junk) == "10.0.0.9")
    }
}
