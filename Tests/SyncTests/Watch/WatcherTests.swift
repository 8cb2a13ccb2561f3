// SPDX-License-Identifier: Apache-2.0

import Foundation
import Policy
import Sync
import Testing

/// The watcher on real files.
@Suite struct WatcherTests {
    private final class Place {
        let folder = "/tmp/muster-watch-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        let watcher: PolicyWatcher
        var scans: AsyncStream<WatchScan>.Iterator

        init(policiesExist: Bool = true) throws {
            if policiesExist { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
            watcher = try PolicyWatcher(folder: folder, period: .seconds(60))
            scans = watcher.scans.makeAsyncIterator()
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }

        func write(_ name: String, _ text: String) throws {
            try text.write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
        }

        func makeInbox() throws {
            try FileManager.default.createDirectory(atPath: "\(folder)/inbox", withIntermediateDirectories: true)
        }
    }

    private static func policy(_ title: String = "title") -> String {
        """
        policy: office
        platform_app: App
        source: s
        read: {files: inbox/*.json}
        people:
          where: (objectClass=person)
          email: mail
          name: cn
          custom_attributes: {t: \(title)}
        """
    }

    /// The first state that satisfies the condition, within ten seconds; the period of rescans is a minute, so events do it.
    private static func scan(_ place: Place, where condition: @escaping (WatchScan) -> Bool) async throws -> WatchScan {
        let start = ContinuousClock.now
        while let scan = await place.scans.next() {
            if condition(scan) { return scan }
            try #require(ContinuousClock.now - start < .seconds(10))
        }
        throw CancellationError()
    }

    @Test(.timeLimit(.minutes(1))) func aFileRenamedInCountsAndAHalfWrittenOneDoesNot() async throws {
        let place = try Place()
        try place.makeInbox()
        try place.write("office.yaml", Self.policy())
        _ = try await Self.scan(place) { $0.policies.count == 1 }

        // Closed on exec: a program that a neighbour starts would keep it open.
        let half = try #require(fopen("\(place.folder)/inbox/a.json", "we"))
        fputs("{", half)
        fflush(half)
        try place.write("inbox/.b.part", "{}")
        try await Task.sleep(for: .milliseconds(2_600))
        place.watcher.reload()
        let early = try await Self.scan(place) { _ in true }
        #expect(early.jobs.isEmpty, "the writer has it open still")

        fputs("}", half)
        fclose(half)
        let closed = try await Self.scan(place) { !$0.jobs.isEmpty }
        #expect(closed.jobs.map(\.file.path) == ["\(place.folder)/inbox/a.json"])
        #expect(closed.jobs[0].file.size == 2)

        rename("\(place.folder)/inbox/.b.part", "\(place.folder)/inbox/b.json")
        utimes("\(place.folder)/inbox/b.json", nil)
        let renamed = try await Self.scan(place) { $0.jobs.first?.file.path.hasSuffix("b.json") ?? false }
        #expect(renamed.jobs.count == 1, "the newest export is the truth, the older one is none")
        place.watcher.stop()
    }

    @Test(.timeLimit(.minutes(1))) func aFileMadeNewestByItsTimeIsSeen() async throws {
        let place = try Place()
        try place.makeInbox()
        try place.write("office.yaml", Self.policy())
        try place.write("inbox/b.json", "{}")
        try await Task.sleep(for: .milliseconds(20))
        try place.write("inbox/a.json", "{}")
        _ = try await Self.scan(place) { $0.jobs.first?.file.path.hasSuffix("a.json") ?? false }
        try await Task.sleep(for: .milliseconds(500))
        utimes("\(place.folder)/inbox/b.json", nil)
        _ = try await Self.scan(place) { $0.jobs.first?.file.path.hasSuffix("b.json") ?? false }
        place.watcher.stop()
    }

    @Test(.timeLimit(.minutes(1))) func aBrokenPolicyKeepsItsLastSoundVersion() async throws {
        let place = try Place()
        try place.makeInbox()
        try place.write("inbox/a.json", "{}")
        try place.write("office.yaml", Self.policy())
        let sound = try await Self.scan(place) { !$0.jobs.isEmpty }
        let fingerprint = sound.policies[0].fingerprint

        try place.write("office.yaml", "policy: office\npeopel: 1\n")
        let broken = try await Self.scan(place) { !$0.diagnostics.isEmpty }
        #expect(broken.policies.map(\.fingerprint) == [fingerprint])
        #expect(broken.jobs.count == 1)

        try place.write("office.yaml", Self.policy("ou"))
        let mended = try await Self.scan(place) { $0.diagnostics.isEmpty && $0.policies.first?.fingerprint != fingerprint }
        #expect(mended.policies.count == 1)
        unlink("\(place.folder)/office.yaml")
        _ = try await Self.scan(place) { $0.policies.isEmpty }
        place.watcher.stop()
    }

    @Test(.timeLimit(.minutes(1))) func foldersMayComeLater() async throws {
        let place = try Place(policiesExist: false)
        let first = try await Self.scan(place) { _ in true }
        #expect(first.policies.isEmpty)
        try FileManager.default.createDirectory(atPath: place.folder, withIntermediateDirectories: true)
        try place.write("office.yaml", Self.policy())
        _ = try await Self.scan(place) { $0.policies.count == 1 }
        try place.makeInbox()
        try place.write("inbox/a.json", "{}")
        let found = try await Self.scan(place) { !$0.jobs.isEmpty }
        #expect(found.jobs[0].policy.name == "office")

        // Moved away, and another folder in its place.
        rename("\(place.folder)/inbox", "\(place.folder)/old")
        try place.makeInbox()
        try place.write("inbox/b.json", "{}")
        _ = try await Self.scan(place) { $0.jobs.first?.file.path.hasSuffix("b.json") ?? false }
        place.watcher.stop()
    }

    @Test(.timeLimit(.minutes(1))) func aFolderRenamedInCountsAndOneThatIsFilledInPlaceDoesNot() async throws {
        let place = try Place()
        try place.makeInbox()
        try place.write("office.yaml", Self.policy())
        _ = try await Self.scan(place) { $0.policies.count == 1 }
        let inbox = "\(place.folder)/inbox"
        let manager = FileManager.default
        try manager.createDirectory(atPath: "\(inbox)/a.json", withIntermediateDirectories: false)
        try place.write("inbox/a.json/1", "{}")
        try await Task.sleep(for: .milliseconds(2_600))
        place.watcher.reload()
        let early = try await Self.scan(place) { _ in true }
        #expect(early.jobs.isEmpty, "nobody knows when it is full")

        try manager.createDirectory(atPath: "\(inbox)/.b", withIntermediateDirectories: false)
        try place.write("inbox/.b/1", "{}")
        try place.write("inbox/.b/2", "{}}")
        try place.write("inbox/.b/.hidden", "{}}}")
        rename("\(inbox)/.b", "\(inbox)/b.json")
        let found = try await Self.scan(place) { !$0.jobs.isEmpty }
        #expect(found.jobs.map(\.file.path) == ["\(inbox)/b.json"])
        #expect(found.jobs[0].file.isFolder)
        #expect(found.jobs[0].file.size == 5)

        // A manifest that comes later is something new about the same export.
        try place.write("inbox/b.json.manifest.json", "{}")
        let before = found.jobs[0].file
        _ = try await Self.scan(place) { $0.jobs.first.map { $0.file != before && $0.file.path == before.path } ?? false }

        // A file that is newer than the newest folder wins.
        try place.write("inbox/c.json", "{}")
        _ = try await Self.scan(place) { $0.jobs.first?.file.path == "\(inbox)/c.json" }
        place.watcher.stop()
    }

    @Test func changesComeBehindTheNewestExportInTheirOrder() throws {
        let place = try Place()
        defer { place.watcher.stop() }
        try place.makeInbox()
        try place.write(
            "p.yaml", Self.policy().replacingOccurrences(of: "inbox/*.json", with: "inbox/*.json, changes: [inbox/*.ldif]"))
        let policy = try Policy.load(file: "\(place.folder)/p.yaml")
        for (name, second) in [
            ("c-1.ldif", 10), ("full.json", 20), ("c-10.ldif", 30), ("c-2.ldif", 30), ("c-3.ldif", 25), ("old.json", 5),
        ] {
            try place.write("inbox/\(name)", "{}")
            let date = Date(timeIntervalSince1970: Double(second))
            try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: "\(place.folder)/inbox/\(name)")
        }
        let newest = try #require(WatchedFile.newest(policy.exports()))
        #expect(newest.path.hasSuffix("full.json"))
        let names = policy.changes(since: newest).map { URL(filePath: $0.path).lastPathComponent }
        #expect(names == ["c-3.ldif", "c-2.ldif", "c-10.ldif"])
        #expect(policy.changes(since: nil).count == 4)
        #expect(policy.input("\(place.folder)/inbox/../inbox/c-1.ldif") == .changes("\(place.folder)/inbox/../inbox/c-1.ldif"))
        #expect(policy.input("\(place.folder)/inbox/full.json") == .export("\(place.folder)/inbox/full.json"))
        #expect(policy.input("/elsewhere/c-1.ldif") == .export("/elsewhere/c-1.ldif"))
    }

    @Test(.timeLimit(.minutes(1))) func theWatcherGivesExportAndChangesAsOneRow() async throws {
        let place = try Place()
        try place.makeInbox()
        try place.write(
            "office.yaml",
            Self.policy().replacingOccurrences(of: "inbox/*.json", with: "inbox/*.json, changes: [inbox/*.ldif]"))
        let idle = try await Self.scan(place) { $0.policies.count == 1 }
        #expect(idle.idle.map(\.name) == ["office"])
        for name in ["full.json", "c-1.ldif", "c-2.ldif"] { try place.write("inbox/\(name)", "{}") }
        let scan = try await Self.scan(place) { $0.jobs.count == 3 }
        #expect(scan.jobs.map(\.isChanges) == [false, true, true] && scan.idle.isEmpty)
        #expect(scan.jobs.map { URL(filePath: $0.file.path).lastPathComponent } == ["full.json", "c-1.ldif", "c-2.ldif"])
        place.watcher.stop()
    }

    @Test func wildcardsAloneMeanNoFolder() throws {
        let place = try Place()
        defer { place.watcher.stop() }
        try place.makeInbox()
        try FileManager.default.createDirectory(atPath: "\(place.folder)/inbox/done.json", withIntermediateDirectories: false)
        for (pattern, count) in [("inbox/*", 0), ("inbox/*.json", 1), ("inbox/done.json", 1)] {
            try place.write("p.yaml", Self.policy().replacingOccurrences(of: "inbox/*.json", with: "\"\(pattern)\""))
            #expect(try Policy.load(file: "\(place.folder)/p.yaml").exports().count == count, "\(pattern)")
        }
    }
}
