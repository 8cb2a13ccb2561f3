// SPDX-License-Identifier: Apache-2.0
import Configuration
import FoundationEssentials
import Policy
import Yams

/// The configuration file: a YAML mapping of ``ConfigurationKey`` to texts.
struct ConfigurationFile {
    let path: String
    private(set) var values: [ConfigurationKey: String] = [:]
    private var places: [ConfigurationKey: Mark] = [:]

    /// Reads the file; every key must be known.
    init(path: String) throws(ConfigurationError) {
        guard let data = FileManager.default.contents(atPath: path), let text = String(validating: data, as: UTF8.self) else {
            throw ConfigurationError(.unreadable, "the configuration file \(path) cannot be read")
        }
        try self.init(path: path, text: text)
    }

    init(path: String, text: String) throws(ConfigurationError) {
        self.path = path
        let root: Node?
        do { root = try Yams.compose(yaml: text) } catch { throw ConfigurationError(.unreadable, "\(path) is no YAML: \(error)") }
        guard let root, root != Node("") else { return }
        guard let mapping = root.mapping else {
            throw ConfigurationError(.unreadable, "\(path) is no mapping of keys to values")
        }
        for (name, node) in mapping {
            let written = name.string ?? ""
            guard let key = ConfigurationKey(rawValue: written) else {
                let hint = NearestName.find(written, among: ConfigurationKey.allCases.map(\.rawValue)).map {
                    "; did you mean \"\($0)\"?"
                }
                throw ConfigurationError(.unknownKey, "\(Self.place(path, name.mark)): unknown key \"\(written)\"\(hint ?? "")")
            }
            values[key] = try Self.text(node, of: key, in: path)
            places[key] = node.mark
        }
    }

    /// `file:line:column` of a value.
    func place(of key: ConfigurationKey) -> String { "\(Self.place(path, places[key])): \(key.rawValue)" }

    /// As a provider of swift-configuration.
    var provider: InMemoryProvider { .muster("file", values) }

    private static func place(_ path: String, _ mark: Mark?) -> String { mark.map { "\(path):\($0.line):\($0.column)" } ?? path }

    /// A scalar as it was written, or a list joined by commas.
    private static func text(_ node: Node, of key: ConfigurationKey, in path: String) throws(ConfigurationError) -> String {
        if let text = node.scalar?.string { return text }
        let items = node.sequence?.map(\.scalar?.string) ?? [nil]
        let texts = items.compactMap(\.self)
        guard [.trustedProxies, .metricsReaders, .webhookNetworks].contains(key), texts.count == items.count else {
            throw ConfigurationError(.badValue, "\(place(path, node.mark)): \(key.rawValue) must be a text")
        }
        return texts.joined(separator: ",")
    }
}

extension InMemoryProvider {
    /// Values of ours by their keys.
    static func muster(_ name: String, _ values: [ConfigurationKey: String]) -> InMemoryProvider {
        let pairs = values.map { (AbsoluteConfigKey([$0.rawValue]), ConfigValue(.string($1), isSecret: $0 == .databaseURL)) }
        return InMemoryProvider(name: name, values: Dictionary(uniqueKeysWithValues: pairs))
    }
}
