// SPDX-License-Identifier: Apache-2.0

import Mustache

/// The templates of a surface's pages, each under its name, which is also how one template includes another.
///
/// All of them escape by ``WebSurface/MarkupText``; none can print without.
package struct PageLibrary: Sendable {
    private let library: MustacheLibrary

    /// Reads the templates; they are part of the program, so that a broken one ends it at its start.
    package init(_ templates: [String: [UInt8]]) {
        // Before a template is read, which names it.
        MustacheContentTypes.register(MarkupContent(), named: MarkupContent.name)
        library = MustacheLibrary(
            templates: templates.mapValues { bytes in
                let text = String(decoding: bytes, as: UTF8.self)
                precondition(!text.contains("{{{") && !text.contains("{{&"), "a template prints without escaping")
                // In each of them: Mustache begins every template anew with an escaping of its own.
                guard let template = try? MustacheTemplate(string: "{{% CONTENT_TYPE: \(MarkupContent.name)}}\n" + text) else {
                    preconditionFailure("a template is broken: \(text.prefix(200))")
                }
                return template
            })
    }

    /// The page that a template makes of what it is to show.
    package func render(_ content: Any, with template: String) -> String {
        guard let html = library.render(Reflected.value(content) ?? content, withTemplate: template) else {
            preconditionFailure("there is no template \(template)")
        }
        return html
    }
}
