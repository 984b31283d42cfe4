internal import DeltaicCommands
internal import Glibc

/// The program: everything is in `DeltaicCommands`.
@main
struct Main {
    static func main() async {
        exit(await DeltaicCommand.runProcess())
    }
}
