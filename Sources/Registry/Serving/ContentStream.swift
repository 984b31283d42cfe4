internal import DeltaicCore
internal import PackFormat

/// Hands the bytes of a content to one reader, at the reader's pace.
struct ContentStream {
    /// What a reader is given at a time, copied out of the chunk, which may then be given up.
    static let pieceBytes = 128 << 10

    let content: ServedContent
    let decoder: ChunkDecoder
    let slots: ChunkSlots
    /// How many of the next chunks are decoded while a reader takes this one.
    let readAhead: @Sendable () -> Int

    /// Decodes the first chunk, so that damage in it is known before anything is promised to a client.
    func prepare(_ range: Range<Int>) async throws {
        guard let first = content.pieces(of: range.prefix(1)).first, case .chunk = first.source else { return }
        _ = try await bytes(of: first, keep: true)
    }

    /// Hands on the bytes of a range in order.
    ///
    /// The last chunk of an object is not handed on before the object, or the whole content, was proved by its SHA-256, if
    /// all of it is in the range; every chunk was proved by its checksum.
    func run<Copy>(
        _ range: Range<Int>, copy: (UnsafeRawBufferPointer) -> Copy, deliver: (Copy) async throws -> Void
    ) async throws {
        let pieces = content.pieces(of: range)
        let isWhole = range.lowerBound == 0 && range.upperBound == content.size
        var proof = try ContentProof(content: content, isWhole: isWhole)
        var begun = 0
        for (position, piece) in pieces.enumerated() {
            var slot = await slots.acquire()
            defer { slots.release(slot) }
            try await fill(slot, with: piece, keep: !isWhole) {
                try proof.add($0, of: piece, isLast: position == pieces.count - 1)
            }
            begun = max(begun, position + 1)
            for next in pieces[begun..<max(begun, min(position + 1 + readAhead(), pieces.count))] {
                begun += 1
                // What is wrong with it is told when its turn comes.
                Task { _ = try? await self.bytes(of: next, keep: true) }
            }
            var rest = piece.range
            while !rest.isEmpty {
                if slot.bytes == nil {
                    slots.release(slot)
                    slot = await slots.acquire()
                    try await fill(slot, with: piece, keep: true) { _ in }
                }
                let part = rest.prefix(Self.pieceBytes)
                guard let copied = slot.read(part, copy) else { continue }
                try await slots.waiting(with: slot) { try await deliver(copied) }
                rest = part.upperBound..<rest.upperBound
            }
        }
    }

    /// Decodes a chunk into a slot, which alone holds it from then on.
    private func fill(
        _ slot: ChunkSlot, with piece: ServedContent.Piece, keep: Bool, check: (ArraySlice<UInt8>) throws -> Void
    ) async throws {
        let bytes = try await bytes(of: piece, keep: keep)
        try naming(piece.name) {
            guard piece.range.upperBound <= bytes.count else {
                throw DeltaicError(.contentMismatch, "a chunk is shorter than its pack says")
            }
            try check(bytes[piece.range])
        }
        slot.fill(bytes)
    }

    private func bytes(of piece: ServedContent.Piece, keep: Bool) async throws -> [UInt8] {
        switch piece.source {
        case .bytes(let bytes): bytes
        case .chunk(let position, let object):
            try await naming(piece.name) {
                try await decoder.chunk(position, of: object.description.digest, from: content.reader, keep: keep)
            }
        }
    }
}

/// Hashes what is streamed, and compares it before the end.
private struct ContentProof: ~Copyable {
    private let content: ServedContent
    /// Of the content, where the whole of it has a digest and is streamed.
    private var whole: StreamingHash?
    /// Of the object that is being streamed, where that is not so.
    private var object: StreamingHash?

    init(content: ServedContent, isWhole: Bool) throws {
        self.content = content
        whole = isWhole && content.sha256 != nil ? try StreamingHash(.sha256) : nil
        object = nil
    }

    mutating func add(_ bytes: ArraySlice<UInt8>, of piece: ServedContent.Piece, isLast: Bool) throws {
        if let expected = content.sha256, whole != nil {
            bytes.withUnsafeBytes { whole?.update($0) }
            if isLast, let hash = whole.take() { try compare(hash.finish(), expected) }
            return
        }
        guard case .chunk(let position, let description) = piece.source else { return }
        if position == 0, piece.range.lowerBound == 0 { object = try StreamingHash(.sha256) }
        bytes.withUnsafeBytes { object?.update($0) }
        guard piece.endsObject, let hash = object.take(),
            piece.range.upperBound == description.description.grid.bytes(of: position).count
        else { return }
        try compare(hash.finish(), description.description.digest)
    }

    private func compare(_ found: [UInt8], _ expected: Digest) throws {
        let found = Digest(uncheckedBytes: found)
        guard found == expected else {
            throw DeltaicError(
                .contentMismatch, "the reconstructed bytes are not the ones that were registered",
                expected: "SHA-256 \(expected.short)", found: found.short, advice: "run `deltaic verify`")
        }
    }
}
