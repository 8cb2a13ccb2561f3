// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Hummingbird
import WebSurface

extension PlatformAPI {
    /// Carries out a POST: as it is, or at most once where the caller sent an `Idempotency-Key`. Every POST goes through here.
    ///
    /// - Parameters:
    ///   - reference: the id of the object that the answer shows; nil when it shows none.
    ///   - replay: finds that object for a call that was carried out before, for the caller that it is given.
    nonisolated(nonsending) func once<Object>(
        _ request: Request, _ context: WebContext, _ caller: Caller, reference: (Object) -> Int64?,
        replay: nonisolated(nonsending) (Int64?, Caller) async throws -> Object,
        execute: nonisolated(nonsending) () async throws -> Object
    ) async throws -> Object {
        guard let call = try await keyedCall(request, context, caller) else { return try await execute() }
        return try await directory.once(call, by: caller, reference: reference, replay: replay, execute: execute)
    }

    /// The same where the answer always shows an object.
    nonisolated(nonsending) func once<Object: Identifiable<Int64>>(
        _ request: Request, _ context: WebContext, _ caller: Caller,
        replay: nonisolated(nonsending) (Int64, Caller) async throws -> Object,
        execute: nonisolated(nonsending) () async throws -> Object
    ) async throws -> Object {
        try await once(
            request, context, caller, reference: \.id,
            replay: {
                guard let id = $0 else { throw DirectoryError.notFound }
                return try await replay(id, $1)
            }, execute: execute)
    }

    /// The call by its `Idempotency-Key`; nil when it has none.
    ///
    /// - Throws: 422 for a key that is none.
    func keyedCall(_ request: Request, _ context: WebContext, _ caller: Caller) async throws -> KeyedCall? {
        do throws(DirectoryError) {
            return try KeyedCall(request, context, caller, body: context.web.body.readableBytesView)
        } catch {
            try await authenticate(caller)
            throw error
        }
    }
}

extension KeyedCall {
    /// A call by its `Idempotency-Key`; nil when it has none.
    ///
    /// What must be the same for a call to be the same: verb, path, query, kind of body, body.
    ///
    /// - Parameter body: its bytes, or their digest.
    init?(_ request: Request, _ context: WebContext, _ caller: Caller, body: some Sequence<UInt8>) throws(DirectoryError) {
        // Keys are kept for Platform Apps; an operator's calls are carried out as they come.
        guard !caller.isOperator, let key = request.headers[.idempotencyKey] else { return nil }
        var content: [UInt8] = []
        for part in [
            request.method.rawValue, request.uri.path, String(context.web.query ?? ""), request.headers[.contentType] ?? "",
        ] {
            content += part.utf8
            // No part may hold one, so that two calls never look like one.
            content.append(0)
        }
        content += body
        try self.init(key: key, content: content)
    }
}

extension HTTPField.Name {
    fileprivate static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
}
