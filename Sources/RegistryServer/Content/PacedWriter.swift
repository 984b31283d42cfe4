internal import Hummingbird
internal import NIOCore

/// Hands pieces of a body to a connection no faster than it takes them.
struct PacedWriter {
    let channel: any Channel
    /// In seconds, that the client may take nothing.
    let patience: Int

    func write(_ piece: ByteBuffer, to writer: inout any ResponseBodyWriter) async throws {
        let watch = StallWatch(channel: channel, seconds: patience)
        defer { watch.stop() }
        try await writer.write(piece)
        // The writer holds up its caller only once the connection has said that it is full. Before it had a chance to
        // say so, more and more could be put into its queue.
        try await channel.eventLoop.submit {}.get()
    }
}
