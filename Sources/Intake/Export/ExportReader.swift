// SPDX-License-Identifier: Apache-2.0

/// Reads an export of one file or of several, one after the other, from their bytes as they lie on the disk.
///
/// Each file is decoded and recognised by itself; the entries of all go into one sink, which is told where a file begins.
/// Errors name the file where there are several. After an error the reader is of no more use.
package struct ExportReader: ~Copyable {
    private let options: ExportOptions
    private let limits: EntryLimits
    private var decoder: ExportDecoder
    private var reader: EntryReader
    private var file: String?
    private var proof = ExportProof()
    private var text: [UInt8] = []

    package init(_ options: ExportOptions = ExportOptions(), limits: EntryLimits = EntryLimits()) {
        self.options = options
        self.limits = limits
        decoder = ExportDecoder(encoding: options.encoding)
        reader = EntryReader(format: options.format, limits: limits, csv: options.csv)
    }

    /// Begins a file.
    ///
    /// - Parameter file: its name within the export; nil where the export is but this file.
    package mutating func begin<S: EntrySink>(file: String?, into sink: inout S) throws {
        self.file = file
        decoder = ExportDecoder(encoding: options.encoding)
        reader = EntryReader(
            format: options.format, group: file.flatMap(Self.group(ofFile:)), limits: limits, csv: options.csv)
        if let file { try sink.begin(file: file) }
    }

    /// Reads the next bytes of the file.
    ///
    /// - Throws: ``IntakeError`` where it cannot be read; what the sink throws.
    package mutating func read<S: EntrySink>(_ chunk: UnsafeRawBufferPointer, into sink: inout S) throws {
        do {
            if decoder.isTransparent { return try reader.read(chunk, into: &sink) }
            var index = 0
            var isMore = true
            while isMore {
                text.removeAll(keepingCapacity: true)
                isMore = try decoder.decode(chunk, from: &index, into: &text)
                if !text.isEmpty { try reader.read(text, into: &sink) }
            }
        } catch let error as IntakeError {
            throw named(error)
        }
    }

    /// Takes the end of the file and says what it proves by itself.
    ///
    /// - Throws: ``IntakeError`` where it cannot be whole; what the sink throws.
    @discardableResult
    package mutating func endFile<S: EntrySink>(into sink: inout S) throws -> Proof {
        do {
            text.removeAll(keepingCapacity: true)
            try decoder.finish(into: &text)
            if !text.isEmpty { try reader.read(text, into: &sink) }
            let proof = try reader.finish(into: &sink)
            self.proof.add(proof)
            return proof
        } catch let error as IntakeError {
            throw named(error)
        }
    }

    /// What the files prove together.
    package func finish() -> Proof { proof.combined }

    private func named(_ error: IntakeError) -> IntakeError {
        var error = error
        error.file = error.file ?? file
        return error
    }

    // MARK: - The files of an export

    /// The group whose members a file lists, where only its name says so: `group=NAME.json`, `%2F` standing for a slash.
    package static func group(ofFile name: String) -> String? {
        let last = name.split(separator: "/").last.map(String.init) ?? name
        guard last.hasPrefix("group=") else { return nil }
        var stem = last.dropFirst("group=".count)
        for ending in [".gz", ".json", ".ndjson", ".csv", ".ldif"] where stem.lowercased().hasSuffix(ending) {
            stem = stem.dropLast(ending.count)
        }
        let group = stem.replacing("%2F", with: "/").replacing("%2f", with: "/").replacing("%25", with: "%")
        return group.isEmpty ? nil : String(group)
    }

    /// Whether a file of a folder is part of the export: hidden files, half-written ones and manifests are not.
    package static func isPart(_ name: String) -> Bool {
        !name.isEmpty && name.first != "." && !name.hasSuffix(".manifest.json")
            && ![".part", ".tmp", ".partial", "~"].contains { name.hasSuffix($0) }
    }

    /// The order in which the files of a folder are read: by name, numbers in it by their value (`users-2` before `users-10`).
    package static func ordered(_ names: some Sequence<String>) -> [String] {
        names.map { (key: Key($0), name: $0) }.sorted { $0.key < $1.key }.map(\.name)
    }

    /// A name cut into digits and others, so that numbers compare by their value.
    private struct Key: Comparable {
        private var parts: [(number: [UInt8]?, text: [UInt8])] = []
        private var whole: [UInt8]

        init(_ name: String) {
            whole = Array(name.utf8)
            for byte in whole {
                let isDigit = byte &- 0x30 < 10
                if parts.last.map({ ($0.number != nil) == isDigit }) != true { parts.append((isDigit ? [] : nil, [])) }
                parts[parts.count - 1].text.append(byte)
            }
            for index in parts.indices where parts[index].number != nil {
                parts[index].number = Array(parts[index].text.drop { $0 == 0x30 })
            }
        }

        static func == (a: Self, b: Self) -> Bool { a.whole == b.whole }

        static func < (a: Self, b: Self) -> Bool {
            for (left, right) in zip(a.parts, b.parts) {
                if let x = left.number, let y = right.number {
                    if x != y { return x.count == y.count ? x.lexicographicallyPrecedes(y) : x.count < y.count }
                } else if left.text != right.text {
                    return left.text.lexicographicallyPrecedes(right.text)
                }
            }
            if a.parts.count != b.parts.count { return a.parts.count < b.parts.count }
            return a.whole.lexicographicallyPrecedes(b.whole)
        }
    }
}
