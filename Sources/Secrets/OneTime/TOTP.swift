// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// Time-based one-time passwords (RFC 6238) as authenticator apps have them: HMAC-SHA-1, 6 digits, 30 seconds.
package enum TOTP {
    /// How many digits a code has.
    package static let digits = 6
    /// How long a code is shown, in seconds.
    package static let period: Int64 = 30
    /// How many steps a clock may be off, either way.
    package static let tolerance: Int64 = 1

    /// The number of the period that holds a moment in Unix seconds.
    package static func step(at seconds: Int64) -> Int64 {
        seconds / period
    }

    /// The code of a step.
    ///
    /// - Parameter digits: 6 to 8; RFC 6238's test vectors have 8.
    package static func code(_ secret: TOTPSecret, step: Int64, digits: Int = digits) -> String {
        let counter = (0..<8).map { UInt8(truncatingIfNeeded: step >> (56 - 8 * Int64($0))) }
        let code = secret.withUnsafeBytes { HMACSHA1.code(key: $0, message: counter) }
        // Dynamic truncation, RFC 4226, section 5.3.
        let offset = Int(code[19] & 15)
        let number = code[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
        let text = String(number % (0..<digits).reduce(UInt32(1)) { power, _ in power * 10 })
        return String(repeating: "0", count: digits - text.count) + text
    }

    /// The step of which the text is the code, within the tolerance around a moment in Unix seconds; nil for none.
    ///
    /// The caller refuses a step that is not later than the last one accepted (RFC 6238, section 5.2). All steps are compared, in
    /// constant time each.
    package static func step(of text: String, _ secret: TOTPSecret, at seconds: Int64) -> Int64? {
        let typed = Array(text.utf8)
        let now = step(at: seconds)
        var found: Int64?
        // The latest first: were two steps to have one code, the later one leaves less to replay.
        for step in (now - tolerance...now + tolerance).reversed()
        where constantTimeEquals(typed, Array(code(secret, step: step).utf8)) {
            found = found ?? step
        }
        return found
    }
}

/// HMAC-SHA-1, for what RFC 6238 fixes and nothing else: its security rests on no collision being of use.
enum HMACSHA1 {
    /// The 20 bytes of the message's code.
    static func code(key: UnsafeRawBufferPointer, message: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 20) { buffer, count in
            let made = EVP_Q_mac(
                nil, "HMAC", nil, "SHA1", nil, key.baseAddress, key.count, message, message.count, buffer.baseAddress, 20, &count)
            _ = Libcrypto.required(made, "HMAC-SHA-1")
        }
    }
}
