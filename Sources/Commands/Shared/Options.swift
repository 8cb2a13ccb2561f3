// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Logging

/// The flags that every command with an installation takes; what is not given comes from the environment or the file.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("Folder of the embedded PostgreSQL and the master key. (MUSTER_DATA_DIR)", valueName: "folder"))
    var data: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A PostgreSQL of yours instead of the embedded one. Seen by other users of the machine: prefer MUSTER_DATABASE_URL.",
            valueName: "url"))
    var databaseURL: String?

    @Option(name: .long, help: ArgumentHelp("Folder of the policies. (MUSTER_POLICIES)", valueName: "folder"))
    var policies: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Configuration file; default muster.yaml in the data folder. (MUSTER_CONFIG)", valueName: "file"))
    var config: String?

    @Option(
        name: .long,
        help: ArgumentHelp("trace, debug, info, notice, warning, error or critical. (MUSTER_LOG_LEVEL)", valueName: "level"))
    var logLevel: String?

    @Option(name: .long, help: ArgumentHelp("text or json. (MUSTER_LOG_FORMAT)", valueName: "format"))
    var logFormat: String?

    /// Reads everything, with further flags of a command.
    func load(_ further: [ConfigurationKey: String?] = [:]) throws(ConfigurationError) -> MusterConfiguration {
        let own: [ConfigurationKey: String?] = [
            .dataDirectory: data, .databaseURL: databaseURL, .policies: policies, .logLevel: logLevel, .logFormat: logFormat,
        ]
        let given = own.merging(further) { _, new in new }.compactMapValues(\.self)
        return try MusterConfiguration.load(flags: given, configFile: config)
    }
}

/// How a command speaks.
struct OutputOptions: ParsableArguments {
    @Flag(name: .long, help: "Answer in JSON, for programs.")
    var json = false

    @Flag(name: .shortAndLong, help: "No progress.")
    var quiet = false
}

/// A command that can answer in JSON, errors too.
protocol ReportingCommand: AsyncParsableCommand {
    var output: OutputOptions { get }
}
