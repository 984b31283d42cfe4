internal import DeltaicCommands
internal import DeltaicCore
internal import Glibc

/// The program: everything is in `DeltaicCommands`.
@main
struct Main {
    static func main() async {
        AllocatorTuning.keepChunkBuffers()
        exit(await DeltaicCommand.runProcess())
    }
}
