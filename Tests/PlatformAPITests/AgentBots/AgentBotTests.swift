// SPDX-License-Identifier: Apache-2.0

import Testing
import WebSurface

/// Agent bots (contract section 5).
@Suite struct AgentBotTests {
    @Test func bodyByteForByteAndLifeOfABot() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            #expect(try await app.get("/agent_bots").body == "[]")
            let account = try await app.newAccount()
            let created = try await app.post(
                "/agent_bots",
                #"{"account_id":"\#(account)","outgoing_url":"https://bot.example/hook","description":"Talks","name":"Robo","#
                    + #""avatar_url":"https://img.example/a.png","access_token":"x","id":99}"#)
            let id = try created.id()
            let body =
                #"{"id":\#(id),"name":"Robo","description":"Talks","outgoing_url":"https://bot.example/hook","account_id":\#(account)}"#
            #expect(created.body == body)
            for answer in [
                try await app.get("/agent_bots/\(id)"), try await app.get("/agent_bots/\(id).json"),
                try await app.patch("/agent_bots/\(id)", "{}"), try await app.patch("/agent_bots/\(id)", #"{"name":"Robo"}"#),
            ] { #expect(answer.status == 200 && answer.body == body) }
            #expect(try await app.get("/agent_bots.json").body == "[\(body)]")
            #expect(try await api.count("select row_version from agent_bots where id = \(id)") == 1)
            #expect(
                try await api.count("select count(*) from agent_bots where avatar_url = 'https://img.example/a.png'") == 1)
            // Its token is there from the start, and in no body.
            #expect(
                try await api.count(
                    "select count(*) from access_tokens where owner_kind = 'agent_bot' and owner_id = \(id)") == 1)
            let renamed = try await app.call(
                "PUT", "/agent_bots/\(id)", .form("name=Robot&account_id=&description=&outgoing_url=u"))
            #expect(
                renamed.body == #"{"id":\#(id),"name":"Robot","description":"","outgoing_url":"u","account_id":null}"#)
            #expect(
                try await app.patch("/agent_bots/\(id)", #"{"name":null,"outgoing_url":null}"#).body
                    == #"{"id":\#(id),"name":null,"description":"","outgoing_url":null,"account_id":null}"#)
            let bare = try await app.post("/agent_bots", "{}")
            #expect(
                bare.body == #"{"id":\#(try bare.id()),"name":null,"description":null,"outgoing_url":null,"account_id":null}"#)
            let avatar = try await app.delete("/agent_bots/\(id)/avatar")
            #expect(avatar.status == 204 && avatar.body.isEmpty)
            #expect(try await api.count("select count(*) from agent_bots where avatar_url <> ''") == 0)
            let gone = try await app.delete("/agent_bots/\(id)")
            #expect(gone.status == 200 && gone.body.isEmpty)
            for answer in [
                try await app.get("/agent_bots/\(id)"), try await app.delete("/agent_bots/\(id)"),
                try await app.patch("/agent_bots/\(id)", #"{"name":"x"}"#), try await app.patch("/agent_bots/\(id)", "{}"),
                try await app.patch("/agent_bots/\(id)", #"{"avatar_url":"x"}"#),
                try await app.patch("/agent_bots/\(id)", #"{"account_id":900000}"#),
                try await app.patch("/agent_bots/\(id)", #"{"account_id":900000,"name":[]}"#),
                try await app.delete("/agent_bots/\(id)/avatar"),
            ] { #expect(answer.status == 404 && answer.body == Body.notFound) }
            #expect(try await app.get("/agent_bots").json().elements.count == 1)
            #expect(
                try await api.count(
                    "select count(*) from audit_events where subject_kind = 'agent_bot' and subject_id = \(id)") == 5)
        }
    }

    @Test func refusals() async throws {
        try await withInstallation { api in
            let (app, other) = (try await api.app("One"), try await api.app("Two"))
            let foreign = try await other.newAccount()
            let (mine, gone) = (try await app.newAccount(), try await app.newAccount())
            #expect(try await app.delete("/accounts/\(gone)").status == 200)
            let readable = try await other.newAccount()
            try await api.grant("account", readable, to: app, rights: 1)
            let bot = try await app.post("/agent_bots", #"{"account_id":\#(mine)}"#).id()
            let before = try await api.fingerprint()
            let long = String(repeating: "n", count: 256)
            let cases: [(String, Int, String)] = [
                (#"{"account_id":\#(foreign)}"#, 401, Body.nonPermissible), (#"{"account_id":900000}"#, 401, Body.nonPermissible),
                (#"{"account_id":0}"#, 401, Body.nonPermissible), (#"{"account_id":-3}"#, 401, Body.nonPermissible),
                (#"{"account_id":\#(readable)}"#, 401, Body.nonPermissible),
                // Ownership comes before the body.
                (#"{"account_id":\#(foreign),"name":"\#(long)"}"#, 401, Body.nonPermissible),
                (#"{"account_id":\#(gone)}"#, 404, Body.notFound), (#"{"account_id":\#(gone),"name":[]}"#, 404, Body.notFound),
                (#"{"account_id":"x"}"#, 422, Body.invalid("Account is not a number", "account_id")),
                (#"{"name":"\#(long)"}"#, 422, Body.invalid("Name is too long (maximum is 255 characters)", "name")),
                (#"{"name":{}}"#, 422, Body.invalid("Name is invalid", "name")),
                (
                    #"{"outgoing_url":"\#(String(repeating: "u", count: 2049))"}"#, 422,
                    Body.invalid("Outgoing url is too long (maximum is 2048 characters)", "outgoing_url")
                ),
                (#"{"avatar_url":"javascript:alert(1)"}"#, 422, Body.invalid("Avatar url is invalid", "avatar_url")),
                (#"{"avatar_url":"file:///etc/passwd"}"#, 422, Body.invalid("Avatar url is invalid", "avatar_url")),
                (
                    #"{"name":"a\u0000b"}"#, 422,
                    Body.invalid("Name contains a null character or a number out of range", "name")
                ),
                ("[1]", 400, Body.badRequest), ("{", 400, Body.badRequest),
            ]
            for (json, status, body) in cases {
                for answer in [
                    try await app.post("/agent_bots", json), try await app.patch("/agent_bots/\(bot)", json),
                    try await app.call("PUT", "/agent_bots/\(bot)", .json(json)),
                ] { #expect(answer.status == status && answer.body == body, "\(json): \(answer)") }
            }
            #expect(try await api.fingerprint() == before)
        }
    }

    @Test func aSecondAppReachesNothing() async throws {
        try await withInstallation { api in
            let (one, two) = (try await api.app("One"), try await api.app("Two"))
            let (bot, deleted) = (try await one.post("/agent_bots", "{}").id(), try await one.post("/agent_bots", "{}").id())
            #expect(try await one.delete("/agent_bots/\(deleted)").status == 200)
            let account = try await two.newAccount()
            let before = try await api.fingerprint()
            for id in [bot, deleted, 900_000, Int64.max] {
                var answers = [
                    try await two.get("/agent_bots/\(id)"), try await two.delete("/agent_bots/\(id)"),
                    try await two.delete("/agent_bots/\(id)/avatar"),
                ]
                for json in [
                    "{}", #"{"name":"X"}"#, #"{"name":[]}"#, #"{"account_id":\#(account)}"#, #"{"account_id":"x"}"#, "{",
                ] {
                    answers.append(try await two.patch("/agent_bots/\(id)", json))
                    answers.append(try await two.call("PUT", "/agent_bots/\(id)", .json(json)))
                }
                for answer in answers { #expect(answer.status == 401 && answer.body == Body.nonPermissible) }
            }
            #expect(try await two.get("/agent_bots").body == "[]")
            for path in ["/agent_bots/0", "/agent_bots/x", "/agent_bots/-1", "/agent_bots/9223372036854775808"] {
                #expect(try await one.get(path).status == 404)
                #expect(try await api.stranger.get(path).body == Body.invalidToken)
            }
            // Read alone neither writes nor deletes.
            try await api.grant("agent_bot", bot, to: two, rights: 1)
            #expect(try await two.get("/agent_bots/\(bot)").id() == bot)
            #expect(try await two.get("/agent_bots").json().elements.count == 1)
            for answer in [
                try await two.patch("/agent_bots/\(bot)", "{}"), try await two.delete("/agent_bots/\(bot)"),
                try await two.delete("/agent_bots/\(bot)/avatar"),
            ] { #expect(answer.status == 401 && answer.body == Body.nonPermissible) }
            try await api.execute("delete from agent_bot_permissibles where platform_app_id = \(two.appID)")
            #expect(try await api.fingerprint() == before)
        }
    }

    @Test func aDeletedAccountTakesItsBotsAlong() async throws {
        try await withInstallation { api in
            let app = try await api.app("One")
            let account = try await app.newAccount()
            let bot = try await app.post("/agent_bots", #"{"account_id":\#(account)}"#).id()
            #expect(try await app.delete("/accounts/\(account)").status == 200)
            #expect(try await app.get("/agent_bots").body == "[]")
            for answer in [
                try await app.get("/agent_bots/\(bot)"), try await app.patch("/agent_bots/\(bot)", #"{"account_id":null}"#),
                try await app.delete("/agent_bots/\(bot)"),
            ] { #expect(answer.status == 404 && answer.body == Body.notFound) }
        }
    }
}
