internal import DeltaicCore
internal import Registry

extension PackReport {
    /// The facts of a pack, then its streams, then its objects.
    func lines(showsObjects: Bool, width: Int?) -> [String] {
        [id.map { "pack \($0)" } ?? "pack without its index: what a scan found"] + facts.lines + [""]
            + streamTable.lines(width: width)
            + (showsObjects ? [""] + objectTable.lines(width: width) : [])
    }

    private var facts: FactList {
        var facts = FactList()
        facts.add("path", path)
        facts.add("format", "version \(formatVersion)")
        facts.add("written by", version)
        facts.add(
            "objects",
            "\(NumberFormat.count(objects.count)) in "
                + NumberFormat.count(objects.reduce(0) { $0 + $1.chunks }, "chunk"))
        facts.add("raw", ByteFormat.text(rawBytes))
        facts.add("pack", "\(ByteFormat.text(byteCount)) (\(NumberFormat.percent(byteCount, of: rawBytes)) of raw)")
        facts.add(
            "overhead",
            "\(ByteFormat.text(overheadBytes)) (\(NumberFormat.percent(overheadBytes, of: byteCount)) of the pack): "
                + "record headers, manifest, index")
        return facts
    }

    private var streamTable: TextTable {
        var table = TextTable([
            .text("codec"), .name("stream"), .number("stored"), .number("raw"), .number("percent"),
        ])
        for stream in streams {
            table.add([
                stream.codec, stream.name, ByteFormat.text(stream.storedBytes), ByteFormat.text(stream.rawBytes),
                NumberFormat.percent(stream.storedBytes, of: stream.rawBytes),
            ])
        }
        table.addTotal([
            "total", "", ByteFormat.text(payloadBytes), ByteFormat.text(streams.reduce(0) { $0 + $1.rawBytes }),
            NumberFormat.percent(payloadBytes, of: streams.reduce(0) { $0 + $1.rawBytes }),
        ])
        return table
    }

    private var objectTable: TextTable {
        var table = TextTable([
            .text("sha256"), .name("name"), .text("dtype"), .text("codec"), .text("base"), .number("chunks"),
            .number("raw"), .number("stored"), .number("percent"),
        ])
        for object in objects {
            table.add([
                object.sha256.short, object.names.isEmpty ? "-" : object.names.joined(separator: ", "),
                object.type?.rawValue ?? "-", object.codecs.isEmpty ? "-" : object.codecs.joined(separator: ", "),
                object.base?.short ?? "-", "\(object.chunks)", ByteFormat.text(object.rawBytes),
                ByteFormat.text(object.storedBytes), NumberFormat.percent(object.storedBytes, of: object.rawBytes),
            ])
        }
        return table
    }
}
