// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import WebSurface

/// `muster key rotate`
struct KeyRotateCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Adds a data key, with which new tokens are made; all others stay valid.",
        discussion: "Daemons need no restart: they make new tokens with it within seconds, and know what is made with it at once."
    )

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let id = try await Workplace(options, output).withInstalled { try await $0.directory.dataKeys.rotate(by: .command) }
        if output.json {
            Console.json { $0.object { $0.field("id", Int64(id)) } }
        } else {
            Console.out("New tokens are made with data key \(id) from now on. Take a backup: the former ones do not hold it.")
        }
    }
}
