// SPDX-License-Identifier: Apache-2.0

/// What stands behind the colon of a line.
extension LDIFReader {
    /// A plain value without the blanks before it.
    @inline(__always)
    static func plain(_ rest: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var start = 0
        while start < rest.count, rest[start] == UInt8(ascii: " ") { start &+= 1 }
        return UnsafeRawBufferPointer(rebasing: rest[start...])
    }

    /// A base64 value without the second colon and the blanks around it.
    static func base64(_ rest: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var value = plain(UnsafeRawBufferPointer(rebasing: rest.dropFirst()))
        while value.last == UInt8(ascii: " ") { value = UnsafeRawBufferPointer(rebasing: value.dropLast()) }
        return value
    }
}

extension UnsafeRawBufferPointer {
    /// Whether this is a name, given in lower case, without regard to ASCII case.
    @inline(__always)
    func isName(_ name: StaticString) -> Bool {
        guard count == name.utf8CodeUnitCount else { return false }
        for index in 0..<count where NameForm.lower(self[index]) != name.utf8Start[index] { return false }
        return true
    }

    /// Whether this is `mark`, and blanks behind it.
    func isBlank(after mark: Unicode.Scalar) -> Bool {
        first == UInt8(ascii: mark) && dropFirst().allSatisfy { $0 == UInt8(ascii: " ") }
    }
}
