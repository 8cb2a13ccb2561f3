// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Daemon

@Suite("Embedded PostgreSQL: layout and settings")
struct LayoutTests {
    private func layout(_ home: String, root: Bool = false, runtime: String? = nil) -> ClusterLayout {
        ClusterLayout(home: home, isRoot: root, userID: 1000, runtimeFolder: runtime)
    }

    @Test("the socket is in the home as long as an address can hold its path")
    func socketFolder() {
        let fits = "/" + String(repeating: "a", count: 107 - "/run/.s.PGSQL.5432".count - 1)
        #expect(layout(fits).socketFolder == "\(fits)/run")
        for long in ["\(fits)a", "/srv/a,b", "/srv/a'b"] {
            let tag = ClusterLayout.tag(of: long)
            #expect(layout(long).socketFolder == "/tmp/muster-1000-\(tag)")
            #expect(layout(long, root: true).socketFolder == "/run/muster-\(tag)")
            #expect(layout(long, runtime: "/run/user/1000").socketFolder == "/run/user/1000/muster-\(tag)")
            #expect(layout(long, runtime: fits).socketFolder == "/tmp/muster-1000-\(tag)")
        }
        // Two bytes a letter: bytes count, not letters.
        #expect(!ClusterLayout.canHoldSocket("/" + String(repeating: "ä", count: 50)))
    }

    @Test("tags are stable, short and different")
    func tags() {
        #expect(ClusterLayout.tag(of: "") == "cbf29ce484222325")
        #expect(ClusterLayout.tag(of: "a") == "af63dc4c8601ec8c")
        #expect(Set((0..<10_000).map { ClusterLayout.tag(of: "/home/u\($0)/.muster") }).count == 10_000)
    }

    @Test("paths that a shell would read otherwise are found", arguments: ["/a\"b", "/a$(id)", "/a`id`", "/a\\b", "/a\nb"])
    func unsupported(path: String) {
        #expect(ClusterLayout.unsupportedCharacter(in: path) != nil)
        #expect(ClusterLayout.unsupportedCharacter(in: "/srv/Müster data; (x) & 'y'") == nil)
    }

    @Test("no folder name can end the parameter in the URL")
    func url() {
        let endpoint = EmbeddedPostgresEndpoint(socketDirectory: "/srv/a b&user=x#ä")
        #expect(endpoint.url == "postgresql://muster@/muster?host=%2Fsrv%2Fa%20b%26user%3Dx%23%C3%A4&port=5432")
    }

    @Test(
        "settings follow the machine and stay within limits",
        arguments: [
            (256, "32MB", "4MB", "32MB"), (4096, "512MB", "10MB", "128MB"), (24_105, "3013MB", "60MB", "753MB"),
            (524_288, "4096MB", "64MB", "1024MB"),
        ] as [(Int64, String, String, String)])
    func settings(memory: Int64, buffers: String, work: String, maintenance: String) {
        let machine = MachineSize(memory: memory << 20, cores: 2, freeDisk: 20 << 30)
        let settings = ClusterSettings(machine: machine, socketFolder: "/srv/o'neil/run", walCompression: "lz4")
        let values = Dictionary(uniqueKeysWithValues: settings.values.map { ($0.name, $0.value) })
        #expect(
            values["shared_buffers"] == buffers && values["work_mem"] == work && values["maintenance_work_mem"] == maintenance)
        #expect(values["max_wal_size"] == "1024MB" && values["listen_addresses"] == "" && values["synchronous_commit"] == "on")
        #expect(settings.text.contains("unix_socket_directories = '/srv/o''neil/run'"))
        #expect(ClusterSettings.fixedOptions(socketFolder: "/srv/o'neil").contains(#"'unix_socket_directories=/srv/o'\''neil'"#))
    }

    @Test("a container's limit counts, whatever the kernel calls no limit")
    func memoryLimits() {
        #expect(MachineSize.memoryLimit("536870912\n") == 536_870_912)
        #expect(MachineSize.memoryLimit("max\n") == nil)
        #expect(MachineSize.memoryLimit("9223372036854771712\n") == nil)
        #expect(MachineSize.memoryLimit("") == nil)
        let files = MachineSize.memoryLimitFiles(controlGroups: "12:cpu:/x\n0::/system.slice/muster.service\n")
        #expect(
            files.suffix(2) == [
                "/sys/fs/cgroup/system.slice/memory.max", "/sys/fs/cgroup/system.slice/muster.service/memory.max",
            ])
        #expect(MachineSize.measure(folder: "/").memory > 64 << 20)
    }

    @Test("the obstacle on the way is the first folder that the user may not pass")
    func traversal() {
        let user = OSUser(id: 101, group: 104, name: "postgres")
        func folder(_ owner: UInt32, _ group: UInt32, _ mode: UInt32) -> FileFacts {
            FileFacts(identity: .init(device: 0, node: 0), owner: owner, group: group, mode: mode, isFolder: true, size: 0)
        }
        func obstacle(_ facts: FileFacts) -> String? {
            FolderAccess.obstacle(onTheWayTo: "/root/work/data", for: user) { $0 == "/root" ? facts : folder(0, 0, 0o755) }
        }
        #expect(obstacle(folder(0, 0, 0o700)) == "/root")
        #expect(obstacle(folder(0, 0, 0o711)) == nil)
        #expect(obstacle(folder(0, 104, 0o710)) == nil)
        #expect(obstacle(folder(0, 104, 0o701)) == "/root")
        #expect(obstacle(folder(101, 0, 0o677)) == "/root")
        #expect(
            FolderAccess.isTrusted(folder(0, 0, 0o755), user: user) && FolderAccess.isTrusted(folder(101, 0, 0o700), user: user))
        #expect(!FolderAccess.isTrusted(folder(1000, 0, 0o755), user: user))
        #expect(
            !FolderAccess.isTrusted(folder(0, 0, 0o1777), user: user) && !FolderAccess.isTrusted(folder(0, 0, 0o775), user: user))
    }

    @Test("the installation of the cluster's version wins, and its absence says how to upgrade")
    func programs() throws {
        let found = [15, 17, 16].map { PostgresPrograms(folder: "/usr/lib/postgresql/\($0)/bin", major: $0) }
        #expect(try PostgresPrograms.choose(from: found, needed: nil, cluster: "/c").major == 17)
        #expect(try PostgresPrograms.choose(from: found, needed: 16, cluster: "/c").major == 16)
        let error = #expect(throws: EmbeddedPostgresError.self) {
            try PostgresPrograms.choose(from: found, needed: 14, cluster: "/c")
        }
        #expect(error?.code == "embedded_postgres_major_version_differs")
        #expect(error?.remedy.contains("apt-get install postgresql-14") == true && error?.remedy.contains("pg_upgrade") == true)
        let newer = #expect(throws: EmbeddedPostgresError.self) {
            try PostgresPrograms.choose(from: found, needed: 18, cluster: "/c")
        }
        #expect(newer?.kind == .majorVersionDiffers && newer?.remedy.contains("pg_upgrade") == false)
        let none = #expect(throws: EmbeddedPostgresError.self) {
            try PostgresPrograms.choose(from: [], needed: nil, cluster: "/c")
        }
        #expect(none?.kind == .programsMissing && none?.remedy.contains("apt-get install postgresql") == true)
        let old = [PostgresPrograms(folder: "/o", major: 13)]
        #expect(throws: EmbeddedPostgresError.self) { try PostgresPrograms.choose(from: old, needed: nil, cluster: "/c") }
        #expect(PostgresPrograms.major(versionLine: "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n") == 15)
        #expect(PostgresPrograms.major(versionLine: "postgres (PostgreSQL) 18beta1") == 18)
        let named = PostgresPrograms.candidates(environment: ["MUSTER_POSTGRES_BIN": "/o", "PATH": "/p"], versionFolders: ["15"])
        #expect(named == ["/o"])
        let usual = PostgresPrograms.candidates(environment: ["PATH": "/p:.:/q"], versionFolders: ["9.6", "15", "16"])
        #expect(usual == ["/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/15/bin", "/p", "/q"])
    }

    @Test("the default data folder")
    func defaultFolder() {
        func folder(_ environment: [String: String], root: Bool) -> String {
            EmbeddedPostgres.defaultDataDirectory(environment: environment, isRoot: root)
        }
        #expect(folder(["MUSTER_DATA_DIR": "/d", "HOME": "/h"], root: true) == "/d")
        #expect(folder(["HOME": "/root"], root: true) == "/var/lib/muster")
        #expect(folder(["HOME": "/h", "MUSTER_DATA_DIR": ""], root: false) == "/h/.local/share/muster")
        #expect(folder(["HOME": "/h", "XDG_DATA_HOME": "/x"], root: false) == "/x/muster")
    }
}
