internal import Glibc

/// What the environment asks for.
///
///     DELTAIC_SHIM_ROOT    only operations on paths below it count
///     DELTAIC_SHIM_KINDS   the kinds that are numbered, as bits; all that change something if it is not given
///     DELTAIC_SHIM_AT      the number of the operation at which something happens
///     DELTAIC_SHIM_ACTION  kill, torn (half of a write, then kill), fail, short (half of a write)
///     DELTAIC_SHIM_ERRNO   how operations fail
///     DELTAIC_SHIM_ONWARD  1 if all that come after the one fail too
///     DELTAIC_SHIM_LOG     where operations are written down
struct Settings {
    enum Action {
        case kill
        case torn
        case fail
        case short
    }

    let root: UnsafePointer<CChar>
    let rootLength: Int
    let kinds: Int
    let failPoint: Int
    let action: Action
    let errorNumber: Int32
    let isOnward: Bool
    /// Of the log; -1 if there is none.
    let log: Int32

    init() {
        // The process does not change its environment, so the pointer stays valid.
        let rootPath = getenv("DELTAIC_SHIM_ROOT")
        let empty: StaticString = ""
        root =
            rootPath.map { UnsafePointer($0) }
            ?? UnsafeRawPointer(empty.utf8Start).assumingMemoryBound(to: CChar.self)
        rootLength = strlen(root)
        kinds = Settings.number("DELTAIC_SHIM_KINDS") ?? OperationKind.durableSteps
        failPoint = Settings.number("DELTAIC_SHIM_AT") ?? 0
        errorNumber = Int32(Settings.number("DELTAIC_SHIM_ERRNO") ?? Int(EIO))
        isOnward = Settings.number("DELTAIC_SHIM_ONWARD") == 1
        switch getenv("DELTAIC_SHIM_ACTION").map({ $0[0] }) {
        case CChar(UInt8(ascii: "t")): action = .torn
        case CChar(UInt8(ascii: "f")): action = .fail
        case CChar(UInt8(ascii: "s")): action = .short
        default: action = .kill
        }
        if let path = getenv("DELTAIC_SHIM_LOG") {
            log = real.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        } else {
            log = -1
        }
    }

    private static func number(_ name: String) -> Int? {
        getenv(name).map { atol($0) }
    }
}

/// Read when the first interposed function is called.
nonisolated(unsafe) let settings = Settings()
