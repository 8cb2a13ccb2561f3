// SPDX-License-Identifier: Apache-2.0

internal import CLibPQ
internal import Glibc

/// One `PGresult`: immutable, independent of its connection, readable from any thread.
final class ResultStorage: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Takes over the result; it is cleared with this object.
    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        PQclear(pointer)
    }

    var status: ExecStatusType { PQresultStatus(pointer) }
    var rowCount: Int { Int(PQntuples(pointer)) }
    var columnCount: Int { Int(PQnfields(pointer)) }

    /// Rows selected, inserted, updated, deleted or copied; 0 for statements without a count.
    var affected: Int {
        guard let text = PQcmdTuples(pointer) else { return 0 }
        return Int(atoll(text))
    }

    /// The command tag, like `COMMIT`.
    var tag: String {
        PQcmdStatus(pointer).map { String(cString: $0) } ?? ""
    }

    func columnIndex(_ name: String) -> Int? {
        name.withCString { wanted in
            for column in 0..<PQnfields(pointer) {
                if let found = PQfname(pointer, column), strcmp(found, wanted) == 0 { return Int(column) }
            }
            return nil
        }
    }

    func columnName(_ column: Int) -> String {
        PQfname(pointer, Int32(column)).map { String(cString: $0) } ?? "column \(column + 1)"
    }

    func cell(row: Int, column: Int) -> PostgresCell {
        let (row, column) = (Int32(row), Int32(column))
        let type = PQftype(pointer, column)
        guard PQgetisnull(pointer, row, column) == 0, let value = PQgetvalue(pointer, row, column) else {
            return PostgresCell(type: type, bytes: nil)
        }
        let bytes = UnsafeRawBufferPointer(start: value, count: Int(PQgetlength(pointer, row, column)))
        return PostgresCell(type: type, bytes: bytes)
    }
}

extension ResultStorage {
    /// The server's error in this result.
    func error(kind: PostgresError.Kind = .server) -> PostgresError {
        let state = field(CLIBPQ_DIAG_SQLSTATE)
        let written = field(CLIBPQ_DIAG_MESSAGE_PRIMARY) ?? PQresultErrorMessage(pointer).map { String(cString: $0) }
        let message: String
        if PostgresError.quotesData(sqlState: state) {
            message = state == nil ? "the server gave no SQLSTATE" : "the server refused the data"
        } else {
            message = written ?? "the server gave no message"
        }
        var error = PostgresError(kind, message)
        error.sqlState = state
        error.constraint = field(CLIBPQ_DIAG_CONSTRAINT_NAME)
        error.table = field(CLIBPQ_DIAG_TABLE_NAME)
        error.column = field(CLIBPQ_DIAG_COLUMN_NAME)
        error.detail = field(CLIBPQ_DIAG_MESSAGE_DETAIL)
        error.serverMessage = written
        error.serverRoutine = field(CLIBPQ_DIAG_SOURCE_FUNCTION)
        return error
    }

    private func field(_ code: Int32) -> String? {
        PQresultErrorField(pointer, code).map { String(cString: $0) }
    }
}
