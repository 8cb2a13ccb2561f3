// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Postgres
import PostgresTestSupport

/// One prepared one-row select, interleaved with `pgbench` of the same statement; prints rates and their ratios.
let server = try TestServer()
let configuration = server.configuration(pool: .init(limit: 8))
let client = PostgresClient(configuration: configuration, logger: Logger(label: "bench"))
try await client.execute("create table t (id bigint primary key, name text)")
try await client.execute("insert into t select n, 'name ' || n from generate_series(1, 100000) n")
try await client.execute("analyze t")

let script = "\\set id random(1, 100000)\nselect id, name from t where id = :id;\n"
try script.write(toFile: "/tmp/muster-bench-\(getpid()).sql", atomically: true, encoding: .utf8)
let seconds = 1.0

func pgbench() throws -> Double {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/lib/postgresql/15/bin/pgbench")
    process.arguments = [
        "-n", "-M", "prepared", "-c", "8", "-j", "2", "-t", "3000", "-f", "/tmp/muster-bench-\(getpid()).sql", "-h",
        server.folder, "-U",
        "postgres", "postgres",
    ]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let line = text.split(separator: "\n").first { $0.hasPrefix("tps = ") } ?? ""
    return Double(line.split(separator: " ")[2]) ?? 0
}

func ours(tasks: Int, batched: Bool) async throws -> Double {
    let start = ContinuousClock.now
    let end = start + .seconds(seconds)
    let count = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<tasks {
            group.addTask {
                var count = 0
                while ContinuousClock.now < end {
                    let id = Int64.random(in: 1...100_000)
                    var query: PostgresQuery = "select id, name from t where id = \(id)"
                    if batched { query = query.batchable() }
                    let row = try await client.query(query)[0]
                    guard try row.decode(Int64.self, "id") == id, try !row.decode(String.self, "name").isEmpty else {
                        fatalError()
                    }
                    count += 1
                }
                return count
            }
        }
        return try await group.reduce(0, +)
    }
    return Double(count) / ((ContinuousClock.now - start) / .seconds(1))
}

for round in 1...3 {
    let base = try pgbench()
    var line = "round \(round): pgbench \(Int(base))"
    for (tasks, batched) in [(8, false), (64, false), (8, true), (64, true)] {
        let rate = try await ours(tasks: tasks, batched: batched)
        line += " | \(batched ? "batched" : "single") \(tasks): \(Int(rate)) (\(Double(Int(rate / base * 100)) / 100))"
    }
    print(line)
}
await client.close()
server.stop()
