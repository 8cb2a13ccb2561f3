// SPDX-License-Identifier: Apache-2.0

internal import CLibPQ

extension Session {
    /// What the server was asked in a pipeline, in order.
    private enum Step {
        case prepare(StatementCache.Key, name: String)
        case execute(Int)
    }

    /// Runs reads in one round trip. One that fails stops the ones behind it; these are run again, each alone.
    func runBatch(_ items: [BatchItem]) {
        if items.count == 1 { return items[0].operation.perform(on: self) }
        let alone: [BatchItem]
        do {
            alone = try pipeline(items)
        } catch {
            for item in items { item.operation.refuse(error) }
            return
        }
        for item in alone {
            if isBroken {
                item.operation.refuse(lost())
            } else {
                item.operation.perform(on: self)
            }
        }
    }

    /// Sends the reads with one Sync, tells the callers whose rows came, and returns the reads that must be run alone.
    private func pipeline(_ items: [BatchItem]) throws(PostgresError) -> [BatchItem] {
        let limits = Limits(deadline: items.map(\.operation.limits.deadline).min() ?? .never)
        try forgetDiscarded(limits)
        guard PQenterPipelineMode(pointer) == 1 else { throw lost() }
        let steps = try send(items)
        guard PQpipelineSync(pointer) == 1 else { throw lost() }
        try flush(limits)

        var isDone = [Bool](repeating: false, count: items.count)
        for step in steps {
            let result = try stepResult(limits)
            switch (step, result.status) {
            case (.prepare(let key, let name), PGRES_COMMAND_OK):
                cache.insert(key, name: name)
            case (.execute(let index), PGRES_TUPLES_OK), (.execute(let index), PGRES_COMMAND_OK):
                isDone[index] = true
                items[index].operation.finish(.success(PostgresRows(result)))
            case (.execute(let index), PGRES_FATAL_ERROR):
                let error = serverError(result)
                // Alone, a stale plan is prepared again, and a read that was stopped for a neighbour's deadline goes on.
                if Self.isStalePlan(error) || cancellation != nil { continue }
                isDone[index] = true
                items[index].operation.finish(.failure(error))
            case (_, PGRES_COPY_IN), (_, PGRES_COPY_OUT), (_, PGRES_COPY_BOTH):
                isBroken = true
                throw PostgresError(.usage, "COPY is only possible through copyIn")
            default:
                if PQstatus(pointer) == CONNECTION_BAD { throw lost() }
            }
        }
        try endPipeline(limits)
        return items.indices.filter { !isDone[$0] }.map { items[$0] }
    }

    private func send(_ items: [BatchItem]) throws(PostgresError) -> [Step] {
        var steps: [Step] = []
        var fresh: [StatementCache.Key: String] = [:]
        for (index, item) in items.enumerated() {
            let key = StatementCache.Key(item.query)
            let name: String
            if let known = cache.name(for: key) ?? fresh[key] {
                name = known
            } else {
                name = cache.newName()
                fresh[key] = name
                try checkSent(sendPrepare(item.query, name: name))
                steps.append(.prepare(key, name: name))
            }
            try checkSent(sendPrepared(item.query, name: name))
            steps.append(.execute(index))
        }
        return steps
    }

    /// The one result of a step, read up to the NULL behind it.
    private func stepResult(_ limits: Limits) throws(PostgresError) -> ResultStorage {
        guard let result = try nextResult(limits) else { throw lost() }
        if PQstatus(pointer) == CONNECTION_BAD { throw lost() }
        switch result.status {
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH, PGRES_PIPELINE_SYNC: return result
        default:
            while try nextResult(limits) != nil {}
            return result
        }
    }

    private func endPipeline(_ limits: Limits) throws(PostgresError) {
        guard let sync = try nextResult(limits), sync.status == PGRES_PIPELINE_SYNC else { throw lost() }
        _ = settleCancellation()
        guard PQexitPipelineMode(pointer) == 1 else { throw lost() }
    }
}
