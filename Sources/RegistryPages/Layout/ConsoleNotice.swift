/// What was just done, as the page says that comes after it.
///
/// A page is sent one of these words, never a text: an address that somebody made up can say nothing else.
public enum ConsoleNotice: String, Sendable, CaseIterable {
    case tagged, untagged, removed
    case taskSet = "task-set"
    case compressing
    case importing
    case signedOut = "signed-out"

    var text: String {
        switch self {
        case .tagged: "The tag is set."
        case .untagged: "The tag is gone; the version stays."
        case .removed: "Removed. What nothing else needs is garbage now, and is deleted after a day."
        case .taskSet: "The task is set."
        case .compressing: "What is pending is being compressed."
        case .importing: "The import has begun; Jobs says how far it is."
        case .signedOut: "You are signed out."
        }
    }
}
