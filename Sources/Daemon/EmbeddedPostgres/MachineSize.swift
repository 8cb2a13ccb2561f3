// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What the machine, or the container, has to give.
struct MachineSize: Sendable, Hashable {
    let memory: Int64
    let cores: Int
    let freeDisk: Int64

    /// Measures where `folder` lives; blocks for a few small reads.
    static func measure(folder: String) -> Self {
        var limits = [Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE)))]
        let groups = FileSystem.text(of: "/proc/self/cgroup") ?? ""
        for file in memoryLimitFiles(controlGroups: groups) {
            if let text = FileSystem.text(of: file), let limit = memoryLimit(text) {
                limits.append(limit)
            }
        }
        return Self(
            memory: limits.min() ?? 0,
            cores: max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))),
            freeDisk: FileSystem.freeSpace(at: folder) ?? .max)
    }

    /// The files that may limit the memory of a process with this `/proc/self/cgroup`: its group and all above it.
    static func memoryLimitFiles(controlGroups: String) -> [String] {
        var files = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        for line in controlGroups.split(separator: "\n") where line.hasPrefix("0::/") {
            var path = "/sys/fs/cgroup"
            for name in line.dropFirst(4).split(separator: "/") {
                path += "/\(name)"
                files.append("\(path)/memory.max")
            }
        }
        return files
    }

    /// A limit as the kernel writes it; nil for "max" and for the huge number that means none.
    static func memoryLimit(_ text: String) -> Int64? {
        guard let number = Int64(text.split(whereSeparator: \.isWhitespace).first ?? ""), number > 0, number < 1 << 60 else {
            return nil
        }
        return number
    }
}
