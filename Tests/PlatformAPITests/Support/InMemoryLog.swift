// SPDX-License-Identifier: Apache-2.0

import InMemoryLogging
import Logging

/// Keeps all that a daemon logs.
struct InMemoryLog {
    let handler: InMemoryLogHandler

    init() {
        var handler = InMemoryLogHandler()
        handler.logLevel = .trace
        self.handler = handler
    }

    /// Every line with its metadata.
    var text: String {
        handler.entries.map { "\($0.level) \($0.message) \($0.metadata)" }.joined(separator: "\n")
    }
}
