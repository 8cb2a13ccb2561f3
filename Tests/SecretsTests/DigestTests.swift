// SPDX-License-Identifier: Apache-2.0
import Secrets
import Testing

@Suite struct DigestTests {
    @Test func sha256OfAbc() {
        #expect(Hex.encode(Digest.sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }
}
