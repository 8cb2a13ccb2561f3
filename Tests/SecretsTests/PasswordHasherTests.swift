// SPDX-License-Identifier: Apache-2.0
import Secrets
import Testing

@Suite struct PasswordHasherTests {
    private let hasher = PasswordHasher(cost: 4)

    /// Published by Openwall, jBCrypt and PHP.
    static let published = [
        ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        ("U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
        ("U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
        ("", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"),
        ("a", "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"),
        ("abc", "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i"),
        (
            "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
            "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"
        ),
        ("rasmuslerdorf", "$2a$07$usesomesillystringfore2uDLvp1Ii2e./U9C8sBjqp8I90dH6hi"),
    ]

    @Test(arguments: published) func publishedHashes(password: String, hash: String) async throws {
        #expect(try await hasher.verify(password, against: hash))
        #expect(try await hasher.verify(password, against: "$2b$" + hash.dropFirst(4)), "ASCII is the same in all kinds")
        #expect(try await hasher.verify(password, against: "$2y$" + hash.dropFirst(4)))
        for other in [password + "x", password.isEmpty ? " " : String(password.dropLast())] where other.utf8.count <= 72 {
            #expect(try await !hasher.verify(other, against: hash))
        }
        let last: Character = hash.last == "e" ? "u" : "e"
        #expect(try await !hasher.verify(password, against: hash.dropLast() + String(last)))
    }

    @Test func newHashes() async throws {
        for password in ["Password1!", "пароль", "🔑🔑", "", " "] {
            let (first, second) = (try await hasher.hash(password), try await hasher.hash(password))
            #expect(first.wholeMatch(of: /\$2b\$04\$[.\/0-9A-Za-z]{53}/) != nil)
            #expect(first.dropFirst(7).prefix(22) != second.dropFirst(7).prefix(22), "salts are random")
            #expect(try await hasher.verify(password, against: first))
            #expect(try await hasher.verify(password, against: second))
            #expect(try await !hasher.verify(password + "x", against: first))
        }
    }

    @Test func costIs11UnlessToldOtherwise() async throws {
        let hasher = PasswordHasher(threads: 1)
        let hash = try await hasher.hash("Password1!")
        #expect(hash.hasPrefix("$2b$11$"))
        #expect(!hasher.isOutdated(hash))
        #expect(hasher.isOutdated("$2y$" + hash.dropFirst(4)))
        #expect(hasher.isOutdated("$2b$10$" + hash.dropFirst(7)))
        #expect(hasher.isOutdated("rubbish"))
        await hasher.stop()
    }

    @Test func withoutAHashNothingVerifies() async throws {
        #expect(try await !hasher.verify("Password1!", against: nil))
        let clock = ContinuousClock()
        let slow = PasswordHasher(cost: 10, threads: 1)
        let time = try await clock.measure { _ = try await slow.verify("Password1!", against: nil) }
        #expect(time > .milliseconds(10), "it takes the time of a real comparison")
        await slow.stop()
    }

    @Test func whatBcryptWouldCutIsRefused() async throws {
        let hash = try await hasher.hash("Password1!")
        for (password, error) in [
            (String(repeating: "x", count: 73), PasswordError.tooLong),
            (String(repeating: "é", count: 37), .tooLong),
            ("Password1!\0", .containsNUL),
            ("\0", .containsNUL),
        ] {
            await #expect(throws: error) { try await hasher.hash(password) }
            await #expect(throws: error) { try await hasher.verify(password, against: hash) }
            await #expect(throws: error) { try await hasher.verify(password, against: nil) }
        }
    }

    @Test func otherHashesAreRefused() async throws {
        let hash = try await hasher.hash("Password1!")
        let digest = String(hash.dropFirst(7))
        var others = ["", "*", "*0", "x", "$1$abc$def", "$6$salt$hash", "Password1!", hash + "A", String(hash.dropLast())]
        others += ["$2$04$", "$2x$04$", "$2b$03$", "$2b$16$", "$2b$31$", "$2b$4$", "$2b$-4$", "$2b-04$"].map { $0 + digest }
        others += ["!", "\0", "é"].map { hash.dropLast() + $0 }
        for other in others {
            await #expect(throws: PasswordError.unsupportedHash, "\(other)") {
                try await hasher.verify("Password1!", against: other)
            }
        }
    }

    @Test func fullQueueIsAnError() async throws {
        let hasher = PasswordHasher(cost: 8, threads: 1, queueLimit: 3)
        let results = await withTaskGroup(of: Result<String, any Error>.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    do { return .success(try await hasher.hash("Password1!")) } catch { return .failure(error) }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let refused = results.filter { if case .failure(PasswordError.overloaded) = $0 { true } else { false } }
        let hashed = results.filter { if case .success = $0 { true } else { false } }
        #expect(refused.count + hashed.count == 40)
        #expect(hashed.count >= 4 && !refused.isEmpty, "\(hashed.count) hashed, \(refused.count) refused")
        #expect(try await hasher.verify("Password1!", against: hashed[0].get()), "it recovers")
        await hasher.stop()
        await #expect(throws: PasswordError.stopped) { try await hasher.hash("Password1!") }
    }
}
