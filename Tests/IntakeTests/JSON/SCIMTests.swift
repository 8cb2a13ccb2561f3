// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Intake

@Suite("SCIM")
struct SCIMTests {
    static let list = "\"schemas\": [\"urn:ietf:params:scim:api:messages:2.0:ListResponse\"]"
    static let user =
        #"{"id": "1", "userName": "A@x", "active": "True", "emails": [{"value": "b@x"}, {"value": "a@x", "primary": true}], "#
        + #""urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "D"}}"#

    @Test("a list is attested by its total, before or behind the resources", arguments: [[], [1], [23]])
    func totals(chunks: [Int]) throws {
        for text in [
            "{\(Self.list), \"totalResults\": 1, \"Resources\": [\(Self.user)]}",
            "{\"Resources\": [\(Self.user)], \"itemsPerPage\": 1, \"totalResults\": 1, \(Self.list)}",
        ] {
            let outcome = readExport(text, chunks: chunks)
            #expect(outcome.proof?.level == .attested)
            let seen = try #require(outcome.sink.entries.first)
            #expect(seen.dn == "1")
            #expect(seen.texts("emails.value") == ["a@x", "b@x"])
            #expect(seen.texts("objectClass") == ["user"])
            #expect(seen.texts("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.department") == ["D"])
        }
        func proof(_ members: String) -> Proof? { readExport("{\(Self.list), \(members)}", chunks: chunks).proof }
        #expect(proof("\"totalResults\": 3, \"Resources\": [\(Self.user)]")?.level == Proof.Level.none)
        #expect(
            proof("\"totalResults\": 3, \"Resources\": [\(Self.user)]")?.page
                == Proof.Page(kind: "scim users", isLast: false, total: 3))
        let last = proof("\"totalResults\": 3, \"startIndex\": 3, \"Resources\": [\(Self.user)]")
        #expect(last?.level == Proof.Level.none)
        #expect(last?.page?.isLast == true)
        #expect(proof("\"Resources\": [\(Self.user)]")?.notes == [.noTotal])
        #expect(proof("\"totalResults\": 1, \"nextCursor\": \"c\", \"Resources\": [\(Self.user)]")?.level == Proof.Level.none)
        #expect(proof("\"totalResults\": 0")?.notes == [.noEntries])
        let fewer = readExport("{\(Self.list), \"totalResults\": 0, \"Resources\": [\(Self.user)]}", chunks: chunks)
        #expect(fewer.error?.code == .countMismatch)
    }

    @Test("several pages are one list")
    func pages() {
        var whole = ExportProof()
        for start in 1...3 {
            let text = "{\(Self.list), \"totalResults\": 3, \"startIndex\": \(start), \"Resources\": [\(Self.user)]}"
            whole.add(readExport(text).proof ?? Proof(level: .none, entries: 0, rejected: 0, bytes: 0))
        }
        #expect(whole.combined.level == .attested)
        #expect(whole.combined.entries == 3)
    }

    @Test("a bulk request: whole resources are entries or changes, and prove nobody's absence", arguments: [1, 10_000])
    func bulk(chunk: Int) throws {
        let text = """
            {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [
              {"data": {"userName": "a"}, "path": "/Users", "method": "POST", "bulkId": "q"},
              {"method": "put", "path": "/Groups/7", "data": {"displayName": "G", "members": [{"value": "bulkId:q"}]}},
              {"method": "PATCH", "path": "/Users/8", "data": [{"op": "remove", "path": "x"}]},
              {"method": "DELETE", "path": "/Users/9"}]}
            """
        let full = readExport(text, chunks: [chunk])
        #expect(full.sink.entries.map(\.dn) == ["bulkId:q", "7"])
        #expect(full.sink.entries.map { $0.texts("objectClass") } == [["user"], ["group"]])
        #expect(full.sink.entries.first?.texts("operation.method") == ["POST"])
        #expect(full.sink.entries.last?.texts("members.value") == ["bulkId:q"])
        #expect(full.sink.rejections.map(\.dn) == ["8"])
        #expect(full.proof?.level == Proof.Level.none)
        #expect(full.proof?.notes == [.changesOnly, .removals(1)])
        let (sink, proof) = try ToldChanges.read(text, chunk: chunk)
        #expect(sink.changes.map(\.kind) == [.upsert, .upsert, .delete])
        #expect(sink.changes.map(\.dn) == ["bulkId:q", "7", "9"])
        #expect(sink.rejections.map(\.dn) == ["8"])
        #expect(!proof.provesAbsence)
    }

    @Test("the examples of the RFCs", .enabled(if: Samples.isThere, "the samples are not beside the repository"))
    func samples() throws {
        let folder = try #require(Samples.folder).appending(path: "scim")
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            let outcome = readExport(try Samples.read("scim/\(name)"))
            #expect(readExport(try Samples.read("scim/\(name)"), chunks: [7]) == outcome)
            switch name {
            case _ where name.contains("list_response-post_query"):
                #expect(outcome.proof?.notes.contains(.partOfTotal(held: 2, total: 100)) == true)
            case _ where name.contains("list_response"):
                #expect(outcome.proof?.level == .attested, "\(name)")
                #expect(outcome.sink.entries.count == 2)
            case _ where name.contains("bulk_request"):
                #expect(outcome.proof?.level == Proof.Level.none, "\(name)")
                #expect(outcome.sink.entries.count == 2)
            case _ where name.contains("rfc7643") || name.contains("user-"):
                #expect(outcome.sink.entries.count == 1, "\(name)")
                #expect(outcome.sink.entries.first?.texts("objectClass") == [name.contains("group") ? "group" : "user"])
            default:
                #expect(outcome.error?.code == .unknownShape, "\(name)")
                #expect(outcome.sink == CollectingSink())
            }
        }
    }
}
