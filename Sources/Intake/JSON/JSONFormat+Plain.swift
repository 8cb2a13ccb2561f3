// SPDX-License-Identifier: Apache-2.0

extension JSONFormat {
    /// Plain objects: one after the other (NDJSON), or in a list.
    ///
    /// Named by the first of `plainNames` that has a value; `dn` and `distinguishedName` are distinguished names.
    static let objects: JSONFormat = {
        var format = JSONFormat(.objects, names: plainNames.map { AttributeName($0) })
        format.complete = { entry, kind in
            for attribute in distinguished {
                guard let name = entry.first(attribute), !name.isEmpty else { continue }
                if DistinguishedName.normalised(name) != nil { entry.names = .distinguished }
                break
            }
            return ItemCompletion(kind: kind)
        }
        return format
    }()

    private static let distinguished: [AttributeName] = ["dn", "distinguishedName"]
}
