// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import WebSurface

/// `muster sync quarantine`
struct SyncQuarantineCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "quarantine", abstract: "Lists entries whose change was refused, and that plans leave out for a while.")

    @Option(name: .long, help: "Only those of this source.")
    var source: String?

    @Option(name: .long, help: "Only those of this policy.")
    var policy: String?

    @Flag(name: .long, help: "Have them tried again by the next run, which a daemon begins soon.")
    var retry = false

    @Option(name: .long, help: ArgumentHelp("With --retry: this one only, by its number in the list.", valueName: "number"))
    var number: Int64?

    @OptionGroup var list: ListOptions
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if number != nil, !retry { throw ValidationError("--number comes with --retry.") }
    }

    func run() async throws {
        let filter = QuarantineFilter(source: source, policy: policy)
        try await Workplace(options, output).withInstalled { installed in
            let quarantine = installed.directory.quarantine
            guard retry else { return show(try await quarantine.list(filter, list.page, by: .command)) }
            let count: Int
            if let number {
                do {
                    try await quarantine.retry(number, by: .command)
                } catch DirectoryError.notFound {
                    throw Failure(code: "not_found", "entry \(number) is not in quarantine; `muster sync quarantine` lists them")
                }
                count = 1
            } else {
                count = try await quarantine.retry(filter, by: .command)
            }
            guard output.json else { return Console.out("\(count) \(count == 1 ? "entry is" : "entries are") tried again.") }
            Console.json { writer in writer.object { $0.field("retried", Int64(count)) } }
        }
    }

    private func show(_ page: Page<QuarantinedEntry>) {
        ObjectText.list(
            page, output, ["number", "policy", "entry", "change", "refused", "attempts", "next try (UTC)"],
            none: "No entry is in quarantine.",
            row: { entry in
                [
                    "\(entry.id)", Style.plain(entry.policy), Style.plain(entry.entry ?? entry.externalID), entry.action,
                    Style.plain(entry.detail.map { "\(entry.code), \($0)" } ?? entry.code), "\(entry.attempts)",
                    ObjectText.time(entry.nextTryAt),
                ]
            }, json: { $0.write(to: &$1) })
    }
}

/// `muster sync retry`
struct SyncRetryCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Has a policy in trouble run again for the file and the rules there are; without a name, lists such policies.")

    @Argument(help: "The policy's name.")
    var policy: String?

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Workplace(options, output).withInstalled { installed in
            let quarantine = installed.directory.quarantine
            guard let policy else {
                return show(try await quarantine.troubles(PageRequest(limit: PageRequest.limits.upperBound), by: .command))
            }
            do {
                try await quarantine.retry(policy: policy, by: .command)
            } catch DirectoryError.notFound {
                throw Failure(
                    code: "not_found", "the policy \"\(Style.plain(policy))\" is not in trouble; `muster sync retry` lists those")
            }
            guard output.json else {
                return Console.out("\(Style.plain(policy)) is run again by the daemon that watches its export.")
            }
            Console.json { writer in writer.object { $0.field("done", true) } }
        }
    }

    private func show(_ page: Page<PolicyTrouble>) {
        ObjectText.list(
            page, output, ["policy", "source", "runs", "why", "since (UTC)", "put aside"], none: "No policy is in trouble.",
            row: { trouble in
                [
                    Style.plain(trouble.policy), Style.plain(trouble.source), "\(trouble.failures)",
                    Style.plain(trouble.reason ?? trouble.code), ObjectText.time(trouble.since),
                    trouble.isPutAside ? "yes" : "no",
                ]
            }, json: { $0.write(to: &$1) })
    }
}
