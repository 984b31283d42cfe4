import Foundation
import Glibc
import TestSupport
import Testing

@Suite("deltaic serve")
struct ServeCommandTests {
    /// Runs `serve` on a port of its own, and `body` with the port and the process id once it answers.
    private func serve(
        _ workspace: Workspace, _ options: [String] = [], body: @escaping @Sendable (Int, Int32) async throws -> Void
    ) async throws -> DeltaicProcess.Outcome {
        let runs = workspace.directory.path(".runs")
        let before = Set(FolderContents.files(in: runs))
        return try await workspace.deltaic.run(["serve", "--listen", "127.0.0.1:0", "--json"] + options) { process in
            var port: Int?
            _ = try await becomesTrue {
                let added = FolderContents.files(in: runs).first { !before.contains($0) && $0.hasSuffix(".out") }
                guard let added else { return false }
                let text = String(decoding: try FolderContents.bytes(of: runs + "/" + added), as: UTF8.self)
                port = text.firstMatch(of: /127\.0\.0\.1:(\d+)/).flatMap { Int($0.output.1) }
                return port != nil || kill(process, 0) != 0
            }
            // A test that fails ends the process too.
            defer { kill(process, SIGTERM) }
            try await body(try #require(port), process)
        }
    }

    @Test(
        "a signal lets what is being sent be sent to its end, lets nobody else in, and ends with status 0",
        .timeLimit(.minutes(2)), arguments: [SIGTERM, SIGINT])
    func gracefulStop(signal: Int32) async throws {
        let workspace = try await Workspace()
        let file = SyntheticModel(seed: 9, rows: 4096, width: 1024, layers: 0).builder.bytes()
        try workspace.directory.write("large/model.safetensors", file)
        try await workspace.succeed("base", "add", workspace.directory.path("large"), "--name", "large")
        let outcome = try await serve(workspace, ["--anonymous-read", "--log-format", "json"]) { port, process in
            let idle = try await RawConnection.open(port: port)
            try await idle.request("GET", "/healthz")
            #expect(try await idle.answer().status == 200)
            // All but the last pieces are taken after the signal; the smaller ones are written to their end before it.
            var running: [(RawConnection, Int)] = []
            for count in [300_000, 1_000_000, 3_000_000, file.count] {
                let connection = try await RawConnection.open(port: port, receiveBuffer: 4096)
                try await connection.request(
                    "GET", "/large/resolve/main/model.safetensors", ["Range": "bytes=0-\(count - 1)"])
                #expect(try await connection.head().status == 206)
                running.append((connection, count))
            }
            #expect(kill(process, signal) == 0)
            #expect(try await idle.rest().isEmpty)
            #expect(
                try await becomesTrue {
                    guard let late = try? await RawConnection.open(port: port) else { return true }
                    late.close()
                    return false
                }, "it still lets clients in")
            #expect(kill(process, 0) == 0)
            for (connection, count) in running {
                #expect(try await connection.read(count) == Array(file[..<count]), "\(count) bytes")
            }
        }
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test("a port in use, an address that is none, and a file that is no certificate are told in words")
    func refusals() async throws {
        let workspace = try await Workspace()
        let outcome = try await serve(workspace) { port, _ in
            let second = try await workspace.deltaic("serve", "--listen", "127.0.0.1:\(port)")
            #expect(second.status != 0 && second.output.isEmpty)
            let line = second.errors.split(separator: "\n").last ?? ""
            #expect(line.hasPrefix("error: 127.0.0.1:\(port): cannot listen"), "\(second.errors)")
        }
        #expect(outcome.status == 0)
        for arguments in [
            ["--listen", "8080"], ["--listen", ":80"], ["--listen", "a:b"], ["--listen", "a:99999"],
            ["--tls-key", "x"], ["--rate", "-1"], ["--max-body", "0"], ["--stall-timeout", "0"],
        ] {
            let refused = try await workspace.deltaic.run(["serve"] + arguments)
            #expect(refused.status == 64 || refused.status == 2, "\(arguments): \(refused.status) \(refused.errors)")
        }
        let host = try await workspace.deltaic("serve", "--listen", "no-such-host.invalid:0")
        #expect(host.status != 0 && host.errors.contains("no-such-host.invalid"), "\(host.errors)")
        try workspace.directory.write("x.pem", Array("no PEM".utf8))
        let path = workspace.directory.path("x.pem")
        let tls = try await workspace.deltaic(
            "serve", "--listen", "127.0.0.1:0", "--tls-certificate", path, "--tls-key", path)
        #expect(tls.status != 0 && tls.errors.contains(path), "\(tls.errors)")
    }

    @Test("with a certificate it speaks TLS, and its links say so")
    func tls() async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        @Sendable func run(_ tool: String, _ arguments: [String]) throws -> (status: Int32, output: [UInt8]) {
            let outcome = try ChildProcess.run(tool, arguments, in: workspace.directory.path)
            return (outcome.status, outcome.output)
        }
        let request =
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
            + " -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout key.pem -out certificate.pem"
        try #require(try run("openssl", request.split(separator: " ").map(String.init)).status == 0)
        let file = try FolderContents.bytes(of: workspace.directory.path("tuned/model.safetensors"))
        let outcome = try await serve(
            workspace,
            [
                "--anonymous-read", "--tls-certificate", workspace.directory.path("certificate.pem"), "--tls-key",
                workspace.directory.path("key.pem"),
            ]
        ) { port, _ in
            let url = "https://127.0.0.1:\(port)"
            let curl = ["-sS", "--max-time", "30", "--cacert", "certificate.pem"]
            let whole = try run("curl", curl + [url + "/org/tuned/resolve/main/model.safetensors"])
            #expect(whole.status == 0 && whole.output == file)
            let part = try run("curl", curl + ["-r", "5-9", url + "/org/tuned/resolve/main/model.safetensors"])
            #expect(part.output == Array(file[5...9]))
            let page = try run("curl", curl + ["-i", url + "/v1/models?limit=1"])
            #expect(String(decoding: page.output, as: UTF8.self).contains("<https://127.0.0.1:\(port)/v1/models?"))
            let large = [UInt8](repeating: 65, count: 2 << 20)
            try workspace.directory.write("body", large)
            let refused = try run(
                "curl", curl + ["-o", "/dev/null", "-w", "%{http_code}", "-T", "body", url + "/v1/tasks/x"])
            #expect(String(decoding: refused.output, as: UTF8.self) == "413")
            #expect(
                try run("curl", ["-sS", "--max-time", "30", url + "/healthz"]).status == 60, "not a known authority")
            // Who speaks no TLS gets no answer, and hinders nobody.
            let plain = try await RawConnection.open(port: port)
            try await plain.request("GET", "/healthz")
            #expect(!String(decoding: try await plain.rest(), as: UTF8.self).contains("HTTP/1.1 200"))
            #expect(try run("curl", curl + [url + "/healthz"]).status == 0)
        }
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test("a folder without permission to write is served, and the log has no token")
    func readOnly() async throws {
        let workspace = try await Workspace()
        try await workspace.addPair()
        let token = try #require(try await workspace.json("token", "add", "w", "--scope", "write")["secret"].string)
        let registry = workspace.deltaic.registry
        // Permissions do not stop root: then this says less than the test of a registry opened for reading only.
        func setMode(_ mode: Int) throws {
            for path in [registry] + FolderContents.files(in: registry).map({ registry + "/" + $0 }) {
                let isFolder = path == registry
                try FileManager.default.setAttributes(
                    [.posixPermissions: isFolder ? mode | 0o111 : mode], ofItemAtPath: path)
            }
        }
        try setMode(0o444)
        defer { try? setMode(0o644) }
        let file = try FolderContents.bytes(of: workspace.directory.path("tuned/model.safetensors"))
        let outcome = try await serve(workspace) { port, _ in
            let connection = try await RawConnection.open(port: port)
            try await connection.request(
                "GET", "/org/tuned/resolve/main/model.safetensors", ["Authorization": "Bearer \(token)"])
            #expect(try await connection.answer().body == file)
        }
        #expect(outcome.status == 0 && !outcome.errors.contains(token), "\(outcome.errors)")
    }
}
