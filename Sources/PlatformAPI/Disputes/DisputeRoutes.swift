// SPDX-License-Identifier: Apache-2.0

import Directory
import Hummingbird
import WebSurface

extension PlatformAPI {
    /// `/sync/disputes`: entries of the app's own sources that wait for a super admin.
    func addDisputeRoutes(to api: RouterGroup<WebContext>) {
        let disputes = directory.disputes
        api.get("sync/disputes") { request, context in
            let caller = try caller(request, context)
            var reader = try await parameters(request, context) { try await authenticate(caller) }
            let filter = reader.disputeFilter()
            return try await list(
                &reader, request, context, list: "sync/disputes/\(filter)", isOriginal: false, itemSize: 512,
                reach: { try await authenticate(caller) },
                page: { try await disputes.list(filter, $0 ?? .first, by: caller) }, write: { $0.write(to: &$1) })
        }
    }
}
