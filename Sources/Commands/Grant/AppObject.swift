// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Directory
import WebSurface

/// Whose permissible, and of what.
struct AppObjectArguments: ParsableArguments {
    @Argument(help: "The app's id.")
    var app: Int64

    @Argument(help: "user, account or agent_bot.")
    var kind: String

    @Argument(help: "The object's id.")
    var id: Int64
}

/// How commands on permissibles name things.
enum AppObject {
    static func kind(_ text: String) throws(Failure) -> ObjectKind {
        guard let kind = ObjectKind(rawValue: text) else {
            let known = ObjectKind.allCases.map(\.rawValue).joined(separator: ", ")
            throw Failure(code: "bad_kind", "\"\(text)\" is no kind of object: choose one of \(known)", status: .usage)
        }
        return kind
    }

    static func rights(_ text: String) throws(Failure) -> Rights {
        var rights: Rights = []
        for name in text.split(separator: ",") {
            guard let named = Rights.named.first(where: { $0.name == name }) else {
                let known = Rights.named.map(\.name).joined(separator: ", ")
                throw Failure(code: "bad_right", "\"\(name)\" is no right: choose of \(known)", status: .usage)
            }
            rights.formUnion(named.right)
        }
        return rights
    }

    static func done(_ output: OutputOptions, _ sentence: String) {
        if output.json {
            Console.json { writer in writer.object { $0.field("done", true) } }
        } else {
            Console.out(sentence)
        }
    }
}
