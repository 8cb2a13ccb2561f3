// SPDX-License-Identifier: Apache-2.0

import Mustache

/// A value that says its properties itself, since templates ask hundreds of its kind.
///
/// Of every other one they are found by reflection, which costs about a microsecond for each.
package protocol PageProperties {
    /// The stored property of that name; nil for nothing.
    func property(_ name: String) -> Any?
}

/// A value as Mustache reads it, with its properties found once: Mustache itself looks through all of them anew for each name.
final class Reflected: MustacheParent, MustacheCustomRenderable {
    private let value: Any
    private lazy var properties = Self.properties(of: value)

    private init(_ value: Any) { self.value = value }

    /// nil for an optional without a value.
    static func value(_ value: Any) -> Any? {
        switch value {
        case let text as String: return text
        case let flag as Bool: return flag
        case let known as any PageProperties: return Known(known)
        default: break
        }
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional: return mirror.children.first.flatMap { self.value($0.value) }
        case .collection: return mirror.children.compactMap { self.value($0.value) }
        case .struct: return Reflected(value)
        default: return value
        }
    }

    private static func properties(of value: Any) -> [String: Any] {
        var properties: [String: Any] = [:]
        for case (let name?, let property) in Mirror(reflecting: value).children {
            properties[name] = self.value(property)
        }
        return properties
    }

    func child(named name: String) -> Any? { properties[name] }

    // MARK: - As a text

    var renderText: String { String(describing: value) }
    var isNull: Bool { false }

    /// A value that needs no reflection.
    private struct Known: MustacheParent {
        private let value: any PageProperties

        init(_ value: any PageProperties) { self.value = value }

        func child(named name: String) -> Any? { value.property(name).flatMap { Reflected.value($0) } }
    }
}
