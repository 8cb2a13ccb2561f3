// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Daemon

@Suite struct DoctorWordsTests {
    @Test func clocks() {
        let states = [0.0, 1.9, -1.9, 2.1, -29.9, 30.1, -4_000_000_000].map { Doctor.clock("clock", "it", differsBy: $0).state }
        #expect(states == [.ok, .ok, .ok, .warning, .warning, .failure, .failure])
        #expect(Doctor.clock("clock", "it", differsBy: -12.34).message.contains("12.3 s behind"))
    }

    @Test func publicAddresses() {
        for text in ["https://muster.example.org", "http://127.0.0.1:3000", "http://[::1]:3000", "http://localhost"] {
            #expect(Doctor.publicURL(text).state == .ok, "\(text)")
        }
        for text in ["http://muster.example.org", "http://10.0.0.1:3000"] {
            let finding = Doctor.publicURL(text)
            #expect(finding.state == .warning && finding.message.contains("console is closed"), "\(text)")
        }
    }

    @Test func versionsOfPrograms() {
        #expect(PostgresTools.major(versionLine: "pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)") == 15)
        #expect(PostgresTools.major(versionLine: "pg_dump (PostgreSQL) 17beta1") == 17)
        #expect(PostgresTools.major(versionLine: "pg_dump 15") == nil)
    }

    @Test func headsOfMembers() throws {
        for size in [0, 1, 511, 512, (1 << 33) - 1, 1 << 33, 1 << 40] as [Int64] {
            let member = TarMember(name: "database.dump", size: size, modified: 1_700_000_000)
            let block = member.encoded()
            #expect(block.count == 512 && TarMember(decoding: block) == member)
            for position in block.indices {
                var changed = block
                changed[position] ^= 1
                #expect(TarMember(decoding: changed) == nil, "\(size) at \(position)")
            }
            #expect((size + Int64(TarMember.padding(after: size))) % 512 == 0)
        }
    }
}
