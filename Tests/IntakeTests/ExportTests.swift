// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Intake

@Suite("Exports of several files")
struct ExportTests {
    struct Outcome: Equatable {
        var sink = NamingSink()
        var proof: Proof?
        var error: IntakeError?
    }

    /// Notes in which file an entry stands.
    struct NamingSink: EntrySink, Equatable {
        var plain = CollectingSink()
        var files: [String] = []
        private var current = ""

        mutating func begin(file: String) { current = file }
        mutating func entry(_ entry: borrowing Entry) {
            plain.entry(entry)
            files.append(current)
        }
        mutating func rejected(_ rejection: Rejection) { plain.rejected(rejection) }
    }

    static func read(_ files: [(String?, [UInt8])], _ options: ExportOptions = ExportOptions(), chunk: Int = 1 << 16) -> Outcome {
        var outcome = Outcome()
        var reader = ExportReader(options)
        do {
            for (name, bytes) in files {
                try reader.begin(file: name, into: &outcome.sink)
                var start = 0
                while start < bytes.count {
                    let end = min(bytes.count, start + chunk)
                    try bytes.withUnsafeBytes {
                        try reader.read(UnsafeRawBufferPointer(rebasing: $0[start..<end]), into: &outcome.sink)
                    }
                    start = end
                }
                try reader.endFile(into: &outcome.sink)
            }
            outcome.proof = reader.finish()
        } catch let error as IntakeError {
            outcome.error = error
        } catch { fatalError("\(error)") }
        return outcome
    }

    private static let a = Array("dn: cn=a,dc=b\ncn: a\n\n".utf8)
    private static let attested = Array(
        "# extended LDIF\n\ndn: cn=c,dc=b\ncn: c\n\nsearch: 2\nresult: 0 Success\n\n# numEntries: 1\n".utf8)

    @Test("several files, compressed and encoded each in its own way, are one read with the weakest proof")
    func files() {
        let text = String(decoding: Self.a, as: UTF8.self)
        let files: [(String?, [UInt8])] = [
            ("1.ldif", Self.attested), ("2.ldif.gz", DecodingTests.gzip(Self.a)),
            ("3.ldif", DecodingTests.utf16(text, little: true, mark: true)),
            ("4.json", Array(ldap3(#"{"attributes": {}, "dn": "cn=j"}"#).utf8)),
        ]
        let whole = Self.read(files)
        #expect(whole.error == nil)
        #expect(whole.sink.files == ["1.ldif", "2.ldif.gz", "3.ldif", "4.json"])
        #expect(whole.proof?.level == .wellFormed)
        #expect(whole.proof?.entries == 4)
        #expect(whole.proof?.notes == [.noTrailer])
        for chunk in [1, 2, 3, 7, 50] { #expect(Self.read(files, chunk: chunk) == whole, "chunks of \(chunk)") }
        #expect(Self.read([("a", Self.attested), ("b", Self.attested)]).proof?.level == .attested)
        #expect(Self.read([("a", Self.attested), ("b", [])]).proof?.level == Proof.Level.none)
        #expect(Self.read([]).proof?.level == Proof.Level.none)
        #expect(Self.read([(nil, Self.attested)]).proof == readExport(Self.attested).proof)
    }

    @Test("an error names its file")
    func errors() {
        let cut = Self.read([("1.ldif", Self.a), ("2.ldif", Array("dn: cn=a,dc=b\ncn: a".utf8))])
        #expect(cut.error?.file == "2.ldif")
        #expect(cut.error?.description.hasPrefix("2.ldif, line 2, byte") == true)
        let gzip = Self.read([("1.ldif", Self.a), ("2.gz", DecodingTests.gzip(Self.a).dropLast(5) + [])])
        #expect(gzip.error?.description.hasPrefix("2.gz, byte ") == true)
        #expect(gzip.error?.code == .truncated)
    }

    @Test("a ranged attribute ends in another file", .enabled(if: Samples.isThere))
    func ranges() throws {
        let first: (String?, [UInt8]) = ("a", try Samples.read("ldif/samba-range-0-499.ldif"))
        let last: (String?, [UInt8]) = ("b", try Samples.read("ldif/samba-range-500-star.ldif"))
        for files in [[first, last], [last, first]] {
            let outcome = Self.read(files)
            #expect(outcome.proof?.level == .attested)
            #expect(outcome.sink.plain.entries.reduce(0) { $0 + ($1.attributes["member"]?.count ?? 0) } > 500)
        }
        #expect(Self.read([last, last]).proof?.notes.contains(.missingRanges(1)) == true)
        #expect(Self.read([first, first]).proof?.level == Proof.Level.none)
    }

    @Test("pages of each kind end, once, and are as many as they say")
    func pages() {
        func page(_ kind: String, _ isLast: Bool, total: Int? = nil, entries: Int = 2, _ form: Proof.Level = .wellFormed) -> Proof
        {
            Proof(
                level: isLast ? form : .none, entries: entries, rejected: 0, bytes: 1, notes: isLast ? [] : [.morePages],
                form: form,
                page: Proof.Page(kind: kind, isLast: isLast, total: total))
        }
        func combined(_ proofs: Proof...) -> Proof {
            var whole = ExportProof()
            for proof in proofs { whole.add(proof) }
            return whole.combined
        }
        #expect(combined(page("users", false), page("users", true), page("groups", true)).level == .wellFormed)
        #expect(combined(page("users", false), page("users", false)).notes == [.morePages])
        #expect(combined(page("users", true), page("groups", false)).level == Proof.Level.none)
        #expect(combined(page("users", true), page("users", true)).notes == [.severalLastPages(kind: "users")])
        #expect(combined(page("users", false, total: 4), page("users", true, total: 4)).level == .attested)
        #expect(
            combined(page("users", false, total: 5), page("users", true, total: 5)).notes
                == [.pagesMissing(kind: "users", found: 4, total: 5)])
        let unpaged = Proof(level: .none, entries: 1, rejected: 0, bytes: 1, notes: [.morePages])
        #expect(combined(unpaged, page("users", true)).level == Proof.Level.none)
    }

    @Test("pages of Microsoft Graph in a folder")
    func graph() {
        func page(_ id: Int, of kind: String, next: Bool) -> (String?, [UInt8]) {
            let link = next ? "\"@odata.nextLink\": \"https://x\", " : ""
            let context = "\"@odata.context\": \"https://graph.microsoft.com/v1.0/$metadata#\(kind)\", "
            return (
                "\(kind)-\(id).json",
                Array("{\(context)\(link)\"value\": [{\"id\": \"\(kind)\(id)\", \"displayName\": \"x\"}]}".utf8)
            )
        }
        let users = [page(1, of: "users", next: true), page(2, of: "users", next: false)]
        let groups = page(1, of: "groups", next: false)
        let whole = Self.read(users + [groups])
        #expect(whole.error == nil)
        #expect(whole.proof?.level == .wellFormed, "\(String(describing: whole.proof))")
        #expect(whole.proof?.entries == 3)
        #expect(Self.read([users[0], groups]).proof?.level == Proof.Level.none)
        #expect(Self.read(users + [users[1]]).proof?.level == Proof.Level.none)
    }

    @Test("files are read in the order of the numbers in their names, and what is no part is left out")
    func order() {
        #expect(
            ExportReader.ordered(["users-10.json", "users-2.json", "users-1.json", "groups.json", "users-02.json", "a"])
                == ["a", "groups.json", "users-1.json", "users-02.json", "users-2.json", "users-10.json"])
        for name in [".hidden", "x.part", "a.manifest.json", "b~", ""] { #expect(!ExportReader.isPart(name)) }
        #expect(ExportReader.isPart("users.json"))
        #expect(ExportReader.group(ofFile: "group=%2Fa%2Fb.json.gz") == "/a/b")
        #expect(ExportReader.group(ofFile: "users.json") == nil)
    }

    @Test("options reach the reader of rows")
    func options() {
        var options = ExportOptions(format: .csv)
        options.encoding = .windows1252
        options.csv.hasHeader = false
        options.csv.columns = ["name", "mail"]
        let outcome = Self.read([(nil, [0x4A, 0xF6, 0x2C, 0x61, 0x0A])], options)
        #expect(outcome.sink.plain.entries.first?.texts("name") == ["Jö"])
    }
}
