// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Daemon

/// Programs that begin at once on a new machine make its folders together.
@Suite struct FolderRaceTests {
    @Test func allOfThoseWhoMakeAFolderAtOnceHaveIt() async throws {
        let root = FileManager.default.temporaryDirectory.path + "/muster-race-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: root) }
        for number in 0..<200 {
            let path = "\(root)/\(number)/deep/data"
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { try FileSystem.makeMissingFolder(path, mode: 0o700, owner: nil) } }
                try await group.waitForAll()
            }
            #expect(FileManager.default.fileExists(atPath: path))
        }
        // What is no folder is told.
        try Data().write(to: URL(filePath: "\(root)/file"))
        #expect(throws: EmbeddedPostgresError.self) {
            try FileSystem.makeMissingFolder("\(root)/file/below", mode: 0o700, owner: nil)
        }
    }
}
