// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import NIOCore

extension WebRouter {
    /// Adds `/metrics` in Prometheus' text format. It tells what is used how much, so it is 404 to everybody else.
    ///
    /// - Parameter readers: the addresses that may read it.
    package func addMetricsRoute(_ registry: PrometheusRegistry, readers: [AddressBlock]) {
        routes.get("metrics") { _, context in
            guard readers.contains(where: { $0.contains(context.web.remoteAddress) }) else { throw APIError.notFound }
            return Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: await registry.text())))
        }
    }
}
