// SPDX-License-Identifier: Apache-2.0

/// A type of the server, by its object id.
package struct PostgresType: Sendable, Hashable {
    /// The object id.
    package let oid: UInt32
    /// The object id of the array of this type; 0 where there is none here.
    package let arrayOID: UInt32
    /// What the server calls it.
    package let name: String

    static let bool = PostgresType(oid: 16, arrayOID: 1000, name: "boolean")
    static let bytea = PostgresType(oid: 17, arrayOID: 1001, name: "bytea")
    static let name = PostgresType(oid: 19, arrayOID: 1003, name: "name")
    static let int8 = PostgresType(oid: 20, arrayOID: 1016, name: "bigint")
    static let int2 = PostgresType(oid: 21, arrayOID: 1005, name: "smallint")
    static let int4 = PostgresType(oid: 23, arrayOID: 1007, name: "integer")
    static let text = PostgresType(oid: 25, arrayOID: 1009, name: "text")
    static let json = PostgresType(oid: 114, arrayOID: 199, name: "json")
    static let float4 = PostgresType(oid: 700, arrayOID: 1021, name: "real")
    static let float8 = PostgresType(oid: 701, arrayOID: 1022, name: "double precision")
    static let unknown = PostgresType(oid: 705, arrayOID: 0, name: "unknown")
    static let bpchar = PostgresType(oid: 1042, arrayOID: 1014, name: "character")
    static let varchar = PostgresType(oid: 1043, arrayOID: 1015, name: "character varying")
    static let timestamptz = PostgresType(oid: 1184, arrayOID: 1185, name: "timestamp with time zone")
    static let uuid = PostgresType(oid: 2950, arrayOID: 2951, name: "uuid")
    static let jsonb = PostgresType(oid: 3802, arrayOID: 3807, name: "jsonb")
    static let void = PostgresType(oid: 2278, arrayOID: 0, name: "void")

    private static let known: [PostgresType] = [
        bool, bytea, name, int8, int2, int4, text, json, float4, float8, unknown, bpchar, varchar, timestamptz, uuid, jsonb, void,
    ]

    /// What to call the type with this object id in an error.
    static func describe(_ oid: UInt32) -> String {
        if let type = known.first(where: { $0.oid == oid }) { return type.name }
        if let element = known.first(where: { $0.arrayOID == oid }) { return element.name + "[]" }
        return "type with oid \(oid)"
    }

    /// The array of this type.
    var array: PostgresType { PostgresType(oid: arrayOID, arrayOID: 0, name: name + "[]") }
}
