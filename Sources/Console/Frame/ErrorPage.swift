// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import WebSurface

/// A page with a few words, such as what went wrong; the template is `message`.
struct MessagePage: Sendable {
    let paragraphs: [String]
    let links: [PageLink]
}

/// The pages of what goes wrong.
enum ErrorPage {
    /// The page for an error, with its status.
    static func page(for error: any RenderableError, _ visit: ConsoleVisit) -> ConsolePage {
        let overview = [PageLink("Go to the overview", visit.href(""))]
        var page: ConsolePage
        switch (error as? ConsoleRefusal, error.status.code) {
        case (.elsewhere, _):
            page = message(
                "Not from here", [],
                "The console is open to this machine only, since its public URL is not https: what passes by could be read.",
                "Give Muster a public URL with https and a proxy that speaks it, or come from the machine itself, for example "
                    + "through `ssh -L 3000:127.0.0.1:3000`.")
        case (.otherName, _):
            page = message(
                "Not under this name", [],
                "Without https the console answers to localhost, 127.0.0.1 and [::1] only, so that no other page can lead here "
                    + "under a name of its own.")
        case (.staleForm, _):
            page = message(
                "This form was out of date", [PageLink("Go on", above(visit))],
                "Nothing was done. You may have signed in or out since the page was opened. Open the page again and repeat it.")
        case (.unconfirmed, _):
            page = message(
                "Is it you?", [PageLink("Open the page again", above(visit))],
                "Nothing was done: this needs your password or a code, given within the last ten minutes. Open the page again and "
                    + "repeat it; you are asked for it then.")
        case (_, 404), (_, 401):
            page = message(
                "Not found", overview, "There is nothing at this address. It may have been deleted, or the address is mistyped.")
        case (_, 403):
            page = message("Not allowed", overview, "Nothing was done: you may not do this.")
        case (_, 405):
            page = message("Not like this", overview, "This address does not take such a request. Nothing was done.")
        case (_, 412):
            page = message(
                "Somebody else was quicker", [PageLink("See how it is now", above(visit))],
                "Nothing was done: it was changed since you opened the page.")
        case (_, 409):
            page = message("Under way", overview, "The same is being carried out right now. Nothing was done a second time.")
        case (_, 413): page = message("Too large", overview, "The request is larger than the console takes. Nothing was done.")
        case (_, 429): page = message("Too many requests", overview, "Wait a moment and try again. Nothing was done.")
        case (_, 503):
            page = message(
                "One moment", [PageLink("Try again", above(visit))],
                "The database does not answer right now, so nothing can be shown or done. Try again in a moment.",
                "`muster doctor` on the machine says more.")
        case (_, 400..<500):
            page = message("That could not be read", overview, "The request is not as the console's own pages send it.")
        default:
            page = message(
                "Something broke", overview, "The fault is ours, and what it is stands in the log with this number:",
                visit.context.web.requestID)
        }
        if case DirectoryError.invalid(let problems)? = error as? DirectoryError {
            page = message("That was not possible", [PageLink("Back", above(visit))], problems.map(\.message))
        }
        page.status = error.status == .unauthorized ? .notFound : error.status
        return page
    }

    /// The page itself where it can be asked for again; of an act, what its address leads to.
    private static func above(_ visit: ConsoleVisit) -> String {
        visit.isGet ? visit.hrefHere([:]) : visit.path
    }

    private static func message(_ title: String, _ links: [PageLink], _ paragraphs: String...) -> ConsolePage {
        message(title, links, paragraphs)
    }

    private static func message(_ title: String, _ links: [PageLink], _ paragraphs: [String]) -> ConsolePage {
        ConsolePage(title, "message", MessagePage(paragraphs: paragraphs, links: links))
    }
}
