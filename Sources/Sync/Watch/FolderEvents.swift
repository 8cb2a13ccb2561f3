// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What inotify tells about folders. For a thread of its own: ``wait(milliseconds:)`` blocks.
struct FolderEvents: ~Copyable {
    enum Event: Equatable {
        case writing(String)
        /// A folder was made, empty as yet.
        case made(String)
        case arrived(String)
        case gone(String)
        /// The folder, or something in it that is no export, changed.
        case changed
        /// The kernel's queue ran over.
        case lost
    }

    private let descriptor: Int32
    private let wakeDescriptor: Int32
    private var folders: [Int32: String] = [:]

    private static let mask = UInt32(
        IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_DELETE_SELF
            | IN_MOVE_SELF
            | IN_ONLYDIR)

    /// Begins to listen; `wake` is a descriptor whose readability ends a wait. Without inotify there are no events, only rescans.
    init(wake: Int32) {
        descriptor = inotify_init1(Int32(O_NONBLOCK | O_CLOEXEC))
        wakeDescriptor = wake
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Listens to these folders and no others; for one that is not there, to the nearest one above it that is.
    mutating func watch(_ wanted: Set<String>) {
        guard descriptor >= 0 else { return }
        var kept: [Int32: String] = [:]
        for folder in wanted {
            var existing = folder.isEmpty ? "." : folder
            var watch = inotify_add_watch(descriptor, existing, Self.mask)
            while watch < 0, errno == ENOENT || errno == ENOTDIR, let slash = existing.lastIndex(of: "/"), existing != "/" {
                existing = slash == existing.startIndex ? "/" : String(existing[..<slash])
                watch = inotify_add_watch(descriptor, existing, Self.mask)
            }
            if watch >= 0, kept[watch] == nil || existing == folder { kept[watch] = existing }
        }
        for watch in folders.keys where kept[watch] == nil { inotify_rm_watch(descriptor, watch) }
        folders = kept
    }

    /// Waits for events, a wake-up or the time.
    ///
    /// - Returns: the events, and whether it was woken up.
    mutating func wait(milliseconds: Int32) -> (events: [Event], woken: Bool) {
        var polled = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&polled, 2, milliseconds) > 0 else { return ([], false) }
        return (polled[0].revents == 0 ? [] : read(), polled[1].revents != 0)
    }

    private mutating func read() -> [Event] {
        var events: [Event] = []
        withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 8) { buffer in
            while true {
                let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                guard count > 0 else { return }
                var offset = 0
                while offset + MemoryLayout<inotify_event>.size <= count {
                    let header = buffer.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
                    let start = offset + MemoryLayout<inotify_event>.size
                    let name = UnsafeRawBufferPointer(rebasing: buffer[start..<start + Int(header.len)]).prefix { $0 != 0 }
                    if let event = event(header, String(decoding: name, as: UTF8.self)) { events.append(event) }
                    offset = start + Int(header.len)
                }
            }
        }
        return events
    }

    private mutating func event(_ header: inotify_event, _ name: String) -> Event? {
        let mask = Int32(bitPattern: header.mask)
        if mask & IN_Q_OVERFLOW != 0 { return .lost }
        if mask & IN_IGNORED != 0 {
            folders[header.wd] = nil
            return .changed
        }
        guard let folder = folders[header.wd] else { return nil }
        if mask & (IN_DELETE_SELF | IN_MOVE_SELF) != 0 {
            // What lies at this path from now on is another folder.
            inotify_rm_watch(descriptor, header.wd)
            folders[header.wd] = nil
            return .changed
        }
        if name.isEmpty { return .changed }
        let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
        // A folder that is made here is filled here; nobody tells when that is done, so it has to be renamed into place.
        if mask & IN_ISDIR != 0, mask & IN_CREATE != 0 { return .made(path) }
        if mask & IN_ISDIR != 0, mask & (IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE) == 0 { return .changed }
        if mask & (IN_CLOSE_WRITE | IN_MOVED_TO) != 0 { return .arrived(path) }
        if mask & IN_MODIFY != 0 { return .writing(path) }
        if mask & (IN_DELETE | IN_MOVED_FROM) != 0 { return .gone(path) }
        return .changed
    }
}
