// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird

/// Whether the daemon can serve, as `/ready` tells load balancers.
package enum Readiness: Sendable, Equatable {
    case ready
    /// Not now, with a reason for the operator that holds no secret.
    case notReady(String)
}

extension WebRouter {
    /// Adds `/health` (the process answers: 200 always) and `/ready` (200, or 503 with the reason).
    package func addHealthRoutes(readiness: @escaping @Sendable () async -> Readiness) {
        routes.get("health") { _, _ in
            Response.json(capacity: 32) { $0.object { $0.field("status", "ok") } }
        }
        routes.get("ready") { _, _ in
            switch await readiness() {
            case .ready: return Response.json(capacity: 32) { $0.object { $0.field("status", "ready") } }
            case .notReady(let reason):
                var response = Response.json(status: .serviceUnavailable) { body in
                    body.object {
                        $0.field("status", "unavailable")
                        $0.field("reason", reason)
                    }
                }
                response.headers[.retryAfter] = "1"
                return response
            }
        }
    }
}
