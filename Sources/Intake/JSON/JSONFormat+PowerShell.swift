// SPDX-License-Identifier: Apache-2.0

extension JSONFormat {
    /// `Get-ADUser | ConvertTo-Json` of PowerShell 5.1 and 7: one object, or a list.
    ///
    /// `/Date(ms)/` becomes the time of RFC 3339 in UTC, as 7 writes it. `SID` is the text of its `Value`. What
    /// `-Depth` cut off (`Microsoft.ActiveDirectory.Management.ADPropertyValueCollection`) has no value; where
    /// memberships are cut, nothing is proven.
    static let powershell: JSONFormat = {
        var format = JSONFormat(.powershell, names: ["DistinguishedName"])
        format.groupNames = ["DistinguishedName"]
        format.names = .distinguished
        format.ignored = ["PropertyNames", "AddedProperties", "RemovedProperties", "ModifiedProperties", "PropertyCount"]
        format.rewrites = { text, output in
            if text.starts(with: "/Date(".utf8), let moment = UnixMoment(powershell: text) {
                moment.append(to: &output)
                return .rewritten
            }
            return text.starts(with: "Microsoft.ActiveDirectory.Management.".utf8) ? .lost : .asWritten
        }
        format.complete = { entry, kind in
            for (attribute, value) in identifiers {
                guard let text = entry.first(value)?.string else { continue }
                let index = entry.findOrAdd(attribute.bytes)
                guard entry.attributes[index].firstValue < 0 else { continue }
                Array(text.utf8).withUnsafeBytes { entry.append($0, kind: .text, to: index) }
            }
            return ItemCompletion(kind: kind)
        }
        return format
    }()

    /// Attributes that .NET writes as objects, and where their text is.
    private static let identifiers: [(StaticString, AttributeName)] = [
        ("SID", "SID.Value"), ("objectSid", "objectSid.Value"), ("ObjectGUID", "ObjectGUID.Guid"),
    ]

    /// The attributes by which people and groups belong to each other.
    static let memberships: [StaticString] = ["memberof", "members", "member"]
}

/// A moment, to the millisecond.
struct UnixMoment {
    /// Milliseconds since 1970-01-01 in UTC.
    var milliseconds: Int64

    /// Reads `/Date(1745531629000)/`, with or without an offset behind the number, which changes nothing about the moment.
    init?(powershell text: UnsafeRawBufferPointer) {
        guard text.count < 40, text.count > 8, text.suffix(2).elementsEqual(")/".utf8) else { return nil }
        var digits = String(decoding: text.dropFirst(6).dropLast(2), as: UTF8.self)[...]
        if let sign = digits.dropFirst().firstIndex(where: { $0 == "+" || $0 == "-" }) { digits = digits[..<sign] }
        guard let value = Int64(digits), abs(value / 1000) < 400_000_000_000 else { return nil }
        milliseconds = value
    }

    /// Appends `2025-04-24T21:53:49Z`, with milliseconds where there are some.
    func append(to output: inout [UInt8]) {
        let day = Int64(86_400_000)
        let days = milliseconds >= 0 ? milliseconds / day : -((day - 1 - milliseconds) / day)
        let rest = milliseconds - days * day
        let date = CivilDate(daysSince1970: Int(days))
        Self.append(Int64(date.year), width: 4, to: &output)
        for (mark, number) in [
            ("-", Int64(date.month)), ("-", Int64(date.day)), ("T", rest / 3_600_000), (":", rest / 60_000 % 60),
            (":", rest / 1000 % 60),
        ] {
            output.append(contentsOf: mark.utf8)
            Self.append(number, width: 2, to: &output)
        }
        if rest % 1000 != 0 {
            output.append(UInt8(ascii: "."))
            Self.append(rest % 1000, width: 3, to: &output)
        }
        output.append(UInt8(ascii: "Z"))
    }

    private static func append(_ number: Int64, width: Int, to output: inout [UInt8]) {
        let digits = String(number)
        output.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: max(0, width - digits.utf8.count)))
        output.append(contentsOf: digits.utf8)
    }
}
