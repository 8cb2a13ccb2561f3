// SPDX-License-Identifier: Apache-2.0

import WebSurface

/// The OpenAPI document, put together from the YAML files beside this one.
struct OpenAPIDocument: Sendable {
    /// Whose API is described.
    enum Audience {
        case platformApps, superAdmins
    }

    /// What can be done with objects; both audiences do it.
    private static let objects = [
        PackageResources.users_yaml, PackageResources.login_yaml, PackageResources.accounts_yaml,
        PackageResources.account_users_yaml, PackageResources.custom_roles_yaml, PackageResources.agent_bots_yaml,
        PackageResources.disputes_yaml,
        PackageResources.sync_yaml,
    ]

    /// In the order in which the files are read: anchors of the first are used in all others.
    private static func parts(_ audience: Audience) -> [[UInt8]] {
        switch audience {
        case .platformApps:
            [PackageResources.common_yaml] + objects + [
                PackageResources.provisioning_yaml, PackageResources.permissibles_yaml, PackageResources.webhooks_yaml,
                PackageResources.audit_yaml, PackageResources.auth_yaml, PackageResources.operations_yaml,
            ]
        case .superAdmins: [PackageResources.common_yaml] + objects + [PackageResources.super_admin_yaml]
        }
    }

    let root: JSONValue

    /// - Parameter publicURL: how others reach the installation, without a slash at the end.
    init(publicURL: String, audience: Audience = .platformApps) throws {
        let text = Self.parts(audience).map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
        let sources = try YAMLValue.parse(text).fields
        var root = JSONObject()
        var paths = JSONObject()
        var components = (sources["components"] ?? .null).fields
        for (key, value) in sources {
            if let noun = value["paths"] {
                for (path, item) in noun.fields { paths[Self.path(path, for: audience)] = item }
                for kind in ["parameters", "schemas"] {
                    var all = (components[kind] ?? .null).fields
                    all.merge((value[kind] ?? .null).fields)
                    components[kind] = .object(all)
                }
            } else if !key.hasPrefix("x-shared"), key != "components" {
                root[key] = value
            }
        }
        for (key, value) in (sources["x-shared-super-admin"] ?? .null).fields {
            // Tags of the calls that both have stay; what is said of the API itself is its own.
            root[key] = key == "tags" ? .array(Self.tags(root[key], of: paths, besides: value) + value.elements) : value
        }
        root["servers"] = .array([.object(["url": .string(publicURL), "description": .string("This installation")])])
        root["paths"] = .object(paths)
        root["components"] = .object(components)
        self.root = .object(root)
    }

    /// Where a call is for an audience; the files name the Platform API's place.
    private static func path(_ path: String, for audience: Audience) -> String {
        let place = "/platform/api/v1/"
        return audience == .superAdmins && path.hasPrefix(place) ? "/super_admin/api/v1/" + path.dropFirst(place.count) : path
    }

    /// The tags that some call has and that are not told twice.
    private static func tags(_ all: JSONValue?, of paths: JSONObject, besides own: JSONValue) -> [JSONValue] {
        let own = Set(own.elements.compactMap { $0["name"]?.text })
        var used: Set<String> = []
        for (_, item) in paths {
            for (_, operation) in item.fields { used.formUnion((operation["tags"]?.elements ?? []).compactMap(\.text)) }
        }
        return (all?.elements ?? []).filter {
            $0["name"]?.text.map { used.contains($0) && !own.contains($0) } ?? false
        }
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
