// SPDX-License-Identifier: Apache-2.0

import WebSurface

extension JSONValue {
    /// The field of an object; nil for anything else.
    subscript(key: String) -> JSONValue? {
        if case .object(let object) = self { object[key] } else { nil }
    }

    var text: String? { if case .string(let text) = self { text } else { nil } }
    var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
    var fields: JSONObject { if case .object(let object) = self { object } else { JSONObject() } }
}
