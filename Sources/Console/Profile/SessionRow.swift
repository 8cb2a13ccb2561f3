// SPDX-License-Identifier: Apache-2.0

import Directory

/// A session of the console in a list.
struct SessionRow: Sendable {
    let browser: String
    let address: String
    let began: Moment
    let seen: Moment
    let isCurrent: Bool
    /// Where the form goes that ends it.
    let end: String

    init(_ session: ListedSuperAdminSession, _ visit: ConsoleVisit, end: String) {
        browser = session.userAgent.map(Self.words) ?? "Unknown program"
        address = session.address ?? "unknown"
        began = Moment(session.createdAt, now: visit.now)
        seen = Moment(session.seenAt, now: visit.now)
        isCurrent = session.isCurrent
        self.end = end
    }

    /// "Firefox on Linux" for what a browser says of itself; the beginning of what any other program says.
    static func words(_ userAgent: String) -> String {
        let browsers = [
            ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
        ]
        let systems = [
            ("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Mac OS X", "macOS"),
            ("CrOS", "ChromeOS"), ("Linux", "Linux"),
        ]
        guard let browser = browsers.first(where: { userAgent.contains($0.0) })?.1 else { return String(userAgent.prefix(40)) }
        return systems.first { userAgent.contains($0.0) }.map { "\(browser) on \($0.1)" } ?? browser
    }
}
