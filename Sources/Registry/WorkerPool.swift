/// Runs work on a bounded number of threads and takes the results in order.
struct WorkerPool: Sendable {
    /// How many pieces are worked on at once, with one more ready to start; 1 means one after the other on the caller's
    /// thread.
    let threads: Int

    /// Transforms every input and hands the results to `consume` in the order of the inputs.
    ///
    /// - Parameter window: the results that may be in work or waiting for an earlier one; it bounds the memory, and has to
    ///   be the larger the more the pieces differ. Four for each thread if it is not given.
    /// - Throws: the first error of `transform` or `consume`, or `CancellationError`; what is in work is waited for.
    func mapInOrder<Input: Sendable, Output: Sendable>(
        _ inputs: some Sequence<Input>, window: Int? = nil, _ transform: @escaping @Sendable (Input) throws -> Output,
        consume: (Output) throws -> Void
    ) async throws {
        guard threads > 1 else {
            for input in inputs {
                try Task.checkCancellation()
                try consume(transform(input))
                // Whoever else needs the thread gets it in between.
                await Task.yield()
            }
            return
        }
        let window = window ?? 4 * threads
        try await withThrowingTaskGroup(of: (Int, Output).self) { group in
            var waiting: [Int: Output] = [:]
            var started = 0
            var finished = 0
            var consumed = 0
            func take(_ position: Int, _ output: Output) throws {
                waiting[position] = output
                finished += 1
                while let output = waiting.removeValue(forKey: consumed) {
                    try consume(output)
                    consumed += 1
                }
            }
            for input in inputs {
                try Task.checkCancellation()
                while started - finished > threads || started - consumed >= window,
                    let (position, output) = try await group.next()
                {
                    try take(position, output)
                }
                let position = started
                group.addTask { (position, try transform(input)) }
                started += 1
            }
            while let (position, output) = try await group.next() { try take(position, output) }
        }
    }
}
