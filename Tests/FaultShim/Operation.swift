/// What kinds of operations there are; the numbers stand in logs and in `DELTAIC_SHIM_KINDS`.
enum OperationKind: Int {
    case write = 1
    case fileSync = 2
    case dataSync = 3
    case truncate = 4
    /// Opening a file that was not there.
    case create = 5
    /// Opening a file or folder that changes nothing.
    case open = 6
    case rename = 7
    case link = 8
    case unlink = 9
    case makeFolder = 10
    case removeFolder = 11

    var bit: Int { 1 << rawValue }

    /// All that change something or make a change durable.
    static let durableSteps = 0xffe & ~OperationKind.open.bit
}

/// One operation on something below the root; the pointers are valid while it runs.
struct Operation {
    let kind: OperationKind
    /// Below the root.
    let path: Place
    /// The second path of a rename or link.
    var other: Place?
    /// Where a write goes, or the length that a file is cut to; filled in after a write without an offset.
    var offset = 0
    /// What is written.
    var bytes: UnsafeRawPointer?
    /// Whose position says, after a write, where it went.
    var positionedDescriptor: Int32?
}
