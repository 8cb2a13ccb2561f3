// SPDX-License-Identifier: Apache-2.0

import DirectoryTestSupport
import Postgres
import Testing

@testable import Directory

@Suite struct ChunkPlanTests {
    static func set(_ count: Int, firstChunkEnd: Int) -> ChangeSet {
        ChangeSet(run: 1, plannedAt: .now, count: count, firstChunkEnd: firstChunkEnd)
    }

    static func spans(_ set: ChangeSet, _ applied: [ClosedRange<Int>] = []) -> [ClosedRange<Int>] {
        ChunkPlan.remaining(set, applied: applied).map { $0.first...$0.last }
    }

    @Test func chunks() {
        #expect(Self.spans(Self.set(0, firstChunkEnd: 0)).isEmpty)
        #expect(Self.spans(Self.set(1, firstChunkEnd: 0)) == [1...1])
        #expect(Self.spans(Self.set(1_999, firstChunkEnd: 0)) == [1...1_999])
        #expect(Self.spans(Self.set(10_000, firstChunkEnd: 0)) == [1...5_000, 5_001...10_000])
        #expect(
            Self.spans(Self.set(25_003, firstChunkEnd: 3)) == [
                1...3, 4...6_253, 6_254...12_503, 12_504...18_753, 18_754...25_003,
            ])
        #expect(Self.spans(Self.set(25_000, firstChunkEnd: 12_000)) == [1...12_000, 12_001...18_500, 18_501...25_000])
        #expect(Self.spans(Self.set(25_000, firstChunkEnd: 25_000)) == [1...25_000])
    }

    @Test func continues() {
        let set = Self.set(25_000, firstChunkEnd: 12_000)
        #expect(Self.spans(set, [1...12_000]) == [12_001...18_500, 18_501...25_000])
        #expect(Self.spans(set, [1...12_000, 18_501...25_000]) == [12_001...18_500])
        #expect(Self.spans(set, [1...12_000, 13_001...19_000]) == [12_001...13_000, 19_001...25_000])
        #expect(Self.spans(set, [1...3_000]).first == 3_001...12_000)
        #expect(Self.spans(set, [1...12_000, 12_001...18_500, 18_501...25_000]).isEmpty)
    }

    /// Whatever was applied: the rest is covered exactly once, in order, in chunks of the right size.
    @Test(arguments: 1...50 as ClosedRange<UInt64>) func remainderIsExact(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let count = Int.random(in: 0...60_000, using: &random)
        let set = Self.set(count, firstChunkEnd: Int.random(in: 0...count, using: &random))
        var applied: [ClosedRange<Int>] = []
        var next = 1
        while next <= count {
            let last = min(count, next + Int.random(in: 0...15_000, using: &random))
            if Bool.random(using: &random) { applied.append(next...last) }
            next = last + 1
        }
        let remaining = Self.spans(set, applied)
        var covered = Set<Int>()
        for range in remaining {
            #expect(range.count <= ChunkPlan.chunkSize || range.upperBound <= set.firstChunkEnd, "seed \(seed)")
            covered.formUnion(range)
        }
        #expect(remaining.map(\.lowerBound) == remaining.map(\.lowerBound).sorted(), "seed \(seed)")
        #expect(covered.count == remaining.reduce(0) { $0 + $1.count }, "seed \(seed): a change twice")
        #expect(covered.union(applied.flatMap { $0 }) == Set(1..<(count + 1)), "seed \(seed)")
        #expect(covered.isDisjoint(with: applied.flatMap { $0 }), "seed \(seed)")
    }

    @Test func halvesMeet() {
        let range = ChangeRange(set: Self.set(9, firstChunkEnd: 0), first: 4, last: 8)
        #expect(range.halves.map { [$0.first, $0.last, $1.first, $1.last] } == [4, 5, 6, 8])
        #expect(ChangeRange(set: range.set, first: 4, last: 4).halves == nil)
    }
}
