// SPDX-License-Identifier: Apache-2.0

package import Directory

extension Session {
    /// A session as the lists of all surfaces show it.
    ///
    /// - Parameter own: whether the person asks, so that one of them may be the one that asks.
    package func write(to list: inout JSONWriter, own: Bool) {
        list.object {
            $0.field("id", id)
            $0.field("created_at", microseconds: createdAt.microseconds)
            $0.field("expires_at", microseconds: expiresAt.microseconds)
            $0.field("user_agent", userAgent)
            $0.field("address", address)
            $0.field("platform_app_id", platformAppID)
            if own { $0.field("current", isCurrent) }
        }
    }
}
