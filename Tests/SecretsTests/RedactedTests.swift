// SPDX-License-Identifier: Apache-2.0
import Secrets
import Testing

/// Whatever is printed, logged, interpolated or dumped, the secret is not in it.
@Suite struct RedactedTests {
    private struct Holder {
        var name = "holder"
        var password = Redacted("hunter2")
        var optional: Redacted<String>? = Redacted("hunter2")
        var list = [Redacted(["hunter2"])]
    }

    private func everything(_ value: some Any) -> String {
        var dumped = ""
        dump(value, to: &dumped)
        return "\(value)" + String(describing: value) + String(reflecting: value) + dumped
            + Mirror(reflecting: value).children.map { "\($0)" }.joined()
    }

    @Test func valueIsNeverShown() {
        let text = everything(Redacted("hunter2")) + everything(Holder()) + everything([Redacted("hunter2")])
        #expect(!text.contains("hunter2"))
        #expect(text.contains("[redacted]") && text.contains("holder"))
        #expect(Redacted("hunter2").exposed == "hunter2")
    }

    @Test func keysAreNeverShown() throws {
        let bytes = [UInt8](repeating: 77, count: 32)
        let data = DataKey.random(id: 5)
        let keyring = try Keyring([data], currentID: 5)
        let text =
            everything(secret(bytes)) + everything(MasterKey.random()) + everything(HMACKey(bytes)) + everything(data)
            + everything(keyring)
        #expect(!text.contains("77") && !text.contains("0x"), "\(text)")
        #expect(text.contains("redacted"))
    }
}
