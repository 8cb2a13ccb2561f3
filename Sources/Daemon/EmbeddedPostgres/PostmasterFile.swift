// SPDX-License-Identifier: Apache-2.0

/// What a running server wrote into `postmaster.pid`.
struct PostmasterFile: Sendable, Hashable {
    enum Status: String, Sendable {
        case starting, stopping, ready, standby
    }

    /// The server's process.
    let processID: Int32
    /// A backend in single-user mode writes its process id negated.
    let isSingleUser: Bool
    let dataFolder: String
    /// Seconds since 1970 at which the server started.
    let startedAt: Int64?
    let port: Int?
    /// Absent until the server has opened its socket.
    let socketFolder: String?
    /// Absent until the server has got that far.
    let status: Status?

    /// Reads the file's text; nil when it is empty or damaged, as a power failure can leave it.
    init?(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            String(line.reversed().drop { $0 == " " || $0 == "\r" }.reversed())
        }
        func line(_ number: Int) -> String? {
            lines.count >= number && !lines[number - 1].isEmpty ? lines[number - 1] : nil
        }
        guard let first = line(1), let number = Int32(first), number != 0, number != .min, let folder = line(2) else {
            return nil
        }
        processID = abs(number)
        isSingleUser = number < 0
        dataFolder = folder
        startedAt = line(3).flatMap { Int64($0) }
        port = line(4).flatMap { Int($0) }
        socketFolder = line(5)
        status = line(8).flatMap { Status(rawValue: $0) }
    }
}
