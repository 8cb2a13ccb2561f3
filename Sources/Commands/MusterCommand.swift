// SPDX-License-Identifier: Apache-2.0
package enum MusterCommand { package static func run(arguments: [String]) async -> Int32 { 0 } }
