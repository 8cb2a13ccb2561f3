// SPDX-License-Identifier: Apache-2.0

extension PeopleRule {
    /// The fields that the policy names, by the keys that they have in a desired state, in byte order; those of custom
    /// attributes begin with `custom_attributes.`.
    package var fields: [(field: String, mapping: FieldMapping)] {
        var fields = [("email", email), ("name", name)]
        if let displayName { fields.append(("display_name", displayName)) }
        fields += customAttributes.map { ("custom_attributes." + $0.key, $0.mapping) }
        return fields.sorted { ByteOrder.isLess($0.0, $1.0) }.map { (field: $0.0, mapping: $0.1) }
    }

    /// The fields that are set when a user is created and left alone from then on (`only: creation`), in byte order.
    package var onlyOnCreation: [String] {
        fields.filter(\.mapping.onlyOnCreation).map(\.field)
    }
}

extension Policy {
    /// The precedence of a field (a key of `PeopleRule.fields`, or another that the policy sets, such as `enabled`).
    ///
    /// Where several policies name a field of one user, the highest precedence sets it; among equals the one that set it
    /// first keeps it, until it names it no more.
    package func precedence(of field: String) -> Int {
        people.fields.first { ByteOrder.isSame($0.field, field) }?.mapping.precedence ?? precedence
    }
}
