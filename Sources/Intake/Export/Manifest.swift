// SPDX-License-Identifier: Apache-2.0

/// What the publisher of an export states about it, in `FILE.manifest.json` beside the file or folder.
///
/// ```json
/// {"entries": 1200, "sha256": "9f86d0…", "created": "2026-11-23T04:00:00Z", "signature": "base64"}
/// {"entries": 1200, "files": {"users-1.json": "9f86d0…", "users-2.json": "60303a…"}}
/// ```
///
/// The digests are those of the bytes on the disk, compressed or not. Entries are all of them, bad ones included. Other
/// keys are passed over. The signature is Ed25519 over ``signedText``.
package struct Manifest: Sendable, Hashable {
    /// The ending of its name.
    package static let ending = ".manifest.json"
    /// Bytes that it may have.
    package static let sizeLimit = 4 << 20

    package private(set) var entries: Int
    /// The digest of an export that is one file.
    package private(set) var sha256: [UInt8]?
    /// The digests of the files of a folder, by name.
    package private(set) var files: [String: [UInt8]] = [:]
    /// Whatever the publisher wrote: part of what is signed, so that an old manifest can be told.
    package private(set) var created: String?
    /// 64 bytes.
    package private(set) var signature: [UInt8]?

    /// Why a manifest cannot be used, or does not fit: nothing of the export may be used then.
    package struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
        /// The kinds of fault.
        package enum Code: String, Sendable, CaseIterable {
            /// Not the form of a manifest.
            case malformed
            /// The policy asks for a manifest, and there is none.
            case missing
            /// The policy asks for a signature, and there is none.
            case unsigned
            /// The signature is not of the policy's key, or of another text.
            case badSignature
            /// The files have other bytes, or are others.
            case wrongContent
            /// There are more or fewer entries.
            case wrongCount
        }

        package let code: Code
        /// A sentence for a person.
        package let description: String

        package init(_ code: Code, _ description: String) {
            self.code = code
            self.description = description
        }
    }

    /// Reads a manifest.
    ///
    /// - Throws: ``Fault`` with ``Fault/Code/malformed``.
    package init(parsing bytes: [UInt8]) throws(Fault) {
        guard bytes.count <= Self.sizeLimit else { throw Fault(.malformed, "the manifest has more than \(Self.sizeLimit) bytes") }
        let object = try ManifestObject(bytes)
        guard let text = object.numbers["entries"], let entries = Int(text), entries >= 0 else {
            throw Fault(.malformed, "the manifest needs \"entries\", a whole number")
        }
        self.entries = entries
        created = object.texts["created"]
        if let text = object.texts["sha256"] { sha256 = try Self.digest(text, "\"sha256\"") }
        for (name, text) in object.files {
            guard !name.isEmpty, !name.contains("\n") else { throw Fault(.malformed, "\"files\" has a name that none can have") }
            files[name] = try Self.digest(text, "\"\(name)\"")
        }
        guard (sha256 == nil) != object.files.isEmpty else {
            throw Fault(.malformed, "the manifest needs \"sha256\" for a file or \"files\" for a folder")
        }
        guard created?.contains("\n") != true else { throw Fault(.malformed, "\"created\" of the manifest has several lines") }
        guard let text = object.texts["signature"] else { return }
        var signature: [UInt8] = []
        guard Array(text.utf8).withUnsafeBytes({ Base64.decode($0, into: &signature) }), signature.count == 64 else {
            throw Fault(.malformed, "\"signature\" of the manifest needs 64 bytes in base64")
        }
        self.signature = signature
    }

    private static func digest(_ text: String, _ what: String) throws(Fault) -> [UInt8] {
        let digits = Array(text.utf8)
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count - 1, by: 2) {
            if let high = Hex.digit(digits[index]), let low = Hex.digit(digits[index + 1]) { bytes.append(high << 4 | low) }
        }
        guard digits.count == 64, bytes.count == 32 else {
            throw Fault(.malformed, "\(what) of the manifest needs 64 hexadecimal digits")
        }
        return bytes
    }

    /// What the signature is over, a line each: `muster manifest`, `entries N`, `created TEXT` where it is there, then
    /// `sha256 HEX` or, for a folder, `sha256 HEX NAME` for each file, by the bytes of the names.
    package var signedText: String {
        var text = "muster manifest\nentries \(entries)\n"
        if let created { text += "created \(created)\n" }
        if let sha256 { text += "sha256 \(Self.hex(sha256))\n" }
        for (name, digest) in files.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            text += "sha256 \(Self.hex(digest)) \(name)\n"
        }
        return text
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for byte in bytes { Hex.append(byte, to: &text) }
        return String(decoding: text, as: UTF8.self)
    }

    // MARK: - Verification

    /// Holds the manifest against the policy, before anything is read.
    ///
    /// - Parameter isValid: whether a signature (64 bytes) of a text is of a public key (32 bytes), by Ed25519.
    package func verifySignature(
        _ rule: ManifestRule, isValid: (_ signature: [UInt8], _ text: [UInt8], _ key: [UInt8]) -> Bool
    ) throws(Fault) {
        guard let key = rule.publicKey else { return }
        guard let signature else { throw Fault(.unsigned, "the manifest has no \"signature\", which the policy asks for") }
        guard isValid(signature, Array(signedText.utf8), key) else {
            throw Fault(.badSignature, "the signature of the manifest is not one of the policy's key over this manifest")
        }
    }

    /// Holds an export that was read against the manifest.
    ///
    /// - Parameters:
    ///   - digests: of the files by their names; of an export that is one file, its only digest.
    ///   - isFolder: whether the export is a folder.
    package func verify(digests: [String: [UInt8]], isFolder: Bool, proof: Proof) throws(Fault) {
        if isFolder {
            guard sha256 == nil else { throw Fault(.wrongContent, "the export is a folder, its manifest is one of a file") }
            let missing = files.keys.filter { digests[$0] == nil }.sorted()
            let added = digests.keys.filter { files[$0] == nil }.sorted()
            let changed = files.keys.filter { digests[$0] != nil && digests[$0] != files[$0] }.sorted()
            for (names, what) in [(missing, "is missing"), (added, "is not in the manifest"), (changed, "has another sha256")] {
                if let first = names.first {
                    let more = names.count > 1 ? " (and \(names.count - 1) more)" : ""
                    throw Fault(.wrongContent, "\(first) \(what)\(more): the export is not the one that the manifest is about")
                }
            }
        } else {
            guard let sha256 else { throw Fault(.wrongContent, "the export is a file, its manifest is one of a folder") }
            guard digests.count == 1, digests.values.first == sha256 else {
                throw Fault(.wrongContent, "the file's sha256 is not the manifest's: it was cut, changed or mixed up")
            }
        }
        let found = proof.entries + proof.rejected + proof.changes
        guard found == entries else {
            throw Fault(.wrongCount, "the manifest states \(entries) entries, the export holds \(found)")
        }
    }

    /// The proof of an export that its manifest attests.
    ///
    /// References to other servers, missing parts and pages stay what they are: the publisher's word is about the bytes.
    package static func attested(_ proof: Proof) -> Proof {
        var proof = proof
        let isOpen = proof.notes.contains(where: \.isBeyondBytes)
        if !isOpen, !proof.isEmpty { proof.level = .attested }
        proof.notes.append(.manifest)
        return proof
    }
}

extension Proof.Note {
    /// Whether it says that the source has more than these bytes, or something else than what there is, so that no word
    /// about the bytes can make up for it.
    fileprivate var isBeyondBytes: Bool {
        switch self {
        case .emptyInput, .noEntries, .noFiles, .noPeople: true
        case .morePages, .severalLastPages, .pagesMissing, .partOfTotal, .entriesAfterTrailer: true
        case .missingRanges, .lostMemberships, .changesOnly, .removals: true
        case .noTrailer, .noEmptyLineAtEnd, .noEndOfSequence, .noEndOfPages, .noTotal, .unprovable, .noLineEndAtEnd: false
        case .additions, .references, .manifest: false
        }
    }
}

/// The object of a manifest, one level deep.
private struct ManifestObject {
    var texts: [String: String] = [:]
    var numbers: [String: String] = [:]
    var files: [String: String] = [:]

    init(_ bytes: [UInt8]) throws(Manifest.Fault) {
        var tokenizer = JSONTokenizer()
        var fault: Manifest.Fault?
        // A byte order mark, as Windows writes it.
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        bytes.withUnsafeBytes { all in
            let window = UnsafeRawBufferPointer(rebasing: all[start...])
            do {
                try read(window, &tokenizer)
            } catch let error as IntakeError {
                fault = Manifest.Fault(.malformed, "the manifest is no JSON object: \(error)")
            } catch let error as Manifest.Fault {
                fault = error
            } catch {
                fault = Manifest.Fault(.malformed, "\(error)")
            }
        }
        if let fault { throw fault }
    }

    private mutating func read(_ window: UnsafeRawBufferPointer, _ tokenizer: inout JSONTokenizer) throws {
        var index = 0
        /// The keys that are open: of the object, of `files`.
        var keys: [String] = []
        var seen: Set<[String]> = []
        while case .token(let token) = try tokenizer.next(window, at: &index, base: 0, isLast: true) {
            let text =
                token.isUnescaped
                ? String(decoding: tokenizer.scratch, as: UTF8.self)
                : String(decoding: window[token.start..<token.end], as: UTF8.self)
            let isOpening = token.kind == .beginObject || token.kind == .beginArray
            let depth = tokenizer.depth - (isOpening ? 1 : 0)
            if depth == 0, token.kind != .beginObject, token.kind != .endObject {
                throw Manifest.Fault(.malformed, "the manifest is no JSON object")
            }
            switch token.kind {
            case .key where depth <= 2:
                keys = Array(keys.prefix(depth - 1)) + [text]
                guard seen.insert(keys).inserted else {
                    throw Manifest.Fault(.malformed, "the manifest has the key \"\(keys.joined(separator: "."))\" twice")
                }
            case .string where depth == 1: texts[keys[0]] = text
            case .number where depth == 1: numbers[keys[0]] = text
            case .string where depth == 2 && keys.count == 2 && keys[0] == "files": files[keys[1]] = text
            case .endObject where depth == 1: keys = Array(keys.prefix(1))
            case .beginArray where depth == 1: keys = Array(keys.prefix(1))
            default: break
            }
        }
    }
}
