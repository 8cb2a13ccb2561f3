// SPDX-License-Identifier: Apache-2.0

import WebSurface

/// The OpenAPI document, put together from the YAML files beside this one.
struct OpenAPIDocument: Sendable {
    /// In the order in which the files are read: anchors of the first are used in all others.
    private static let parts = [
        PackageResources.common_yaml, PackageResources.users_yaml, PackageResources.login_yaml, PackageResources.accounts_yaml,
        PackageResources.account_users_yaml, PackageResources.custom_roles_yaml, PackageResources.agent_bots_yaml,
        PackageResources.provisioning_yaml, PackageResources.permissibles_yaml, PackageResources.webhooks_yaml,
        PackageResources.audit_yaml, PackageResources.auth_yaml, PackageResources.operations_yaml,
    ]

    let root: JSONValue

    /// - Parameter publicURL: how others reach the installation, without a slash at the end.
    init(publicURL: String) throws {
        let text = Self.parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
        let sources = try YAMLValue.parse(text).fields
        var root = JSONObject()
        var paths = JSONObject()
        var components = (sources["components"] ?? .null).fields
        for (key, value) in sources {
            if let noun = value["paths"] {
                paths.merge(noun.fields)
                for kind in ["parameters", "schemas"] {
                    var all = (components[kind] ?? .null).fields
                    all.merge((value[kind] ?? .null).fields)
                    components[kind] = .object(all)
                }
            } else if !key.hasPrefix("x-shared"), key != "components" {
                root[key] = value
            }
        }
        root["servers"] = .array([.object(["url": .string(publicURL), "description": .string("This installation")])])
        root["paths"] = .object(paths)
        root["components"] = .object(components)
        self.root = .object(root)
    }

    /// What a `$ref` stands for; what stands beside it wins. Anything else is itself.
    func resolved(_ value: JSONValue) throws(DocumentError) -> JSONValue {
        guard let reference = value["$ref"]?.text else { return value }
        var found = root
        guard reference.hasPrefix("#/") else { throw DocumentError("\(reference) leads out of the document") }
        for name in reference.dropFirst(2).split(separator: "/") {
            guard let next = found[String(name)] else { throw DocumentError("\(reference) leads nowhere") }
            found = next
        }
        guard case .object(var object) = try resolved(found) else { return found }
        for (key, value) in value.fields where key != "$ref" { object[key] = value }
        return .object(object)
    }
}
