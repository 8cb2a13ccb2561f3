// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// What a handler of the console answers.
enum ConsoleAnswer: Sendable {
    case page(ConsolePage)
    /// 303 to a path below `/super_admin`, with a word about what was done.
    case to(String, Flash? = nil)
    /// Anything else, such as an export.
    case response(Response)
}

/// A page in the frame.
struct ConsolePage: Sendable {
    var title: String
    /// The name of its template, without `.mustache`.
    var template: String
    /// A struct of stored properties; the template sees it as its own context.
    var content: any Sendable
    var status: HTTPResponse.Status = .ok
    /// The page above, such as the list that this is an item of.
    var above: PageLink?
    /// Beside the title.
    var badges: [Badge] = []
    /// Below the title.
    var subtitle: String?
    /// At the right of the title; the first one is the page's main action.
    var actions: [PageLink] = []
    var tabs: [PageLink] = []
    /// What went wrong, or must be known before anything else on the page.
    var notice: Notice?

    init(_ title: String, _ template: String, _ content: any Sendable) {
        self.title = title
        self.template = template
        self.content = content
    }
}

/// A link to another page.
struct PageLink: Sendable {
    let label: String
    let href: String
    /// Of a tab: whether it is the page itself.
    let isCurrent: Bool

    /// - Parameter href: as ``ConsoleVisit/href(_:)`` makes it.
    init(_ label: String, _ href: String, isCurrent: Bool = false) {
        self.label = label
        self.href = href
        self.isCurrent = isCurrent
    }
}

/// Something to be told at the head of a page.
struct Notice: Sendable {
    let kind: String
    /// `alert` is read out at once, `status` when there is time.
    let role: String
    let text: String

    static func info(_ text: String) -> Notice { Notice(kind: "info", role: "status", text: text) }
    static func success(_ text: String) -> Notice { Notice(kind: "good", role: "status", text: text) }
    static func warning(_ text: String) -> Notice { Notice(kind: "warn", role: "status", text: text) }
    static func error(_ text: String) -> Notice { Notice(kind: "bad", role: "alert", text: text) }
}

/// What was done, told by the page that follows. A closed list: the address bar must not put words into our mouth.
enum Flash: String, Sendable, CaseIterable {
    case created, saved, deleted, restored, suspended, lifted, revoked, granted, transferred, released, enabled, disabled, ended
    case approved, rejected, decided, planned, uploaded, settled, retried, queued, signed_out, confirmed

    var text: String {
        switch self {
        case .created: "Created."
        case .saved: "Saved."
        case .deleted: "Deleted."
        case .restored: "Restored."
        case .suspended: "Suspended."
        case .lifted: "The suspension was lifted."
        case .revoked: "Revoked: it is refused from now on."
        case .granted: "Granted."
        case .transferred: "Transferred."
        case .released: "Released: it belongs to no app any more."
        case .enabled: "Enabled."
        case .disabled: "Disabled."
        case .ended: "The session was ended."
        case .approved: "Approved."
        case .rejected: "Rejected."
        case .decided: "Decided. Nothing is applied before the plan is approved."
        case .planned: "Planned. Nothing changes before you approve it."
        case .uploaded: "Uploaded: it is read now."
        case .settled: "Decided. The policy’s next run acts on it."
        case .retried: "It is tried again soon."
        case .queued: "Queued: it begins within a moment."
        case .signed_out: "You are signed out."
        case .confirmed: "Thank you. You will not be asked again for ten minutes."
        }
    }
}
