// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Testing
import WebSurface
import WebTestSupport

/// Who reaches the console at all.
struct AccessTests {
    @Test(arguments: [
        ("127.0.0.1:3000", 200), ("localhost", 200), ("LocalHost:1", 200), ("[::1]:3000", 200), ("evil.example", 421),
        ("127.0.0.1.evil.example", 421), ("localhost.evil.example", 421), ("10.0.0.1", 421), ("[::2]", 421),
    ])
    func withoutTLSOnlyOurOwnNamesAreServed(_ host: String, _ status: Int) async throws {
        try await withConsole { site in
            var visitor = site.visitor()
            visitor.host = host
            let answer = try await visitor.get("profile")
            #expect(answer.status == status, "\(answer)")
            #expect(status == 200 || !answer.body.contains("root@example.org"))
            #expect(status == 200 || answer.body.contains("Not under this name"))
        }
    }

    @Test func withoutTLSNobodyElsewhereIsServed() async throws {
        let elsewhere = [("X-Forwarded-For", "198.51.100.7")]
        // A proxy that nobody told us of, and one that says who asks.
        for proxies in [TrustedProxies(), TrustedProxies([try #require(AddressBlock("127.0.0.1"))])] {
            try await withConsole(proxies: proxies) { site in
                var visitor = site.visitor()
                for path in ["profile", "sign_in", "nowhere"] {
                    let answer = try await visitor.get(path, headers: elsewhere)
                    #expect(answer.status == 403 && answer.body.contains("public URL is not https"), "\(answer)")
                    #expect(!answer.body.contains("root@example.org"))
                }
                #expect(try await visitor.post("sign_in", headers: elsewhere).status == 403)
                #expect(try await visitor.get("profile").status == 200)
            }
        }
    }

    @Test func underTLSCookiesAreBoundToTheHost() async throws {
        try await withConsole(publicURL: "https://muster.example/base") { site in
            var visitor = site.stranger()
            visitor.host = "muster.example"
            let page = try await visitor.get("sign_in", headers: [("X-Forwarded-For", "198.51.100.7")])
            #expect(page.status == 200 && page.body.contains("action=\"/base/super_admin/sign_in\""))
            #expect(page.header("set-cookie")?.hasPrefix("__Host-muster_admin_form=") == true)
            #expect(page.header("set-cookie")?.hasSuffix("; Secure") == true)
            // The plain cookie of the same name is none.
            visitor.cookies["muster_admin"] = site.admin.token.cookie
            #expect(try await visitor.get("profile").status == 303)
            visitor.cookies["__Host-muster_admin"] = site.admin.token.cookie
            #expect(try await visitor.get("profile").status == 200)
        }
    }
}
