// SPDX-License-Identifier: Apache-2.0
import Foundation
import Secrets
import Subprocess
import SystemPackage
import Testing

/// QR codes, read back by a program that is not ours (zbarimg, of the package zbar-tools).
@Suite struct QRCodeTests {
    @Test(arguments: [
        "A", "otpauth://totp/Muster:ada%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Muster",
        String(repeating: "Grüße, 123. ", count: 20), String(repeating: "x", count: 1_000),
    ]) func readersReadIt(_ text: String) async throws {
        let code = try #require(QRCode(text))
        #expect((code.width - 17) % 4 == 0)
        #expect(try await Self.read(Picture(svg: code.svg(label: "Code"))) == text)
    }

    @Test func whatHoldsNoMoreIsNone() {
        #expect(QRCode(String(repeating: "x", count: 2_331)) != nil)
        #expect(QRCode(String(repeating: "x", count: 2_332)) == nil)
        #expect(QRCode("") == nil)
    }

    @Test func theImageIsSmallAndNamed() throws {
        let secret = TOTPSecret(.random(count: TOTPSecret.length))
        let account = String(repeating: "a", count: 240) + "@example.org"
        let svg = try #require(QRCode(secret.uri(issuer: "Muster", account: account))).svg(label: "For the authenticator")
        #expect(svg.contains(#"role="img" aria-label="For the authenticator""#))
        #expect(svg.utf8.count < 40_000, "\(svg.utf8.count)")
        // Nothing that a strict content security policy forbids.
        #expect(!svg.contains("style") && !svg.contains("<script") && !svg.contains("href"))
    }

    /// The image as pixels, drawn from the SVG's own rectangles.
    private struct Picture {
        let side: Int
        var dark: Set<[Int]> = []

        init(svg: String) throws {
            let box = try #require(svg.firstMatch(of: /viewBox="0 0 (\d+) (\d+)"/))
            side = try #require(Int(box.1))
            #expect(box.1 == box.2)
            #expect(svg.contains("<path fill=\"#fff\" d=\"M0 0h\(side)v\(side)H0z\"/>"))
            for run in svg.matches(of: /M(\d+) (\d+)h(\d+)v1h-(\d+)z/) {
                #expect(run.3 == run.4)
                let (column, row, width) = (Int(run.1)!, Int(run.2)!, Int(run.3)!)
                for column in column..<column + width { dark.insert([column, row]) }
            }
        }

        /// A portable greymap, four pixels a module.
        var pgm: Data {
            let pixels = side * 4
            var data = Data("P5 \(pixels) \(pixels) 255\n".utf8)
            for y in 0..<pixels { for x in 0..<pixels { data.append(dark.contains([x / 4, y / 4]) ? 0 : 255) } }
            return data
        }
    }

    private static func read(_ picture: Picture) async throws -> String {
        let file = FileManager.default.temporaryDirectory.appending(path: "muster-qr-\(UUID().uuidString).pgm")
        try picture.pgm.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let options = ["--nodbus", "--quiet", "--raw", "--oneshot", "-Sdisable", "-Sqrcode.enable", "-Sbinary", file.path]
        let seen = try await Subprocess.run(
            .path("/usr/bin/zbarimg"), arguments: Arguments(options), output: .bytes(limit: 1 << 16), error: .discarded)
        #expect(seen.terminationStatus.isSuccess)
        return String(decoding: seen.standardOutput, as: UTF8.self)
    }
}
