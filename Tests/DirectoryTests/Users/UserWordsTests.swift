// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Postgres
import Testing

@Suite struct UserWordsTests {
    /// The index of users' words holds what the first definition said and what the present one says: they must say the same.
    @Test func wordsAreThoseOfTheFirstDefinition() async throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let pieces: [UInt32] = Array(1...0xFF) + [0x130, 0x131, 0x301, 0x1680, 0x2003, 0x2028, 0x3000, 0xFEFF, 0x10400]
        let texts = (0..<20_000).map { number in
            let length = number % 100 == 0 ? Int.random(in: 500...520, using: &random) : Int.random(in: 0...30, using: &random)
            let scalars = (0..<length).map { _ in
                Bool.random(using: &random)
                    ? pieces[Int.random(in: pieces.indices, using: &random)] : UInt32.random(in: 1...0x10FFFF, using: &random)
            }
            return String(String.UnicodeScalarView(scalars.compactMap(UnicodeScalar.init)))
        }
        try await withDirectory { world in
            _ = try await world.postgres.execute(
                """
                create function first_words(text) returns tsvector
                language sql immutable strict parallel safe
                return array_to_tsvector(
                    array_remove(regexp_split_to_array(lower(left($1, 511)), '[][[:space:]!-/:-@\\\\^_`{|}~]+'), ''))
                """)
            #expect(
                try await world.count(
                    "select count(*) from unnest(\(texts)) t where search_words(t) is distinct from first_words(t)") == 0)
            #expect(
                try await world.count("select count(*) from unnest(\(texts)) t where search_words(t) <> ''::tsvector") > 10_000)
            #expect(try await world.count("select count(*) where search_words(null) is null and first_words(null) is null") == 1)
        }
    }
}
