// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostgresTestSupport
import Testing

@testable import Postgres

@Suite struct ValueTests {
    /// Sends a value, has the server print it as text and parse it again, and compares what comes back.
    private func roundTrip<T: PostgresEncodable & PostgresDecodable & Equatable>(
        _ values: [T], _ connection: PostgresConnection, _ note: String
    ) async throws {
        let type = T.postgresType.name
        for value in values {
            let row = try await connection.query("select \(value) as plain, (\(value)::text)::\(unescaped: type) as printed")[0]
            let (plain, printed) = try row.decode((T, T).self)
            #expect(plain == value, "\(type), \(note)")
            #expect(printed == value, "\(type), \(note)")
        }
    }

    @Test func edgesSurvive() async throws {
        try await withDatabase { client in
            try await client.withConnection { connection in
                try await roundTrip([true, false], connection, "edges")
                try await roundTrip([.min, -1, 0, 1, .max] as [Int16], connection, "edges")
                try await roundTrip([.min, -1, 0, 1, .max] as [Int32], connection, "edges")
                try await roundTrip([.min, -1, 0, 1, .max] as [Int64], connection, "edges")
                try await roundTrip([.min, 0, .max] as [Int], connection, "edges")
                try await roundTrip(
                    [0, -0.0, 1.5, .greatestFiniteMagnitude, .leastNonzeroMagnitude, .infinity] as [Double], connection, "edges")
                try await roundTrip(
                    ["", " ", "'", "\\", "日本\u{1F9D1}\u{200D}", String(repeating: "x", count: 300_000)], connection, "edges")
                try await roundTrip([[], [0], [0xFF, 0, 0x27]] as [[UInt8]], connection, "edges")
                try await roundTrip([UUID()], connection, "edges")
                try await roundTrip(
                    [
                        PostgresTimestamp(microseconds: 0), PostgresTimestamp(microseconds: -1), .now, .infinity,
                        .negativeInfinity,
                    ],
                    connection, "edges")
                try await roundTrip([PostgresJSON(#"{"a": [1, null]}"#), PostgresJSON("null")], connection, "edges")
                try await roundTrip([nil, "x"] as [String?], connection, "edges")
                try await roundTrip([[], [1], [1, nil, .max], [nil]] as [[Int64?]], connection, "edges")
                try await roundTrip([[], ["a,b", "{}", "\"", "NULL", ""]] as [[String]], connection, "edges")
                try await roundTrip([["x", nil]] as [[String?]], connection, "edges")
                try await roundTrip([[[], [1, 2], [0]]] as [[[UInt8]]], connection, "edges")
                try await roundTrip([[true, nil, false]] as [[Bool?]], connection, "edges")
                try await roundTrip([[UUID(), nil]] as [[UUID?]], connection, "edges")
            }
        }
    }

    @Test(arguments: [11, 22, 33] as [UInt64]) func randomValuesSurvive(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        try await withDatabase { client in
            try await client.withConnection { connection in
                for _ in 0..<40 {
                    let count = Int.random(in: 0...20, using: &random)
                    let numbers = (0..<count).map { _ in
                        Bool.random(using: &random) ? Int64.random(in: .min ... .max, using: &random) : nil
                    }
                    let texts: [String?] = (0..<count).map { _ in
                        let scalars = (0..<Int.random(in: 0...8, using: &random)).compactMap { _ in
                            Unicode.Scalar(UInt32.random(in: 1...0x1FFFF, using: &random))
                        }
                        return Bool.random(using: &random) ? scalars.reduce(into: "") { $0.unicodeScalars.append($1) } : nil
                    }
                    let doubles = (0..<count).map { _ in Double(bitPattern: random.next()) }.filter { !$0.isNaN }
                    let times = (0..<count).map { _ in
                        PostgresTimestamp(
                            microseconds: Int64.random(in: -62_000_000_000_000_000...9_000_000_000_000_000, using: &random))
                    }
                    try await roundTrip([numbers], connection, "seed \(seed)")
                    try await roundTrip([texts], connection, "seed \(seed)")
                    try await roundTrip([doubles], connection, "seed \(seed)")
                    try await roundTrip([times], connection, "seed \(seed)")
                }
            }
        }
    }

    @Test func timestampsPrintAsTheServerPrintsThem() async throws {
        var random = SeededGenerator(seed: 7)
        let times = (0..<200).map { _ in
            PostgresTimestamp(microseconds: Int64.random(in: -62_000_000_000_000_000...9_000_000_000_000_000, using: &random))
        }
        try await withDatabase { client in
            let query: PostgresQuery = """
                select to_char(t at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') from unnest(\(times)) with ordinality u(t, n) order by n
                """
            let printed = try await client.query(query).map { try $0.decode(String.self) }
            #expect(printed == times.map { $0.description })
        }
    }

    @Test func narrowColumnsAreReadAsWiderIntegers() async throws {
        try await withDatabase { client in
            let row = try await client.query(
                #"select 1::smallint as a, 2::integer as b, 1.5::real as c, 'x'::varchar as d, '{"a": 1}'::json as e"#)[0]
            #expect(try row.decode(Int.self, "a") == 1)
            #expect(try row.decode(Int32.self, "a") == 1)
            #expect(try row.decode(Int64.self, "b") == 2)
            #expect(try row.decode(Double.self, "c") == 1.5)
            #expect(try row.decode(String.self, "d") == "x")
            #expect(try row.decode(PostgresJSON.self, "e").text == #"{"a": 1}"#)
        }
    }

    @Test func wrongTypesAndNullsNameTheColumn() async throws {
        try await withDatabase { client in
            let row = try await client.query(
                "select 7::bigint as number, null::text as nothing, 'twelve bytes'::text as words, array[1, null]::int[] as list")[
                    0]
            func failure<T: PostgresDecodable>(_ type: T.Type, _ name: String) throws -> PostgresError {
                let error = #expect(throws: PostgresError.self) { try row.decode(type, name) }
                return try #require(error)
            }
            for error in [
                try failure(String.self, "number"), try failure(Int32.self, "number"), try failure(Bool.self, "number"),
                try failure(UUID.self, "number"), try failure([Int64].self, "number"),
            ] {
                #expect(error.kind == .decoding && error.column == "number" && error.message.contains("bigint"))
            }
            #expect(
                try failure(String.self, "nothing").message == "column \"nothing\" (text) is NULL and cannot be read as String")
            #expect(try failure([Int64].self, "words").column == "words")
            #expect(try failure([Int32].self, "list").column == "list")
            #expect(try row.decode([Int32?].self, "list") == [1, nil])
            #expect(try failure(Int.self, "absent").message.contains("absent"))
            #expect(throws: PostgresError.self) { try row.decode((Int, String?).self) }
        }
    }

    @Test func descriptionsHideValues() {
        let secret = "hunter2"
        let query: PostgresQuery = "select * from users where token = \(secret) and id = any(\([1, 2] as [Int]))"
        for text in ["\(query)", String(reflecting: query), dumped(query), "\(query.bindings)", dumped(query.bindings)] {
            #expect(!text.contains(secret) && !text.contains("104, 117"), "\(text)")
        }
        #expect("\(query)" == "select * from users where token = $1 and id = any($2) [2 values]")
    }
}

func dumped(_ value: Any) -> String {
    var text = ""
    dump(value, to: &text)
    return text
}
