internal import ArgumentParser
internal import DeltaicCore
internal import Glibc

/// A command that stops in its own way when a signal asks it to.
protocol StopsItself {}

extension DeltaicCommand {
    /// Runs the command that the process was started with, and says with which status it is to exit.
    ///
    /// Failures are told on standard error. SIGINT, SIGTERM and SIGHUP cancel the command, which removes its temporary
    /// files; the status is then 128 and the signal's number.
    public static func runProcess() async -> Int32 {
        let (parsed, stopsItself) = parse()
        let work = Task { await run(parsed) }
        let interruption = stopsItself ? nil : Interruption { work.cancel() }
        let failure = await work.value
        return failure.map { report($0, interruption) } ?? ExitStatus.success.rawValue
    }

    /// The command, and whether it stops in its own way.
    ///
    /// A mistake in the arguments is told when the command is run.
    private static func parse() -> sending (Result<any ParsableCommand, any Error>, stopsItself: Bool) {
        do {
            let command = try parseAsRoot()
            return (.success(command), command is any StopsItself)
        } catch {
            return (.failure(error), false)
        }
    }

    private static func run(_ parsed: Result<any ParsableCommand, any Error>) async -> (any Error)? {
        do {
            var command = try parsed.get()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return nil
        } catch {
            return error
        }
    }

    /// Tells a failure and returns its status.
    private static func report(_ error: any Error, _ interruption: Interruption?) -> Int32 {
        if let status = interruption?.status {
            StandardStreams.writeNote("error: interrupted")
            return status
        }
        switch error {
        case let error as DeltaicError:
            StandardStreams.writeNote("error: \(error)")
            return ExitStatus(error.code.category).rawValue
        case is ClosedOutput:
            return 128 + SIGPIPE
        case let error as ExitCode:
            return error.rawValue
        default:
            return reportArguments(error)
        }
    }

    /// What the argument parser has to say: help and the like are no failures.
    private static func reportArguments(_ error: any Error) -> Int32 {
        let message = fullMessage(for: error)
        let status = exitCode(for: error).rawValue
        guard status == ExitStatus.success.rawValue else {
            let prefix = "Error: "
            StandardStreams.writeNote(
                message.hasPrefix(prefix) ? "error: " + message.dropFirst(prefix.count) : "error: " + message)
            return status
        }
        do {
            try StandardStreams.writeResult(message)
            return status
        } catch let error as DeltaicError {
            StandardStreams.writeNote("error: \(error)")
            return ExitStatus(error.code.category).rawValue
        } catch {
            return 128 + SIGPIPE
        }
    }
}
