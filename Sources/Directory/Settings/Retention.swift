// SPDX-License-Identifier: Apache-2.0

/// How many days things are kept that nobody needs for work; nil is for ever.
package struct Retention: Sendable, Equatable {
    /// Events of the audit trail.
    package var auditDays: Int?
    /// Runs that are over, with their changes and findings.
    package var runDays: Int?
    /// Deliveries to webhooks that arrived or were given up. They hold people's data.
    package var deliveryDays: Int?

    /// What holds until an operator says otherwise: two weeks are enough to look into what went wrong with a delivery.
    package init(auditDays: Int? = nil, runDays: Int? = nil, deliveryDays: Int? = 14) {
        self.auditDays = auditDays
        self.runDays = runDays
        self.deliveryDays = deliveryDays
    }

    /// The days that can be asked for.
    package static let limits = 1...36_500

    /// What is wrong with it; each field by its name on the wire.
    var problems: [FieldProblem] {
        [
            ("audit_days", "Days of the audit trail", auditDays), ("run_days", "Days of runs", runDays),
            ("delivery_days", "Days of deliveries", deliveryDays),
        ].compactMap { name, label, days in
            guard let days, !Self.limits.contains(days) else { return nil }
            return FieldProblem(name, "\(label) must be between \(Self.limits.lowerBound) and \(Self.limits.upperBound)")
        }
    }
}
