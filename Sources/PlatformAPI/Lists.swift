// SPDX-License-Identifier: Apache-2.0

import Directory
import HTTPTypes
import Hummingbird
import WebSurface

extension PlatformAPI {
    /// What a call asks for beyond the contract's keys: the names in `include`, separated by commas.
    func includes(_ reader: inout ParameterReader, _ known: Set<String>) -> Set<String> {
        guard let text = reader.string("include").value else { return [] }
        let names = Set(text.split(separator: ",").map(String.init))
        if !names.isSubset(of: known) { reader.complain("include", "is not included in the list") }
        return names
    }
}
