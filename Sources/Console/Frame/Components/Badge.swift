// SPDX-License-Identifier: Apache-2.0

/// A state in a word, with a shape and a colour that say the same; the template is `badge`.
struct Badge: Sendable {
    let kind: String
    let shape: String
    let text: String

    /// As it should be.
    static func good(_ text: String) -> Badge { Badge(kind: "good", shape: "●", text: text) }
    /// Somebody should look.
    static func warning(_ text: String) -> Badge { Badge(kind: "warn", shape: "▲", text: text) }
    /// Closed, failed, refused.
    static func bad(_ text: String) -> Badge { Badge(kind: "bad", shape: "■", text: text) }
    /// Neither.
    static func plain(_ text: String) -> Badge { Badge(kind: "plain", shape: "○", text: text) }
    /// Under way.
    static func busy(_ text: String) -> Badge { Badge(kind: "info", shape: "◐", text: text) }
}
