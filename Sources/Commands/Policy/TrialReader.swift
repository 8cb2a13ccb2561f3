// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import Intake
import Policy

/// Reads an export for `muster policy test`, piece by piece. Blocks.
struct TrialReader {
    let policy: Policy
    let path: String

    func run(_ text: TrialText) throws -> PolicyTrial.Counts {
        text.begin()
        var trial = PolicyTrial(policy) { text.show($0) }
        var reader = ExportReader(policy.read.exportOptions)
        do {
            for (file, path) in try files() {
                try reader.begin(file: file, into: &trial)
                try read(path, with: &reader, into: &trial)
                try reader.endFile(into: &trial)
            }
        } catch let error as IntakeError {
            throw Failure(code: error.code.rawValue, "\(path): \(error)")
        }
        text.end(trial.counts, reader.finish())
        return trial.counts
    }

    /// The files of the export with their paths; of one that is but a file, without a name.
    private func files() throws -> [(name: String?, path: String)] {
        guard PolicyFiles.isFolder(path) else { return [(nil, path)] }
        let names = try FileManager.default.contentsOfDirectory(atPath: path).filter { ExportReader.isPart($0) }
        return ExportReader.ordered(names).map { ($0, path + "/" + $0) }
    }

    private func read(_ path: String, with reader: inout ExportReader, into trial: inout PolicyTrial) throws {
        guard let stream = fopen(path, "rb") else {
            throw Failure(code: "unreadable", "\(path) cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { fclose(stream) }
        try withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 16) { buffer in
            while true {
                let count = fread(buffer.baseAddress, 1, buffer.count, stream)
                guard count > 0 else { break }
                try reader.read(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count]), into: &trial)
            }
        }
        guard ferror(stream) == 0 else { throw Failure(code: "unreadable", "\(path) cannot be read to its end") }
    }
}
