// SPDX-License-Identifier: Apache-2.0
package import Testing

/// Waits for something that comes about by itself, with the patience that a busy machine needs.
package func eventually(
    _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
) async throws {
    let start = ContinuousClock.now
    while try await !condition() {
        try #require(ContinuousClock.now - start < .seconds(60), what, sourceLocation: sourceLocation)
        try await Task.sleep(for: .milliseconds(20))
    }
}
