// SPDX-License-Identifier: Apache-2.0

import Directory
import NIOCore
import WebSurface

extension ParameterReader {
    /// A text that may be cleared: nil when absent, `.some(nil)` when null.
    mutating func clearableText(_ key: String) -> String?? {
        switch string(key) {
        case .absent: .none
        case .null: .some(nil)
        case .value(let text): .some(text)
        }
    }

    /// An object as JSON text; anything else is ignored, as the contract has it for custom attributes.
    mutating func looseObject(_ key: String) -> JSONText? {
        guard case .value(.object(let object)) = value(key) else { return nil }
        return JSONText(object)
    }
}

extension JSONText {
    init(_ object: JSONObject) {
        var writer = JSONWriter(capacity: 256)
        writer.element(.object(object))
        self.init(String(buffer: writer.buffer))
    }
}
