// SPDX-License-Identifier: Apache-2.0

import Directory
import Testing
import WebSurface

@testable import Documents

/// The words and limits that the document lists are those that the directory knows.
@Suite struct VocabularyTests {
    private static let schemas = Result {
        try OpenAPIDocument(publicURL: "").root["components"]?["schemas"] ?? .null
    }

    private func words(_ path: String...) throws -> [String] {
        var value = try Self.schemas.get()
        for name in path { value = try #require(value[name], "\(path)") }
        return (value["enum"] ?? .null).elements.compactMap(\.text).sorted()
    }

    @Test func wordsAreThoseOfTheDirectory() throws {
        #expect(try words("NewAccount", "properties", "locale") == AccountVocabulary.locales.sorted())
        #expect(try words("Feature") == AccountVocabulary.features.keys.sorted())
        #expect(try words("NewAccount", "properties", "status") == AccountStatus.allCases.map(\.rawValue).sorted())
        #expect(try words("Permission") == CustomRoleRules.permissions.sorted())
        #expect(try words("EventType") == EventType.allCases.map(\.rawValue).sorted())
        #expect(try words("Role") == Role.allCases.map(\.rawValue).sorted())
        #expect(try words("AccountUser", "properties", "availability") == Availability.allCases.map(\.rawValue).sorted())
        let limits = try Self.schemas.get()["NewAccount"]?["properties"]?["limits"]?["properties"]?.fields.keys ?? []
        #expect(Set(limits) == AccountVocabulary.limits)
    }

    @Test func limitsAreThoseOfTheDirectory() throws {
        let limit = try #require(try Self.schemas.get()["Limit"])
        let range = limit["anyOf"]?.elements.first
        #expect(range?["minimum"] == .integer(Int64(PageRequest.limits.lowerBound)))
        #expect(range?["maximum"] == .integer(Int64(PageRequest.limits.upperBound)))
        #expect(limit["default"] == .integer(Int64(ListParameters.defaultLimit)))
        let operations = try OpenAPIDocument(publicURL: "").operations()
        let kind = try #require(operations.first { $0.id == "releasePermissible" }?.parameters.first?.schema["enum"]?.elements)
        #expect(kind.compactMap(\.text).sorted() == ObjectKind.allCases.map(\.rawValue).sorted())
        let token = try #require(operations.first { $0.id == "getUserToken" }?.body.first?.schema)
        let expiry = token["properties"]?["expires_in"]?["anyOf"]?.elements.first
        #expect(expiry?["maximum"] == .integer(TokenRequest.longestExpiry))
    }
}
