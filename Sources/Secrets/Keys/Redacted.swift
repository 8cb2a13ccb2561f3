// SPDX-License-Identifier: Apache-2.0

/// A value that never shows itself: not in a description, an interpolation, a dump or a mirror.
///
/// It is deliberately neither `Encodable` nor `Equatable`; whoever needs the value says `exposed`.
package struct Redacted<Value> {
    /// The value itself: every use of this property is a place where a secret may leave.
    package let exposed: Value

    /// Hides the value.
    package init(_ value: Value) {
        exposed = value
    }
}

extension Redacted: Sendable where Value: Sendable {}

extension Redacted: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Never the value.
    package var description: String { "[redacted]" }

    /// Never the value.
    package var debugDescription: String { "[redacted]" }

    /// A mirror without children.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
