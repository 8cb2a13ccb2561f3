// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import NIOCore
import Synchronization

/// The limits of a listener: each client address and each presented token has a bucket, in this process.
///
/// Asked before anything else is done for a request, so whoever sends forged tokens is stopped without a look at one. A bucket
/// belongs to the text of a token, good or not: nobody without the token can empty it.
///
/// Thread safety: buckets are spread over shards, so that requests of several threads seldom meet at a lock, and never for
/// longer than a few comparisons.
final class RequestLimits: Sendable {
    private let addresses: Shards?
    private let tokens: Shards?

    /// - Parameters:
    ///   - perAddress: nil is no limit.
    ///   - perToken: likewise.
    init?(perAddress: RateLimit?, perToken: RateLimit?) {
        guard perAddress != nil || perToken != nil else { return nil }
        addresses = perAddress.map(Shards.init)
        tokens = perToken.map(Shards.init)
    }

    /// Takes one request of the client's. Of two limits the tighter one answers.
    func take(address: String, _ credential: PresentedCredential?) -> RateLimiter.Allowance? {
        let now = Int64(NIODeadline.now().uptimeNanoseconds)
        let ofAddress = addresses?.take(ClientKey(address: address).value, now: now)
        if let ofAddress, !ofAddress.isAllowed { return ofAddress }
        guard let tokens, let credential else { return ofAddress }
        let ofToken = tokens.take(ClientKey(token: credential.token).value, now: now)
        guard let ofAddress, ofToken.isAllowed, ofAddress.remaining < ofToken.remaining else { return ofToken }
        return ofAddress
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

    func take(_ key: UInt64, now: Int64) -> RateLimiter.Allowance {
        // The upper bits choose the shard, the lower ones the slot.
        shards[Int(key >> 60) % Self.count].limiter.withLock { $0.take(key, now: now) }
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
