// SPDX-License-Identifier: Apache-2.0
import Glibc
import NIOCore
import WebSurface

/// The two streams of a terminal program.
enum Console {
    /// Writes a line to standard output.
    static func out(_ text: String) { write(text, STDOUT_FILENO) }

    /// Writes a line to standard error.
    static func error(_ text: String) { write(text, STDERR_FILENO) }

    /// Writes one JSON value and a line break to standard output.
    static func json(_ body: (inout JSONWriter) throws -> Void) rethrows { out(try jsonText(body)) }

    /// Bytes as they are, to standard output: what reads slowly slows us down.
    static func raw(_ buffer: ByteBuffer) { send(String(buffer: buffer), STDOUT_FILENO) }

    /// Without a line break, for a line that is written over.
    static func overwrite(_ text: String) { send("\r\u{1B}[K" + text, STDERR_FILENO) }

    static func jsonText(_ body: (inout JSONWriter) throws -> Void) rethrows -> String {
        var writer = JSONWriter()
        try body(&writer)
        return String(buffer: writer.buffer)
    }

    /// Whether a person reads standard error.
    static var errorIsTerminal: Bool {
        isatty(STDERR_FILENO) == 1 && getenv("TERM").map { String(cString: $0) != "dumb" } ?? false
    }

    /// Colour for standard output, where a person reads it and does not forbid it.
    static var style: Style {
        let isForbidden = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
        return Style(
            isColoured: isatty(STDOUT_FILENO) == 1 && !isForbidden
                && getenv("TERM").map { String(cString: $0) != "dumb" } ?? false)
    }

    private static func write(_ text: String, _ descriptor: Int32) { send(text.hasSuffix("\n") ? text : text + "\n", descriptor) }

    private static func send(_ text: String, _ descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
                if count < 0, errno == EINTR || errno == EAGAIN { continue }
                guard count > 0 else { return }
                done += count
            }
        }
    }
}
