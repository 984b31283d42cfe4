#if FUZZING
internal import Foundation
internal import Glibc

/// libFuzzer's loop, as a function of its runtime.
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// `DeltaicFuzz NAME [libFuzzer arguments]` searches for inputs that break a parser; see `scripts/fuzz.sh`.
@main
enum Main {
    // Written once, before the only thread that reads it calls back.
    nonisolated(unsafe) private static var parse: @Sendable ([UInt8]) throws -> Void = { _ in }

    private static let variable = "DELTAIC_FUZZ_PARSER"

    static func main() {
        let arguments = CommandLine.arguments
        if arguments.count == 4, arguments[1] == "seeds" { return makeSeeds(from: arguments[2], in: arguments[3]) }
        if arguments.count == 2, arguments[1] == "names" {
            return print(FuzzParser.all.map(\.name).joined(separator: "\n"))
        }
        // libFuzzer starts this program again for some of its work, with its own arguments only.
        let inherited = ProcessInfo.processInfo.environment[variable]
        let name = inherited ?? arguments.dropFirst().first
        guard let parser = FuzzParser.all.first(where: { $0.name == name }) else {
            print("usage: DeltaicFuzz NAME [libFuzzer arguments], DeltaicFuzz names, DeltaicFuzz seeds VECTORS CORPORA")
            exit(2)
        }
        setenv(variable, parser.name, 1)
        parse = parser.parse
        var own = ([arguments[0]] + arguments.dropFirst(inherited == nil ? 2 : 1)).map { strdup($0) }
        own.append(nil)
        own.withUnsafeMutableBufferPointer { buffer in
            var pointer = buffer.baseAddress
            var count = Int32(buffer.count - 1)
            _ = runFuzzer(&count, &pointer) { bytes, count in
                do {
                    try Main.parse(Array(UnsafeBufferPointer(start: bytes, count: count)))
                } catch let error {
                    fatalError("\(error)")
                }
                return 0
            }
        }
    }

    private static func makeSeeds(from vectors: String, in corpora: String) {
        do {
            try FuzzSeeds.make(from: vectors, in: corpora)
        } catch let error {
            print(error)
            exit(1)
        }
    }
}
#endif
