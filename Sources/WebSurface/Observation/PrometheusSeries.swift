// SPDX-License-Identifier: Apache-2.0
import Metrics
import Synchronization

/// One series: a number, or a histogram of durations.
final class PrometheusSeries: CounterHandler, RecorderHandler, MeterHandler, TimerHandler {
    enum Kind {
        case counter, gauge, histogram

        var word: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    /// Upper bounds of the buckets in seconds; one more is unbounded.
    static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    private static let nanoseconds = bounds.map { Int64($0 * 1_000_000_000) }

    let kind: Kind
    let labels: String
    /// A counter's value, or the bits of a gauge's.
    private let number = Atomic<Int64>(0)
    private let buckets: InlineArray<14, Atomic<Int64>>
    private let sum = Atomic<Int64>(0)

    init(_ kind: Kind, labels: String) {
        self.kind = kind
        self.labels = labels
        buckets = InlineArray { _ in Atomic(0) }
    }

    /// The value of a counter or gauge.
    var value: Double {
        let bits = number.load(ordering: .relaxed)
        return kind == .gauge ? Double(bitPattern: UInt64(bitPattern: bits)) : Double(bits)
    }

    /// How many values each bucket holds, and the sum of all in seconds.
    var distribution: (counts: [Int64], sum: Double) {
        (buckets.indices.map { buckets[$0].load(ordering: .relaxed) }, Double(sum.load(ordering: .relaxed)) / 1e9)
    }

    func increment(by amount: Int64) { number.wrappingAdd(amount, ordering: .relaxed) }

    func reset() { number.store(0, ordering: .relaxed) }

    func recordNanoseconds(_ duration: Int64) {
        let bucket = Self.nanoseconds.firstIndex { duration <= $0 } ?? Self.nanoseconds.count
        buckets[bucket].wrappingAdd(1, ordering: .relaxed)
        sum.wrappingAdd(duration, ordering: .relaxed)
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        if kind == .gauge { set(value) } else { recordNanoseconds(Int64(value * 1_000_000_000)) }
    }

    func set(_ value: Int64) { set(Double(value)) }

    func set(_ value: Double) { number.store(Int64(bitPattern: value.bitPattern), ordering: .relaxed) }

    func increment(by amount: Double) { change(by: amount) }

    func decrement(by amount: Double) { change(by: -amount) }

    private func change(by amount: Double) {
        var old = number.load(ordering: .relaxed)
        while true {
            let new = Int64(bitPattern: (Double(bitPattern: UInt64(bitPattern: old)) + amount).bitPattern)
            let (exchanged, current) = number.compareExchange(expected: old, desired: new, ordering: .relaxed)
            if exchanged { return }
            old = current
        }
    }
}
