// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Threads for calls that block: sockets read here would hold up the tasks that answer them.
enum Threads {
    static func run(_ work: @escaping @Sendable () -> Void) { Thread.detachNewThread(work) }
}
