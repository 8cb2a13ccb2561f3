// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Metrics
import Synchronization

/// Counts and times requests by route template, never by path, so that ids make no new series.
///
/// Series: `http_requests_total{method,route,status}`, `http_request_duration_seconds{method,route}` and
/// `http_requests_in_flight`. Recorded when the
/// handler is done, without wrapping the body, which would cost the single-write fast path.
final class RequestMetrics: Sendable {
    private struct Key: Hashable {
        let route: String
        let method: HTTPRequest.Method
    }

    private struct Series {
        let timer: Timer
        var counters: [Int: Counter] = [:]
    }

    /// Requests whose head was read and that are not answered.
    private let inFlight = Atomic<Int>(0)
    private let factory: any MetricsFactory
    private let series = Mutex<[Key: Series]>([:])

    init(_ registry: PrometheusRegistry?) {
        factory = registry ?? MetricsSystem.factory
        registry?.addSource { [weak self] in
            [GaugeReading("http_requests_in_flight", Double(self?.inFlight.load(ordering: .relaxed) ?? 0))]
        }
    }

    func requestBegan() { inFlight.wrappingAdd(1, ordering: .relaxed) }

    func requestEnded() { inFlight.wrappingSubtract(1, ordering: .relaxed) }

    func record(route: String, method: HTTPRequest.Method, status: Int, duration: Duration) {
        let method = Self.known.contains(method) ? method : .other
        let (timer, counter) = series.withLock { series in
            find(Key(route: route, method: method), status: status, in: &series)
        }
        counter.increment()
        timer.record(duration: duration)
    }

    private func find(_ key: Key, status: Int, in series: inout [Key: Series]) -> (Timer, Counter) {
        let dimensions = { [("method", key.method.rawValue), ("route", key.route)] }
        let timer =
            series[key]?.timer
            ?? Timer(
                label: "http_request_duration_seconds", dimensions: dimensions(), factory: factory)
        if let counter = series[key]?.counters[status] { return (timer, counter) }
        let counter = Counter(
            label: "http_requests_total", dimensions: dimensions() + [("status", String(status))], factory: factory)
        series[key, default: Series(timer: timer)].counters[status] = counter
        return (timer, counter)
    }

    private static let known: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .patch, .delete, .options]
}

extension HTTPRequest.Method {
    /// Stands in metrics for every verb that a client may have made up.
    fileprivate static let other = HTTPRequest.Method("OTHER")!
}
