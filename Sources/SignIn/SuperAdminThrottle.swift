// SPDX-License-Identifier: Apache-2.0

import Directory
import Secrets

/// What failed sign-ins of super admins count against; only failures count.
enum SuperAdminThrottle {
    /// Guessing a password: 5 in 5 minutes for one address from one place, 20 in 15 minutes for one from everywhere, and as many
    /// from one place as any sign-in.
    static func password(address: String, email: String) -> [FailureLimit] {
        [
            FailureLimit(key: key("pair", Throttle.network(of: address), email), most: 5, seconds: 300),
            FailureLimit(key: key("email", email), most: 20, seconds: 900),
            Throttle.address(address),
        ]
    }

    /// Wrong answers in one session: 5, longer than one that waits for its code lives.
    static func session(_ proof: SuperAdminProof) -> FailureLimit {
        FailureLimit(key: key("session", Hex.encode(proof.digest)), most: 5, seconds: 900)
    }

    /// Guessing codes in sessions that wait for one, which takes the password: 20 in a day, so that a year of it has one chance
    /// in fifty. Recovery codes do not count, so the super admin gets in meanwhile.
    static func code(_ superAdminID: Int64) -> FailureLimit {
        FailureLimit(key: key("code", "\(superAdminID)"), most: 20, seconds: 86_400)
    }

    /// Guessing in sessions that are signed in, which takes a stolen one: 10 in an hour. Who knows the password only cannot use
    /// these up, and so cannot keep it from being changed.
    static func confirmation(_ superAdminID: Int64) -> FailureLimit {
        FailureLimit(key: key("confirmation", "\(superAdminID)"), most: 10, seconds: 3_600)
    }

    private static func key(_ parts: String...) -> [UInt8] {
        Digest.sha256("super_admin:" + parts.map { "\($0.utf8.count):\($0)" }.joined())
    }
}
