// SPDX-License-Identifier: Apache-2.0
package import Metrics
import Synchronization

/// A backend of swift-metrics that keeps every series in memory and writes them in Prometheus' text format 0.0.4.
///
/// Counters, gauges (recorders that do not aggregate, meters) and histograms (timers, in seconds; recorders that do
/// aggregate). Bounded: beyond `maximumSeries` new ones are counted and dropped, for labels must not come from clients.
///
/// Thread safety: a lock guards the table of series only; recording is atomic additions.
package final class PrometheusRegistry: MetricsFactory {
    private let maximumSeries: Int
    private let table = Mutex(Table())

    private struct Table {
        var families: [String: Family] = [:]
        var series = 0
        var dropped = 0
        var sources: [@Sendable () async -> [GaugeReading]] = []
    }

    private struct Family {
        let kind: PrometheusSeries.Kind
        var series: [String: PrometheusSeries] = [:]
    }

    /// An empty registry.
    package init(maximumSeries: Int = 5_000) {
        self.maximumSeries = maximumSeries
    }

    /// Adds what is read when somebody asks: sizes of pools and queues.
    package func addSource(_ read: @escaping @Sendable () async -> [GaugeReading]) {
        table.withLock { $0.sources.append(read) }
    }

    // MARK: - swift-metrics

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(.counter, label, dimensions)
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        series(aggregate ? .histogram : .gauge, label, dimensions)
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(.gauge, label, dimensions)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(.histogram, label, dimensions)
    }

    /// Series stay: a counter that restarts at zero would look like a restart of the process.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    private func series(
        _ kind: PrometheusSeries.Kind, _ label: String, _ dimensions: [(String, String)]
    ) -> PrometheusSeries {
        let name = PrometheusText.name(label)
        let labels = PrometheusText.labels(dimensions)
        return table.withLock { table in
            if let known = table.families[name]?.series[labels] { return known }
            let series = PrometheusSeries(kind, labels: labels)
            // A second kind under one name would make the whole text invalid.
            guard table.series < maximumSeries, (table.families[name]?.kind ?? kind) == kind else {
                table.dropped += 1
                return series
            }
            table.series += 1
            table.families[name, default: Family(kind: kind)].series[labels] = series
            return series
        }
    }

    // MARK: - Text

    /// Everything that is known now, families and series in alphabetical order.
    package func text() async -> String {
        let (families, dropped, sources) = table.withLock { ($0.families, $0.dropped, $0.sources) }
        var text = PrometheusText()
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text.begin(name, family.kind.word)
            for (_, series) in family.series.sorted(by: { $0.key < $1.key }) { text.write(name, series) }
        }
        var readings = [GaugeReading("muster_metric_series_dropped", Double(dropped))]
        for source in sources { readings += await source() }
        var last = ""
        for reading in readings.sorted(by: { ($0.name, $0.labels) < ($1.name, $1.labels) }) {
            if reading.name != last { text.begin(reading.name, reading.isCounter ? "counter" : "gauge") }
            last = reading.name
            text.write(reading.name, reading.labels, reading.value)
        }
        return text.text
    }
}

/// One number that is read when somebody asks.
package struct GaugeReading: Sendable {
    let name: String
    let labels: String
    let value: Double
    let isCounter: Bool

    /// - Parameters:
    ///   - name: as Prometheus has it, such as `muster_pool_connections`.
    ///   - isCounter: whether it only ever grows.
    package init(_ name: String, _ value: Double, _ labels: [(String, String)] = [], isCounter: Bool = false) {
        self.name = PrometheusText.name(name)
        self.labels = PrometheusText.labels(labels)
        self.value = value
        self.isCounter = isCounter
    }
}
