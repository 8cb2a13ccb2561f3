// SPDX-License-Identifier: Apache-2.0

import Secrets
import Yams

/// `read:`.
extension DocumentReader {
    static let readKeys = ["files", "format", "manifest", "public_key"]

    mutating func readRule(_ node: Node) -> ReadRule {
        var rule = ReadRule()
        guard let fields = fields(of: node, "\"read\"", known: Self.readKeys) else { return rule }
        if let files = fields["files"], let items = list(files, "\"files\"") {
            rule.files = items.compactMap { filePattern($0) }
        }
        if let format = fields["format"], let choice = choice(format, "\"format\"", ReadRule.Format.self) {
            rule.format = choice
        }
        if let node = fields["manifest"], let choice = choice(node, "\"manifest\"", ReadRule.Manifest.self) {
            rule.manifest = choice
        }
        if let node = fields["public_key"] { rule.publicKey = publicKey(node) }
        if rule.manifest == .signed, fields["public_key"] == nil, let node = fields["manifest"] {
            note(.missingKey, at: node, "\"manifest: signed\" needs \"public_key\"")
        } else if rule.manifest != .signed, let node = fields["public_key"] {
            note(.badValue, at: node, "\"public_key\" goes with \"manifest: signed\" only")
        }
        return rule
    }

    private mutating func filePattern(_ node: Node) -> FilePattern? {
        guard let text = text(node, "a pattern in \"files\"", maximum: 4096) else { return nil }
        do throws(FilePattern.Fault) {
            return try FilePattern(text)
        } catch .noName {
            note(.badValue, at: node, "\"\(text)\" names no file; write for instance \"inbox/*.json\"")
        } catch .leavesFolder {
            note(.badValue, at: node, "\"\(text)\" leaves the policy's folder by \"..\"; write an absolute path")
        } catch {
            note(.badValue, at: node, "\"\(text)\" has a wildcard in a folder's name; only the name of the file can have one")
        }
        return nil
    }

    /// An Ed25519 key: 32 bytes in base64, or as `openssl pkey -pubout` writes it.
    private mutating func publicKey(_ node: Node) -> [UInt8]? {
        guard let text = scalar(node, "\"public_key\"")?.string else { return nil }
        let body = text.split(whereSeparator: \.isNewline).filter { !$0.contains("-----") }.joined()
        let bytes = Base64Text.decode(body.filter { !$0.isWhitespace }) ?? []
        // SubjectPublicKeyInfo of RFC 8410 before the key itself.
        let prefix: [UInt8] = [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00]
        let key = bytes.starts(with: prefix) ? Array(bytes.dropFirst(prefix.count)) : bytes
        guard key.count == 32 else {
            note(.badValue, at: node, "\"public_key\" must be an Ed25519 key: 32 bytes in base64, or PEM")
            return nil
        }
        return key
    }
}
