// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import Postgres
import Secrets

extension Doctor {
    /// The clocks of this machine and of the database's: expiry and one-time codes rest on them.
    func databaseClock(_ postgres: PostgresClient) async throws -> Finding {
        let before = Date().timeIntervalSince1970
        let row = try await postgres.query("select extract(epoch from clock_timestamp())::float8 as now")[0]
        let middle = (before + Date().timeIntervalSince1970) / 2
        return Self.clock("clock", "the database's clock", differsBy: try row.decode(Double.self, "now") - middle)
    }

    /// The clock of the file system that holds the data folder: watched exports are known by their times. Blocks.
    func fileClock() -> Finding {
        let path = "\(configuration.dataDirectory)/.doctor-\(SecureRandom.hex(8))"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            return .failure(
                "file_clock", "no file can be made in \(configuration.dataDirectory): \(String(cString: strerror(errno)))",
                "give the daemon's user the right to write there, or mount it writable")
        }
        defer {
            close(descriptor)
            unlink(path)
        }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else {
            return .warning("file_clock", "the file system tells no time", "check its mount")
        }
        let time = Double(facts.st_mtim.tv_sec) + Double(facts.st_mtim.tv_nsec) / 1e9
        return Self.clock("file_clock", "the file system's clock", differsBy: time - Date().timeIntervalSince1970)
    }

    /// How a difference in seconds is to be taken: a one-time code lives for 30.
    static func clock(_ check: String, _ whose: String, differsBy seconds: Double) -> Finding {
        let size = abs(seconds)
        let tenths = Int(min(size, 1e9) * 10)
        let words = "\(whose) is \(tenths / 10).\(tenths % 10) s \(seconds < 0 ? "behind" : "ahead of") this machine's"
        let remedy = "let both keep time by NTP (timedatectl set-ntp true)"
        if size < 2 { return .ok(check, "\(whose) agrees with this machine's") }
        return size < 30 ? .warning(check, words, remedy) : .failure(check, words, remedy)
    }
}
