// SPDX-License-Identifier: Apache-2.0
import Commands
import Glibc

@main enum Muster {
    static func main() async {
        exit(await MusterCommand.run(arguments: Array(CommandLine.arguments.dropFirst())))
    }
}
