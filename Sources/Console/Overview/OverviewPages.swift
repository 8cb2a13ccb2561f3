// SPDX-License-Identifier: Apache-2.0

import Directory

/// What an operator sees first.
struct OverviewPages: Sendable {
    let directory: Directory

    func addRoutes(to frame: Frame) {
        frame.page("", in: .overview) { visit in
            .page(ConsolePage("Overview", "overview", OverviewPage()))
        }
    }
}

/// What the overview shows.
struct OverviewPage: Sendable {}
