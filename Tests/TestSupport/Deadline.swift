/// Waits until something is so.
///
/// - Parameter seconds: the time that a test takes for never; what has much to wait for beside a thousand other tests needs more.
/// - Returns: false if it is not so within that time.
public func becomesTrue(within seconds: Int = 30, _ condition: () async throws -> Bool) async throws -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(10))
    }
    return false
}
