// SPDX-License-Identifier: Apache-2.0
import Directory
import Postgres
import Secrets

extension Doctor {
    /// What the database tells.
    func examine(_ postgres: PostgresClient) async -> [Finding] {
        var findings: [Finding] = []
        do { findings += try await server(postgres) } catch { return [unreachable(error)] }
        let schema = await guarded("schema") { [try await self.schema(postgres)] }
        findings += schema
        // Without its tables nothing more can be asked, and the schema's finding says what to do.
        guard schema.allSatisfy({ $0.state == .ok }) else { return findings }
        findings += await guarded("data_keys") { [try await dataKeys(postgres)] }
        findings += await guarded("clock") { [try await databaseClock(postgres)] }
        findings += await guarded("policies") { try await policyOwners(postgres) }
        findings += await guarded("webhooks") { [try await webhooks(postgres)] }
        findings += await guarded("jobs") { [try await jobs(postgres)] }
        findings += await guarded("super_admins") { [try await superAdmins(postgres)] }
        return findings
    }

    private func server(_ postgres: PostgresClient) async throws -> [Finding] {
        let row = try await postgres.query(
            """
            select current_setting('server_version') as version, current_setting('server_version_num')::integer / 10000 as major,
                   current_setting('server_encoding') as encoding, current_setting('max_connections')::integer as connections,
                   current_setting('superuser_reserved_connections')::integer as reserved
            """)[0]
        let major = try row.decode(Int32.self, "major")
        let version = try row.decode(String.self, "version")
        let encoding = try row.decode(String.self, "encoding")
        let free = Int(try row.decode(Int32.self, "connections") - (try row.decode(Int32.self, "reserved")))
        let pool = (configuration.database?.pool ?? PostgresConfiguration.Pool()).limit
        var findings: [Finding] = []
        findings.append(
            major >= PostgresPrograms.oldestMajor
                ? .ok("database", "PostgreSQL \(version) answers")
                : .failure(
                    "database", "PostgreSQL \(version) is too old", "upgrade it to \(PostgresPrograms.oldestMajor) or newer"))
        findings.append(
            encoding == "UTF8"
                ? .ok("encoding", "the database is UTF8")
                : .failure(
                    "encoding", "the database's encoding is \(encoding)",
                    "make a database with encoding UTF8, and restore into it"))
        findings.append(
            free >= pool
                ? .ok("connections", "a daemon opens up to \(pool) of \(free) connections")
                : .warning(
                    "connections", "a daemon opens up to \(pool) connections, the server allows \(free)",
                    "raise max_connections, or lower pool_limit in MUSTER_DATABASE_URL"))
        return findings
    }

    private func schema(_ postgres: PostgresClient) async throws -> Finding {
        let migrations = try Schema.migrations()
        do {
            let pending = try await migrations.pending(in: postgres)
            if pending.isEmpty { return .ok("schema", "the schema is at version \(migrations.steps.count), as this program's") }
            if pending.count == migrations.steps.count {
                return .warning("schema", "the database is empty", "start the daemon, or run muster migrate")
            }
            return .failure(
                "schema", "\(pending.count) migrations are pending: \(pending.map(\.label).joined(separator: ", "))",
                "run muster migrate when no older daemon uses the database any more")
        } catch let error as MigrationError {
            return .failure("schema", error.message, "use the version of muster that this database belongs to")
        }
    }

    private func dataKeys(_ postgres: PostgresClient) async throws -> Finding {
        let file = configuration.secretKeyFile
        let row = try await postgres.query("select master_fingerprint from installation").first
        guard let fingerprint = try row?.decode(String.self, "master_fingerprint") else {
            return .warning("data_keys", "the database knows no master key yet", "start the daemon, which makes one")
        }
        guard let master = try? await Self.blocking({ try MasterKey.load(path: file) }) else {
            return .failure(
                "data_keys", "the data keys cannot be opened without the master key", "put the master key into \(file)")
        }
        guard master.fingerprint == fingerprint else {
            return .failure(
                "data_keys", "the database belongs to another master key (fingerprint \(fingerprint.prefix(16))…)",
                "put the file with that key into \(file), or point MUSTER_SECRET_KEY_FILE at it")
        }
        let rows = try await postgres.query("select id, wrapped from data_keys order by id")
        let broken = try rows.compactMap { row -> Int32? in
            let id = try row.decode(Int32.self, "id")
            let key = try? DataKey.unwrap(try row.decode([UInt8].self, "wrapped"), id: id, with: master)
            return key == nil ? id : nil
        }
        guard broken.isEmpty, !rows.isEmpty else {
            let which =
                rows.isEmpty
                ? "there is no data key" : "data keys do not open: \(broken.map(String.init).joined(separator: ", "))"
            return .failure("data_keys", which, "restore a backup in which they do: muster restore FILE --replace")
        }
        return .ok("data_keys", "the master key opens all \(rows.count) data keys")
    }

    private func webhooks(_ postgres: PostgresClient) async throws -> Finding {
        let row = try await postgres.query(
            """
            select (select count(*) from deliveries where state = 'failed' and created_at > now() - interval '7 days') as dead,
                   (select count(distinct webhook_id) from deliveries where state = 'pending' and attempts >= 3) as failing
            """)[0]
        let (dead, failing) = (try row.decode(Int64.self, "dead"), try row.decode(Int64.self, "failing"))
        if dead == 0, failing == 0 { return .ok("webhooks", "all deliveries arrive") }
        return .warning(
            "webhooks", "\(failing) webhooks fail now, \(dead) deliveries of the last seven days were given up",
            "see GET /platform/api/v1/webhooks/:id/deliveries for the receivers' answers")
    }

    private func jobs(_ postgres: PostgresClient) async throws -> Finding {
        let row = try await postgres.query(
            """
            select (select count(*) from jobs where attempts >= 5) as failing,
                   (select count(*) from outbox where at < now() - interval '10 minutes') as late
            """)[0]
        let (failing, late) = (try row.decode(Int64.self, "failing"), try row.decode(Int64.self, "late"))
        if failing == 0, late == 0 { return .ok("jobs", "the work in the background is done in time") }
        return .warning(
            "jobs", "\(failing) jobs failed five times or more, \(late) events wait for more than ten minutes",
            "see the daemon's log; is a daemon running?")
    }

    private func superAdmins(_ postgres: PostgresClient) async throws -> Finding {
        let row = try await postgres.query(
            """
            select count(*) as all_of_them, count(*) filter (where totp_confirmed_at is null) as bare
            from super_admins where disabled_at is null
            """)[0]
        let (all, bare) = (try row.decode(Int64.self, "all_of_them"), try row.decode(Int64.self, "bare"))
        if all == 0 {
            return .warning("super_admins", "there is no super admin", "make one: muster admin create EMAIL")
        }
        guard bare == 0 else {
            return .warning(
                "super_admins", "\(bare) of \(all) super admins have no authenticator yet",
                "let them sign in to the console once and set it up")
        }
        return .ok("super_admins", "\(all) super admins, each with an authenticator")
    }
}
