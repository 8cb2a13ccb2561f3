// SPDX-License-Identifier: Apache-2.0

import Directory
import NIOPosix
import Testing
import WebSurface

@testable import Webhooks

@Suite struct AddressPolicyTests {
    @Test(arguments: [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "100.100.100.200", "168.63.129.16", "224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.0.192", "::1",
        "::",
        "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1",
        "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:1::1", "2001:db8::1", "100::1", "not an address", "", "1",
    ]) func refused(_ address: String) { #expect(!AddressPolicy().permits(address)) }

    @Test(arguments: ["93.184.216.34", "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.0.1", "2606:4700::1111", "::ffff:8.8.8.8"])
    func permitted(_ address: String) { #expect(AddressPolicy().permits(address)) }

    @Test func theOperatorsNetworksArePermitted() throws {
        let policy = AddressPolicy(allowed: [try #require(AddressBlock("10.1.0.0/16"))])
        #expect(policy.permits("10.1.2.3") && !policy.permits("10.2.0.1") && !policy.permits("127.0.0.1"))
    }

    @Test func whatIsCheckedIsWhatIsCalled() throws {
        for (text, host, port, target) in [
            ("https://Hooks.Example", "hooks.example", 443, "/"),
            ("HTTPS://h.example:8443/a/b?c=d", "h.example", 8443, "/a/b?c=d"),
            ("http://[2606:4700::1111]:80/x", "2606:4700::1111", 80, "/x"), ("https://h.example?x", "h.example", 443, "/?x"),
        ] {
            let url = try #require(WebhookURL(text), "\(text)")
            #expect(url.host == host && url.port == port && url.target == target)
            #expect(WebhookURL(url.text) == url)
        }
        for text in [
            "", "https://", "ftp://h.example/", "https:///x", "https://user@h.example/", "https://u:p@h.example/",
            "https://h.example/#f",
            "https://h.example:0/", "https://h.example:99999/", "https://h.example:/", "https://h_x.example/",
            "https://h example/",
            "https://h.example/ä", "https://h%2eexample/", "https://[::1", "https://::1/", "https://[::1%25eth0]/",
            "https://h.example\\@evil.example/", "https://[h.example]/", "javascript:alert(1)", "https://h.example:+80/",
        ] { #expect(WebhookURL(text) == nil, "\(text)") }
    }

    @Test func theWordsOfTheSystem() async throws {
        // Numbers in any spelling come out as what they mean.
        let resolver = Resolver.system(.singleton)
        for (host, address) in [("127.0.0.1", "127.0.0.1"), ("2130706433", "127.0.0.1"), ("0x7f.1", "127.0.0.1"), ("::1", "::1")]
        {
            #expect(try await resolver.resolve(host).contains(address), "\(host)")
        }
        #expect(try await resolver.resolve("does-not-exist.invalid").isEmpty)
    }
}
