import Foundation
import Glibc
import Logging
import TestSupport
import Testing

@testable import RegistryServer

@Suite("Structured logs")
struct StructuredLogHandlerTests {
    static let secret = "hf_" + String(repeating: "aB3", count: 14)

    /// The lines that loggers with a file as their output write.
    func lines(
        format: LogLine.Format = .json, level: Logger.Level = .trace, provider: Logger.MetadataProvider? = nil,
        _ body: (Logger) throws -> Void
    ) throws -> [String] {
        let directory = try TemporaryDirectory()
        let path = try directory.write("log", [])
        let descriptor = open(path, O_WRONLY | O_APPEND)
        defer { close(descriptor) }
        let output = LogOutput(descriptor: descriptor)
        try body(
            Logger(label: "test") {
                StructuredLogHandler(
                    label: $0, level: level, format: format, metadataProvider: provider, output: output)
            })
        let text = String(decoding: try FolderContents.bytes(of: path), as: UTF8.self)
        #expect(text.isEmpty || text.unicodeScalars.last == "\n")
        return text.unicodeScalars.split(separator: "\n").map { String($0) }
    }

    @Test("a line of JSON has time, level, logger and message, then metadata by key")
    func json() throws {
        let line = try #require(
            try lines {
                $0.info("request", metadata: ["status": "200", "bytes": "\(17)", "a": .array(["x", ["k": "y"]])])
            }.first)
        let value = try JSONValue(parsing: line)
        #expect(value["time"].string?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
        #expect(value["level"].string == "info" && value["logger"].string == "test")
        #expect(value["message"].string == "request" && value["bytes"].string == "17")
        #expect(value["a.0"].string == "x" && value["a.1.k"].string == "y")
        let keys = line.matches(of: /"([a-z0-9.]+)":/).map { String($0.output.1) }
        #expect(keys == ["time", "level", "logger", "message", "a.0", "a.1.k", "bytes", "status"])
    }

    @Test("a line of text has key=value, in quotes where it is needed")
    func text() throws {
        let line = try #require(
            try lines(format: .text) {
                $0.warning("two words", metadata: ["b": "1", "a": "", "c": "x=y", "d e": "\"", "f": "é"])
            }.first)
        #expect(
            line.hasSuffix(
                #" level=warning logger=test message="two words" a="" b=1 c="x=y" "d e"="\"" f=é"#), "\(line)")
        #expect(line.hasPrefix("time="))
    }

    @Test("nothing in an event ends a line or acts on a terminal", arguments: LogLine.Format.allCases)
    func controlCharacters(format: LogLine.Format) throws {
        let evil = "a\nb\r\nc\u{1b}[2J\u{7f}\u{85}\u{2028}\u{202e}\u{0}\t\u{e0001}"
        let found = try lines(format: format) { $0.error("\(evil)", metadata: [evil: "\(evil)"]) }
        #expect(found.count == 1)
        let line = try #require(found.first)
        for scalar in line.unicodeScalars {
            let category = scalar.properties.generalCategory
            #expect(category != .control && category != .format && category != .lineSeparator)
        }
        if format == .json {
            let value = try JSONValue(parsing: line)
            #expect(value["message"].string == evil && value[evil].string == evil)
        }
    }

    @Test("values under keys for secrets are hidden, whatever lies under them", arguments: LogLine.Format.allCases)
    func secretKeys(format: LogLine.Format) throws {
        let line = try #require(
            try lines(format: format) {
                $0.info(
                    "m",
                    metadata: [
                        "authorization": "Basic eHl6eHl6", "Set-Cookie": "c=xyzxyz", "tokens": ["xyzxyz"],
                        "client_secret": ["inner": "xyzxyz"], "http": ["Proxy-Authorization": "xyzxyz"],
                        "token.name": "ci",
                    ])
            }.first)
        #expect(!line.contains("xyzxyz") && !line.contains("eHl6"))
        #expect(line.components(separatedBy: LogRedaction.mark).count == 6)
        #expect(line.contains("ci"))
    }

    @Test("secrets of tokens are hidden wherever they stand", arguments: LogLine.Format.allCases)
    func secretValues(format: LogLine.Format) throws {
        struct Failure: Error { let what: String }
        let secret = Self.secret
        let found = try lines(format: format, provider: .init { ["p": "\(secret)"] }) { logger in
            var logger = logger
            logger[metadataKey: "kept"] = "?x=\(secret)&y"
            logger.info(
                "user sent \(secret), \(secret)", error: Failure(what: secret),
                metadata: [
                    "h": .array(["\(secret)"]), "Bearer \(secret)": .stringConvertible(Failure(what: secret).what),
                ])
        }
        let line = try #require(found.first)
        #expect(!line.contains(secret.dropFirst(3)) && !line.contains("aB3aB3"), "\(line)")
        #expect(line.contains("?x=hf_***&y") && line.contains("sent hf_***, hf_***"))
        #expect(line.components(separatedBy: "hf_***").count == 9, "\(line)")
    }

    @Test(
        "only what is long enough to be a secret is hidden",
        arguments: [
            ("hf_hub", "hf_hub"),
            ("hf_" + String(repeating: "a", count: 19), "hf_" + String(repeating: "a", count: 19)),
            ("hf_" + String(repeating: "a", count: 20), "hf_***"),
            ("xhf_hf_" + String(repeating: "9", count: 40) + "_", "xhf_hf_***_"),
            ("é hf_" + String(repeating: "Z", count: 20) + "é", "é hf_***é"), ("", ""), ("hf_", "hf_"),
        ])
    func redaction(text: String, expected: String) {
        #expect(LogRedaction.withoutTokens(text) == expected)
    }

    @Test("metadata of an event comes before the handler's; keys of the line itself are kept apart")
    func merging() throws {
        let found = try lines(provider: .init { ["a": "provided", "b": "provided"] }) { logger in
            var logger = logger
            logger[metadataKey: "a"] = "kept"
            logger[metadataKey: "z"] = "kept"
            logger.info("m", metadata: ["b": "given", "message": "other"])
        }
        let value = try JSONValue(parsing: try #require(found.first))
        #expect(value["a"].string == "provided" && value["b"].string == "given" && value["z"].string == "kept")
        #expect(value["message"].string == "m" && value["metadata.message"].string == "other")
    }

    @Test("events below the level are not written, and a copy's level and metadata are its own")
    func levels() throws {
        let found = try lines(level: .notice) { logger in
            var copy = logger
            copy.logLevel = .debug
            copy[metadataKey: "copy"] = "yes"
            logger.info("hidden")
            copy.debug("shown")
            logger.notice("shown too")
        }
        #expect(found.count == 2 && found[0].contains("copy") && !found[1].contains("copy"))
    }

    @Test("lines of many threads are whole")
    func threads() async throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("log", [])
        let descriptor = open(path, O_WRONLY)
        defer { close(descriptor) }
        let output = LogOutput(descriptor: descriptor)
        let filler = String(repeating: "x", count: 3000)
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<8 {
                group.addTask {
                    let logger = Logger(label: "t") { StructuredLogHandler(label: $0, output: output) }
                    for number in 0..<200 { logger.info("\(thread).\(number)", metadata: ["filler": "\(filler)"]) }
                }
            }
        }
        let lines = String(decoding: try FolderContents.bytes(of: path), as: UTF8.self).split(separator: "\n")
        let messages = try lines.map { try JSONValue(parsing: String($0))["message"].string }
        #expect(messages.count == 1600 && Set(messages).count == 1600)
    }

    @Test("a pipe that does not block gets whole lines from a writer that is faster than its reader")
    func nonBlocking() async throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        let (reader, writer) = (ends[0], ends[1])
        #expect(fcntl(writer, F_SETFL, O_NONBLOCK) == 0)
        let line = String(repeating: "y", count: 5000)
        let thread = Thread {
            let output = LogOutput(descriptor: writer)
            for _ in 0..<200 { output.write(line) }
            close(writer)
        }
        thread.start()
        let bytes = FileHandle(fileDescriptor: reader, closeOnDealloc: true).readDataToEndOfFile()
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 200 && lines.allSatisfy { $0 == line })
    }

    @Test("a reader that went away, or a closed descriptor, stops nothing")
    func gone() {
        let output = LogOutput(descriptor: -1)
        for _ in 0..<3 { output.write("lost") }
    }

    @Test(
        "times are RFC 3339 in UTC",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1_709_210_096_007, "2024-02-29T12:34:56.007Z"),
            (4_102_444_799_999, "2099-12-31T23:59:59.999Z"),
        ])
    func timestamps(milliseconds: Int, text: String) {
        #expect(LogLine.timestamp(milliseconds) == text)
    }
}
