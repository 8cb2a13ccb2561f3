// SPDX-License-Identifier: Apache-2.0

/// HMAC-SHA256 (RFC 2104, FIPS 180-4) written out, so that what the product computes is held against something else.
enum HMAC256 {
    static func code(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        let key = (key.count > 64 ? sha256(key) : key) + [UInt8](repeating: 0, count: max(0, 64 - key.count))
        return sha256(key.map { $0 ^ 0x5C } + sha256(key.map { $0 ^ 0x36 } + message))
    }

    static func sha256(_ message: [UInt8]) -> [UInt8] {
        // The constants are the fractional parts of the roots of the first primes.
        let primes = (2...).lazy.filter { n in !(2..<n).contains { n % $0 == 0 } }.prefix(64)
        func fraction(_ root: Double) -> UInt32 {
            UInt32(truncatingIfNeeded: UInt64((root - root.rounded(.down)) * 4_294_967_296))
        }
        let constants = primes.map { fraction(cubeRoot(Double($0))) }
        var state = primes.prefix(8).map { fraction(Double($0).squareRoot()) }
        var bytes = message + [0x80]
        while bytes.count % 64 != 56 { bytes.append(0) }
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: (message.count * 8) >> shift))
        }
        for start in stride(from: 0, to: bytes.count, by: 64) {
            var words = stride(from: start, to: start + 64, by: 4).map { at in
                bytes[at..<at + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            }
            for at in 16..<64 {
                let (a, b) = (words[at - 15], words[at - 2])
                words.append(
                    words[at - 16] &+ (turn(a, 7) ^ turn(a, 18) ^ (a >> 3)) &+ words[at - 7]
                        &+ (turn(b, 17) ^ turn(b, 19) ^ (b >> 10)))
            }
            var v = Array(state)
            for at in 0..<64 {
                let choice = (v[4] & v[5]) ^ (~v[4] & v[6])
                let one = v[7] &+ (turn(v[4], 6) ^ turn(v[4], 11) ^ turn(v[4], 25)) &+ choice &+ constants[at] &+ words[at]
                let majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2])
                let two = (turn(v[0], 2) ^ turn(v[0], 13) ^ turn(v[0], 22)) &+ majority
                v = [one &+ two, v[0], v[1], v[2], v[3] &+ one, v[4], v[5], v[6]]
            }
            state = zip(state, v).map { $0 &+ $1 }
        }
        return state.flatMap { word in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) } }
    }

    private static func turn(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }

    /// By Newton's method, from a good guess.
    private static func cubeRoot(_ number: Double) -> Double {
        var root = number
        for _ in 0..<100 { root -= (root * root * root - number) / (3 * root * root) }
        return root
    }
}
