// SPDX-License-Identifier: Apache-2.0

import Glibc
import Intake

/// Counts entries and looks at one attribute of each, as the least that a sync does.
private struct CountingSink: EntrySink {
    let mail: AttributeName = "mail"
    let id: AttributeName = "entryUUID"
    let memberOf: AttributeName = "memberOf"
    /// Whether identifiers and names of groups are brought to their one form, as matching needs them.
    var makesKeys = false
    var keys = 0
    var groups = 0
    var scratch: [UInt8] = []
    var mailBytes = 0
    var rejections: [Rejection] = []

    mutating func entry(_ entry: borrowing Entry) {
        mailBytes += entry.first(mail)?.bytes.count ?? 0
        guard makesKeys else { return }
        if let value = entry.first(id), (try? ExternalKey(value, of: id)) != nil { keys += 1 }
        var scratch: [UInt8] = []
        swap(&scratch, &self.scratch)
        var groups = 0
        entry.forEachValue(of: memberOf) { value in
            scratch.removeAll(keepingCapacity: true)
            if value.bytes.withUnsafeBytes({ DistinguishedName.normalise($0, into: &scratch) }) { groups += 1 }
        }
        swap(&scratch, &self.scratch)
        self.groups += groups
    }

    mutating func rejected(_ rejection: Rejection) {
        if rejections.count < 10 { rejections.append(rejection) }
    }
}

/// Measures how fast an export is read: `muster-bench-read FILE [keys]`, with `keys` also how fast keys are made.
@main
enum ReadBenchmark {
    static func main() throws {
        guard CommandLine.arguments.count > 1 else {
            print("usage: muster-bench-read FILE [keys]")
            exit(2)
        }
        let file = open(CommandLine.arguments[1], O_RDONLY)
        guard file >= 0 else {
            print("cannot open \(CommandLine.arguments[1])")
            exit(1)
        }
        let chunkBytes = 1 << 18
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkBytes, alignment: 16)
        var reader = EntryReader()
        var sink = CountingSink()
        sink.makesKeys = CommandLine.arguments.dropFirst(2).contains("keys")
        let clock = ContinuousClock()
        let start = clock.now
        while case let count = read(file, chunk.baseAddress, chunkBytes), count > 0 {
            try reader.read(UnsafeRawBufferPointer(rebasing: chunk[..<count]), into: &sink)
        }
        let proof = try reader.finish(into: &sink)
        let time = clock.now - start
        var usage = rusage()
        // RUSAGE_SELF, which is imported with another type than the function takes.
        getrusage(0, &usage)
        let cpu = Double(usage.ru_utime.tv_sec) + Double(usage.ru_utime.tv_usec) / 1e6
        print("\(reader.format) \(proof)")
        for rejection in sink.rejections { print(rejection) }
        print("\(time) wall, \(cpu) s user, \(usage.ru_maxrss / 1024) MB peak")
        print("\(sink.mailBytes) bytes of mail, \(sink.keys) keys, \(sink.groups) groups")
    }
}
