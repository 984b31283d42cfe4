internal import ArgumentParser
internal import DeltaicCore
internal import Registry

/// `deltaic gc`: deletes what nothing needs.
struct CollectGarbageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Delete packs that nothing needs any more, and repack those of which little is needed.",
        discussion: """
            Packs of removed versions are kept for a grace period, and as long as a reader may know them: pulls and servers go on. \
            Nothing is deleted while a pack that is needed is missing or damaged. Interrupted, the next run goes on. A server does this \
            by itself, once an hour.
            """)

    @Option(help: ArgumentHelp("Keep what was removed less than this many hours ago.", valueName: "hours"))
    var grace: Double = Double(GarbageCollection.standardGrace) / 3600

    @Option(
        name: .customLong("repack-below"),
        help: ArgumentHelp("Write packs anew of which less than this share is needed; 0 for none.", valueName: "share"))
    var repackBelow = 0.5

    @Option(
        help: ArgumentHelp("Wait so long for readers that began before something was removed.", valueName: "seconds"))
    var wait = 10

    @Flag(name: .customLong("dry-run"), help: "Only say what would be done.")
    var dryRun = false

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputFormat

    func validate() throws {
        guard grace >= 0, grace < 1e6 else { throw ValidationError("--grace is a number of hours, not below 0") }
        guard (0...1).contains(repackBelow) else { throw ValidationError("--repack-below is a share from 0 to 1") }
        guard (0...86_400).contains(wait) else { throw ValidationError("--wait is a number of seconds, up to a day") }
    }

    func run() async throws {
        let options = GarbageCollection(
            grace: Int(grace * 3600), repackBelow: repackBelow, isDryRun: dryRun, patience: wait)
        let report = try await (dryRun ? global.openForReading() : global.openForWriting()).collectGarbage(options)
        try output.write(report) { _ in report.lines }
    }
}

extension GarbageReport {
    fileprivate var lines: [String] {
        var lines = strays.map { "stray, left alone: " + PrintableText.escaped($0) }
        if !leftovers.isEmpty {
            lines.append(
                "\(isDryRun ? "would delete" : "deleted") \(NumberFormat.count(leftovers.count, "leftover")) of interrupted commands"
            )
        }
        for pack in repacked {
            lines.append(
                "\(isDryRun ? "would repack" : "repacked") \(pack.id.short): \(ByteFormat.text(pack.bytes)) to \(ByteFormat.text(pack.bytesAfter))"
            )
        }
        if !inUse.isEmpty {
            lines.append(
                "\(NumberFormat.count(inUse.count, "pack")) stay for now, for readers that began before they were garbage"
            )
        }
        if waitingBytes > 0 {
            lines.append(
                "\(ByteFormat.text(waitingBytes)) wait in \(NumberFormat.count(waiting.count + inUse.count, "pack"))")
        }
        return lines + [
            "\(isDryRun ? "would delete" : "deleted") \(NumberFormat.count(deleted.count, "pack")): \(ByteFormat.text(freedBytes))"
        ]
    }
}
