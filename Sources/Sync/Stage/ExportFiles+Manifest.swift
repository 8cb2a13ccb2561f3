// SPDX-License-Identifier: Apache-2.0

import Intake
import Secrets

extension ExportFiles {
    /// Holds the manifest against what the policy asks for, before anything is read.
    func checkManifest(_ rule: ManifestRule) throws(SyncError) {
        guard let manifest else {
            guard rule.isRequired || rule.publicKey != nil else { return }
            throw SyncError(.manifest, "\(path)\(Manifest.ending) is missing, which the policy asks for")
        }
        do throws(Manifest.Fault) {
            try manifest.verifySignature(rule) { Ed25519.isValid($0, of: $1, publicKey: $2) }
        } catch {
            throw SyncError(.manifest, "\(path)\(Manifest.ending): \(error)")
        }
    }

    /// The proof with what the manifest adds to it, where there is one.
    func attested(_ proof: Proof, digests: [String: [UInt8]]) throws(SyncError) -> Proof {
        guard let manifest else { return proof }
        do throws(Manifest.Fault) {
            try manifest.verify(digests: digests, isFolder: isFolder, proof: proof)
        } catch {
            throw SyncError(.manifest, "\(path): \(error)")
        }
        return Manifest.attested(proof)
    }
}
