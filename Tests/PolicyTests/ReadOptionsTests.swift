// SPDX-License-Identifier: Apache-2.0

import Intake
import Policy
import Testing

/// How exports are read, as a policy says it.
@Suite struct ReadOptionsTests {
    private func policy(_ read: String) throws -> Policy {
        try Policy(
            yaml: """
                policy: p
                platform_app: App
                source: s
                read: \(read)
                people: {where: (a=b), email: mail, name: cn}
                """, file: "p.yaml")
    }

    private func mistake(_ read: String) -> PolicyDiagnostic? {
        let error = #expect(throws: PolicyDiagnostics.self) { try policy(read) }
        return error?.all.first
    }

    @Test func everyKey() throws {
        let rule = try policy(
            """
            {format: csv, encoding: CP1252, manifest: {required: true, public_key: "\(Self.key)"},
             csv: {delimiter: tab, header: false, columns: [id, mail], values: "|", multi_valued: mail, name: id, short_rows: true,
                   duplicates: true}}
            """
        ).read
        #expect(rule.format == .csv)
        #expect(rule.options.encoding == .windows1252)
        #expect(rule.options.manifest.isRequired)
        #expect(rule.options.manifest.publicKey == [UInt8](repeating: 0, count: 32))
        let csv = rule.options.csv
        #expect(csv.delimiter == "\t" && !csv.hasHeader && csv.columns == ["id", "mail"] && csv.valueSeparator == "|")
        #expect(csv.multiValuedColumns == ["mail"] && csv.nameColumn == "id" && csv.allowsShortRows && csv.numbersDuplicates)
        #expect(try policy("{}").read.options == ExportOptions())
    }

    private static let key = "MCowBQYDK2VwAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

    @Test func mistakes() {
        #expect(mistake("{encoding: ebcdic}")?.message.contains("must be one of") == true)
        #expect(mistake("{encoding: utf-88}")?.suggestion == "utf-8")
        #expect(mistake("{csv: {delimiter: ab}}")?.code == .badValue)
        #expect(mistake("{csv: {delimeter: a}}")?.suggestion == "delimiter")
        #expect(mistake("{csv: {multi_valued: a}}")?.code == .missingKey)
        #expect(mistake("{manifest: {public_key: AAAA}}")?.code == .badValue)
        #expect(mistake("{manifest: yes please}")?.code == .wrongType)
    }
}
