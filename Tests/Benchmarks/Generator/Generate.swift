// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Writes a seeded, realistic directory export to standard output.
@main
enum Generate {
    static let help = """
        muster-bench-generate: writes an export of an invented directory to standard output.

        The same flags give the same bytes. Person N has the same entryUUID whatever the other flags are.

          --count N           people (default 1000)
          --seed S            which directory (default 1)
          --format FORMAT     ldap3 (with schema) or ldif (as ldapsearch writes it); default ldap3
          --groups G          groups in the directory (default 200)
          --memberships M     groups of each person (default 4)
          --change-percent P  so many of a hundred people differ from the run without this flag: of ten, three have
                              other groups, two another mail, two another name (with dn and mail), one another title,
                              one is gone, and one more came (default 0, fractions allowed)
          --change-seed C     which people differ (default 1)
          --help              this text
        """

    static func main() {
        var options = Options()
        switch options.parse(Array(CommandLine.arguments.dropFirst())) {
        case .run: break
        case .help:
            print(help)
            return
        case .wrong(let reason):
            var out = Output(file: 2)
            out.text("muster-bench-generate: \(reason); see --help\n")
            out.flush()
            exit(2)
        }
        var out = Output(file: 1)
        let directory = FakeDirectory(options: options)
        switch options.format {
        case .ldap3: LDAP3Form.write(directory, to: &out)
        case .ldif: LDIFForm.write(directory, to: &out)
        }
        out.flush()
    }
}

/// What the command line asks for.
struct Options {
    enum Format: String {
        case ldap3, ldif
    }

    enum Outcome {
        case run, help
        case wrong(String)
    }

    var count = 1000
    var seed: UInt64 = 1
    var format = Format.ldap3
    var groups = 200
    var memberships = 4
    var changePercent = 0.0
    var changeSeed: UInt64 = 1

    mutating func parse(_ arguments: [String]) -> Outcome {
        var rest = arguments[...]
        while let flag = rest.popFirst() {
            if flag == "--help" || flag == "-h" { return .help }
            guard let value = rest.popFirst() else { return .wrong("\(flag) is unknown or lacks its value") }
            guard set(flag, value) else { return .wrong("\(flag) \(value) is not understood") }
        }
        guard memberships <= groups else { return .wrong("more memberships than groups") }
        return .run
    }

    private mutating func set(_ flag: String, _ value: String) -> Bool {
        switch flag {
        case "--count": return take(Int(value).flatMap { $0 >= 0 ? $0 : nil }, \.count)
        case "--seed": return take(UInt64(value), \.seed)
        case "--format": return take(Format(rawValue: value), \.format)
        case "--groups": return take(Int(value).flatMap { $0 > 0 ? $0 : nil }, \.groups)
        case "--memberships": return take(Int(value).flatMap { $0 >= 0 ? $0 : nil }, \.memberships)
        case "--change-percent": return take(Double(value).flatMap { $0 >= 0 && $0 <= 100 ? $0 : nil }, \.changePercent)
        case "--change-seed": return take(UInt64(value), \.changeSeed)
        default: return false
        }
    }

    private mutating func take<Value>(_ value: Value?, _ path: WritableKeyPath<Options, Value>) -> Bool {
        guard let value else { return false }
        self[keyPath: path] = value
        return true
    }
}
