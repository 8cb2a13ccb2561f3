// SPDX-License-Identifier: Apache-2.0

/// What `JSONExportReader` must know of a format: where the items are, what names them, what proves that all are there.
struct JSONFormat: Sendable {
    /// The formats, and the forms of one that differ in their outermost brackets.
    enum Name: Sendable, Hashable, CaseIterable {
        case keycloak, graph, graphItems, powershell, scim, scimItems, okta, google, googleItems, googleMembers, objects
    }

    /// What an item is; it is told by `objectClass` of its entry.
    enum Kind: Sendable, Hashable {
        case user, group
        /// One membership: the item becomes a part of the group's entry.
        case member
        /// Nothing more is known than the item says.
        case object
    }

    /// A key of the outer object whose list holds items.
    struct List: Sendable {
        var key: StaticString
        var kind: Kind
        /// The key of an item that holds the object proper; its other members are attributes of `operation`.
        var inner: StaticString?
    }

    private(set) var name: Name
    /// The keys of the outer object that hold items; none where the objects of the file are the items.
    var lists: [List] = []
    /// Whether each key of the outer object names a group and holds the list of its members.
    var isKeyedByGroup = false
    /// What the objects of the file are, where they are the items.
    var kind = Kind.object
    /// The attributes that can be the name of a user and of a group, the first that has a value.
    var userNames: [AttributeName]
    var groupNames: [AttributeName] = []
    var names = Entry.Names.plain
    /// Keys of an item that say nothing about people.
    var ignored: [StaticString] = []
    /// The key of an item whose list holds items below it.
    var below: StaticString?
    /// What a membership tells, where a whole object stands for it; everything where none are named.
    var memberAttributes: [AttributeName] = []
    /// The key of the outer object that says how many items there are.
    var total: StaticString?
    /// Keys of the outer object that are there when more pages follow.
    var next: [StaticString] = []
    /// The key of the outer object that is there when the file tells changes.
    var changes: StaticString?
    /// Whether a list of items may come in parts, under one key several times.
    var joinsLists = false
    /// The key of the outer object that tells the format; with it, the lists may be absent: they are empty.
    var mark: StaticString?
    /// What a whole file proves.
    var level = Proof.Level.wellFormed
    /// What a report says of every file.
    var notes: [Proof.Note] = []
    /// What completes an item: its kind and what the format writes in its own way.
    var complete: @Sendable (inout Entry, Kind) -> ItemCompletion = { _, kind in ItemCompletion(kind: kind) }
    /// The form in which a text is kept, where the format writes it in another one.
    var rewrites: (@Sendable (UnsafeRawBufferPointer, inout [UInt8]) -> TextForm)?

    /// Whether the items stand in an outer object.
    var isEnvelope: Bool { !lists.isEmpty || isKeyedByGroup }

    init(_ name: Name, names: [AttributeName]) {
        self.name = name
        userNames = names
    }

    /// Another form of a format.
    init(_ name: Name, from other: JSONFormat) {
        self = other
        self.name = name
    }

    /// The keys by which an object of no known format is named.
    static let plainNames = [
        "dn", "distinguishedName", "id", "uid", "uuid", "guid", "externalId", "userName", "username", "login", "primaryEmail",
        "email", "mail",
    ]

    static func of(_ name: Name) -> JSONFormat {
        switch name {
        case .keycloak: keycloak
        case .graph: graph
        case .graphItems: graphItems
        case .powershell: powershell
        case .scim: scim
        case .scimItems: scimItems
        case .okta: okta
        case .google: google
        case .googleItems: googleItems
        case .googleMembers: googleMembers
        case .objects: objects
        }
    }
}

/// What an item is, after all of it was read.
struct ItemCompletion {
    var kind: JSONFormat.Kind
    /// The item says that this object is gone.
    var isRemoved = false
    /// It may come back under the same id.
    var isRestorable = false
    /// The item tells what happened to the object, for who wants to know it.
    var isChange = false
    /// Why the item cannot be used.
    var fault: String?
    /// The item names groups or members that the exporting tool cut off.
    var lostMemberships = false
}

/// What became of a text.
enum TextForm {
    /// Keep it as written.
    case asWritten
    /// Take what was appended instead.
    case rewritten
    /// It stands for something that was not exported.
    case lost
}
