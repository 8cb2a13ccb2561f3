// SPDX-License-Identifier: Apache-2.0

import Directory
import DirectoryTestSupport
import Hummingbird
import Logging
import PlatformAPI
import SignIn
import SignInAPI
import SuperAdminAPI
import Sync
import Testing
import WebSurface

@testable import Documents

/// The document and the routers of the APIs say the same.
@Suite struct RouteTests {
    /// Routes of the listener that are no part of an API.
    private static let others: Set<String> = ["GET /super_admin/openapi.json"]

    @Test func superAdminsHaveADocumentThatCannotLieEither() async throws {
        try await withDirectory { world in
            let web = WebRouter()
            PlatformAPI(directory: world.directory, senderAddress: "x@example.org", publicURL: "", audience: .superAdmins)
                .addRoutes(to: web)
            SyncRunAPI(directory: world.directory, desk: Self.desk(world), audience: .superAdmins).addRoutes(to: web)
            SuperAdminAPI(directory: world.directory).addRoutes(to: web)
            let routes = Set(web.routes.routes.map { Self.braced("\($0.method.rawValue) \($0.path.description)") })
            let document = try OpenAPIDocument(publicURL: "https://muster.example", audience: .superAdmins)
            let operations = try document.operations()
            let documented = Set(operations.map { "\($0.method) \($0.path)" })
            #expect(routes.subtracting(documented).sorted() == [], "routes without a word")
            #expect(documented.subtracting(routes).sorted() == [], "words without a route")
            #expect(Set(operations.map(\.id)).count == operations.count)
            #expect(document.root["info"]?["title"]?.text == "Muster Super Admin API")
            let tags = Set((document.root["tags"]?.elements ?? []).compactMap { $0["name"]?.text })
            #expect(operations.allSatisfy { tags.contains($0.tag) })
        }
    }

    @Test func everyRouteIsDocumentedAndEveryDocumentedOneIsThere() async throws {
        try await withDirectory { world in
            let web = WebRouter()
            web.addHealthRoutes { .ready }
            web.addMetricsRoute(PrometheusRegistry(), readers: [])
            PlatformAPI(directory: world.directory, senderAddress: "x@example.org", publicURL: "").addRoutes(to: web)
            SyncRunAPI(directory: world.directory, desk: Self.desk(world)).addRoutes(to: web)
            SignInAPI(
                directory: world.directory, service: SignInService(directory: world.directory, passwords: world.passwords)
            ).addRoutes(to: web)
            try Documents(publicURL: "https://muster.example").addRoutes(to: web)
            // HEAD and OPTIONS come by themselves, and so does the suffix .json: no route has them.
            let routes = Set(web.routes.routes.map { Self.braced("\($0.method.rawValue) \($0.path.description)") })
            let document = try OpenAPIDocument(publicURL: "https://muster.example")
            let documented = Set(try document.operations().map { "\($0.method) \($0.path)" })
            #expect(routes.subtracting(documented).sorted() == Self.others.sorted(), "routes without a word")
            #expect(documented.subtracting(routes).sorted() == [], "words without a route")
            #expect(documented.count > 60)
        }
    }

    /// A desk that nothing is asked of.
    private static func desk(_ world: TestDirectory) -> SyncDesk {
        SyncDesk(
            reconciler: Reconciler(postgres: world.postgres, directory: world.directory, logger: Logger(label: "test")),
            policies: PolicyShelf(folder: "/nonexistent"), spool: UploadSpool(folder: "/nonexistent"))
    }

    /// `:id` as `{id}`.
    private static func braced(_ route: String) -> String {
        route.split(separator: "/", omittingEmptySubsequences: false)
            .map { $0.hasPrefix(":") ? "{\($0.dropFirst())}" : String($0) }.joined(separator: "/")
    }
}
