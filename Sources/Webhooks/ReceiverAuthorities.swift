// SPDX-License-Identifier: Apache-2.0

import NIOSSL

/// Authorities that vouch for receivers beside those that the system knows: an internal network's own.
package struct ReceiverAuthorities: Sendable {
    private let certificates: [NIOSSLCertificate]

    /// The system's alone.
    package static let system = ReceiverAuthorities(certificates: [])

    private init(certificates: [NIOSSLCertificate]) {
        self.certificates = certificates
    }

    /// Reads certificates in PEM; nil when the file cannot be read or holds none. Blocks.
    package init?(file: String) {
        guard let certificates = try? NIOSSLCertificate.fromPEMFile(file), !certificates.isEmpty else { return nil }
        self.init(certificates: certificates)
    }

    /// How many there are.
    package var count: Int { certificates.count }

    /// What a sender demands of a receiver: a certificate for the host's name from an authority that is known.
    var configuration: TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.certificateVerification = .fullVerification
        if !certificates.isEmpty { configuration.additionalTrustRoots = [.certificates(certificates)] }
        return configuration
    }
}

/// Why there was no secure connection, as a stable word for a delivery's log; nil for errors of another kind.
func secureConnectionFault(_ error: any Error) -> String? {
    switch error {
    case let error as NIOSSLExtraError where error == .failedToValidateHostname: "certificate_for_another_name"
    case NIOSSLError.handshakeFailed(let cause):
        // The library has no case for it: unknown authority, expired, or not made for servers.
        String(describing: cause).contains("CERTIFICATE_VERIFY_FAILED") ? "certificate_untrusted" : "tls_failed"
    case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: "tls_failed"
    default: nil
    }
}
