// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import Postgres
import WebSurface

/// `muster key list`
struct KeyListCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "The data keys: their age, which one is current, how many live tokens each has.")

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let keys = try await Workplace(options, output).withInstalled { try await $0.directory.dataKeys.list(by: .command) }
        if output.json {
            Console.json { writer in writer.array { for key in keys { Self.write(key, to: &$0) } } }
        } else {
            let rows = keys.map { ["\($0.id)", Self.time($0.createdAt), "\($0.liveTokens)", Self.state($0)] }
            Console.out(Table.render(["key", "made", "live tokens", "state"], rows, Console.style))
        }
    }

    private static func write(_ key: DataKeyEntry, to writer: inout JSONWriter) {
        writer.object {
            $0.field("id", Int64(key.id))
            $0.field("current", key.isCurrent)
            $0.field("live_tokens", key.liveTokens)
            $0.field("created_at", microseconds: key.createdAt.microseconds)
            $0.field("retired_at", microseconds: key.retiredAt?.microseconds)
        }
    }

    static func state(_ key: DataKeyEntry) -> String {
        if key.isCurrent { return "current" }
        return key.retiredAt.map { "retired \(time($0))" } ?? "in use"
    }

    private static func time(_ time: Timestamp) -> String { RunText.time(PostgresTimestamp(microseconds: time.microseconds)) }
}
