// SPDX-License-Identifier: Apache-2.0

import Postgres

@testable import Directory

/// The engine's read-back for tests that look inside a transaction of theirs.
enum ReadBack {
    static func mismatches(_ set: ChangeSet) -> PostgresQuery { ReadBackStatements.mismatches(set) }
}
