// SPDX-License-Identifier: Apache-2.0

/// Writes Prometheus' text format, version 0.0.4.
struct PrometheusText {
    private(set) var text = ""

    /// Begins a family; all of its series follow.
    mutating func begin(_ name: String, _ kind: String) { text += "# TYPE \(name) \(kind)\n" }

    mutating func write(_ name: String, _ labels: String, _ value: Double) {
        text += labels.isEmpty ? name : "\(name){\(labels)}"
        text += " \(Self.number(value))\n"
    }

    mutating func write(_ name: String, _ series: PrometheusSeries) {
        guard series.kind == .histogram else { return write(name, series.labels, series.value) }
        let (counts, sum) = series.distribution
        let prefix = series.labels.isEmpty ? "" : series.labels + ","
        var total: Int64 = 0
        for (index, count) in counts.enumerated() {
            total += count
            let bound = index < PrometheusSeries.bounds.count ? Self.number(PrometheusSeries.bounds[index]) : "+Inf"
            text += "\(name)_bucket{\(prefix)le=\"\(bound)\"} \(total)\n"
        }
        write(name + "_sum", series.labels, sum)
        write(name + "_count", series.labels, Double(total))
    }

    /// A name of the allowed characters.
    static func name(_ label: String) -> String {
        String(label.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") ? $0 : "_" })
    }

    /// `a="1",b="2"`, sorted by name, values escaped.
    static func labels(_ dimensions: [(String, String)]) -> String {
        dimensions.sorted { $0.0 < $1.0 }.map { "\(name($0.0))=\"\(escaped($0.1))\"" }.joined(separator: ",")
    }

    private static func escaped(_ value: String) -> String {
        var result = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }
}
