// SPDX-License-Identifier: Apache-2.0

/// The settings of Muster. The raw value is the key in the configuration file; `MUSTER_` and its capitals are the variable.
package enum ConfigurationKey: String, CaseIterable, Sendable {
    case listen
    case dataDirectory = "data_dir"
    case databaseURL = "database_url"
    case databaseURLFile = "database_url_file"
    case policies
    case publicURL = "public_url"
    case secretKeyFile = "secret_key_file"
    case logLevel = "log_level"
    case logFormat = "log_format"
    case trustedProxies = "trusted_proxies"
    case senderAddress = "sender_address"
    case addressLimit = "address_limit"
    case tokenLimit = "token_limit"
    case metricsReaders = "metrics_readers"
    case tombstoneDays = "tombstone_days"
    case webhookNetworks = "webhook_networks"
    case webhookCAFile = "webhook_ca_file"
    case uploadLimit = "upload_limit"

    /// The environment variable.
    package var variable: String { "MUSTER_\(rawValue.uppercased())" }

    /// The flag, where there is one.
    package var flag: String? {
        switch self {
        case .listen: "--listen"
        case .dataDirectory: "--data"
        case .databaseURL: "--database-url"
        case .policies: "--policies"
        case .publicURL: "--public-url"
        case .logLevel: "--log-level"
        case .logFormat: "--log-format"
        case .trustedProxies: "--trusted-proxies"
        case .databaseURLFile, .secretKeyFile, .senderAddress, .addressLimit, .tokenLimit, .metricsReaders, .tombstoneDays,
            .webhookNetworks, .webhookCAFile, .uploadLimit:
            nil
        }
    }

    /// Variables that begin with `MUSTER_` and are no settings of the daemon: where its programs are, and those of the tests.
    static let otherVariables = ["MUSTER_CONFIG", "MUSTER_POSTGRES_BIN", "MUSTER_SOAK", "MUSTER_SAMPLES"]
}

/// A setting that cannot be used, named with where it stands.
package struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kinds of mistake, stable for programs.
    package enum Code: String, Sendable {
        /// A key or variable that Muster does not have.
        case unknownKey = "configuration.unknown_key"
        /// A value that makes no sense for its key.
        case badValue = "configuration.bad_value"
        /// A file that cannot be read.
        case unreadable = "configuration.unreadable"
    }

    package let code: Code
    /// Where and what, in one sentence; holds no secret.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
