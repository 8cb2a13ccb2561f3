// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Daemon

@Suite("Embedded PostgreSQL: decisions")
struct PureDecisionTests {
    static let ready = "4711\n/data/postgres\n1700000000\n5432\n/data/run\n\n  5432001    327680\nready   \n"

    @Test("postmaster.pid is read in every stage of a start")
    func readsPostmasterFile() throws {
        let file = try #require(PostmasterFile(Self.ready))
        #expect(file.processID == 4711 && !file.isSingleUser && file.dataFolder == "/data/postgres")
        #expect(file.startedAt == 1_700_000_000 && file.port == 5432 && file.socketFolder == "/data/run" && file.status == .ready)
        let early = try #require(PostmasterFile("4711\n/data/postgres\n1700000000\n5432\n"))
        #expect(early.socketFolder == nil && early.status == nil)
        let single = try #require(PostmasterFile("-4711\n/data/postgres\n1700000000\n"))
        #expect(single.processID == 4711 && single.isSingleUser)
    }

    @Test(
        "a damaged postmaster.pid is never taken for a process",
        arguments: [
            "", "\n", "\0\0\0\0", "abc\n/data\n", "0\n/data\n", "4711\n\n", "-2147483648\n/data\n", "99999999999\n/data\n",
        ])
    func refusesDamagedFile(text: String) {
        #expect(PostmasterFile(text) == nil)
        let alone = StartDecision.make(file: text, evidence: { _ in .server }, serverElsewhere: { false })
        #expect(alone == .discardFile(reason: "it is empty or damaged"))
        #expect(StartDecision.make(file: text, evidence: { _ in .server }, serverElsewhere: { true }) == .readAgain)
    }

    @Test("adopt, wait, clear away or start")
    func decides() {
        func decision(_ text: String?, _ evidence: PostmasterEvidence) -> StartDecision {
            .make(file: text, evidence: { _ in evidence }, serverElsewhere: { false })
        }
        #expect(decision(nil, .server) == .start)
        #expect(decision(Self.ready, .absent) == .start)
        #expect(decision(Self.ready, .server) == .adopt(4711))
        #expect(decision("4711\n/data/postgres\n", .server) == .adopt(4711))
        #expect(decision(Self.ready.replacing("ready   ", with: "stopping"), .server) == .awaitEnd(4711))
        #expect(decision("-4711\n/data/postgres\n", .server) == .refuse(4711))
        #expect(decision("-4711\n/data/postgres\n", .absent) == .start)
        #expect(decision(Self.ready, .ended) == .discardFile(reason: "process 4711 has ended"))
        #expect(decision(Self.ready, .stranger) == .discardFile(reason: "process 4711 is another program by now"))
    }

    @Test("only the server itself counts as the server: not its children, not a namesake, not another user's")
    func recognisesServer() {
        let here = FileFacts.Identity(device: 1, node: 2)
        let elsewhere = FileFacts.Identity(device: 1, node: 3)
        let cluster = FileFacts(identity: here, owner: 101, group: 101, mode: 0o700, isFolder: true, size: 0)
        func isServer(
            _ arguments: [String], folder: FileFacts.Identity?, owner: UInt32 = 101, ended: Bool = false
        ) -> Bool {
            ProcessFacts(
                identity: .init(id: 1, startTicks: 1), hasEnded: ended, owner: owner, arguments: arguments, workingFolder: folder
            ).isServer(of: cluster, path: "/data/postgres")
        }
        let server = ["/usr/lib/postgresql/15/bin/postgres", "-D", "/data/postgres"]
        #expect(isServer(server, folder: here))
        #expect(isServer(server, folder: nil))
        #expect(!isServer(server, folder: elsewhere))
        #expect(!isServer(["/usr/bin/postgres", "-D", "/other"], folder: nil))
        #expect(!isServer(server, folder: here, owner: 102))
        #expect(!isServer(server, folder: here, ended: true))
        #expect(!isServer(["postgres: checkpointer "], folder: here))
        #expect(!isServer(["/bin/sleep", "1"], folder: here))
        #expect(!isServer([], folder: here))
    }

    @Test("a process whose name has brackets and blanks is read right")
    func readsProcessStat() throws {
        let line = "42 (a) Z (b)) S 1 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 1 1 1"
        let parsed = try #require(ProcessFacts.parse(stat: line))
        #expect(parsed.identity == ProcessIdentity(id: 42, startTicks: 987_654) && !parsed.hasEnded)
        #expect(ProcessFacts.parse(stat: "42 nonsense") == nil)
    }

    @Test("the restart delay doubles to its limit and starts over after a quiet minute")
    func delays() {
        var delay = RestartDelay()
        let delays = (0..<9).map { _ in delay.next(afterUptime: .seconds(1)) }
        #expect(delays.prefix(4) == [.milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800)])
        #expect(delays.last == .seconds(10))
        #expect(delay.next(afterUptime: .seconds(61)) == .milliseconds(100))
    }

    @Test(
        "PostgreSQL's words become causes",
        arguments: [
            ("FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use", StartFailure.stillInUse),
            ("FATAL:  lock file \"postmaster.pid\" already exists", .stillInUse),
            ("PANIC:  could not write to file \"pg_wal/xlogtemp.1\": No space left on device", .diskFull),
            ("FATAL:  could not map anonymous shared memory: Cannot allocate memory", .outOfMemory),
            ("FATAL:  database files are incompatible with server", .versionDiffers),
            ("FATAL:  could not open file \"global/pg_control\": Permission denied", .permission),
            ("FATAL:  configuration file contains errors", .other),
        ])
    func classifies(log: String, cause: StartFailure) {
        #expect(StartFailure(log: log) == cause)
        #expect(cause.error(.startFailed, "It failed.", log: log, logFile: "/log").message.contains(log))
    }

    @Test("the lock's holder is found in /proc/locks by the file's node")
    func findsLockHolder() {
        let locks = """
            1: POSIX  ADVISORY  WRITE 10 fe:00:77 0 EOF
            2: FLOCK  ADVISORY  WRITE 11 fe:00:78 0 EOF
            2: -> FLOCK  ADVISORY  WRITE 13 fe:00:77 0 EOF
            3: FLOCK  ADVISORY  WRITE 12 fe:00:77 0 EOF
            """
        #expect(FolderLock.lockHolder(locks: locks, node: 77) == 12)
        #expect(FolderLock.lockHolder(locks: locks, node: 7) == nil)
    }
}
