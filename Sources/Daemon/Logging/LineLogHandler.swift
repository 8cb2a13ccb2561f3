// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
package import Logging

/// Writes each log line to standard error in one piece: as text for people, or as JSON for collectors.
package struct LineLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    private let label: String
    private let format: MusterConfiguration.LogFormat
    private let descriptor: Int32

    /// Makes a handler for a logger with this label.
    package init(label: String, level: Logger.Level, format: MusterConfiguration.LogFormat, descriptor: Int32 = STDERR_FILENO) {
        self.label = label
        self.logLevel = level
        self.format = format
        self.descriptor = descriptor
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let all = event.metadata.map { metadata.merging($0) { _, new in new } } ?? metadata
        var pairs = all.sorted { $0.key < $1.key }.map { ($0.key, $0.value.description) }
        if let error = event.error, all["error"] == nil { pairs.append(("error", "\(error)")) }
        var line: String
        switch format {
        case .text: line = text(event.level, "\(event.message)", pairs)
        case .json: line = json(event.level, "\(event.message)", pairs)
        }
        line += "\n"
        line.withUTF8 { bytes in
            // One write a line: lines of several threads do not mix.
            _ = write(descriptor, bytes.baseAddress, bytes.count)
        }
    }

    private func text(_ level: Logger.Level, _ message: String, _ pairs: [(String, String)]) -> String {
        let shown = pairs.map { " \($0.0)=\(Self.quoted($0.1, always: false))" }.joined()
        return "\(Self.timestamp()) \(level.rawValue.uppercased()) \(Self.oneLine(message))\(shown)"
    }

    private func json(_ level: Logger.Level, _ message: String, _ pairs: [(String, String)]) -> String {
        var fields = [("time", Self.timestamp()), ("level", level.rawValue), ("logger", label), ("message", message)]
        let taken = Set(fields.map(\.0))
        fields += pairs.map { (taken.contains($0.0) ? "_\($0.0)" : $0.0, $0.1) }
        return "{" + fields.map { "\(Self.quoted($0.0, always: true)):\(Self.quoted($0.1, always: true))" }.joined(separator: ",")
            + "}"
    }

    private static func timestamp() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        var seconds = now.tv_sec
        gmtime_r(&seconds, &parts)
        let milliseconds = now.tv_nsec / 1_000_000
        let date = [Int(parts.tm_year) + 1_900, Int(parts.tm_mon) + 1, Int(parts.tm_mday)].map(Self.two).joined(separator: "-")
        let time = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { Self.two(Int($0)) }.joined(separator: ":")
        return "\(date)T\(time).\(milliseconds < 100 ? "0" : "")\(two(milliseconds))Z"
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// Messages of others may hold line breaks or control characters; a line of the log must not.
    private static func oneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
    }

    private static func quoted(_ text: String, always: Bool) -> String {
        let isPlain =
            !text.isEmpty
            && text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0 != "\"" && $0 != "=" && $0 != "\\" && $0.value != 0x7F }
        if isPlain, !always { return text }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension MusterConfiguration {
    /// A logger as configured, for the program's own use; libraries get theirs from it.
    package func logger(_ label: String = "muster") -> Logger {
        Logger(label: label) { LineLogHandler(label: $0, level: logLevel, format: logFormat) }
    }
}
