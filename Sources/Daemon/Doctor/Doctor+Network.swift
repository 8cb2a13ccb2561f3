// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc

extension Doctor {
    /// What the network tells.
    func examineNetwork() async -> [Finding] {
        let address = configuration.listen
        let listening = await guarded("listen") { [try await Self.blocking { Self.listen(address) }] }
        return listening + [Self.publicURL(configuration.publicURL)]
    }

    /// Whether the console can be served under this address.
    static func publicURL(_ text: String) -> Finding {
        let url = URL(string: text)
        let host = url?.host() ?? ""
        let isLoopback = host == "localhost" || host == "::1" || host == "[::1]" || host.hasPrefix("127.")
        if url?.scheme == "https" { return .ok("public_url", "\(text) is encrypted") }
        if isLoopback { return .ok("public_url", "\(text) stays on this machine") }
        return .warning(
            "public_url", "\(text) is plain http, so the super-admin console is closed and passwords travel readable",
            "put a proxy with a certificate before it, and set MUSTER_PUBLIC_URL to its https address")
    }

    /// Whether the address is free, or a daemon of Muster answers there. Blocks, for a few seconds at most.
    static func listen(_ address: ListenAddress) -> Finding {
        guard address.port != 0 else { return .ok("listen", "any free port is taken") }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address.host, "\(address.port)", &hints, &list) == 0, let list else {
            return .failure(
                "listen", "\(address.host) has no address", "name an address of this machine with --listen or MUSTER_LISTEN")
        }
        defer { freeaddrinfo(list) }
        let error = bindError(list.pointee)
        switch error {
        case 0: return .ok("listen", "\(address) is free: no daemon is running there")
        case EADDRINUSE where answers(list.pointee): return .ok("listen", "a daemon answers at \(address)")
        case EADDRINUSE:
            return .failure(
                "listen", "\(address) is taken by something that is no daemon of Muster",
                "stop that, or choose another address with --listen or MUSTER_LISTEN")
        default:
            return .failure(
                "listen", "cannot listen on \(address): \(String(cString: strerror(error)))",
                "choose an address of this machine, and a port from 1024 on unless root, with --listen or MUSTER_LISTEN")
        }
    }

    private static func bindError(_ info: addrinfo) -> Int32 {
        let descriptor = socket(info.ai_family, info.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), info.ai_protocol)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        // As the daemon does it: connections that are being closed do not count.
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        return bind(descriptor, info.ai_addr, info.ai_addrlen) == 0 ? 0 : errno
    }

    /// Whether `GET /health` is answered as a daemon does.
    private static func answers(_ info: addrinfo) -> Bool {
        let descriptor = socket(info.ai_family, info.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), info.ai_protocol)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var limit = timeval(tv_sec: 2, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        guard connect(descriptor, info.ai_addr, info.ai_addrlen) == 0 else { return false }
        let request = Array("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { return false }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 2_048)
        while text.count < 16_384 {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            text += buffer[..<count]
        }
        let answer = String(decoding: text, as: UTF8.self)
        return answer.hasPrefix("HTTP/1.1 200") && answer.lowercased().contains("x-request-id:")
    }
}
