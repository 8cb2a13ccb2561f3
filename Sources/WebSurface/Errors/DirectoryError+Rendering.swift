// SPDX-License-Identifier: Apache-2.0

package import Directory
package import HTTPTypes
package import NIOCore

/// How the directory's refusals look on the wire: the one place for all surfaces.
extension DirectoryError: RenderableError {
    private var rendered: APIError {
        switch self {
        case .invalidAccessToken: .invalidAccessToken
        case .nonPermissible: .nonPermissible
        case .insufficientScope: .insufficientScope
        case .notFound: .notFound
        case .invalid(let problems): .validation(problems)
        case .stale: .preconditionFailed
        case .inProgress: .inProgress
        case .unavailable: .unavailable()
        }
    }

    package var status: HTTPResponse.Status { rendered.status }
    package var body: ByteBuffer { rendered.body }
    package var headers: HTTPFields { rendered.headers }
}
