// SPDX-License-Identifier: Apache-2.0
import Foundation
import Secrets
import Testing

@Suite struct RandomTests {
    @Test func lengthsAndAlphabets() {
        #expect(SecureRandom.bytes(0).isEmpty)
        #expect(SecureRandom.bytes(33).count == 33)
        #expect(SecureRandom.hex(16).wholeMatch(of: /[0-9a-f]{32}/) != nil)
        #expect(SecureRandom.base62(0).isEmpty)
        for length in 1...40 {
            let text = SecureRandom.base62(length)
            #expect(text.utf8.count == length && text.wholeMatch(of: /[0-9A-Za-z]+/) != nil)
        }
    }

    @Test func uuidsAreVersion4AndDistinct() {
        let uuids = (0..<1000).map { _ in SecureRandom.uuid() }
        #expect(Set(uuids).count == 1000)
        for uuid in uuids {
            #expect(uuid.uuid.6 >> 4 == 4 && uuid.uuid.8 >> 6 == 2)
        }
    }

    /// Each of the 62 characters is expected 2000 times with a deviation of 45: 8 deviations do not happen by chance, while a plain
    /// `% 62` would give the first eight characters a quarter more.
    @Test func base62IsUniform() {
        var counts: [UInt8: Int] = [:]
        for byte in SecureRandom.base62(124_000).utf8 { counts[byte, default: 0] += 1 }
        #expect(counts.count == 62)
        for (byte, count) in counts {
            #expect(abs(count - 2000) < 360, "character \(byte)")
        }
    }
}
