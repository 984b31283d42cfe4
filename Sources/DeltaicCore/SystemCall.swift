internal import Glibc

extension DeltaicError {
    /// The failure of a system call, from `errno`, with advice where there is some.
    public static func systemCall(_ call: String, path: String, errno code: Int32) -> DeltaicError {
        let reason = String(cString: strerror(code))
        switch code {
        case ENOSPC, EDQUOT:
            return DeltaicError(
                .noSpace, "\(call) failed: \(reason)", at: [path],
                advice: "nothing was changed; free some space and run the command again")
        case EACCES, EPERM, EROFS:
            return DeltaicError(.ioFailure, "\(call) failed: \(reason)", at: [path], advice: "check the permissions")
        case EMFILE, ENFILE:
            return DeltaicError(
                .ioFailure, "\(call) failed: \(reason)", at: [path], advice: "raise the limit of open files (ulimit -n)"
            )
        default:
            return DeltaicError(.ioFailure, "\(call) failed: \(reason)", at: [path])
        }
    }
}
