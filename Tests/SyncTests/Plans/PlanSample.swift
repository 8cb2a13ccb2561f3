// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Exports of one directory, one after the other, under a ready-made policy.
struct PlanSample: Sendable, CustomTestStringConvertible {
    /// Names the golden file.
    var name: String
    var policy: String
    /// Samples have groups of their own: text of the policy and what stands in its place.
    var inPolicy: [(String, String)] = []
    var steps: [Step]

    var testDescription: String { name }

    /// One export: a file, or a folder where there are several.
    struct Step: Sendable {
        var title: String
        var files: [File]
        /// Entries that a manifest beside it vouches for.
        var manifest: Int?
        /// Whether a person lets the plan through where a guard holds it.
        var releases = false
    }

    /// A file of the samples, edited a little.
    struct File: Sendable {
        var sample: String
        /// Under which name it is handed over; its own where nothing is said.
        var name: String?
        var edits: [Edit] = []

        var handedOver: String { name ?? String(sample.split(separator: "/").last ?? "") }
    }

    /// A change to the text of a sample; each has to find what it is to change.
    enum Edit: Sendable {
        /// Everywhere.
        case replace(String, String)
        /// The first one after the mark.
        case after(String, replace: String, with: String)
        /// From the first text up to the second, which stays; to the end where there is none.
        case cut(from: String, upTo: String?)
        /// Objects of an array whose value at the key is this one.
        case without(key: String, String)

        func apply(to text: inout String) throws {
            switch self {
            case .replace(let old, let new):
                try #require(text.contains(old), "the sample has no “\(old)”")
                text = text.replacing(old, with: new)
            case .after(let mark, let old, let new):
                let start = try #require(text.firstRange(of: mark), "the sample has no “\(mark)”").upperBound
                let range = try #require(text[start...].firstRange(of: old), "the sample has no “\(old)” after “\(mark)”")
                text.replaceSubrange(range, with: new)
            case .cut(let from, let upTo):
                let start = try #require(text.firstRange(of: from), "the sample has no “\(from)”").lowerBound
                let end = try upTo.map { mark in
                    try #require(text[start...].firstRange(of: mark), "the sample has no “\(mark)”").lowerBound
                }
                text.removeSubrange(start..<(end ?? text.endIndex))
            case .without(let key, let value):
                let before = try JSONSerialization.jsonObject(with: Data(text.utf8))
                var isFound = false
                let after = Self.without(key, value, in: before, &isFound)
                try #require(isFound, "the sample has no object whose \(key) is “\(value)”")
                let data = try JSONSerialization.data(withJSONObject: after, options: [.sortedKeys, .prettyPrinted])
                text = String(decoding: data, as: UTF8.self)
            }
        }

        private static func without(_ key: String, _ value: String, in json: Any, _ isFound: inout Bool) -> Any {
            switch json {
            case let list as [Any]:
                let kept = list.filter { ($0 as? [String: Any])?[key] as? String != value }
                if kept.count < list.count { isFound = true }
                return kept.map { without(key, value, in: $0, &isFound) }
            case let object as [String: Any]: return object.mapValues { without(key, value, in: $0, &isFound) }
            default: return json
            }
        }
    }
}

extension PlanSample.Step {
    /// Hands the export over in a folder, where it replaces the one before.
    ///
    /// - Returns: the path of the export.
    func write(from samples: URL, into folder: URL) throws -> String {
        var contents: [(name: String, data: Data)] = []
        for file in files {
            var text = String(decoding: try Data(contentsOf: samples.appending(path: file.sample)), as: UTF8.self)
            for edit in file.edits { try edit.apply(to: &text) }
            contents.append((file.handedOver, Data(text.utf8)))
        }
        let path = folder.appending(path: contents.count == 1 ? contents[0].name : "export")
        if contents.count == 1 {
            try contents[0].data.write(to: path)
        } else {
            try? FileManager.default.removeItem(at: path)
            try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
            for (name, data) in contents { try data.write(to: path.appending(path: name)) }
        }
        let beside = URL(filePath: path.path + ".manifest.json")
        try? FileManager.default.removeItem(at: beside)
        if let manifest {
            let digests = contents.map { ($0.name, SampleDigest.hex($0.data)) }
            let said =
                contents.count == 1
                ? "\"sha256\": \"\(digests[0].1)\""
                : "\"files\": {" + digests.map { "\"\($0.0)\": \"\($0.1)\"" }.joined(separator: ", ") + "}"
            try Data("{\"entries\": \(manifest), \(said)}".utf8).write(to: beside)
        }
        return path.path
    }
}
