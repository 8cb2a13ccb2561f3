// SPDX-License-Identifier: Apache-2.0

/// Reads `{"encoding": "base64", "encoded": "…"}`, the form in which ldap3 writes bytes that are no text.
struct EncodedObject {
    enum Outcome {
        case more
        case done
        case fault(Rejection.Reason, String)
    }

    private enum State: UInt8 {
        case key, encoding, encoded
    }

    /// The base64 text.
    private(set) var text: [UInt8] = []

    private var state = State.key
    private var isBase64: Bool?
    private var hasText = false

    mutating func reset() {
        text.removeAll(keepingCapacity: text.capacity <= 1 << 22)
        state = .key
        isBase64 = nil
        hasText = false
    }

    /// Takes a token behind the opening bracket.
    mutating func take(_ token: JSONTokenizer.Token, _ bytes: UnsafeRawBufferPointer) -> Outcome {
        switch (state, token.kind) {
        case (.key, .key) where isBase64 == nil && bytes.elementsEqual("encoding".utf8): state = .encoding
        case (.key, .key) where !hasText && bytes.elementsEqual("encoded".utf8): state = .encoded
        case (.encoding, .string):
            isBase64 = bytes.elementsEqual("base64".utf8)
            state = .key
        case (.encoded, .string):
            hasText = true
            text.append(contentsOf: bytes)
            state = .key
        case (.key, .endObject):
            guard let isBase64, hasText else { return .fault(.wrongShape, "an object without \"encoding\" or \"encoded\"") }
            return isBase64 ? .done : .fault(.badBase64, "an encoding that is not base64")
        default:
            return .fault(.wrongShape, "an object that is not {\"encoding\": \"base64\", \"encoded\": text}")
        }
        return .more
    }
}
