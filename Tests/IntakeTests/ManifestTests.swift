// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Intake

@Suite("Manifests")
struct ManifestTests {
    private static let digest = String(repeating: "0a", count: 32)
    private static let bytes = [UInt8](repeating: 10, count: 32)

    private func parse(_ text: String) throws(Manifest.Fault) -> Manifest { try Manifest(parsing: Array(text.utf8)) }

    @Test("a file's and a folder's")
    func parsing() throws {
        let file = try parse(
            "\u{FEFF}{\"entries\": 12, \"sha256\": \"\(Self.digest.uppercased())\", \"by\": {\"x\": [{\"entries\": 1}]}, \"n\": null}"
        )
        #expect(file.entries == 12)
        #expect(file.sha256 == Self.bytes)
        #expect(file.signedText == "muster manifest\nentries 12\nsha256 \(Self.digest)\n")
        let folder = try parse(
            "{\"files\": {\"b\": \"\(Self.digest)\", \"a\": \"\(Self.digest)\"}, \"created\": \"now\", \"entries\": 0}")
        #expect(folder.files.count == 2)
        #expect(
            folder.signedText == "muster manifest\nentries 0\ncreated now\nsha256 \(Self.digest) a\nsha256 \(Self.digest) b\n")
    }

    @Test(
        "what is none",
        arguments: [
            "", "[]", "{}", "{\"entries\": 1}", "{\"sha256\": \"DIGEST\"}", "{\"entries\": \"1\", \"sha256\": \"DIGEST\"}",
            "{\"entries\": -1, \"sha256\": \"DIGEST\"}", "{\"entries\": 1.5, \"sha256\": \"DIGEST\"}",
            "{\"entries\": 1, \"sha256\": \"0a\"}",
            "{\"entries\": 1, \"sha256\": \"DIGEST\", \"files\": {\"a\": \"DIGEST\"}}",
            "{\"entries\": 1, \"files\": {\"a\": \"x\"}}",
            "{\"entries\": 1, \"sha256\": \"DIGEST\", \"sha256\": \"DIGEST\"}", "{\"entries\": 1, \"sha256\": \"DIGEST\"",
            "{\"entries\": 1, \"sha256\": \"DIGEST\", \"signature\": \"AAAA\"}",
            "{\"entries\": 1, \"sha256\": \"DIGEST\", \"created\": \"a\\nb\"}",
        ])
    func malformed(text: String) {
        let error = #expect(throws: Manifest.Fault.self) { try parse(text.replacing("DIGEST", with: Self.digest)) }
        #expect(error?.code == .malformed)
    }

    @Test("the export is held against it")
    func verification() throws {
        let proof = Proof(level: .none, entries: 2, rejected: 1, bytes: 9, notes: [.unprovable])
        let file = try parse("{\"entries\": 3, \"sha256\": \"\(Self.digest)\"}")
        let folder = try parse("{\"entries\": 3, \"files\": {\"a\": \"\(Self.digest)\"}}")
        func code(_ manifest: Manifest, _ digests: [String: [UInt8]], isFolder: Bool, _ proof: Proof) -> Manifest.Fault.Code? {
            do throws(Manifest.Fault) {
                try manifest.verify(digests: digests, isFolder: isFolder, proof: proof)
                return nil
            } catch { return error.code }
        }
        #expect(code(file, ["x": Self.bytes], isFolder: false, proof) == nil)
        #expect(code(file, ["x": [1]], isFolder: false, proof) == .wrongContent)
        #expect(code(file, ["x": Self.bytes], isFolder: true, proof) == .wrongContent)
        #expect(code(folder, ["a": Self.bytes], isFolder: true, proof) == nil)
        #expect(code(folder, ["a": Self.bytes], isFolder: false, proof) == .wrongContent)
        for digests in [[:], ["a": [1]], ["a": Self.bytes, "b": Self.bytes], ["b": Self.bytes]] {
            #expect(code(folder, digests, isFolder: true, proof) == .wrongContent)
        }
        var fewer = proof
        fewer.entries = 1
        #expect(code(file, ["x": Self.bytes], isFolder: false, fewer) == .wrongCount)
        #expect(Manifest.attested(proof).level == .attested)
        #expect(
            Manifest.attested(Proof(level: .none, entries: 2, rejected: 0, bytes: 1, notes: [.morePages])).level
                == Proof.Level.none)
    }

    @Test("a word about the bytes makes up for a form that proves nothing, and for nothing else")
    func attestation() {
        func level(_ note: Proof.Note) -> Proof.Level {
            Manifest.attested(Proof(level: .none, entries: 2, rejected: 0, bytes: 1, notes: [note])).level
        }
        for note: Proof.Note in [.unprovable, .noTrailer, .noEndOfPages, .additions(2), .noLineEndAtEnd] {
            #expect(level(note) == .attested)
        }
        for note: Proof.Note in [.morePages, .changesOnly, .partOfTotal(held: 1, total: 2), .missingRanges(1), .removals(1)] {
            #expect(level(note) == Proof.Level.none)
        }
    }

    @Test("a signature, where the policy asks for one")
    func signatures() throws {
        var rule = ManifestRule()
        let signature = "A" + String(repeating: "A", count: 85) + "=="
        let unsigned = try parse("{\"entries\": 3, \"sha256\": \"\(Self.digest)\"}")
        let signed = try parse("{\"entries\": 3, \"sha256\": \"\(Self.digest)\", \"signature\": \"\(signature)\"}")
        try unsigned.verifySignature(rule) { _, _, _ in false }
        rule.publicKey = Self.bytes
        #expect(throws: Manifest.Fault.self) { try unsigned.verifySignature(rule) { _, _, _ in true } }
        #expect(throws: Manifest.Fault.self) { try signed.verifySignature(rule) { _, _, _ in false } }
        try signed.verifySignature(rule) { signature, text, key in
            signature.count == 64 && text == Array(signed.signedText.utf8) && key == Self.bytes
        }
    }

    @Test("noise is survived")
    func noise() throws {
        let seed: UInt64 = 51
        var random = SeededRandom(seed: seed)
        let original = Array("{\"entries\": 3, \"files\": {\"a\": \"\(Self.digest)\"}, \"x\": [1, {\"y\": null}]}".utf8)
        for _ in 0..<rounds(3000, soak: 100_000) {
            var bytes = original
            for _ in 0..<3 {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] =
                    Array("{}[]\":,0a\n".utf8).randomElement(using: &random) ?? 0
            }
            _ = try? Manifest(parsing: bytes)
        }
    }
}
