// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `muster key`
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "The keys behind access tokens: data keys in the database, the master key around them.",
        discussion: """
            Data keys sign access tokens and are stored wrapped by the master key, which is a file. To exchange a data key does \
            not end a token: those are ended by `muster app rotate` and by revoking them.
            """,
        subcommands: [KeyListCommand.self, KeyRotateCommand.self, KeyRotateMasterCommand.self])
}
