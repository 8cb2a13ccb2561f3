// SPDX-License-Identifier: Apache-2.0
import Logging
import NIOCore
import Testing
import WebSurface
import WebTestSupport

/// Bodies too large, clients too slow, requests that do not parse: over real sockets.
@Suite(.serialized) struct ConnectionTests {
    private let tooLarge = #"{"status":413,"error":"Payload Too Large"}"#

    @Test func announcedOversizeIsRefusedAtOnce() async throws {
        try await LiveServer.run {
            $0.options.maximumBodySize = 1000
        } _: { server in
            for length in ["1001", "99999999999", "9223372036854775807"] {
                let client = try server.client()
                await client.send("POST /api/ignores HTTP/1.1\r\nHost: x\r\nContent-Length: \(length)\r\n\r\n")
                let answer = try #require(await client.answer(), "\(length)")
                #expect(
                    answer.status == 413 && answer.body == tooLarge && answer.hasCommonHeaders
                        && answer.headers["connection"] == "close")
                client.finishSending()
                #expect(await client.isClosed())
            }
            #expect(try await server.request("POST", "/api/ignores", body: String(repeating: "x", count: 1000))?.status == 200)
        }
    }

    @Test func chunkedOversizeIsCounted() async throws {
        try await LiveServer.run {
            $0.options.maximumBodySize = 100_000
        } _: { server in
            let client = try server.client()
            await client.send("POST /api/ignores HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            let chunk = "1000\r\n" + String(repeating: "x", count: 4096) + "\r\n"
            // More than the limit and than all buffers; the answer must arrive although the client is not done.
            for _ in 0..<2000 where await !client.send(chunk) { break }
            let answer = try #require(await client.answer())
            #expect(answer.status == 413 && answer.body == tooLarge)
        }
    }

    @Test func chunkedBodiesAreRead() async throws {
        try await LiveServer.run { server in
            let client = try server.client()
            await client.send(
                "POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
            for chunk in ["{\"a\"", ":1", "}"] { await client.send("\(String(chunk.utf8.count, radix: 16))\r\n\(chunk)\r\n") }
            await client.send("0\r\n\r\n")
            #expect(await client.answer()?.body == #"{"a":1}"#)
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        try await LiveServer.run { server in
            let client = try server.client()
            let get = { (id: Int) in "GET /api/users/\(id) HTTP/1.1\r\nHost: x\r\n\r\n" }
            let post =
                "POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}"
            await client.send(
                "GET /api/slow HTTP/1.1\r\nHost: x\r\n\r\n" + get(1) + post + get(2) + "GET /nope HTTP/1.1\r\nHost: x\r\n\r\n"
                    + get(3))
            var bodies: [String] = []
            for _ in 0..<6 { bodies.append(await client.answer()?.body ?? "-") }
            #expect(
                bodies == [
                    #""slow""#, #"{"id":1}"#, #"{"a":1}"#, #"{"id":2}"#, #"{"status":404,"error":"Not Found"}"#, #"{"id":3}"#,
                ])
        }
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", 400),
        ("GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        ("GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400), ("garbage\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nBad Name: x\r\n\r\n", 400),
        ("POST /api/echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        ("G@T / HTTP/1.1\r\n\r\n", 400), ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}", 400),
    ])
    func whatDoesNotParseIsRefusedInOurShape(request: String, status: Int) async throws {
        try await LiveServer.run { server in
            let client = try server.client(receiveTimeout: 4)
            await client.send(request)
            let answer = try #require(await client.answer(), "\(request)")
            #expect(answer.status == status && answer.hasCommonHeaders, "\(answer)")
            #expect(answer.body == #"{"status":400,"error":"Bad Request"}"#)
            #expect(await client.isClosed())
        }
    }

    @Test func headersAreLimited() async throws {
        try await LiveServer.run { server in
            let many = (0..<200).map { "X-\($0): y\r\n" }.joined()
            for headers in ["X-Big: \(String(repeating: "a", count: 20_000))\r\n", many] {
                let client = try server.client()
                await client.send("GET /health HTTP/1.1\r\nHost: x\r\n\(headers)\r\n")
                let answer = try #require(await client.answer())
                #expect(answer.status == 431 && answer.hasCommonHeaders)
                #expect(answer.body == #"{"status":431,"error":"Request Header Fields Too Large"}"#)
            }
        }
    }

    @Test func aBytePerMomentDoesNotDefeatTheDeadline() async throws {
        let quick = { (setup: inout LiveServer.Setup) in setup.configuration.timeouts.request = .milliseconds(600) }
        try await LiveServer.run(quick) { server in
            for prefix in [
                "GET /api/users/7 HTTP/1.1\r\nX-Slow: ", "POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", "",
            ] {
                let client = try server.client(receiveTimeout: 5)
                let start = ContinuousClock.now
                await client.send(prefix)
                for _ in 0..<40 where ContinuousClock.now - start < .milliseconds(900) {
                    guard await client.send("\r\n".contains(prefix) ? "\r\n" : "a") else { break }
                    try await Task.sleep(for: .milliseconds(50))
                }
                let answer = try #require(await client.answer(), "\(prefix)")
                #expect(
                    answer.status == 408 && answer.body == #"{"status":408,"error":"Request Timeout"}"# && answer.hasCommonHeaders
                )
                #expect(await client.isClosed())
                #expect(ContinuousClock.now - start < .seconds(5))
            }
        }
    }

    @Test func theServersOwnTimeDoesNotCount() async throws {
        let quick = { (setup: inout LiveServer.Setup) in
            setup.configuration.timeouts.request = .milliseconds(150)
            setup.configuration.timeouts.idle = .milliseconds(200)
        }
        try await LiveServer.run(quick) { server in
            let client = try server.client()
            // The second request trickles in while the first one is being answered.
            await client.send("GET /api/slow HTTP/1.1\r\nHost: x\r\n\r\nGET /api/us")
            #expect(await client.answer()?.body == #""slow""#)
            await client.send("ers/7 HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await client.answer()?.body == #"{"id":7}"#)
            #expect(await client.isClosed())
        }
    }

    @Test func idleConnectionsAreClosed() async throws {
        try await LiveServer.run {
            $0.configuration.timeouts.idle = .milliseconds(200)
        } _: { server in
            let silent = try server.client(receiveTimeout: 4)
            let start = ContinuousClock.now
            #expect(await silent.isClosed())
            #expect(ContinuousClock.now - start < .seconds(3))
        }
    }

    @Test func closeIsHonoured() async throws {
        try await LiveServer.run { server in
            for value in ["close", "Close", "keep-alive, close"] {
                let client = try server.client(receiveTimeout: 5)
                await client.send("GET /api/users/7 HTTP/1.1\r\nHost: x\r\nConnection: \(value)\r\n\r\n")
                #expect(await client.answer()?.status == 200)
                #expect(await client.isClosed())
            }
            let pipelined = try server.client(receiveTimeout: 5)
            let slow = "GET /api/slow HTTP/1.1\r\nHost: x\r\n"
            await pipelined.send("\(slow)\r\n\(slow)Connection: close\r\n\r\n\(slow)\r\n")
            #expect(await pipelined.answer()?.status == 200)
            #expect(await pipelined.answer()?.status == 200)
            #expect(await pipelined.answer() == nil)
            let halfClosed = try server.client()
            await halfClosed.send("GET /api/users/7 HTTP/1.1\r\nHost: x\r\n\r\n")
            halfClosed.finishSending()
            #expect(await halfClosed.answer()?.body == #"{"id":7}"#)
        }
    }

    @Test func expectationsAreMet() async throws {
        try await LiveServer.run {
            $0.options.maximumBodySize = 100
        } _: { server in
            let client = try server.client()
            let head = "POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
            await client.send(head + "Content-Length: 7\r\n\r\n")
            #expect(await client.answer()?.status == 100)
            await client.send("{\"a\":1}")
            #expect(await client.answer()?.body == #"{"a":1}"#)
            await client.send(head + "Content-Length: 700\r\n\r\n")
            #expect(await client.answer()?.status == 413)
        }
    }

    @Test func connectionsAreLimited() async throws {
        try await LiveServer.run {
            $0.configuration.maximumConnections = 2
        } _: { server in
            let held = [try server.client(), try server.client()]
            for client in held {
                await client.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(await client.answer()?.status == 200)
            }
            let waiting = try server.client(receiveTimeout: 1)
            await waiting.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await waiting.answer() == nil)
            await held[0].send("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            #expect(await held[0].answer()?.status == 200)
            held[0].finishSending()
            var answer: RawAnswer?
            for _ in 0..<5 where answer == nil { answer = await waiting.answer() }
            #expect(answer?.status == 200)
        }
    }

    @Test func shutdownDrains() async throws {
        let (clients, sink) = AsyncStream<RawClient>.makeStream()
        try await LiveServer.run { server in
            let client = try server.client()
            await client.send("GET /api/slow HTTP/1.1\r\nHost: x\r\n\r\n")
            try await server.waitForLine("slow began")
            sink.yield(client)
        }
        // The server is gone, the answer is not.
        var iterator = clients.makeAsyncIterator()
        let client = try #require(await iterator.next())
        let answer = await client.answer()
        #expect(answer?.body == #""slow""#)
        #expect(await client.isClosed())
    }

    @Test func randomBytesNeverStopTheServer() async throws {
        let seed = UInt64(4711)
        try await LiveServer.run {
            $0.configuration.timeouts.request = .milliseconds(300)
        } _: { server in
            var random = SeededRandom(seed: seed)
            let pieces = [
                "GET ", "/api/users/7", " HTTP/1.1", "\r\n", "Host: x", ":", "Content-Length: 5", "\r\n\r\n", "{\"a\":1}",
                "\u{0}", "chunked", "%", "POST /api/echo HTTP/1.1\r\n",
            ]
            for _ in 0..<150 {
                let client = try server.client(receiveTimeout: 1)
                await client.send(
                    (0..<Int.random(in: 1...12, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined())
            }
            #expect(try await server.request("GET", "/api/users/7")?.status == 200, "seed \(seed)")
        }
    }
}
