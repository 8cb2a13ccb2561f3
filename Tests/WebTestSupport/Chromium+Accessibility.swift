// SPDX-License-Identifier: Apache-2.0

import Foundation
package import Testing

extension Chromium {
    /// Expects the page that is open to be usable by everybody, and keeps pictures of it.
    ///
    /// Light and dark, 1280 and 375 pixels wide: contrast of all text (WCAG 2.2, 1.4.3), nothing wider than the window (1.4.10),
    /// targets of 24 pixels (2.5.8); once: names and roles (4.1.2), labels and references (1.3.1), ids, headings, title and language,
    /// a visible focus that goes through the page in its order (2.4.3, 2.4.7), and that the page's own policy blocked nothing.
    ///
    /// - Parameter name: of the pictures, `.build/screenshots/NAME-1280-dark.png` and so on.
    package func checkPage(_ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        var violations: [String] = []
        for (width, dark) in [(1280, false), (1280, true), (375, true), (375, false)] {
            try setView(width: width, dark: dark)
            let look = "\(width) \(dark ? "dark" : "light")"
            violations += try list("contrast()").map { "\(look): \($0)" }
            violations += try list("targets()").map { "\(look): \($0)" }
            violations += try list("overflow()").map { "\(look): \($0)" }
            try screenshot("\(name)-\(width)-\(dark ? "dark" : "light")")
        }
        try setView(width: 1280)
        violations += try list("structure()")
        violations += try names()
        violations += try focusProblems()
        for event in events where event.name == "Log.entryAdded" {
            guard let entry = event.parameters["entry"] as? [String: Any], entry["source"] as? String == "security" else {
                continue
            }
            violations.append("blocked: \(entry["text"] ?? "")")
        }
        #expect(violations.isEmpty, "\(name): \(violations.joined(separator: "\n"))", sourceLocation: sourceLocation)
    }

    /// Keeps a picture of the whole page in `.build/screenshots`, or where `MUSTER_SCREENSHOTS` says.
    package func screenshot(_ name: String) throws {
        let given = ProcessInfo.processInfo.environment["MUSTER_SCREENSHOTS"]
        let folder = URL(fileURLWithPath: given ?? FileManager.default.currentDirectoryPath + "/.build/screenshots")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let answer = try send("Page.captureScreenshot", ["captureBeyondViewport": true])
        let data = (answer["data"] as? String).flatMap { Data(base64Encoded: $0) } ?? Data()
        try data.write(to: folder.appendingPathComponent("\(name).png"))
    }

    private func list(_ call: String) throws -> [String] {
        try evaluate("(() => { \(Self.script)\nreturn \(call); })()") as? [String] ?? ["\(call) gave nothing"]
    }

    /// What a screen reader meets without a name.
    private func names() throws -> [String] {
        let named: Set<String> = [
            "button", "link", "textbox", "searchbox", "checkbox", "radio", "combobox", "listbox", "spinbutton", "image", "dialog",
            "region", "meter", "progressbar", "tab", "menuitem",
        ]
        return try accessibleThings().filter { named.contains($0.trimmingCharacters(in: .whitespaces)) }
            .map { "without a name: \($0)" }
    }

    /// Goes through the page by the Tab key: every stop is visible as such, none comes before one that stands before it, and
    /// each thing that can be used is one.
    private func focusProblems() throws -> [String] {
        _ = try evaluate("window.scrollTo(0, 0); document.activeElement?.blur(); window.__stops = []; true")
        let expected = try evaluate("(() => { \(Self.script)\nreturn stops().length; })()") as? Int ?? 0
        var problems: [String] = []
        for _ in 0..<min(expected, 400) {
            try press("Tab", code: 9)
            if let problem = try evaluate("(() => { \(Self.script)\nreturn stop(); })()") as? String { problems.append(problem) }
        }
        return try problems + list("unreached()")
    }
}
