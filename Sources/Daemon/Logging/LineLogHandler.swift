// SPDX-License-Identifier: Apache-2.0
import Glibc
package import Logging

/// Writes log lines to standard error: as text for people, or as JSON for collectors.
package struct LineLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    private let label: String
    private let format: MusterConfiguration.LogFormat
    private let writer: LogWriter

    /// Makes a handler for a logger with this label.
    package init(label: String, level: Logger.Level, format: MusterConfiguration.LogFormat) {
        self.init(label: label, level: level, format: format, writer: .standardError)
    }

    init(label: String, level: Logger.Level, format: MusterConfiguration.LogFormat, writer: LogWriter) {
        self.label = label
        self.logLevel = level
        self.format = format
        self.writer = writer
    }

    /// Writes what waits to be written to standard error, before something else writes there.
    package static func flush() { LogWriter.standardError.flush() }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let all = event.metadata.map { metadata.merging($0) { _, new in new } } ?? metadata
        var pairs = all.sorted { $0.key < $1.key }.map { ($0.key, $0.value.description) }
        if let error = event.error, all["error"] == nil { pairs.append(("error", "\(error)")) }
        var line = LogLine()
        switch format {
        case .text: text(event.level, "\(event.message)", pairs, into: &line)
        case .json: json(event.level, "\(event.message)", pairs, into: &line)
        }
        line.append("\n")
        writer.write(line.bytes, isUrgent: event.level >= .warning)
    }

    private func text(_ level: Logger.Level, _ message: String, _ pairs: [(String, String)], into line: inout LogLine) {
        line.appendTimestamp()
        line.append(" ")
        line.append(level.rawValue.uppercased())
        line.append(" ")
        line.append(oneLine: message)
        for (name, value) in pairs {
            line.append(" ")
            line.append(name)
            line.append("=")
            line.append(value: value)
        }
    }

    private func json(_ level: Logger.Level, _ message: String, _ pairs: [(String, String)], into line: inout LogLine) {
        line.append("{\"time\":\"")
        line.appendTimestamp()
        line.append("\"")
        for (name, value) in [("level", level.rawValue), ("logger", label), ("message", message)]
            + pairs.map({
                (Self.own.contains($0.0) ? "_\($0.0)" : $0.0, $0.1)
            })
        {
            line.append(",")
            line.append(quoted: name)
            line.append(":")
            line.append(quoted: value)
        }
        line.append("}")
    }

    /// Fields of every line.
    private static let own: Set = ["time", "level", "logger", "message"]
}

extension MusterConfiguration {
    /// A logger as configured, for the program's own use; libraries get theirs from it.
    package func logger(_ label: String = "muster") -> Logger {
        Logger(label: label) { LineLogHandler(label: $0, level: logLevel, format: logFormat) }
    }
}
