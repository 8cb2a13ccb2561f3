// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Intake

@Suite("Decoding")
struct DecodingTests {
    struct Decoded: Equatable {
        var text: [UInt8] = []
        var error: IntakeError?
        /// The most that came out at once.
        var most = 0
    }

    static func decode(_ bytes: [UInt8], _ encoding: TextEncoding? = nil, chunk: Int = .max) -> Decoded {
        var decoder = ExportDecoder(encoding: encoding)
        var decoded = Decoded()
        var output: [UInt8] = []
        do throws(IntakeError) {
            var start = 0
            while start < bytes.count {
                let piece = Array(bytes[start..<start + min(chunk, bytes.count - start)])
                start += piece.count
                var index = 0
                var isMore = true
                while isMore {
                    output.removeAll()
                    var failure: IntakeError?
                    piece.withUnsafeBytes { piece in
                        do throws(IntakeError) {
                            isMore = try decoder.decode(piece, from: &index, into: &output)
                        } catch { failure = error }
                    }
                    decoded.most = max(decoded.most, output.count)
                    decoded.text += output
                    if let failure { throw failure }
                }
            }
            output.removeAll()
            try decoder.finish(into: &output)
            decoded.text += output
        } catch {
            decoded.error = error
        }
        return decoded
    }

    static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        let deflater = GzipDeflater()
        bytes.withUnsafeBytes { deflater.write($0, into: &output) }
        deflater.finish(into: &output)
        return output
    }

    static let text = "dn: cn=Jörg €,dc=x\ncn: \u{1F600} ÿ\n\n"

    static func utf16(_ text: String, little: Bool, mark: Bool) -> [UInt8] {
        ((mark ? [0xFEFF] : []) + Array(text.utf16)).flatMap {
            little ? [UInt8($0 & 0xFF), UInt8($0 >> 8)] : [UInt8($0 >> 8), UInt8($0 & 0xFF)]
        }
    }

    @Test("all encodings become the same text, split anywhere")
    func encodings() {
        let plain = Array(Self.text.utf8)
        var inputs: [([UInt8], TextEncoding?)] = [
            (plain, nil), ([0xEF, 0xBB, 0xBF] + plain, nil), ([0xEF, 0xBB, 0xBF] + plain, .latin1),
        ]
        for little in [true, false] {
            inputs.append((Self.utf16(Self.text, little: little, mark: true), nil))
            inputs.append((Self.utf16(Self.text, little: little, mark: false), nil))
            inputs.append((Self.utf16(Self.text, little: little, mark: true), .windows1252))
            inputs.append((Self.utf16(Self.text, little: little, mark: false), little ? .utf16LittleEndian : .utf16BigEndian))
        }
        for (bytes, encoding) in inputs {
            for (input, name) in [(bytes, "plain"), (Self.gzip(bytes), "gzip")] {
                for size in [Int.max] + Array(1...input.count) {
                    let decoded = Self.decode(input, encoding, chunk: size)
                    #expect(decoded.error == nil)
                    #expect(decoded.text == plain, "\(name), \(String(describing: encoding)), chunks of \(size)")
                }
            }
        }
    }

    @Test("code pages")
    func codePages() {
        let bytes: [UInt8] = [0x4A, 0xF6, 0x72, 0x67, 0x20, 0x80, 0x96, 0x81, 0xFF]
        #expect(Self.decode(bytes, .windows1252).text == Array("Jörg €–\u{81}ÿ".utf8))
        #expect(Self.decode(bytes, .latin1).text == Array("Jörg \u{80}\u{96}\u{81}ÿ".utf8))
        #expect(Self.decode(bytes).text == bytes, "not named: the reader rejects it")
        for (name, encoding) in [
            ("UTF-8", TextEncoding.utf8), ("utf16", .utf16LittleEndian), ("CP1252", .windows1252), ("Latin1", .latin1),
        ] {
            #expect(TextEncoding(named: name) == encoding)
        }
        #expect(TextEncoding(named: "ebcdic") == nil)
        for encoding in TextEncoding.allCases { #expect(TextEncoding(named: encoding.rawValue) == encoding) }
    }

    @Test("half a pair is no UTF-8, half a unit is an error")
    func damagedUTF16() {
        for units: [UInt16] in [[0x61, 0xD83D, 0x62], [0x61, 0xDE00], [0x61, 0xD83D]] {
            var bytes: [UInt8] = [0xFF, 0xFE]
            for unit in units { bytes += [UInt8(unit & 0xFF), UInt8(unit >> 8)] }
            let decoded = Self.decode(bytes)
            #expect(decoded.error == nil)
            #expect(String(validating: decoded.text, as: UTF8.self) == nil)
            #expect(decoded.text.first == 0x61)
        }
        #expect(Self.decode([0xFF, 0xFE, 0x61, 0, 0x62]).error?.code == .truncated)
    }

    @Test("gzip: members one after the other, zeros behind, nothing else")
    func members() {
        let a = Self.gzip(Array("abc".utf8))
        let b = Self.gzip(Array("def".utf8))
        for size in [1, 2, 7, Int.max] {
            #expect(Self.decode(a + b, chunk: size).text == Array("abcdef".utf8))
            let padded = Self.decode(a + b + [0, 0, 0], chunk: size)
            #expect(padded.error == nil)
            #expect(padded.text == Array("abcdef".utf8))
            #expect(Self.decode(a + Array("x".utf8), chunk: size).error?.code == .trailingBytes)
            #expect(Self.decode(a + [0] + b, chunk: size).error?.code == .trailingBytes)
        }
        #expect(Self.decode(Self.gzip([])).text == [])
    }

    @Test("gzip cut anywhere is said to be cut; a flipped bit is found")
    func damagedGzip() {
        let text = Array((0..<60).map { "dn: cn=\($0),dc=x\n" }.joined().utf8)
        let whole = Self.gzip(text)
        for count in 2..<whole.count {
            let error = Self.decode(Array(whole[..<count])).error
            #expect(error?.code == .truncated, "\(count) bytes")
            #expect(error?.description.contains("gzip") == true)
        }
        var harmless = 0
        for index in 10..<whole.count {
            var damaged = whole
            damaged[index] ^= 0x10
            let decoded = Self.decode(damaged)
            if decoded.error != nil { continue }
            // The last byte of the compressed data is filled up with bits that mean nothing.
            harmless += 1
            #expect(decoded.text == text)
        }
        #expect(harmless <= 1)
        #expect(Self.decode([0x50, 0x4B, 3, 4, 0, 0, 0]).error?.found.contains("zip") == true)
    }

    @Test("a bomb comes out in pieces")
    func bomb() {
        let bomb = Self.gzip([UInt8](repeating: 0x20, count: 8_000_000))
        #expect(bomb.count < 30_000)
        let decoded = Self.decode(bomb)
        #expect(decoded.text.count == 8_000_000)
        #expect(decoded.most <= 2 * GzipInflater.blockSize)
    }

    @Test("noise is survived, and decoded alike in any chunks")
    func noise() {
        let seed: UInt64 = 41
        var random = SeededRandom(seed: seed)
        let starts: [[UInt8]] = [
            [], [0xFF, 0xFE], [0xFE, 0xFF], [0x1F, 0x8B, 8, 0], [0xEF, 0xBB, 0xBF], Self.gzip(Array(Self.text.utf8)),
        ]
        for round in 0..<rounds(4000, soak: 200_000) {
            var bytes = starts[round % starts.count]
            bytes += (0..<Int.random(in: 0..<40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            if !bytes.isEmpty, round % 2 == 0 {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
            let encoding = ([nil] + TextEncoding.allCases)[round % 6]
            let whole = Self.decode(bytes, encoding)
            let chunked = Self.decode(bytes, encoding, chunk: Int.random(in: 1..<9, using: &random))
            #expect(chunked.error?.code == whole.error?.code, "seed \(seed), round \(round)")
            if whole.error == nil { #expect(chunked.text == whole.text, "seed \(seed), round \(round)") }
        }
    }
}
