// SPDX-License-Identifier: Apache-2.0
import Configuration
import FoundationEssentials
import Policy

/// Where settings come from: flags, then the environment, then the file. The first that has a key wins.
struct ConfigurationSources {
    private let flags: [ConfigurationKey: String]
    private let environment: [String: String]
    private let file: ConfigurationFile?
    private let reader: ConfigReader

    init(
        flags: [ConfigurationKey: String], environment: [String: String], file: ConfigurationFile?
    ) throws(ConfigurationError) {
        try Self.check(environment)
        self.flags = flags
        // An empty variable is as good as none.
        self.environment = environment.filter { $0.key.hasPrefix("MUSTER_") && !$0.value.isEmpty }
        self.file = file
        let variables = EnvironmentVariablesProvider(
            environmentVariables: self.environment, secretsSpecifier: .specific([ConfigurationKey.databaseURL.variable]))
        var providers: [any ConfigProvider] = [InMemoryProvider.muster("flags", flags), variables.prefixKeys(with: ["muster"])]
        if let file { providers.append(file.provider) }
        reader = ConfigReader(providers: providers)
    }

    /// The value of a key as a text.
    func text(_ key: ConfigurationKey) -> String? {
        reader.string(forKey: ConfigKey([key.rawValue]), isSecret: key == .databaseURL)
    }

    /// The value of a key, read by `parse`; what that does not take is an error that names the place.
    func value<Value>(
        _ key: ConfigurationKey, _ expectation: String, _ parse: (String) -> Value?
    ) throws(ConfigurationError) -> Value? {
        guard let text = text(key) else { return nil }
        if let value = parse(text) { return value }
        throw bad(key, expectation)
    }

    /// The error of a bad value, which is shown unless it is secret.
    func bad(_ key: ConfigurationKey, _ expectation: String) -> ConfigurationError {
        let shown = key == .databaseURL ? "the value" : "\"\(text(key) ?? "")\""
        return ConfigurationError(.badValue, "\(place(of: key)): \(shown) is not understood; \(expectation)")
    }

    /// How strongly a key is given: 0 by flag, 1 by the environment, 2 in the file.
    func rank(_ key: ConfigurationKey) -> Int? {
        if flags[key] != nil { return 0 }
        if environment[key.variable] != nil { return 1 }
        return file?.values[key] == nil ? nil : 2
    }

    /// The name of the place that gives a key, as its author wrote it.
    func place(of key: ConfigurationKey) -> String {
        switch rank(key) {
        case 0: key.flag ?? key.rawValue
        case 1: key.variable
        default: file?.place(of: key) ?? key.rawValue
        }
    }

    private static func check(_ environment: [String: String]) throws(ConfigurationError) {
        let known = ConfigurationKey.allCases.map(\.variable) + ConfigurationKey.otherVariables
        for name in environment.keys.sorted() where name.hasPrefix("MUSTER_") && !name.hasPrefix("MUSTER_TEST_") {
            guard !known.contains(name) else { continue }
            let hint =
                NearestName.find(name, among: ConfigurationKey.allCases.map(\.variable)).map { "; did you mean \($0)?" } ?? ""
            throw ConfigurationError(.unknownKey, "the environment has an unknown variable \(name)\(hint)")
        }
    }
}
