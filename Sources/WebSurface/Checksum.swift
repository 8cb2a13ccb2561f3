// SPDX-License-Identifier: Apache-2.0

/// FNV-1a with 64 bits: other bytes, another number. Tells versions of a text apart and withstands nobody.
package enum Checksum {
    /// The checksum in digits and letters.
    package static func text(_ bytes: some Sequence<UInt8>) -> String {
        String(bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }, radix: 36)
    }
}
