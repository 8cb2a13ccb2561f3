// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing

/// A headless Chromium with one page, driven by the DevTools protocol over a socket of its own: no port, no driver.
///
/// Every call blocks, at most 30 seconds for each message; so it lives on a thread of its own, see ``run(_:)``.
package final class Chromium {
    private let process = Process()
    private let folder: URL
    private let socket: Int32
    private var received: [UInt8] = []
    private var lastID = 0
    private var session: String?
    /// What the page said by itself, oldest first: names of events with their parameters.
    package private(set) var events: [(name: String, parameters: [String: Any])] = []

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Runs `body` beside the cooperative threads, with a browser that nobody used before.
    ///
    /// Two at a time: each is a handful of processes, and a machine of two cores makes more of them wait beyond every limit.
    package static func run<Result: Sendable>(_ body: @Sendable (Chromium) throws -> Result) async throws -> Result {
        await seats.take()
        defer { seats.give() }
        return try await withTaskExecutorPreference(OwnThread()) {
            let browser = try Chromium()
            defer { browser.stop() }
            return try body(browser)
        }
    }

    private static let seats = Seats(2)

    /// A thread for what blocks, still the task that it belongs to: what fails there fails that test.
    private final class OwnThread: TaskExecutor {
        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            Thread.detachNewThread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
    }

    private init() throws {
        let program = "/usr/bin/chromium"
        guard FileManager.default.isExecutableFile(atPath: program) else {
            throw Failure(description: "there is no \(program): `make test` installs it")
        }
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("muster-chromium-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var ends: [Int32] = [0, 0]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw Failure(description: "no socket: \(errno)")
        }
        socket = ends[0]
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        // It speaks on descriptors 3 and 4. Root has no sandbox to run it in; it sees no page but ours.
        process.arguments = [
            "-c", #"exec "$0" "$@" 3<&0 4>&0 </dev/null >/dev/null 2>&1"#, program, "--headless", "--remote-debugging-pipe",
            "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-component-update",
            "--disable-background-networking", "--no-proxy-server", "--force-device-scale-factor=1",
            "--user-data-dir=\(folder.path)", "about:blank",
        ]
        let theirs = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
        process.standardInput = theirs
        try process.run()
        try? theirs.close()
        let targets = try send("Target.getTargets")["targetInfos"] as? [[String: Any]] ?? []
        let page =
            try targets.first { $0["type"] as? String == "page" }?["targetId"]
            ?? send(
                "Target.createTarget", ["url": "about:blank"])["targetId"]
        session = try send("Target.attachToTarget", ["targetId": page ?? "", "flatten": true])["sessionId"] as? String
        for domain in ["Page", "Runtime", "Log", "Network", "DOM"] { try send("\(domain).enable") }
    }

    private func stop() {
        session = nil
        _ = try? send("Browser.close")
        for _ in 0..<50 where process.isRunning { usleep(100_000) }
        // Nobody waits for its end: Foundation's way of waiting misses it now and then, and then waits for ever.
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        close(socket)
        try? FileManager.default.removeItem(at: folder)
    }

    // MARK: - Doing

    /// Opens an address and waits until it is there.
    package func open(_ url: String) throws {
        try arriving { try send("Page.navigate", ["url": url]) }
    }

    /// Clicks in the middle of an element, as a mouse does, and waits for the page that this leads to.
    package func click(_ selector: String) throws {
        let place = try evaluate(
            "(() => { const e = document.querySelector('\(selector)'); e.scrollIntoView({ behavior: \"instant\" }); const r = e.getBoundingClientRect(); "
                + "return [r.x + r.width / 2, r.y + r.height / 2] })()")
        guard let point = place as? [Double] else { throw Failure(description: "no \(selector) to click on") }
        try arriving {
            for type in ["mousePressed", "mouseReleased"] {
                try send(
                    "Input.dispatchMouseEvent", ["type": type, "x": point[0], "y": point[1], "button": "left", "clickCount": 1])
            }
        }
    }

    /// Presses a key.
    package func press(_ key: String, code: Int, text: String = "") throws {
        for type in [text.isEmpty ? "rawKeyDown" : "keyDown", "keyUp"] {
            var parameters: [String: Any] = ["type": type, "key": key, "code": key, "windowsVirtualKeyCode": code]
            if type == "keyDown" { parameters["text"] = text }
            try send("Input.dispatchKeyEvent", parameters)
        }
    }

    /// Fills in a field, as typing does.
    package func type(_ text: String, into selector: String) throws {
        _ = try evaluate("document.querySelector('\(selector)').value = ''; document.querySelector('\(selector)').focus()")
        try send("Input.insertText", ["text": text])
    }

    /// Whether scripts run in the pages that are opened from now on.
    package func setScripts(_ isOn: Bool) throws {
        try send("Emulation.setScriptExecutionDisabled", ["value": !isOn])
    }

    /// Does what leads to another page, and waits until that is there.
    package func arriving(_ action: () throws -> Void) throws {
        try hearing("Page.loadEventFired", after: action)
    }

    /// Does something and waits for what the page says to it.
    package func hearing(_ name: String, with text: String = "", after action: () throws -> Void) throws {
        let known = events.count
        try action()
        while !events.dropFirst(known).contains(where: { $0.name == name && (text.isEmpty || "\($0.parameters)".contains(text)) })
        {
            try read()
        }
    }

    // MARK: - Looking

    /// The value of an expression in the page.
    package func evaluate(_ expression: String) throws -> Any? {
        let answer = try send("Runtime.evaluate", ["expression": expression, "returnByValue": true])
        if let problem = answer["exceptionDetails"] { throw Failure(description: "\(expression): \(problem)") }
        return (answer["result"] as? [String: Any])?["value"]
    }

    package func text(_ expression: String) throws -> String { try evaluate(expression) as? String ?? "" }

    /// The address that stands in the address bar.
    package var address: String { get throws { try text("location.href") } }

    /// What a person reads.
    package var words: String { get throws { try text("document.body?.innerText ?? ''") } }

    /// Roles and names of what a screen reader meets.
    package func accessibleThings() throws -> [String] {
        let nodes = try send("Accessibility.getFullAXTree")["nodes"] as? [[String: Any]] ?? []
        return nodes.compactMap { node in
            guard node["ignored"] as? Bool == false, let role = (node["role"] as? [String: Any])?["value"] as? String else {
                return nil
            }
            return role + " " + ((node["name"] as? [String: Any])?["value"] as? String ?? "")
        }
    }

    /// Sets the window's size and the colours that its person prefers.
    package func setView(width: Int, height: Int = 800, dark: Bool = false) throws {
        try send(
            "Emulation.setDeviceMetricsOverride",
            ["width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500])
        try send(
            "Emulation.setEmulatedMedia",
            [
                "features": [
                    ["name": "prefers-color-scheme", "value": dark ? "dark" : "light"],
                    // What scrolls by itself is still on its way when it is looked at.
                    ["name": "prefers-reduced-motion", "value": "reduce"],
                ]
            ])
    }

    // MARK: - The protocol

    /// Calls a method and gives its result; messages end with a NUL.
    @discardableResult
    package func send(_ method: String, _ parameters: [String: Any] = [:]) throws -> [String: Any] {
        lastID += 1
        var message: [String: Any] = ["id": lastID, "method": method, "params": parameters]
        message["sessionId"] = session
        var bytes = Array(try JSONSerialization.data(withJSONObject: message)) + [0]
        while !bytes.isEmpty {
            let count = Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Failure(description: "chromium is gone: \(method)") }
            bytes.removeFirst(count)
        }
        while true {
            guard let answer = try read(), answer["id"] as? Int == lastID else { continue }
            if let error = answer["error"] { throw Failure(description: "\(method): \(error)") }
            return answer["result"] as? [String: Any] ?? [:]
        }
    }

    /// Reads one message; nil for an event, which is kept.
    @discardableResult
    private func read() throws -> [String: Any]? {
        while true {
            if let end = received.firstIndex(of: 0) {
                let message = try JSONSerialization.jsonObject(with: Data(received[..<end])) as? [String: Any] ?? [:]
                received.removeSubrange(...end)
                guard let name = message["method"] as? String else { return message }
                events.append((name, message["params"] as? [String: Any] ?? [:]))
                return nil
            }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = recv(socket, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw Failure(description: count == 0 ? "chromium is gone" : "chromium says nothing: \(errno)")
            }
            received += buffer[..<count]
        }
    }
}
