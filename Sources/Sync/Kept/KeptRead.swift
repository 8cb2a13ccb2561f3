// SPDX-License-Identifier: Apache-2.0

package import Postgres

/// The last read of a policy as it is kept: the entries as the export had them, with the changes that came since.
///
/// What it does not hold are hashes of passwords (`SealedAttributes` of Intake).
package struct KeptRead: Sendable {
    package let id: Int64
    package let policy: String
    /// The run that read it, or took the last changes.
    package let run: Int64
    /// The export, and SHA-256 of it.
    package let fileName: String
    package let fileHash: [UInt8]
    /// SHA-256 of the changes that were taken since, the last of them.
    package let changeHashes: [[UInt8]]
    /// When the newest of its files was written, in nanoseconds since 1970.
    package let through: Int64
    package let entries: Int
    package let keptAt: PostgresTimestamp
    package let expiresAt: PostgresTimestamp
    /// What the export proved, and why it proved nobody's absence.
    let facts: ReadFacts
    /// Bytes, compressed.
    package let size: Int64
}

/// Keeps reads in the database, in pieces: every replica has them, and backups.
struct KeptReadStore: Sendable {
    /// Bytes of a piece.
    static let pieceSize = 1 << 18
    /// So many changes are known by what they are; older ones by their time.
    static let knownChanges = 1_000

    let postgres: PostgresClient

    /// What there is of a source: of this policy, or of another one of the source where this one has none of its own.
    func latest(source: Int64, policy: String) async throws -> KeptRead? {
        try await postgres.query(
            """
            select \(unescaped: Self.columns) from kept_reads k
            where source_id = \(source) and is_current and expires_at > now()
            order by policy = \(policy) desc, run_id desc limit 1
            """
        ).first.map(KeptRead.init)
    }

    /// The same, of this policy only.
    func current(source: Int64, policy: String) async throws -> KeptRead? {
        try await postgres.query(
            """
            select \(unescaped: Self.columns) from kept_reads k
            where source_id = \(source) and policy = \(policy) and is_current and expires_at > now()
            """
        ).first.map(KeptRead.init)
    }

    private static let columns = """
        k.id, k.policy, k.run_id, k.file_name, k.file_hash, k.change_hashes, k.through, k.entries, k.kept_at, k.expires_at, k.proof,
        k.unproven, (select coalesce(sum(length(content)), 0)::bigint from kept_read_chunks where kept_read_id = k.id) as size
        """

    /// Whether the store was brought to what another export says since this was kept: then changes cannot build on it.
    func isOutdated(_ read: KeptRead, source: Int64) async throws -> Bool {
        try await !postgres.query(
            """
            select from runs r
            where r.source_id = \(source) and r.policy = \(read.policy) and r.id > \(read.run) and r.input = 'export'
              and r.undoes is null and r.planned_at is not null and r.state not in ('refused', 'failed', 'rejected', 'reading')
              and (r.applies or r.released_at is not null or r.state in ('applying', 'done', 'stale'))
              and (r.file_hash <> \(read.fileHash) or \(!read.changeHashes.isEmpty))
            limit 1
            """
        ).isEmpty
    }

    /// Begins a read that is to be kept; nobody sees it before ``finish(_:entries:)``.
    func begin(_ read: KeptReadDraft) async throws -> Int64 {
        let rows = try await postgres.query(
            """
            insert into kept_reads (source_id, policy, run_id, file_name, file_hash, change_hashes, through, proof, unproven, expires_at)
            values (\(read.source), \(read.policy), \(read.run), \(read.fileName), \(read.fileHash), \(read.changeHashes), \(read.through),
                    'none', 'it is being written', now() + make_interval(secs => \(Double(read.lifetime.components.seconds))))
            returning id
            """)
        return try rows[0].decode(Int64.self, "id")
    }

    func append(_ content: [UInt8], number: Int, to read: Int64) async throws {
        try await postgres.execute(
            "insert into kept_read_chunks (kept_read_id, number, content) values (\(read), \(Int32(number)), \(content))")
    }

    /// The piece of this number; nil behind the last.
    func piece(_ number: Int, of read: Int64) async throws -> [UInt8]? {
        try await postgres.query(
            "select content from kept_read_chunks where kept_read_id = \(read) and number = \(Int32(number))"
        ).first?.decode([UInt8].self, "content")
    }

    func discard(_ read: Int64) async throws {
        try await postgres.execute("delete from kept_reads where id = \(read)")
    }

    /// Keeps nothing of a policy.
    func discard(source: Int64, policy: String) async throws {
        try await postgres.execute("delete from kept_reads where source_id = \(source) and policy = \(policy)")
    }

    /// The read is whole; to be followed by ``current(_:)``, in the transaction in which the plan is stored where there is one.
    static func finish(_ read: Int64, entries: Int, _ facts: ReadFacts) -> PostgresQuery {
        """
        update kept_reads set is_whole = true, entries = \(Int64(entries)), proof = \(facts.level.name), unproven = \(facts.unproven)
        where id = \(read)
        """
    }

    /// What a run read is what the source said last from now on, and the one before is forgotten; unless the run is one that is
    /// not applied: then the read waits for that.
    static func current(_ run: Int64) -> PostgresQuery {
        """
        with wanted as (
            select k.id, k.source_id, k.policy from kept_reads k join runs r on r.id = k.run_id
            where k.run_id = \(run) and k.is_whole and not k.is_current
              and (r.applies or r.released_at is not null or r.state in ('applying', 'done'))
        ),
        gone as (
            delete from kept_reads o using wanted w
            where o.source_id = w.source_id and o.policy = w.policy and o.is_current and o.id <> w.id
            returning o.id
        )
        update kept_reads k set is_current = true from wanted w where k.id = w.id and (select count(*) from gone) >= 0
        """
    }

    /// What is kept already was read once more.
    func touch(_ read: KeptRead, _ again: KeptReadDraft, proof: String) async throws {
        try await postgres.execute(
            """
            update kept_reads set run_id = \(again.run), file_name = \(again.fileName), through = \(again.through), kept_at = now(),
                proof = \(proof), unproven = case when \(proof) = 'none' then coalesce(unproven, 'the export may be incomplete') end,
                expires_at = now() + make_interval(secs => \(Double(again.lifetime.components.seconds)))
            where id = \(read.id)
            """)
    }
}

/// A read that begins to be kept.
struct KeptReadDraft: Sendable {
    var source: Int64
    var policy: String
    var run: Int64
    var fileName: String
    var fileHash: [UInt8]
    var changeHashes: [[UInt8]] = []
    var through: Int64
    var lifetime: Duration
}

extension KeptRead {
    fileprivate init(_ row: PostgresRow) throws {
        let level = ReadFacts.level(named: try row.decode(String.self, "proof"))
        self.init(
            id: try row.decode(Int64.self, "id"), policy: try row.decode(String.self, "policy"),
            run: try row.decode(Int64.self, "run_id"), fileName: try row.decode(String.self, "file_name"),
            fileHash: try row.decode([UInt8].self, "file_hash"), changeHashes: try row.decode([[UInt8]].self, "change_hashes"),
            through: try row.decode(Int64.self, "through"), entries: Int(try row.decode(Int64.self, "entries")),
            keptAt: try row.decode(PostgresTimestamp.self, "kept_at"),
            expiresAt: try row.decode(PostgresTimestamp.self, "expires_at"),
            facts: ReadFacts(level: level, unproven: try row.decode(String?.self, "unproven")),
            size: try row.decode(Int64.self, "size"))
    }
}
