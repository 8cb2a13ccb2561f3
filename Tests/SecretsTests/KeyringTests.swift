// SPDX-License-Identifier: Apache-2.0
import Secrets
import Testing

@Suite struct KeyringTests {
    @Test func wrappedKeyIsUnwrapped() throws {
        let master = MasterKey.random()
        let key = DataKey.random(id: 7)
        let wrapped = key.wrap(with: master)
        #expect(wrapped.count == DataKey.wrappedLength)
        #expect(try DataKey.unwrap(wrapped, id: 7, with: master) == key)
        #expect(key.wrap(with: master) != wrapped, "a nonce is never used twice")
        #expect(try DataKey.unwrap(key.wrap(with: master), id: 7, with: master) == key)
    }

    @Test func unwrappingFailsClosed() throws {
        let master = MasterKey.random()
        let wrapped = DataKey.random(id: 7).wrap(with: master)
        let refusal = KeyringError.notUnwrapped(id: 7)
        for bit in 0..<wrapped.count * 8 {
            #expect(throws: refusal, "bit \(bit)") { try DataKey.unwrap(flip(wrapped, bit), id: 7, with: master) }
        }
        for length in 0..<wrapped.count {
            #expect(throws: refusal) { try DataKey.unwrap(Array(wrapped.prefix(length)), id: 7, with: master) }
        }
        #expect(throws: refusal) { try DataKey.unwrap(wrapped + [0], id: 7, with: master) }
        #expect(throws: refusal) { try DataKey.unwrap(wrapped, id: 7, with: .random()) }
        #expect(throws: KeyringError.notUnwrapped(id: 8)) { try DataKey.unwrap(wrapped, id: 8, with: master) }
    }

    @Test func masterKeyIsRotated() throws {
        let (old, new) = (MasterKey.random(), MasterKey.random())
        let stored = DataKey.random(id: 1).wrap(with: old)
        let claims = AccessTokenClaims(owner: .user, id: 1, nonce: SecureRandom.uuid(), keyID: 1)
        let token = try Keyring(unwrapping: [1: stored], currentID: 1, with: old).mint(claims)
        let rewrapped = try DataKey.unwrap(stored, id: 1, with: old).wrap(with: new)
        #expect(try Keyring(unwrapping: [1: rewrapped], currentID: 1, with: new).verify(token) == claims)
        #expect(throws: KeyringError.notUnwrapped(id: 1)) {
            try Keyring(unwrapping: [1: rewrapped], currentID: 1, with: old)
        }
    }

    @Test func currentKeyMustBeThere() throws {
        let keys = [DataKey.random(id: 3), DataKey.random(id: -1)]
        #expect(try Keyring(keys, currentID: 3).keyIDs == [-1, 3])
        #expect(throws: KeyringError.unknownKey(id: 4)) { try Keyring(keys, currentID: 4) }
        #expect(throws: KeyringError.unknownKey(id: 1)) { try Keyring([], currentID: 1) }
        #expect(throws: KeyringError.duplicateKey(id: 3)) { try Keyring(keys + [.random(id: 3)], currentID: 3) }
    }
}
