internal import DeltaicCore
internal import Synchronization

/// A delta that keeps the chunk that was read last: what a codec has read is not read and converted again to prove it.
final class RecentChunkSource: DeltaSource {
    private let source: any DeltaSource
    private let recent = Mutex<(position: Int, chunk: DeltaChunk)?>(nil)

    init(_ source: any DeltaSource) {
        self.source = source
    }

    var name: String { source.name }
    var type: ElementType { source.type }
    var rows: Int { source.rows }
    var columns: Int { source.columns }
    var chunkCount: Int { source.chunkCount }
    var key: UInt64 { source.key }
    var statistics: DeltaStatistics { source.statistics }

    func secondMoments() throws(DeltaicError) -> [Float]? { try source.secondMoments() }

    func chunk(_ position: Int) throws(DeltaicError) -> DeltaChunk {
        if let kept = recent.withLock({ $0 }), kept.position == position { return kept.chunk }
        // Its memory is free for the next.
        recent.withLock { $0 = nil }
        let chunk = try source.chunk(position)
        recent.withLock { $0 = (position, chunk) }
        return chunk
    }

    func tail(ofChunk position: Int) throws(DeltaicError) -> [UInt8] { try source.tail(ofChunk: position) }
}
