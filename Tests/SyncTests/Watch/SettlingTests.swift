// SPDX-License-Identifier: Apache-2.0

import Postgres
import Sync
import Testing

@Suite struct SettlingTests {
    private static func file(_ size: Int64, modified: Int64 = 0) -> WatchedFile {
        WatchedFile(path: "/x", size: size, modified: modified, inode: 1)
    }

    private static func at(_ seconds: Double) -> MonotonicInstant { MonotonicInstant(nanoseconds: Int64(seconds * 1e9)) }

    @Test func aClosedFileCountsAtOnce() {
        var settling = Settling()
        settling.noteWriting("/x")
        #expect(!settling.counts(Self.file(1), at: Self.at(0)).counts)
        settling.noteArrival("/x")
        #expect(settling.counts(Self.file(2), at: Self.at(0)).counts)
        #expect(settling.counts(Self.file(2), at: Self.at(1)).counts, "and goes on counting")
    }

    @Test func aPausingWriterIsWaitedFor() {
        var settling = Settling()
        settling.noteWriting("/x")
        for second in 0..<600 { #expect(!settling.counts(Self.file(1), at: Self.at(Double(second))).counts) }
    }

    @Test func withoutNewsAFileMustRest() {
        var settling = Settling()
        let first = settling.counts(Self.file(1), at: Self.at(0))
        #expect(!first.counts && first.lookAgain == Self.at(2))
        #expect(!settling.counts(Self.file(2), at: Self.at(1.9)).counts, "it grew")
        #expect(!settling.counts(Self.file(2), at: Self.at(3.8)).counts)
        #expect(settling.counts(Self.file(2), at: Self.at(3.9)).counts)
        #expect(!settling.counts(Self.file(2, modified: 5), at: Self.at(4)).counts, "it was written to again")
    }

    @Test func lostEventsHoldNothingBackForEver() {
        var settling = Settling()
        settling.noteWriting("/x")
        settling.noteLoss()
        _ = settling.counts(Self.file(1), at: Self.at(0))
        #expect(settling.counts(Self.file(1), at: Self.at(2)).counts)
    }

    @Test func aFileThatCameBackIsAnother() {
        var settling = Settling()
        settling.noteArrival("/x")
        #expect(settling.counts(Self.file(1), at: Self.at(0)).counts)
        settling.keep(only: [])
        #expect(!settling.counts(Self.file(1), at: Self.at(9)).counts)
    }
}
