// SPDX-License-Identifier: Apache-2.0

import Directory
import Pages

/// What the layout shows: the frame, and in it the page. Templates reach the frame from anywhere as `{{frame.…}}`.
struct Framed {
    let frame: FrameModel
    let page: any Sendable

    init(_ page: ConsolePage, _ visit: ConsoleVisit) {
        frame = FrameModel(page, visit)
        self.page = page.content
    }
}

/// What stands around every page.
struct FrameModel: Sendable {
    let title: String
    let template: String
    /// The address of `/super_admin`.
    let root: String
    let assets: String
    let formToken: String
    /// The server's clock, ISO 8601.
    let served: String
    /// nil where nobody is signed in: then there is no navigation.
    let person: Person?
    let navigation: [PageLink]
    let above: PageLink?
    let badges: [Badge]
    let subtitle: String?
    let actions: [PageLink]
    let hasActions: Bool
    let tabs: [PageLink]
    let hasTabs: Bool
    let notice: Notice?

    /// Who is signed in.
    struct Person: Sendable {
        let name: String
        let email: String
    }

    init(_ page: ConsolePage, _ visit: ConsoleVisit) {
        title = page.title
        template = page.template
        root = visit.href("")
        assets = visit.href("assets/\(visit.desk.assets.version)")
        formToken = visit.formToken
        served = Moment(microseconds: visit.now, now: visit.now).iso
        person = visit.session.map { Person(name: $0.name, email: $0.email) }
        navigation = ConsoleSection.allCases.map { section in
            PageLink(section.label, visit.href(section.rawValue), isCurrent: section == visit.section)
        }
        above = page.above
        badges = page.badges
        subtitle = page.subtitle
        actions = page.actions
        hasActions = !page.actions.isEmpty
        tabs = page.tabs
        hasTabs = !page.tabs.isEmpty
        notice = page.notice ?? visit.choice("flash", Flash.self).map { .success($0.text) }
    }
}
