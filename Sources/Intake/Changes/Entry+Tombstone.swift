// SPDX-License-Identifier: Apache-2.0

/// What is left of an object that was deleted: `isDeleted: TRUE`, as Active Directory shows it to those who ask for it.
///
/// It keeps its `objectGUID` and `objectSid`, so that the same person is the same again when it is restored.
package struct Tombstone: Sendable, Hashable {
    /// The name before the deletion without its type: `Jane Doe` of `CN=Jane Doe\0ADEL:<guid>,CN=Deleted Objects,…`.
    package var formerName: String?
    /// Where the object was; nil once it is recycled.
    package var lastKnownParent: String?
}

extension Entry {
    private static let isDeleted: AttributeName = "isDeleted"
    private static let parent: AttributeName = "lastKnownParent"

    /// Whether this is the tombstone of an object and not an object.
    ///
    /// `isDeleted` alone does not suffice: the container of the tombstones has it too.
    package var isTombstone: Bool {
        guard let flag = first(Self.isDeleted)?.bytes, flag.count == 4,
            flag.elementsEqual("TRUE".utf8, by: { NameForm.lower($0) == NameForm.lower($1) })
        else { return false }
        return first(Self.parent) != nil || deletionMark != nil
    }

    /// The tombstone, where this is one.
    package var tombstone: Tombstone? {
        guard isTombstone else { return nil }
        let name = deletionMark.flatMap { mark -> String? in
            guard let start = bytes[mark.name].firstIndex(of: UInt8(ascii: "=")) else { return nil }
            return String(validating: bytes[(start + 1)..<mark.name.upperBound], as: UTF8.self)
        }
        return Tombstone(formerName: name, lastKnownParent: first(Self.parent)?.string)
    }

    /// Where in the first part of the name the mark of a deletion stands: `\0ADEL:`, or the line feed itself.
    private var deletionMark: (name: Range<Int>, end: Int)? {
        guard let dn = dnRange else { return nil }
        for mark in [Array("\\0ADEL:".utf8), Array("\\0adel:".utf8), Array("\nDEL:".utf8)] {
            guard dn.count > mark.count else { continue }
            for start in dn.lowerBound...(dn.upperBound - mark.count) {
                if bytes[start] == UInt8(ascii: ","), start == dn.lowerBound || bytes[start - 1] != UInt8(ascii: "\\") { break }
                if bytes[start..<start + mark.count].elementsEqual(mark) {
                    return (dn.lowerBound..<start, start + mark.count)
                }
            }
        }
        return nil
    }
}
