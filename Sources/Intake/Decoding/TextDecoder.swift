// SPDX-License-Identifier: Apache-2.0

/// Brings text of any encoding to UTF-8 without a byte order mark, in whatever chunks it comes.
///
/// A byte order mark wins over the encoding that was named; without either, UTF-16 is told by its zeros, and anything else
/// is UTF-8, which is passed on as it is. Half a surrogate pair becomes bytes that are no UTF-8, so that the reader rejects
/// what it belongs to and nothing else.
struct TextDecoder {
    private let named: TextEncoding?
    /// The encoding, once the first bytes are there.
    private(set) var encoding: TextEncoding?
    private var head: [UInt8] = []
    /// The byte of UTF-16 whose other half did not come yet.
    private var odd: UInt8?
    private var highSurrogate: UInt16?

    init(_ named: TextEncoding? = nil) {
        self.named = named
    }

    /// Whether the next bytes are passed on as they are.
    var isTransparent: Bool { encoding == .utf8 }

    /// Appends what the bytes mean.
    mutating func decode(_ bytes: UnsafeRawBufferPointer, into output: inout [UInt8]) {
        guard encoding == nil else { return convert(bytes, into: &output) }
        head.append(contentsOf: bytes)
        if head.count >= 3 { begin(into: &output) }
    }

    /// Takes the end; false where it lies within a character.
    mutating func finish(into output: inout [UInt8]) -> Bool {
        if encoding == nil { begin(into: &output) }
        if let highSurrogate { Self.append(highSurrogate, to: &output) }
        highSurrogate = nil
        return odd == nil
    }

    private mutating func begin(into output: inout [UInt8]) {
        let found = TextEncoding.detect(head)
        // Zeros alone do not outdo a name; a mark does.
        encoding = found.map { $0.mark > 0 ? $0.encoding : named ?? $0.encoding } ?? named ?? .utf8
        let start = head
        head = []
        start.withUnsafeBytes { convert(UnsafeRawBufferPointer(rebasing: $0[(found?.mark ?? 0)...]), into: &output) }
    }

    private mutating func convert(_ bytes: UnsafeRawBufferPointer, into output: inout [UInt8]) {
        switch encoding {
        case .utf8, nil: output.append(contentsOf: bytes)
        case .latin1: Self.widen(bytes, upper: nil, into: &output)
        case .windows1252: Self.widen(bytes, upper: TextEncoding.windows1252Upper, into: &output)
        case .utf16LittleEndian: convertUTF16(bytes, isLittle: true, into: &output)
        case .utf16BigEndian: convertUTF16(bytes, isLittle: false, into: &output)
        }
    }

    /// Encodings of one byte a character.
    private static func widen(_ bytes: UnsafeRawBufferPointer, upper: [UInt16]?, into output: inout [UInt8]) {
        output.reserveCapacity(output.count + bytes.count + bytes.count / 8)
        for byte in bytes {
            if byte < 0x80 {
                output.append(byte)
            } else if byte < 0xA0, let upper {
                append(upper[Int(byte) - 0x80], to: &output)
            } else {
                append(UInt16(byte), to: &output)
            }
        }
    }

    private mutating func convertUTF16(_ bytes: UnsafeRawBufferPointer, isLittle: Bool, into output: inout [UInt8]) {
        output.reserveCapacity(output.count + bytes.count)
        for byte in bytes {
            guard let first = odd else {
                odd = byte
                continue
            }
            odd = nil
            take(isLittle ? UInt16(byte) << 8 | UInt16(first) : UInt16(first) << 8 | UInt16(byte), into: &output)
        }
    }

    @inline(__always)
    private mutating func take(_ unit: UInt16, into output: inout [UInt8]) {
        if let high = highSurrogate {
            highSurrogate = nil
            if 0xDC00...0xDFFF ~= unit {
                let scalar = 0x1_0000 + (UInt32(high & 0x3FF) << 10 | UInt32(unit & 0x3FF))
                output.append(UInt8(0xF0 | scalar >> 18))
                output.append(UInt8(0x80 | scalar >> 12 & 0x3F))
                output.append(UInt8(0x80 | scalar >> 6 & 0x3F))
                output.append(UInt8(0x80 | scalar & 0x3F))
                return
            }
            Self.append(high, to: &output)
        }
        if 0xD800...0xDBFF ~= unit {
            highSurrogate = unit
        } else {
            Self.append(unit, to: &output)
        }
    }

    /// One unit; half a pair in three bytes that are not valid.
    @inline(__always)
    private static func append(_ unit: UInt16, to output: inout [UInt8]) {
        if unit < 0x80 {
            output.append(UInt8(unit))
        } else if unit < 0x800 {
            output.append(UInt8(0xC0 | unit >> 6))
            output.append(UInt8(0x80 | unit & 0x3F))
        } else {
            output.append(UInt8(0xE0 | unit >> 12))
            output.append(UInt8(0x80 | unit >> 6 & 0x3F))
            output.append(UInt8(0x80 | unit & 0x3F))
        }
    }
}
