// SPDX-License-Identifier: Apache-2.0

package import Postgres

/// Decides when a file counts: once it was closed or renamed into place, or stayed the same for a while. Pure.
///
/// A file that is being written to never counts, however long its writer pauses, as long as the system told us of the writing.
/// Where it tells nothing, as on a network file system or before we started, standing still is all there is to go by.
package struct Settling: Sendable {
    /// How long a file of which nothing was heard must stay the same.
    package static let rest = Duration.seconds(2)

    private struct Sighting {
        var file: WatchedFile
        var since: MonotonicInstant
    }

    private var accepted: [String: WatchedFile] = [:]
    private var sightings: [String: Sighting] = [:]
    private var closed: Set<String> = []
    private var writing: Set<String> = []

    package init() {}

    /// Somebody wrote to the file and has it open still.
    package mutating func noteWriting(_ path: String) {
        writing.insert(path)
        closed.remove(path)
    }

    /// A writer closed the file, or it was renamed to this name.
    package mutating func noteArrival(_ path: String) {
        writing.remove(path)
        closed.insert(path)
    }

    /// The file is gone.
    package mutating func noteGone(_ path: String) {
        writing.remove(path)
        closed.remove(path)
    }

    /// What was heard may be incomplete.
    package mutating func noteLoss() {
        writing = []
    }

    /// Whether a file counts as it is now.
    ///
    /// - Returns: true, or when to look again.
    package mutating func counts(_ file: WatchedFile, at now: MonotonicInstant) -> (counts: Bool, lookAgain: MonotonicInstant?) {
        if closed.remove(file.path) != nil { return accept(file) }
        if accepted[file.path] == file { return (true, nil) }
        if writing.contains(file.path) { return (false, nil) }
        guard let sighting = sightings[file.path], sighting.file == file else {
            sightings[file.path] = Sighting(file: file, since: now)
            return (false, now + Self.rest)
        }
        let due = sighting.since + Self.rest
        return due <= now ? accept(file) : (false, due)
    }

    /// Forgets files that are no longer there.
    package mutating func keep(only paths: Set<String>) {
        accepted = accepted.filter { paths.contains($0.key) }
        sightings = sightings.filter { paths.contains($0.key) }
        closed.formIntersection(paths)
        writing.formIntersection(paths)
    }

    private mutating func accept(_ file: WatchedFile) -> (counts: Bool, lookAgain: MonotonicInstant?) {
        accepted[file.path] = file
        sightings[file.path] = nil
        return (true, nil)
    }
}
