// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Intake

/// Everything that the tokenizer says about a document.
private struct Tokens: Equatable {
    var texts: [String] = []
    var error: IntakeError?
    var isDamaged = false
}

/// Tokenizes with a window that grows by `step` bytes a time.
private func tokenize(_ bytes: [UInt8], step: Int? = nil) -> Tokens {
    var tokenizer = JSONTokenizer()
    var tokens = Tokens()
    let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    var base = 0
    var limit = step ?? bytes.count
    do {
        while true {
            let isLast = limit >= bytes.count
            // A copy of its own, so that a read behind the window is a read behind memory.
            let window = Array(bytes[base..<min(limit, bytes.count)])
            let taken = try window.withUnsafeBytes { window in
                var index = 0
                while case .token(let token) = try tokenizer.next(window, at: &index, base: base, isLast: isLast) {
                    let text = token.isUnescaped ? tokenizer.scratch : Array(window[token.start..<token.end])
                    tokens.texts.append("\(token.kind) \(String(decoding: text, as: UTF8.self))")
                    tokens.isDamaged = tokens.isDamaged || token.isDamaged
                }
                return index
            }
            if isLast { return tokens }
            base += taken
            limit += step ?? 1
        }
    } catch {
        tokens.error = error as? IntakeError
        return tokens
    }
}

@Suite("JSON tokenizer")
struct JSONTokenizerTests {
    @Test(
        "the public suite: y_ accepted, n_ rejected, i_ survived; the same byte by byte",
        .enabled(if: Samples.isThere, "the samples are not beside the repository"))
    func publicSuite() throws {
        let folder = try #require(Samples.folder).appending(path: "json-suite")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") }
        #expect(names.count > 300)
        for name in names.sorted() {
            let bytes = try Samples.read("json-suite/\(name)")
            let whole = tokenize(bytes)
            if name.hasPrefix("y_") { #expect(whole.error == nil, "\(name): \(whole.error?.description ?? "")") }
            if name.hasPrefix("n_") { #expect(whole.error != nil, "\(name) was accepted") }
            if bytes.count < 2000 {
                #expect(tokenize(bytes, step: 1) == whole, "\(name) differs byte by byte")
                #expect(tokenize(bytes, step: 3) == whole, "\(name) differs in threes")
            }
        }
    }

    @Test(
        "accepted",
        arguments: [
            "[]", "{}", " [ ] ", "0", "-0", "-1.5e+10", "1E5", "true", "null", "\"\"", "[1,2]", "{\"a\":1,\"a\":2}",
            "\"\\u0000\"", "\"\u{7F}\"", "\"\u{10FFFF}\"", "\u{FEFF}[1]", "[[[[]]]]", "\"\\/\\b\\f\\n\\r\\t\\\"\\\\\"",
            "{\"\":0}", "\r\n\t[\r\n\t1\r\n]\r\n",
        ])
    func accepted(text: String) {
        #expect(tokenize(Array(text.utf8)).error == nil)
    }

    @Test(
        "refused, with the place",
        arguments: [
            ("", 0), (" ", 1), ("\u{FEFF}", 0), ("[", 1), ("[1,]", 3), ("[1 2]", 3), ("{\"a\"}", 4), ("{\"a\":}", 5),
            ("{a:1}", 1), ("{\"a\":1,}", 7), ("01", 1), ("-", 1), ("[1.]", 3), ("1.e5", 2), ("1e", 2), ("+1", 0), (".5", 0),
            ("tru", 3), ("trueish", 4), ("nul]", 3), ("\"abc", 4), ("\"\\x\"", 2), ("\"\\u12g4\"", 5), ("\"a\nb\"", 2),
            ("[1]]", 3), ("[1] x", 4), ("{]", 1), ("[}", 1), ("'a'", 0), ("[\"a\",\n\"b\"\n\"c\"]", 10), ("NaN", 0),
            ("// x\n1", 0), ("\"\\", 2), ("\"\\u00", 5), ("[1,,2]", 3), ("{\"a\":1 \"b\":2}", 7), ("{\"a\",1}", 4),
        ])
    func refused(text: String, byte: Int) throws {
        let tokens = tokenize(Array(text.utf8))
        let error = try #require(tokens.error)
        #expect(error.byte == byte, "\(error)")
        #expect(tokenize(Array(text.utf8), step: 1).error == error)
    }

    @Test(
        "bytes that are not UTF-8",
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xC3], [0xE2, 0x82],
            [0xF0, 0x9F, 0x98], [0xC3, 0x28], [0xE2, 0x28, 0xA1], [0xF0, 0x9F, 0x28, 0x80],
        ] as [[UInt8]])
    func notUTF8(bytes: [UInt8]) throws {
        for padding in 0..<10 {
            let text = Array("\"".utf8) + [UInt8](repeating: 0x61, count: padding) + bytes + Array("\"".utf8)
            let error = try #require(tokenize(text).error)
            #expect(error.code == .notUTF8)
            #expect(error.byte == 1 + padding)
            #expect(tokenize(text, step: 1).error == error)
        }
    }

    @Test("escapes, pairs of surrogates and halves of them")
    func escapes() {
        func text(_ json: String) -> (String, Bool) {
            let tokens = tokenize(Array("\"\(json)\"".utf8))
            return (String(tokens.texts.first?.dropFirst(7) ?? "?"), tokens.isDamaged)
        }
        #expect(text("a\\u00e9\\u20AC\\ud83d\\ude00z") == ("aé€😀z", false))
        #expect(text("\\ud83d") == ("\u{FFFD}", true))
        #expect(text("\\ude00x") == ("\u{FFFD}x", true))
        #expect(text("\\ud83d\\u0041") == ("\u{FFFD}A", true))
        #expect(text("\\ud83d\\n") == ("\u{FFFD}\n", true))
        #expect(text("\\ud83d\\ud83d\\ude00") == ("\u{FFFD}😀", true))
        #expect(text("\\uffff\\u0000") == ("\u{FFFF}\0", false))
    }

    @Test("128 brackets in each other and no more")
    func depth() throws {
        func nested(_ count: Int, _ open: String, _ close: String) -> [UInt8] {
            Array((String(repeating: open, count: count) + "0" + String(repeating: close, count: count)).utf8)
        }
        #expect(tokenize(nested(128, "[", "]")).error == nil)
        #expect(tokenize(nested(128, "{\"a\":", "}")).error == nil)
        #expect(tokenize(nested(129, "[", "]")).error?.code == .tooDeep)
        #expect(tokenize(nested(129, "{\"a\":", "}")).error?.code == .tooDeep)
        #expect(tokenize(Array(String(repeating: "[", count: 100_000).utf8)).error?.code == .tooDeep)
        // An object closed as a list deep inside, where only the bits of the stack know.
        let mixed = String(repeating: "[{\"a\":", count: 60) + "[1}" + String(repeating: "}]", count: 60)
        #expect(tokenize(Array(mixed.utf8)).error?.code == .malformedJSON)
    }

    @Test("random documents come back as Foundation reads them, in any chunks")
    func roundTrip() throws {
        let seed: UInt64 = 20_261_123
        var random = SeededRandom(seed: seed)
        for round in 0..<rounds(300, soak: 30_000) {
            let document = randomDocument(&random, depth: 0)
            let options: JSONSerialization.WritingOptions =
                round % 2 == 0 ? [.fragmentsAllowed] : [.fragmentsAllowed, .prettyPrinted]
            let bytes = Array(try JSONSerialization.data(withJSONObject: document, options: options))
            let whole = tokenize(bytes)
            #expect(whole.error == nil, "seed \(seed), round \(round)")
            #expect(tokenize(bytes, step: 1 + round % 7) == whole, "seed \(seed), round \(round)")
            let texts = Set(whole.texts.filter { $0.hasPrefix("string ") }.map { String($0.dropFirst(7)) })
            #expect(texts == strings(in: document), "seed \(seed), round \(round)")
            // Any cut is noticed, unless the document is a number.
            let cut = Int.random(in: 0..<bytes.count, using: &random)
            if !(document is Int) { #expect(tokenize(Array(bytes[..<cut])).error != nil, "seed \(seed), round \(round)") }
        }
    }

    private func randomDocument(_ random: inout SeededRandom, depth: Int) -> any Sendable {
        switch Int.random(in: 0..<(depth > 4 ? 4 : 7), using: &random) {
        case 0: return Int.random(in: -1_000_000...1_000_000, using: &random)
        case 1: return Bool.random(using: &random)
        case 2...3: return randomText(&random)
        case 4...5: return (0..<Int.random(in: 0..<5, using: &random)).map { _ in randomDocument(&random, depth: depth + 1) }
        default:
            var object: [String: any Sendable] = [:]
            for _ in 0..<Int.random(in: 0..<5, using: &random) {
                object[randomText(&random)] = randomDocument(&random, depth: depth + 1)
            }
            return object
        }
    }

    private func randomText(_ random: inout SeededRandom) -> String {
        let alphabet = Array("abcdefghij \"\\/\n\r\t\u{1}é€😀{}[],:\u{7F}").map(String.init)
        return (0..<Int.random(in: 0..<30, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "" }.joined()
    }

    private func strings(in document: any Sendable) -> Set<String> {
        switch document {
        case let text as String: [text]
        case let list as [any Sendable]: Set(list.flatMap { strings(in: $0) })
        case let object as [String: any Sendable]: Set(object.values.flatMap { strings(in: $0) })
        default: []
        }
    }
}
