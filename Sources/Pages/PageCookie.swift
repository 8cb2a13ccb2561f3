// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes

/// A cookie of our pages: `HttpOnly` and `SameSite=Lax`, sent when somebody follows a link to the page and never with another
/// site's POST.
///
/// Under https it is `__Host-`: bound to TLS and to this very host, so that no neighbouring host can plant one.
package struct PageCookie: Sendable {
    package let name: String
    private let isSecure: Bool

    package init(_ name: String, isSecure: Bool) {
        self.name = isSecure ? "__Host-" + name : name
        self.isSecure = isSecure
    }

    /// What the browser sends; nil when it has none.
    package func value(_ headers: HTTPFields) -> Substring? {
        for field in headers[values: .cookie] {
            for pair in field.split(separator: ";") {
                let pair = pair.drop { $0 == " " }
                if pair.hasPrefix(name + "=") { return pair.dropFirst(name.count + 1) }
            }
        }
        return nil
    }

    /// `Set-Cookie` with a value.
    ///
    /// - Parameter seconds: how long it lives; nil: as long as the browser's own session.
    package func setting(_ value: String, seconds: Int64? = nil) -> String {
        let age = seconds.map { "; Max-Age=\(max(0, $0))" } ?? ""
        return "\(name)=\(value); Path=/\(age); HttpOnly; SameSite=Lax\(isSecure ? "; Secure" : "")"
    }

    /// `Set-Cookie` that forgets it.
    package var clearing: String { setting("", seconds: 0) }
}
