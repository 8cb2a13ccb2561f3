// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

extension Bool: PostgresScalar {
    package static var postgresType: PostgresType { .bool }

    package func encode(into buffer: inout [UInt8]) { buffer.append(self ? 1 : 0) }

    package static func decode(from cell: PostgresCell) throws(PostgresCell.Failure) -> Bool {
        guard cell.type == PostgresType.bool.oid else { throw .type(expected: "Bool") }
        return try cell.integer(UInt8.self) != 0
    }
}

extension Int16: PostgresScalar {
    package static var postgresType: PostgresType { .int2 }

    package func encode(into buffer: inout [UInt8]) { buffer.appendBigEndian(self) }

    package static func decode(from cell: PostgresCell) throws(PostgresCell.Failure) -> Int16 {
        guard cell.type == PostgresType.int2.oid else { throw .type(expected: "Int16") }
        return try cell.integer(Int16.self)
    }
}

extension Int32: PostgresScalar {
    package static var postgresType: PostgresType { .int4 }

    package func encode(into buffer: inout [UInt8]) { buffer.appendBigEndian(self) }

    package static func decode(from cell: PostgresCell) throws(PostgresCell.Failure) -> Int32 {
        switch cell.type {
        case PostgresType.int4.oid: return try cell.integer(Int32.self)
        case PostgresType.int2.oid: return Int32(try cell.integer(Int16.self))
        default: throw .type(expected: "Int32")
        }
    }
}

extension Int64: PostgresScalar {
    package static var postgresType: PostgresType { .int8 }

    package func encode(into buffer: inout [UInt8]) { buffer.appendBigEndian(self) }

    package static func decode(from cell: PostgresCell) throws(PostgresCell.Failure) -> Int64 {
        switch cell.type {
        case PostgresType.int8.oid: return try cell.integer(Int64.self)
        case PostgresType.int4.oid: return Int64(try cell.integer(Int32.self))
        case PostgresType.int2.oid: return Int64(try cell.integer(Int16.self))
        default: throw .type(expected: "Int64")
        }
    }
}

extension Int: PostgresScalar {
    package static var postgresType: PostgresType { .int8 }

    package func encode(into buffer: inout [UInt8]) { buffer.appendBigEndian(Int64(self)) }

    package static func decode(from cell: PostgresCell) throws(PostgresCell.Failure) -> Int {
        Int(try Int64.decode(from: cell))
    }
}

extension Double: PostgresScalar {
    package static var postgresType: PostgresType { .float8 }

    package func encode(into buffer: inout [UInt8]) { buffer.appendBigEndian(bitPattern) }

    package static func decode(from cell: PostgresCell) throws(PostgresCell.Failure) -> Double {
        switch cell.type {
        case PostgresType.float8.oid: return Double(bitPattern: try cell.integer(UInt64.self))
        case PostgresType.float4.oid: return Double(Float(bitPattern: try cell.integer(UInt32.self)))
        default: throw .type(expected: "Double")
        }
    }
}

extension String: PostgresScalar {
    package static var postgresType: PostgresType { .text }

    package func encode(into buffer: inout [UInt8]) { buffer.append(contentsOf: utf8) }

    package static func decode(from cell: PostgresCell) throws(PostgresCell.Failure) -> String {
        switch cell.type {
        case PostgresType.text.oid, PostgresType.varchar.oid, PostgresType.bpchar.oid, PostgresType.name.oid,
            PostgresType.unknown.oid:
            // The server checked the encoding when it stored the text.
            return String(decoding: try cell.value(), as: UTF8.self)
        default: throw .type(expected: "String")
        }
    }
}

extension UUID: PostgresScalar {
    package static var postgresType: PostgresType { .uuid }

    package func encode(into buffer: inout [UInt8]) {
        withUnsafeBytes(of: uuid) { buffer.append(contentsOf: $0) }
    }

    package static func decode(from cell: PostgresCell) throws(PostgresCell.Failure) -> UUID {
        guard cell.type == PostgresType.uuid.oid else { throw .type(expected: "UUID") }
        let bytes = try cell.value()
        guard bytes.count == 16 else { throw .malformed("\(bytes.count) bytes") }
        return UUID(uuid: bytes.loadUnaligned(as: uuid_t.self))
    }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    package static var postgresType: PostgresType { Wrapped.postgresType }

    package var isNull: Bool { self?.isNull ?? true }

    package func encode(into buffer: inout [UInt8]) { self?.encode(into: &buffer) }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    package static func decode(from cell: PostgresCell) throws(PostgresCell.Failure) -> Wrapped? {
        cell.bytes == nil ? nil : try Wrapped.decode(from: cell)
    }
}
