internal import ArgumentParser
internal import DeltaicCore
internal import Foundation
internal import Registry

/// `deltaic sign`: vouches for a version.
struct SignCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign", abstract: "Sign the files of a version with a private key.",
        discussion: """
            The signature is a Sigstore bundle as OpenSSF Model Signing defines it; it is kept with the version. `deltaic verify NAME \
            --key public.pem` checks it here; `deltaic pull NAME --output DIR --signature` writes it beside the files, where \
            `model_signing verify key DIR --signature DIR/\(ModelRegistry.signatureFileName) --public_key public.pem` checks it. A key is made \
            with `openssl ecparam -name prime256v1 -genkey -noout -out private.pem`.
            """)

    @Argument(help: ArgumentHelp("The version.", valueName: "name[@v|:tag]"))
    var name: String

    @Option(
        help: ArgumentHelp("The private key: P-256, P-384 or P-521, in PEM.", valueName: "file"), completion: .file())
    var key: String

    @Option(
        name: .customLong("password-variable"),
        help: ArgumentHelp("The environment variable with the key's password.", valueName: "name"))
    var passwordVariable: String?

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputFormat

    func run() async throws {
        let reference = try VersionReference(name)
        let password = passwordVariable.flatMap { ProcessInfo.processInfo.environment[$0] }
        let key = try KeyFile.read(key) { pem throws(DeltaicError) in try SigningKey(pem: pem, password: password) }
        let signature = try await global.openForWriting().sign(reference, with: key)
        try output.write(signature) { _ in ["signed \(signature.version) with key \(signature.key.short)"] }
    }
}

/// A file with a key.
enum KeyFile {
    private static let longest = 64 << 10

    /// - Throws: `.unusableKey` naming the file, or what the system says.
    static func read<Key>(_ path: String, _ parse: ([UInt8]) throws(DeltaicError) -> Key) throws -> Key {
        let file = try ReadOnlyFile(path: URL(filePath: path).resolvingSymlinksInPath().path)
        return try naming(path) { try parse(try file.read(0..<min(file.size, longest))) }
    }
}
