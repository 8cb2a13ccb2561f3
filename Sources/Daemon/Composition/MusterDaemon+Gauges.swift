// SPDX-License-Identifier: Apache-2.0
import Glibc
import NIOPosix
import Postgres
import WebSurface

extension MusterDaemon {
    /// What `/metrics` says beside what is counted as it happens: sizes and states, read when somebody asks.
    func addGauges(_ installed: Installed) {
        let postgres = installed.postgres
        options.metrics.addSource { Self.pool(postgres) }
        options.metrics.addSource { await Self.runs(postgres) }
        options.metrics.addSource { await Self.process() }
    }

    private static func pool(_ postgres: PostgresClient) -> [GaugeReading] {
        let pool = postgres.statistics
        return [
            GaugeReading("muster_pool_connections", Double(pool.leased), [("state", "leased")]),
            GaugeReading("muster_pool_connections", Double(pool.open - pool.leased), [("state", "idle")]),
            GaugeReading("muster_pool_connections_limit", Double(postgres.configuration.pool.limit)),
            GaugeReading("muster_pool_waiting", Double(pool.waiting)),
            GaugeReading("muster_database_up", pool.isAway ? 0 : 1),
        ]
    }

    /// Runs of the sync that are not over; nothing while the database does not answer, which `muster_database_up` says.
    private static func runs(_ postgres: PostgresClient) async -> [GaugeReading] {
        let query: PostgresQuery = """
            select s.state, count(r.id) as runs from unnest(array['reading', 'planned', 'applying']) s(state)
            left join runs r on r.state = s.state and r.state in ('reading', 'planned', 'applying') group by s.state
            """
        guard let rows = try? await postgres.query(query.timeout(.seconds(2))) else { return [] }
        return rows.compactMap { row in
            guard let state = try? row.decode(String.self, "state"), let count = try? row.decode(Int64.self, "runs") else {
                return nil
            }
            return GaugeReading("muster_sync_runs", Double(count), [("state", state)])
        }
    }

    /// The process, under the names that Prometheus' own clients use.
    private static func process() async -> [GaugeReading] {
        let status = try? await NIOThreadPool.singleton.runIfActive {
            (contents("/proc/self/statm"), contents("/proc/self/stat"))
        }
        guard let (memory, stat) = status else { return [] }
        let pages = memory.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0
        // The program's name stands in parentheses and may hold blanks; utime and stime are the fields 14 and 15.
        let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
        let ticks = fields.count > 12 ? (Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0) : 0
        return [
            GaugeReading("process_resident_memory_bytes", pages * Double(sysconf(Int32(_SC_PAGESIZE)))),
            GaugeReading("process_cpu_seconds_total", ticks / Double(sysconf(Int32(_SC_CLK_TCK))), isCounter: true),
        ]
    }

    /// Blocks.
    private static func contents(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer[..<count], as: UTF8.self)
    }
}
