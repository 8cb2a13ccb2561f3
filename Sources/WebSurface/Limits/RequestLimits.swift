// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import NIOCore
import Synchronization

/// A limit that a client has for itself, in place of the one for every token.
package struct OwnLimit: Sendable, Equatable {
    /// What shares the bucket.
    package let client: Int64
    package let limit: RateLimit

    package init(client: Int64, _ limit: RateLimit) {
        self.client = client
        self.limit = limit
    }
}

/// The limits of a listener: each client address and each presented token has a bucket, in this process.
///
/// Asked before anything else is done for a request, so whoever sends forged tokens is stopped without a look at one. A bucket
/// belongs to the text of a token, good or not: nobody without the token can empty it. Where clients have limits of their own,
/// these are asked once the address is allowed, and by the token's text alone.
///
/// Thread safety: buckets are spread over shards, so that requests of several threads seldom meet at a lock, and never for
/// longer than a few comparisons.
final class RequestLimits: Sendable {
    private let addresses: Shards?
    private let tokens: Shards?
    private let owns: Shards?
    private let ownLimit: @Sendable (_ token: String) -> OwnLimit?

    /// - Parameters:
    ///   - perAddress: nil is no limit.
    ///   - perToken: likewise.
    ///   - ownLimit: the limit of whoever presents a token, which holds in place of `perToken`; nil where there is none at all.
    init?(perAddress: RateLimit?, perToken: RateLimit?, ownLimit: (@Sendable (_ token: String) -> OwnLimit?)? = nil) {
        guard perAddress != nil || perToken != nil || ownLimit != nil else { return nil }
        owns = ownLimit.map { _ in Shards(RateLimit(perMinute: 1)) }
        self.ownLimit = ownLimit ?? { _ in nil }
        addresses = perAddress.map(Shards.init)
        tokens = perToken.map(Shards.init)
    }

    /// Takes one request of the client's. Of two limits the tighter one answers.
    func take(address: String, _ credential: PresentedCredential?) -> RateLimiter.Allowance? {
        let now = Int64(NIODeadline.now().uptimeNanoseconds)
        let ofAddress = addresses?.take(ClientKey(address: address).value, now: now)
        if let ofAddress, !ofAddress.isAllowed { return ofAddress }
        guard let credential, let ofToken = take(of: credential.token, now: now) else { return ofAddress }
        guard let ofAddress, ofToken.isAllowed, ofAddress.remaining < ofToken.remaining else { return ofToken }
        return ofAddress
    }

    private func take(of token: String, now: Int64) -> RateLimiter.Allowance? {
        if let owns, let own = ownLimit(token) {
            return owns.take(ClientKey(client: own.client).value, now: now, own: own.limit)
        }
        return tokens?.take(ClientKey(token: token).value, now: now)
    }
}

/// Limiters side by side, each with its lock.
private struct Shards: Sendable {
    private static let count = 16
    /// Clients in each.
    private static let capacity = 2_048

    private final class Shard: Sendable {
        let limiter: Mutex<RateLimiter>

        init(_ limit: RateLimit) { limiter = Mutex(RateLimiter(limit, capacity: Shards.capacity)) }
    }

    private let shards: [Shard]

    init(_ limit: RateLimit) { shards = (0..<Self.count).map { _ in Shard(limit) } }

    func take(_ key: UInt64, now: Int64, own: RateLimit? = nil) -> RateLimiter.Allowance {
        // The upper bits choose the shard, the lower ones the slot.
        shards[Int(key >> 60) % Self.count].limiter.withLock { $0.take(key, now: now, own: own) }
    }
}

/// The number that stands for a client. Hashed with the process's own seed: nobody can choose whose bucket to share.
struct ClientKey: Equatable {
    let value: UInt64

    init(token: String) {
        var hasher = Hasher()
        hasher.combine(token)
        value = UInt64(bitPattern: Int64(hasher.finalize()))
    }

    init(client: Int64) {
        var hasher = Hasher()
        hasher.combine(client)
        value = UInt64(bitPattern: Int64(hasher.finalize()))
    }

    /// An IPv6 client is its network of 64 bits: nobody is short of addresses in it.
    init(address: String) {
        var hasher = Hasher()
        if address.utf8.contains(UInt8(ascii: ":")), let network = AddressBlock(address)?.network {
            hasher.combine(network)
        } else {
            hasher.combine(address)
        }
        value = UInt64(bitPattern: Int64(hasher.finalize()))
    }
}

extension RateLimiter.Allowance {
    /// What every answer says (draft-ietf-httpapi-ratelimit-headers-03).
    func write(to headers: inout HTTPFields) {
        headers[.rateLimitLimit] = String(limit)
        headers[.rateLimitRemaining] = String(remaining)
        headers[.rateLimitReset] = String(reset)
    }

    /// 429 in the API's shape.
    var refusal: APIError {
        var error = APIError.tooManyRequests
        error.headers[.retryAfter] = String(max(1, retryAfter))
        return error
    }
}

extension HTTPField.Name {
    fileprivate static let rateLimitLimit = HTTPField.Name("RateLimit-Limit")!
    fileprivate static let rateLimitRemaining = HTTPField.Name("RateLimit-Remaining")!
    fileprivate static let rateLimitReset = HTTPField.Name("RateLimit-Reset")!
}
