// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import NIOPosix
package import Postgres
import Secrets
import Subprocess
import SystemPackage

/// Puts a backup back, whole or not at all.
///
/// First everything is checked that can be checked without the database: the file, its version, the master key. Then all is done
/// in one transaction: whatever fails leaves the database as it was.
package struct Restore: Sendable {
    /// The backup, whole and fit for this program and this master key.
    package var manifest: BackupManifest { file.content }
    /// In bytes.
    package var size: Int64 { file.dumpSize }

    private let file: BackupFile
    private let descriptor: FileDescriptor

    /// Opens a backup and checks it; no database is needed.
    ///
    /// - Parameters:
    ///   - keyFile: the master key that must open the data keys.
    ///   - schema: the last migration that this program knows.
    /// - Throws: ``BackupError``, `MasterKeyError`.
    package static func check<T: Sendable>(
        _ path: String, keyFile: String, schema: Int, progress: @escaping @Sendable (Int64, Int64) -> Void,
        then body: @Sendable (Restore) async throws -> T
    ) async throws -> T {
        let restore = try await NIOThreadPool.singleton.runIfActive {
            let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            guard descriptor >= 0 else {
                throw BackupError(.unreadable, "cannot open \(path): \(String(cString: strerror(errno)))")
            }
            do {
                let file = try BackupFile(checking: descriptor, progress: progress)
                try compare(file.content, keyFile: keyFile, schema: schema)
                return Restore(file: file, descriptor: FileDescriptor(rawValue: descriptor))
            } catch {
                close(descriptor)
                throw error
            }
        }
        defer { close(restore.descriptor.rawValue) }
        return try await body(restore)
    }

    private static func compare(_ manifest: BackupManifest, keyFile: String, schema: Int) throws {
        guard manifest.schemaVersion <= schema else {
            throw BackupError(
                .newer,
                "the backup is of Muster \(manifest.muster) (schema \(manifest.schemaVersion)), this program knows \(schema): "
                    + "use a newer program")
        }
        let key = try MasterKey.load(path: keyFile)
        guard key.fingerprint == manifest.masterFingerprint else {
            throw BackupError(
                .otherMasterKey,
                "the backup belongs to another master key (fingerprint \(manifest.masterFingerprint.prefix(16))…, that of \(keyFile) "
                    + "is \(key.fingerprint.prefix(16))…): without its key no access token would be valid. Put the file with that key "
                    + "in its place, or point MUSTER_SECRET_KEY_FILE at it")
        }
    }

    /// Puts the backup into the database.
    ///
    /// - Parameters:
    ///   - replacing: whether an installation that is there goes; without it the database must be empty.
    ///   - progress: called with the bytes of SQL written so far.
    /// - Throws: ``BackupError``, `PostgresError`.
    package func put(into postgres: PostgresClient, replacing: Bool, progress: @Sendable (Int64) async -> Void) async throws {
        let facts = try await DatabaseFacts.read(postgres)
        if facts.relations > 0 {
            guard replacing else {
                throw BackupError(
                    .notEmpty, "the database is not empty: restore into an empty one, or replace what is there with --replace")
            }
            guard facts.masterFingerprint != nil else {
                throw BackupError(
                    .notMuster, "what is in the database is not Muster's, and is not replaced: name another database")
            }
        }
        let others = try await Self.othersThatStay(postgres)
        guard others == 0 else {
            throw BackupError(
                .inUse, "\(others) other clients are connected to the database: stop the daemons, then restore again")
        }
        let tools = try await PostgresTools.find(for: facts.serverMajor, postgres.configuration)
        // A program that ends early is noticed by what it says, not by a signal.
        signal(SIGPIPE, SIG_IGN)
        try await run(tools, progress)
        // What the planner knows is not part of a backup.
        try await postgres.execute(PostgresQuery("analyze").unprepared().timeout(.seconds(3_600)))
    }

    /// Clients that are still there after a while: the session of a command that has just ended takes a moment to go.
    private static func othersThatStay(_ postgres: PostgresClient) async throws -> Int64 {
        var left = 15
        while true {
            let others = try await DatabaseFacts.read(postgres).others
            left -= 1
            if others == 0 || left == 0 { return others }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    private func run(_ tools: PostgresTools, _ progress: @Sendable (Int64) async -> Void) async throws {
        _ = try descriptor.seek(offset: file.dumpStart, from: .start)
        let result = try await Subprocess.run(
            tools.executable("psql"),
            arguments: ["--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--output=/dev/null", "--file=-"],
            environment: .custom(tools.environment), workingDirectory: "/", input: .inputWriter, output: .discarded,
            error: .string(limit: 1 << 16)
        ) { psql -> String? in
            let input = psql.standardInputWriter
            do {
                _ = try await input.write(RestoreScript.beginning)
                let failure = try await copy(tools, to: input, progress)
                // Whoever does not say COMMIT has changed nothing.
                if failure == nil { _ = try await input.write(RestoreScript.end(fingerprint: manifest.masterFingerprint)) }
                return failure
            } catch let error as SubprocessError {
                return "psql ended early (\(error.code))"
            }
        }
        let failure = result.closureResult
        guard failure == nil, result.terminationStatus.isSuccess else {
            let said = result.standardError.isEmpty ? failure ?? "psql failed" : ToolOutput.summary(result.standardError)
            throw BackupError(.toolFailed, "the backup could not be restored, and nothing was changed: \(said)")
        }
    }

    /// Turns the dump into SQL and hands it on.
    ///
    /// - Returns: what went wrong, if anything.
    private func copy(
        _ tools: PostgresTools, to input: StandardInputWriter, _ progress: @Sendable (Int64) async -> Void
    ) async throws -> String? {
        let result = try await Subprocess.run(
            tools.executable("pg_restore"),
            arguments: ["--file=-", "--exit-on-error", "--no-owner", "--no-privileges", "--no-comments"],
            environment: .custom(["LC_ALL": "C", "PATH": "/usr/local/bin:/usr/bin:/bin"]), workingDirectory: "/",
            input: .fileDescriptor(descriptor, closeAfterSpawningProcess: false), output: .sequence,
            error: .string(limit: 1 << 16)
        ) { pgRestore -> String? in
            var done: Int64 = 0
            var failure: String?
            for try await buffer in pgRestore.standardOutput where failure == nil {
                do { _ = try await input.write(buffer.withUnsafeBytes { Array($0) }) } catch { failure = "psql ended early" }
                done += Int64(buffer.count)
                await progress(done)
            }
            return failure
        }
        if let failure = result.closureResult { return failure }
        return result.terminationStatus.isSuccess ? nil : "pg_restore failed: \(ToolOutput.summary(result.standardError))"
    }
}

/// What stands around the backup's own statements: one transaction.
enum RestoreScript {
    /// Takes away what is there: for an empty database that is nothing.
    ///
    /// Tables go before sequences, which belong to columns for the most part, and types after all that uses them.
    /// The schema `public` stays, for it need not be ours; so does what extensions brought.
    static let beginning = """
        begin;
        set local lock_timeout = '10s';
        set local client_min_messages = 'warning';
        do $muster$
        declare
            statement text;
        begin
            foreach statement in array (
                select coalesce(array_agg(s.text order by s.turn), '{}') from (
                    select 1 as turn, format('drop schema %I cascade', nspname) as text from pg_namespace where nspname = 'staging'
                    union all
                    select case c.relkind when 'S' then 3 else 2 end, format('drop %s if exists public.%I cascade',
                        case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' else 'table' end,
                        c.relname)
                    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S')
                      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
                    union all
                    select 4, format('drop routine if exists public.%I(%s) cascade', p.proname, pg_get_function_identity_arguments(p.oid))
                    from pg_proc p where p.pronamespace = 'public'::regnamespace
                      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
                    union all
                    select 5, format('drop type if exists public.%I cascade', t.typname)
                    from pg_type t left join pg_class c on c.oid = t.typrelid
                    where t.typnamespace = 'public'::regnamespace and (t.typtype in ('e', 'd') or c.relkind = 'c')
                      and not exists (select from pg_depend d where d.objid = t.oid and d.deptype = 'e')
                ) s
            ) loop
                execute statement;
            end loop;
        end
        $muster$;

        """

    /// Commits, unless what was restored is not what the manifest said.
    static func end(fingerprint: String) -> String {
        let hexadecimal = String(fingerprint.filter(\.isHexDigit))
        return """

            do $muster$
            begin
                if not exists (select from public.installation where master_fingerprint = '\(hexadecimal)') then
                    raise exception 'the dump belongs to another master key than its manifest says';
                end if;
            end
            $muster$;
            commit;

            """
    }
}
