// SPDX-License-Identifier: Apache-2.0

internal import CLibPQ

extension Session {
    /// Runs one statement to its end.
    func run(_ query: PostgresQuery, _ limits: Limits) throws(PostgresError) -> PostgresRows {
        if query.options.contains(.unprepared) {
            return try runUnprepared(query, limits)
        }
        let isAlone = transactionStatus == PQTRANS_IDLE
        do {
            return try runPrepared(query, limits)
        } catch let error where Self.isStalePlan(error) {
            // The table changed under the statement. Outside a transaction nothing has happened yet, so once more.
            cache.remove(StatementCache.Key(query))
            guard isAlone, !isBroken else { throw error }
            return try runPrepared(query, limits)
        }
    }

    /// Whether the server no longer has, or no longer can use, a statement it had prepared.
    static func isStalePlan(_ error: PostgresError) -> Bool {
        (error.sqlState == "0A000" && error.serverRoutine == "RevalidateCachedQuery") || error.sqlState == "26000"
    }

    private func runUnprepared(_ query: PostgresQuery, _ limits: Limits) throws(PostgresError) -> PostgresRows {
        try checkSize(query)
        let sent = query.bindings.withParameters { values, lengths, formats in
            query.bindings.types.withUnsafeBufferPointer { types in
                PQsendQueryParams(pointer, query.sql, Int32(types.count), types.baseAddress, values, lengths, formats, 1)
            }
        }
        try checkSent(sent)
        try flush(limits)
        return PostgresRows(try collect(limits))
    }

    private func runPrepared(_ query: PostgresQuery, _ limits: Limits) throws(PostgresError) -> PostgresRows {
        try checkSize(query)
        let key = StatementCache.Key(query)
        let name: String
        if let known = cache.name(for: key) {
            name = known
        } else {
            try forgetDiscarded(limits)
            name = cache.newName()
            try checkSent(sendPrepare(query, name: name))
            try flush(limits)
            try collect(limits)
            cache.insert(key, name: name)
        }
        try checkSent(sendPrepared(query, name: name))
        try flush(limits)
        return PostgresRows(try collect(limits))
    }

    func sendPrepare(_ query: PostgresQuery, name: String) -> Int32 {
        query.bindings.types.withUnsafeBufferPointer { types in
            PQsendPrepare(pointer, name, query.sql, Int32(types.count), types.baseAddress)
        }
    }

    func sendPrepared(_ query: PostgresQuery, name: String) -> Int32 {
        query.bindings.withParameters { values, lengths, formats in
            PQsendQueryPrepared(pointer, name, Int32(query.bindings.count), values, lengths, formats, 1)
        }
    }

    /// Tells the server which statements made room. In a failed transaction it would not listen, so that waits.
    func forgetDiscarded(_ limits: Limits) throws(PostgresError) {
        guard !cache.discarded.isEmpty, transactionStatus != PQTRANS_INERROR else { return }
        // A name of ours needs no quoting. A statement the server has lost already (DISCARD ALL) is no reason to fail,
        // but inside a transaction the error would end it: there, only what certainly exists could be forgotten.
        guard transactionStatus == PQTRANS_IDLE else { return }
        for name in cache.takeDiscarded() {
            do {
                try runScript("deallocate \(name)", limits)
            } catch let error where error.sqlState == "26000" {
                continue
            }
        }
    }

    /// Runs any number of statements by the simple protocol.
    func runScript(_ sql: String, _ limits: Limits) throws(PostgresError) {
        try checkSent(PQsendQuery(pointer, sql))
        try flush(limits)
        try collect(limits)
    }

    /// Runs one statement that takes no values and answers with a command tag.
    func runCommand(_ sql: String, _ limits: Limits) throws(PostgresError) -> String {
        try checkSent(PQsendQuery(pointer, sql))
        try flush(limits)
        return try collect(limits).tag
    }

    func checkSize(_ query: PostgresQuery) throws(PostgresError) {
        if query.bindings.count > 65_535 {
            throw PostgresError(.usage, "a statement takes at most 65,535 values; pass arrays")
        }
    }

    func checkSent(_ status: Int32) throws(PostgresError) {
        if status == 1 { return }
        if PQstatus(pointer) == CONNECTION_BAD { throw lost() }
        isBroken = true
        throw PostgresError(.usage, "libpq refused to send the statement")
    }
}
