// SPDX-License-Identifier: Apache-2.0

internal import CLibPQ
internal import Glibc

extension Session {
    /// Opens a session on this thread, trying every address of every server until the deadline.
    static func connect(_ configuration: PostgresConfiguration, id: Int, mailbox: Mailbox) throws(PostgresError) -> Session {
        let deadline = MonotonicInstant.now + configuration.connectTimeout
        var failure: PostgresError?
        var places: [Place] = []
        for server in configuration.servers {
            do { places += try self.places(of: server) } catch { failure = error }
        }
        for (index, place) in places.enumerated() {
            // An address that never answers must leave time for the ones behind it.
            let now = MonotonicInstant.now
            let left = max(0, deadline.nanoseconds - now.nanoseconds)
            let share = Duration.nanoseconds(left / Int64(places.count - index))
            do {
                return try connect(configuration, id: id, place: place, mailbox: mailbox, deadline: now + share)
            } catch {
                failure = error
            }
        }
        throw failure ?? PostgresError(.connectFailed, "the host has no address")
    }

    /// A server, and one of its addresses; nil stands for "no address": a Unix socket.
    fileprivate struct Place {
        let server: PostgresConfiguration.Server
        let address: String?
    }

    private static func connect(
        _ configuration: PostgresConfiguration, id: Int, place: Place, mailbox: Mailbox, deadline: MonotonicInstant
    ) throws(PostgresError) -> Session {
        guard let pointer = start(configuration.parameters(place)) else {
            throw PostgresError(.connectFailed, "out of memory")
        }
        // From here on the session owns the pointer and closes it on every way out.
        let session = Session(pointer: pointer, id: id, mailbox: mailbox, configuration: configuration)
        // The default receiver prints to stderr; what the server has to say to a person has no reader here.
        PQsetNoticeReceiver(pointer, { _, _ in }, nil)
        let limits = Limits(deadline: deadline)
        var state = PGRES_POLLING_WRITING
        while true {
            switch state {
            case PGRES_POLLING_OK:
                PQsetnonblocking(pointer, 1)
                return session
            case PGRES_POLLING_FAILED: throw session.connectFailure()
            default: break
            }
            if PQstatus(pointer) == CONNECTION_BAD { throw session.connectFailure() }
            // The socket may be another one after every step, so it is asked for anew in `wait`.
            let events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT
            if case .interrupted = session.wait(for: events, limits: limits) {
                throw PostgresError(.connectFailed, "the server did not answer in time")
            }
            state = PQconnectPoll(pointer)
        }
    }

    private func connectFailure() -> PostgresError {
        let text = PQerrorMessage(pointer).map { String(cString: $0) } ?? ""
        // One line: libpq repeats host and address in front, and the server's message ends with a line feed.
        let line = text.split(whereSeparator: \.isNewline).joined(separator: "; ")
        return PostgresError(.connectFailed, line.isEmpty ? "no connection" : line)
    }

    private static func start(_ parameters: [(String, String)]) -> OpaquePointer? {
        let keys = parameters.map { strdup($0.0) } + [nil]
        let values = parameters.map { strdup($0.1) } + [nil]
        defer { (keys + values).forEach { free($0) } }
        return keys.map { UnsafePointer($0) }.withUnsafeBufferPointer { keys in
            values.map { UnsafePointer($0) }.withUnsafeBufferPointer { values in
                PQconnectStartParams(keys.baseAddress, values.baseAddress, 0)
            }
        }
    }

    /// The addresses of a server. Resolving blocks, but only this thread.
    private static func places(of server: PostgresConfiguration.Server) throws(PostgresError) -> [Place] {
        if server.host.hasPrefix("/") { return [Place(server: server, address: nil)] }
        if let address = server.hostAddress { return [Place(server: server, address: address)] }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(server.host, nil, &hints, &list)
        guard status == 0 else {
            throw PostgresError(.connectFailed, "\(server.host): \(String(cString: gai_strerror(status)))")
        }
        defer { freeaddrinfo(list) }
        var addresses: [String] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ai_next
            if let text = numeric(entry), !addresses.contains(text) { addresses.append(text) }
        }
        return addresses.map { Place(server: server, address: $0) }
    }

    private static func numeric(_ entry: addrinfo) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            let status = getnameinfo(entry.ai_addr, entry.ai_addrlen, buffer.baseAddress, 256, nil, 0, NI_NUMERICHOST)
            guard status == 0, let base = buffer.baseAddress else { return nil }
            return String(cString: base)
        }
    }
}

extension PostgresConfiguration {
    /// The parameters for libpq. All that matter are set, since libpq takes the missing ones from the environment.
    fileprivate func parameters(_ place: Session.Place) -> [(String, String)] {
        var list = [
            ("host", place.server.host), ("port", String(place.server.port)), ("user", user), ("password", password ?? ""),
            ("dbname", database),
            ("passfile", "/nonexistent"), ("application_name", applicationName), ("client_encoding", "UTF8"),
            ("gssencmode", "disable"), ("target_session_attrs", targetSession.rawValue), ("options", serverOptions),
            ("keepalives", "1"), ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "60000"),
        ]
        if let address = place.address { list.append(("hostaddr", address)) }
        switch tls {
        case .disable:
            list.append(("sslmode", "disable"))
        case .require:
            list += [("sslmode", "require"), ("sslrootcert", "/nonexistent")]
        case .verifyFull(let rootCertificate):
            list += [("sslmode", "verify-full"), ("sslrootcert", rootCertificate ?? Self.systemRootCertificates)]
        }
        return list
    }

    private var serverOptions: String {
        // Compiling a plan costs more than any statement here takes, and is tempted by every estimate that is too high.
        serverSettings.merging(["jit": "off"]) { given, _ in given }.sorted { $0.key < $1.key }.map {
            "-c \($0.key)=\(Self.escaped($0.value))"
        }.joined(separator: " ")
    }

    /// Blanks and backslashes inside `options` are escaped by a backslash.
    private static func escaped(_ value: String) -> String {
        var text = ""
        for character in value {
            if character == " " || character == "\\" { text.append("\\") }
            text.append(character)
        }
        return text
    }

    /// libpq before 16 knows no "system" authorities, only a file.
    private static var systemRootCertificates: String {
        let known = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"]
        return known.first { access($0, R_OK) == 0 } ?? known[0]
    }
}
