internal import Foundation
internal import Glibc
internal import Synchronization

/// An HTTP/1.1 client that sends any bytes, and reads exactly what comes: for tests of servers.
///
/// Every call blocks a thread of its own, never one of the pool that the server runs on. Nothing is waited for longer than
/// ``patience``.
public final class RawConnection: Sendable {
    /// What the system, or the server, did not do.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// An answer, as far as it came.
    public struct Answer: Sendable {
        public let status: Int
        /// In the order in which they came.
        public let fields: [(name: String, value: String)]
        public var body: [UInt8] = []
        /// Whether the connection ended before the announced length.
        public var isCut = false

        public subscript(_ name: String) -> String? {
            fields.first { $0.name.lowercased() == name.lowercased() }?.value
        }

        public var text: String { String(decoding: body, as: UTF8.self) }

        /// The body as JSON.
        public func json() throws -> JSONValue { try JSONValue(parsing: text) }
    }

    /// Seconds; instrumented, on a machine that others use too, a server may take many.
    public static let patience = 120

    private let descriptor: Int32
    private let state = Mutex<(unread: [UInt8], isOpen: Bool)>(([], true))

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close() }

    /// Connects to a port of this machine.
    ///
    /// - Parameter receiveBuffer: what the system may take for the reader before it reads; what it likes if it is not given.
    public static func open(port: Int, receiveBuffer: Int32? = nil) async throws -> RawConnection {
        try await onThread {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard descriptor >= 0 else { throw failure("socket") }
            let connection = RawConnection(descriptor: descriptor)
            if var size = receiveBuffer {
                setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
            }
            var time = timeval(tv_sec: patience, tv_usec: 0)
            for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
                setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
            }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
            let result = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard result == 0 else { throw failure("connect") }
            return connection
        }
    }

    /// Sends all of it.
    public func send(_ bytes: some Sequence<UInt8>) async throws {
        let bytes = Array(bytes)
        try await Self.onThread { [self] in
            var done = 0
            while done < bytes.count {
                let count = bytes.withUnsafeBytes { buffer in
                    Glibc.send(
                        descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { throw Self.failure("send") }
                done += count
            }
        }
    }

    public func send(_ text: String) async throws { try await send(text.utf8) }

    /// Sends a request without a body.
    public func request(_ method: String, _ target: String, _ fields: [String: String] = [:]) async throws {
        let lines = fields.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\r\n" }.joined()
        try await send("\(method) \(target) HTTP/1.1\r\nHost: test\r\n\(lines)\r\n")
    }

    /// Reads the next answer to its end, or to the connection's.
    ///
    /// - Parameter hasBody: false for the answer to a HEAD.
    public func answer(hasBody: Bool = true) async throws -> Answer {
        var answer = try await head()
        guard hasBody, answer.status != 304, answer.status != 204, let length = answer["Content-Length"] else {
            return answer
        }
        guard let count = Int(length) else { throw Failure(description: "Content-Length: \(length)") }
        answer.body = try await read(count)
        answer.isCut = answer.body.count < count
        return answer
    }

    /// Reads an answer up to the empty line.
    public func head() async throws -> Answer {
        try await Self.onThread { [self] in
            var head: [UInt8] = []
            while !head.ends(with: "\r\n\r\n".utf8) {
                guard head.count < 1 << 20, let byte = try take(1).first else {
                    throw Failure(description: "no head, but \(String(decoding: head, as: UTF8.self))")
                }
                head.append(byte)
            }
            var lines = String(decoding: head.dropLast(4), as: UTF8.self).components(separatedBy: "\r\n")
            let first = lines.removeFirst().split(separator: " ", maxSplits: 2)
            guard first.count >= 2, first[0] == "HTTP/1.1", let status = Int(first[1]) else {
                throw Failure(description: "no status line: \(first)")
            }
            let fields = try lines.map { line in
                guard let colon = line.firstIndex(of: ":") else { throw Failure(description: "no field: \(line)") }
                return (
                    name: String(line[..<colon]),
                    value: line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
                )
            }
            return Answer(status: status, fields: fields)
        }
    }

    /// Reads so many bytes; fewer if the connection ends before.
    public func read(_ count: Int) async throws -> [UInt8] {
        try await Self.onThread { [self] in
            var bytes: [UInt8] = []
            bytes.reserveCapacity(min(count, 64 << 20))
            while bytes.count < count {
                let part = try take(count - bytes.count)
                if part.isEmpty { break }
                bytes += part
            }
            return bytes
        }
    }

    /// Reads to the end of the connection, which the server has to make.
    public func rest() async throws -> [UInt8] { try await read(.max) }

    /// Sends no more, but reads on.
    public func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Leaves, without an orderly end if that is wanted.
    public func close(abruptly: Bool = false) {
        let wasOpen = state.withLock { state in
            defer { state.isOpen = false }
            return state.isOpen
        }
        guard wasOpen else { return }
        if abruptly {
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        }
        Glibc.close(descriptor)
    }

    /// What is there of so many bytes, at least one; none at the end.
    private func take(_ count: Int) throws -> [UInt8] {
        let known = state.withLock { state in
            let part = Array(state.unread.prefix(count))
            state.unread.removeFirst(part.count)
            return part
        }
        guard known.isEmpty, count > 0 else { return known }
        let capacity = 256 << 10
        var failed = false
        var bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, used in
            let received = recv(descriptor, buffer.baseAddress, capacity, 0)
            failed = received < 0
            used = max(0, received)
        }
        guard !failed else {
            // Cut off is cut off, in whatever way.
            if errno == ECONNRESET { return [] }
            throw Self.failure("recv")
        }
        if bytes.count > count {
            let rest = Array(bytes[count...])
            state.withLock { $0.unread = rest }
            bytes.removeLast(bytes.count - count)
        }
        return bytes
    }

    private static func failure(_ call: String) -> Failure {
        Failure(description: "\(call): \(String(cString: strerror(errno)))")
    }

    private static func onThread<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
        }
    }
}

extension Array<UInt8> {
    fileprivate func ends(with end: some Collection<UInt8>) -> Bool { suffix(end.count).elementsEqual(end) }
}
