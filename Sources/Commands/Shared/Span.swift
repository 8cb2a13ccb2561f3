// SPDX-License-Identifier: Apache-2.0

import Directory

/// A span of time as it is given on the command line.
enum Span {
    /// Seconds in `90`, `90s`, `30m`, `1h` or `7d`.
    static func seconds(_ text: String) throws(Failure) -> Int64 {
        guard let seconds = TimeSpan.seconds(text) else {
            throw Failure(code: "bad_time", "\"\(text)\" is no time: write \(TimeSpan.examples)", status: .usage)
        }
        return seconds
    }
}
