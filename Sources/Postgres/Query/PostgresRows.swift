// SPDX-License-Identifier: Apache-2.0

/// The rows of one statement.
package struct PostgresRows: Sendable, RandomAccessCollection {
    private let storage: ResultStorage

    init(_ storage: ResultStorage) {
        self.storage = storage
    }

    /// Rows selected, inserted, updated or deleted.
    package var affected: Int { storage.affected }

    /// The names of the columns.
    package var columns: [String] { (0..<storage.columnCount).map(storage.columnName) }

    /// The position of the column `name`, if there is one.
    package func column(_ name: String) -> Int? { storage.columnIndex(name) }

    package var startIndex: Int { 0 }
    package var endIndex: Int { storage.rowCount }

    package subscript(position: Int) -> PostgresRow {
        precondition(position >= 0 && position < endIndex, "row out of range")
        return PostgresRow(storage: storage, index: position)
    }

    /// The command tag, like `COMMIT`.
    var tag: String { storage.tag }
}

/// One row; decoding copies the values out.
package struct PostgresRow: Sendable {
    fileprivate let storage: ResultStorage
    /// Where the row stands in its result.
    package let index: Int

    /// Reads the column `name` as `type`; a NULL needs an optional type.
    package func decode<T: PostgresDecodable>(_ type: T.Type = T.self, _ name: String) throws(PostgresError) -> T {
        guard let column = storage.columnIndex(name) else {
            var error = PostgresError(.decoding, "there is no column \"\(name)\"")
            error.column = name
            throw error
        }
        return try decode(type, at: column)
    }

    /// Reads the column at a position, counted from 0.
    package func decode<T: PostgresDecodable>(_ type: T.Type = T.self, at column: Int) throws(PostgresError) -> T {
        guard column >= 0 && column < storage.columnCount else {
            throw PostgresError(.decoding, "there is no column at position \(column): the row has \(storage.columnCount)")
        }
        // The storage outlives the cell, whose bytes belong to it.
        let cell = storage.cell(row: index, column: column)
        defer { withExtendedLifetime(storage) {} }
        do {
            return try T.decode(from: cell)
        } catch {
            throw failure(error, column: column, type: "\(T.self)")
        }
    }

    /// Reads all columns by position: `row.decode((Int64, String?).self)`.
    package func decode<each T: PostgresDecodable>(_ types: (repeat each T).Type) throws(PostgresError) -> (repeat each T) {
        var wanted = 0
        for _ in repeat (each T).self { wanted += 1 }
        guard wanted == storage.columnCount else {
            throw PostgresError(.decoding, "\(wanted) columns were asked for, the row has \(storage.columnCount)")
        }
        var column = 0
        return try (repeat next((each T).self, &column))
    }

    private func next<T: PostgresDecodable>(_ type: T.Type, _ column: inout Int) throws(PostgresError) -> T {
        defer { column += 1 }
        return try decode(type, at: column)
    }

    private func failure(_ failure: PostgresCell.Failure, column: Int, type: String) -> PostgresError {
        let name = storage.columnName(column)
        let serverType = PostgresType.describe(storage.cell(row: index, column: column).type)
        let reason =
            switch failure {
            case .null: "column \"\(name)\" (\(serverType)) is NULL and cannot be read as \(type)"
            case .type: "column \"\(name)\" is \(serverType) and cannot be read as \(type)"
            case .malformed(let what): "column \"\(name)\" (\(serverType)) holds \(what) and cannot be read as \(type)"
            }
        var error = PostgresError(.decoding, reason)
        error.column = name
        return error
    }
}
