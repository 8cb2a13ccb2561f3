// SPDX-License-Identifier: Apache-2.0

/// What is said about broken JSON.
extension JSONTokenizer {
    func unexpected(_ byte: UInt8, at position: Int) -> IntakeError {
        fault(.malformedJSON, at: position, IntakeError.name(byte))
    }

    func fault(_ code: IntakeError.Code, at byte: Int, _ found: String) -> IntakeError {
        let expected =
            switch expectation {
            case .value: "a value"
            case .valueOrEnd: "a value or \"]\""
            case .keyOrEnd: "a key or \"}\""
            case .key: "a key"
            case .colon: "\":\""
            case .commaOrEnd: containers & 1 == 1 ? "\",\" or \"}\"" : "\",\" or \"]\""
            case .nothing: "the end of the file"
            }
        return IntakeError(code: code, position: Position(line: line, byte: byte), expected: expected, found: found)
    }

    func badEscape(_ byte: UInt8, at position: Int) -> IntakeError {
        IntakeError(
            code: .malformedJSON, position: Position(line: line, byte: position),
            expected: "an escape of JSON after \"\\\"", found: IntakeError.name(byte))
    }

    func notUTF8(_ byte: UInt8, at position: Int) -> IntakeError {
        IntakeError(
            code: .notUTF8, position: Position(line: line, byte: position), expected: "UTF-8", found: IntakeError.name(byte))
    }
}

extension IntakeError {
    /// A byte for a message: itself where it can be printed, otherwise its number.
    static func name(_ byte: UInt8) -> String {
        if byte > 0x20, byte < 0x7F { return "\"\(Unicode.Scalar(byte))\"" }
        var hex: [UInt8] = []
        Hex.append(byte, to: &hex)
        return "byte 0x" + String(decoding: hex, as: UTF8.self)
    }
}
