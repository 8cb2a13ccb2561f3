// SPDX-License-Identifier: Apache-2.0

import Directory
import WebSurface

extension AccountDraft {
    /// What POST, PATCH and PUT of accounts send (contract section 3.1); other keys are ignored.
    init(_ parameters: inout ParameterReader) {
        self.init()
        name = parameters.text("name")
        locale = parameters.text("locale")
        domain = parameters.clearableText("domain")
        supportEmail = parameters.clearableText("support_email")
        status = parameters.choice("status", AccountStatus.init(rawValue:))
        features = parameters.switches("features")
        limits = parameters.limits("limits")
        customAttributes = parameters.looseObject("custom_attributes")
        problems = parameters.problems
    }
}

extension ParameterReader {
    /// An object of names to switches, each read as a person would; null switches off.
    fileprivate mutating func switches(_ key: String) -> [String: Bool]? {
        guard let object = object(key).value else { return nil }
        var switches: [String: Bool] = [:]
        for (name, value) in object {
            guard let on = value == .null ? false : value.asBool else {
                complain(key, "contain a value that is no switch: \(name.prefix(64))")
                continue
            }
            switches[name] = on
        }
        return switches
    }

    /// The account's limits: known names, numbers.
    fileprivate mutating func limits(_ key: String) -> JSONText? {
        guard let value = value(key).value else { return nil }
        guard case .object(let object) = value else {
            complain(key, ": Invalid data")
            return nil
        }
        for (name, value) in object where !AccountVocabulary.limits.contains(name) || !value.isNumber {
            complain(key, ": Invalid data")
            return nil
        }
        return JSONText(object)
    }
}

extension JSONValue {
    fileprivate var isNumber: Bool {
        switch self {
        case .integer, .decimal: true
        default: false
        }
    }
}
