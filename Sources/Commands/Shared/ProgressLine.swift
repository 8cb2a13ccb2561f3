// SPDX-License-Identifier: Apache-2.0
import Sync

/// Says on standard error how far a run is: one line that is written over for a person, few lines in a pipe, nothing when quiet.
actor ProgressLine {
    private enum Mode {
        case live, lines, silent
    }

    private let mode: Mode
    private var isShown = false
    private let start = ContinuousClock.now
    private var last = ContinuousClock.now - .seconds(60)
    private var phase = ""

    init(_ output: OutputOptions) {
        mode = output.json || output.quiet ? .silent : Console.errorIsTerminal ? .live : .lines
    }

    /// As the engine wants it.
    nonisolated var steps: RunProgress { RunProgress { await self.show($0) } }

    /// Shows a step, unless one was shown a moment ago.
    func show(_ step: RunProgress.Step) {
        let (name, text, isLast) = ProgressText.line(step)
        let interval: Duration = mode == .live ? .milliseconds(100) : .seconds(5)
        let now = ContinuousClock.now
        guard mode != .silent, name != phase || isLast || now - last >= interval else { return }
        // Small runs are over before anybody could read of them.
        guard mode == .live || now - start > .seconds(2) else { return }
        phase = name
        last = now
        put(text)
    }

    /// Shows how far something other than a run is; named by the words before a colon.
    func show(text: String) {
        let name = String(text.prefix { $0 != ":" })
        let now = ContinuousClock.now
        guard mode != .silent, name != phase || now - last >= (mode == .live ? .milliseconds(100) : .seconds(5)) else { return }
        guard mode == .live || now - start > .seconds(2) else { return }
        phase = name
        last = now
        put(text)
    }

    /// Says something once, whatever was shown before.
    func note(_ text: String) {
        guard mode != .silent else { return }
        put(text)
    }

    /// Takes the live line away.
    func clear() {
        if isShown { Console.overwrite("") }
        isShown = false
    }

    private func put(_ text: String) {
        guard mode == .live else { return Console.error(text) }
        Console.overwrite(text)
        isShown = true
    }
}

/// Steps as words. Pure.
enum ProgressText {
    static func line(_ step: RunProgress.Step) -> (phase: String, text: String, isLast: Bool) {
        switch step {
        case .reading(let bytes, let total, let entries):
            return ("reading", "reading: \(percent(bytes, total)), \(entries) entries", bytes >= total)
        case .planning(let people):
            return ("planning", "planning: \(people) people", false)
        case .applying(let done, let total):
            return ("applying", "applying: \(percent(Int64(done), Int64(total))), \(done) of \(total) changes", done >= total)
        }
    }

    private static func percent(_ part: Int64, _ whole: Int64) -> String {
        "\(whole > 0 ? min(100, part * 100 / whole) : 100) %"
    }
}
