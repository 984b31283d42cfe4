import Foundation

/// A variable of the environment of the tests.
func environment(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }
