/// Runs work on a bounded number of threads and takes the results in order.
struct WorkerPool: Sendable {
    /// How many pieces are worked on at once; 1 means one after the other on the caller's thread.
    let threads: Int

    /// Transforms every input and hands the results to `consume` in the order of the inputs.
    ///
    /// At most `threads` + 1 inputs are in work or waiting to be consumed, which bounds the memory.
    /// - Throws: the first error of `transform` or `consume`; what is in work is cancelled and waited for.
    ///   `CancellationError` if the task that it runs in is cancelled.
    func mapInOrder<Input: Sendable, Output: Sendable>(
        _ inputs: some Sequence<Input>, _ transform: @escaping @Sendable (Input) throws -> Output,
        consume: (Output) throws -> Void
    ) async throws {
        guard threads > 1 else {
            for input in inputs {
                try Task.checkCancellation()
                try consume(transform(input))
            }
            return
        }
        try await withThrowingTaskGroup(of: (Int, Output).self) { group in
            var waiting: [Int: Output] = [:]
            var started = 0
            var consumed = 0
            func consumeReady() throws {
                while let output = waiting.removeValue(forKey: consumed) {
                    try consume(output)
                    consumed += 1
                }
            }
            for input in inputs {
                try Task.checkCancellation()
                while started - consumed > threads, let (position, output) = try await group.next() {
                    waiting[position] = output
                    try consumeReady()
                }
                let position = started
                group.addTask { (position, try transform(input)) }
                started += 1
            }
            while let (position, output) = try await group.next() {
                waiting[position] = output
                try consumeReady()
            }
        }
    }
}
