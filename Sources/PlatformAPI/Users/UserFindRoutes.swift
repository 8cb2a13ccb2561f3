// SPDX-License-Identifier: Apache-2.0

import Directory
import Hummingbird
import WebSurface

extension PlatformAPI {
    /// `GET /users`: finding the app's own users; the original has no such list.
    func addUserFindRoutes(to api: RouterGroup<WebContext>) {
        api.get("users") { request, context in
            let caller = try caller(request, context)
            var reader = try await parameters(request, context) { try await authenticate(caller) }
            let names = includes(&reader, ["suspensions"])
            var query = UserQuery(&reader)
            let parameters = ListParameters(&reader, list: query.list, isOriginal: false)
            query.page = parameters.page ?? query.page
            query.problems = reader.problems
            let page = try await users.find(query, by: caller)
            let found =
                names.contains("suspensions") ? try await suspensions.ofUsers(page.items.map(\.id), by: caller) : nil
            return parameters.response(
                page.items, next: page.next.map { Cursor(key: $0) }, to: request, context, itemSize: 1_024
            ) { user, list in
                user.write(to: &list, suspensions: found.map { $0[user.id] ?? [] })
            }
        }
    }
}

extension UserQuery {
    /// The filters of GET /users; one that is empty is none.
    fileprivate init(_ parameters: inout ParameterReader) {
        self.init(page: .first)
        func given(_ text: Given<String>) -> String? { text.value.flatMap { $0.isEmpty ? nil : $0 } }
        email = given(parameters.string("email"))
        externalID = given(parameters.string("external_id"))
        accountID = parameters.integer("account_id").value
        status = parameters.contains("status") ? parameters.choice("status", Status.init(rawValue:)) : nil
        text = given(parameters.string("q"))
    }

    /// Names the list with its filters, so that a cursor is good for these only.
    fileprivate var list: String {
        let parts = [email, externalID, accountID.map(String.init), status?.rawValue, text]
        return "users/" + parts.map { $0.map { "\($0.utf8.count):\($0)" } ?? "-" }.joined(separator: "/")
    }
}
