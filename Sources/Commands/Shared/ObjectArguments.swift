// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Daemon
import Directory
import NIOPosix
import Postgres
import WebSurface

/// What commands on one user take.
struct UserArgument: ParsableArguments {
    @Argument(help: "The user's id, or e-mail address.")
    var user: String

    /// The id that is meant.
    func id(_ directory: Directory) async throws -> Int64 {
        if let id = Int64(user) { return id }
        var query = UserListQuery(page: PageRequest(limit: 1))
        query.email = user
        guard let found = try await directory.users.list(query, by: .command).items.first else {
            throw Failure(code: "not_found", "there is no user \"\(Style.plain(user))\"; `muster user list` finds users")
        }
        return found.id
    }
}

extension UserArgument {
    /// What was given for an option, read as the argument is.
    init(user: String) {
        self.init()
        self.user = user
    }
}

/// A part of a list.
struct ListOptions: ParsableArguments {
    @Option(name: .long, help: "How many at most, 1 to 1000.")
    var limit = 50

    @Option(name: .long, help: ArgumentHelp("Go on behind this one, as the list before said.", valueName: "position"))
    var after: Int64?

    var page: PageRequest { PageRequest(limit: limit, after: after ?? 0) }

    func validate() throws {
        guard PageRequest.limits.contains(limit) else { throw ValidationError("--limit is 1 to 1000.") }
    }
}

/// How commands on users, accounts and bots answer.
enum ObjectText {
    /// A list for a person, or as `{"items": [...], "next": position}`.
    static func list<Item>(
        _ page: Page<Item>, _ output: OutputOptions, _ header: [String], none: String, row: (Item) -> [String],
        json: (Item, inout JSONWriter) -> Void
    ) {
        if output.json {
            Console.json { writer in
                writer.object { object in
                    object.array("items") { items in for item in page.items { json(item, &items) } }
                    object.field("next", page.next)
                }
            }
            return
        }
        if page.items.isEmpty {
            Console.out(none)
        } else {
            Console.out(Table.render(header, page.items.map(row), Console.style))
        }
        if let next = page.next, !output.quiet { Console.error("There are more: --after \(next)") }
    }

    /// Facts for a person.
    static func facts(_ facts: [(String, String?)]) {
        let width = facts.map(\.0.count).max() ?? 0
        for (name, value) in facts {
            Console.out("\(name.padded(to: width))  \(value.map(Style.plain) ?? "-")")
        }
    }

    /// A sentence, or `{"done": true, "id": ...}`.
    static func done(_ output: OutputOptions, _ sentence: String, id: Int64) {
        guard output.json else { return Console.out(sentence) }
        Console.json { writer in
            writer.object {
                $0.field("done", true)
                $0.field("id", id)
            }
        }
    }

    static func time(_ time: Timestamp?) -> String {
        time.map { RunText.time(PostgresTimestamp(microseconds: $0.microseconds)) } ?? "-"
    }

    /// What was typed for a JSON object.
    static func object(_ text: String?, _ option: String) throws -> JSONText? {
        guard let text else { return nil }
        let value = try? Array(text.utf8).withUnsafeBufferPointer { try JSONParser.parse($0).value }
        guard case .object? = value else {
            throw Failure(code: "bad_json", "\(option) is no JSON object, such as {\"region\": \"north\"}", status: .usage)
        }
        return JSONText(text)
    }

    /// The word for a role.
    static func role(_ text: String?) throws -> Role? {
        guard let text else { return nil }
        guard let role = Role(rawValue: text) else {
            throw Failure(
                code: "bad_role",
                "\"\(text)\" is no role: choose one of \(Role.allCases.map(\.rawValue).joined(separator: ", "))",
                status: .usage)
        }
        return role
    }

    /// Asks before something that cannot be undone, unless told not to or nobody is there to ask.
    static func confirm(_ isSure: Bool, _ question: String) throws {
        guard !isSure else { return }
        throw Failure(code: "not_confirmed", "\(question) Nothing was done; repeat it with --yes.", status: .usage)
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

extension JSONWriter {
    mutating func suspensions(_ standing: [StandingSuspension]) {
        array("suspensions") { array in
            for suspension in standing {
                array.object {
                    $0.field("by", suspension.by.kind)
                    $0.field("by_id", suspension.by.id)
                    $0.field("by_name", suspension.by.name)
                    $0.field("reason", suspension.reason)
                    $0.field("since", microseconds: suspension.since.microseconds)
                }
            }
        }
    }

    mutating func owners(_ owners: [ObjectOwner]) {
        array("owners") { array in
            for owner in owners {
                array.object {
                    $0.field("platform_app_id", owner.appID)
                    $0.field("name", owner.appName)
                    $0.field("origin", owner.origin)
                    $0.array("rights") { rights in for name in owner.rights.names { rights.element(name) } }
                }
            }
        }
    }
}

extension [StandingSuspension] {
    /// Who suspends, for a person.
    var words: String? {
        isEmpty
            ? nil
            : map { "\($0.by.kind) \($0.by.name ?? "")\($0.reason.isEmpty ? "" : ": \($0.reason)")" }.joined(separator: "; ")
    }
}

extension [ObjectOwner] {
    /// Which apps reach it, for a person.
    var words: String? {
        isEmpty ? nil : map { "\($0.appName) (\($0.rights.names.joined(separator: ", ")))" }.joined(separator: "; ")
    }
}
