/// Makes changes of the registry one after the other, so that requests of one server do not find it locked by each other.
actor SerialChanges {
    func run<Result: Sendable>(_ change: @Sendable () throws -> Result) rethrows -> Result {
        try change()
    }
}
