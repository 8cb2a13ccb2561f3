// SPDX-License-Identifier: Apache-2.0

/// Finds the name that a mistyped one probably stands for.
package enum NearestName {
    /// The candidate closest to `typed`, or nil when none is close enough to be worth a hint.
    package static func find(_ typed: String, among candidates: [String]) -> String? {
        let wanted = folded(typed)
        guard !wanted.isEmpty, wanted.count <= 64 else { return nil }
        if wanted.count >= 3, let longer = candidates.first(where: { folded($0).starts(with: wanted) }) { return longer }
        let limit = max(1, wanted.count / 3)
        let ranked = candidates.map { (name: $0, distance: distance(wanted, folded($0))) }
        return ranked.filter { $0.distance <= limit }.min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
    }

    /// Case and the kind of dash do not count: `Platform-App` is `platform_app`.
    private static func folded(_ name: String) -> [UInt8] {
        name.lowercased().utf8.map { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: " ") ? UInt8(ascii: "_") : $0 }
    }

    /// Edits between two names, where swapping two neighbours is one edit.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var beforeLast = [Int]()
        var last = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var row = [i + 1]
            for (j, y) in b.enumerated() {
                var best = min(last[j] + (x == y ? 0 : 1), last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, x == b[j - 1], a[i - 1] == y { best = min(best, beforeLast[j - 1] + 1) }
                row.append(best)
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }
}
