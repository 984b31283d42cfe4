// swift-tools-version: 6.2
import PackageDescription

// The archive of libFuzzer's loop, where `scripts/fuzz.sh` builds: then our modules count what of them an input runs.
let fuzzer = Context.environment["DELTAIC_FUZZER"]
let coverage: [SwiftSetting] =
    fuzzer == nil
    ? []
    : [
        .define("FUZZING"),
        .unsafeFlags(["-sanitize-coverage=edge,indirect-calls,trace-cmp,inline-8bit-counters,pc-table"]),
    ]

let strict: [SwiftSetting] =
    coverage + [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .treatAllWarnings(as: .error),
    ]

let strictC: [CSetting] = [.enableWarning("all"), .enableWarning("extra"), .treatAllWarnings(as: .error)]

let fuzzed: [Target.Dependency] = [
    "DeltaicCore", "DeltaCodecs", "PackFormat", "Registry", "RegistryPages", "RegistryServer", "TensorFiles",
    "TestSupport", "XetFormat",
]

let package = Package(
    name: "deltaic",
    products: [
        .executable(name: "deltaic", targets: ["deltaic"]),
        // Only for the tests: it is loaded before the C library and makes system calls fail.
        .library(name: "FaultShim", type: .dynamic, targets: ["FaultShim"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
        .systemLibrary(
            name: "CMarkGFM", pkgConfig: "libcmark-gfm",
            providers: [.apt(["libcmark-gfm-dev", "libcmark-gfm-extensions-dev"])]),
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        // Only encoders of the lossy codecs use it, never a decoder: its sums depend on the processor. Loaded when it is needed.
        .target(name: "CLAPACK", cSettings: strictC),

        // The allocator's settings are in the C library, but not in the toolchain's module of it.
        .systemLibrary(name: "CAllocator"),

        .target(name: "DeltaicCore", dependencies: ["CAllocator", "COpenSSL", "CXXHash"], swiftSettings: strict),
        .target(name: "CKernels", cSettings: strictC),
        .target(name: "Kernels", dependencies: ["CKernels"], swiftSettings: strict),
        .target(
            name: "DeltaicSchema", path: "Schema", exclude: ["README.md", "pack", "vectors"],
            sources: ["DeltaicSchema.swift"],
            resources: [.embedInCode("catalog")], swiftSettings: strict),

        .target(name: "TensorFiles", dependencies: ["DeltaicCore"], swiftSettings: strict),
        .target(name: "DeltaCodecs", dependencies: ["CLAPACK", "DeltaicCore", "Kernels"], swiftSettings: strict),
        .target(name: "PackFormat", dependencies: ["DeltaicCore", "CZstd"], swiftSettings: strict),
        .target(name: "XetFormat", dependencies: ["CLZ4", "DeltaicCore"], swiftSettings: strict),
        .target(
            name: "Catalog",
            dependencies: [
                "DeltaicCore", "DeltaicSchema", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict),

        .target(
            name: "Registry",
            dependencies: [
                "CZlib", "DeltaicCore", "Kernels", "TensorFiles", "DeltaCodecs", "PackFormat", "XetFormat", "Catalog",
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict),
        .target(
            name: "RegistryClient",
            dependencies: [
                "DeltaicCore", "Registry", .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict),
        .target(
            name: "RegistryPages", dependencies: ["CMarkGFM", "DeltaicCore", "Registry"],
            resources: [.embedInCode("Assets")], swiftSettings: strict),
        .target(
            name: "RegistryServer",
            dependencies: [
                "DeltaicCore", "Registry", "RegistryClient", "RegistryPages",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .target(
            name: "DeltaicCommands",
            dependencies: [
                "DeltaicCore", "Registry", "RegistryClient", "RegistryPages", "RegistryServer",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "deltaic",
            dependencies: ["DeltaicCommands", "DeltaicCore"],
            swiftSettings: strict),

        .executableTarget(
            name: "DeltaicBench",
            dependencies: [
                "COpenSSL", "CXXHash", "CZstd", "DeltaicCore", "Kernels", "TensorFiles", "DeltaCodecs", "PackFormat",
                "Registry",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Benchmarks/DeltaicBench", swiftSettings: strict),

        .target(name: "TestSupport", dependencies: ["DeltaicCore"], path: "Tests/TestSupport", swiftSettings: strict),
        .testTarget(name: "DeltaicCoreTests", dependencies: ["DeltaicCore", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "KernelsTests", dependencies: ["Kernels", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "TensorFilesTests", dependencies: ["DeltaicCore", "TensorFiles", "TestSupport"], swiftSettings: strict
        ),
        .testTarget(
            name: "DeltaCodecsTests",
            dependencies: ["DeltaicCore", "Kernels", "DeltaCodecs", "PackFormat", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "PackFormatTests", dependencies: ["DeltaicCore", "DeltaCodecs", "PackFormat", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "XetFormatTests", dependencies: ["DeltaicCore", "TestSupport", "XetFormat"], exclude: ["Vectors"],
            swiftSettings: strict),
        .testTarget(
            name: "CatalogTests",
            dependencies: [
                "Catalog", "DeltaicCore", "DeltaicSchema", "TestSupport", .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "RegistryTests",
            dependencies: [
                "DeltaicCore", "TensorFiles", "DeltaCodecs", "PackFormat", "XetFormat", "Catalog", "Registry",
                "TestSupport",
            ], swiftSettings: strict),
        .testTarget(
            name: "RegistryServerTests",
            dependencies: [
                "DeltaicCore", "Registry", "RegistryClient", "RegistryServer", "TestSupport",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ], swiftSettings: strict),
        .testTarget(
            name: "RegistryPagesTests", dependencies: ["DeltaicCore", "Registry", "RegistryPages", "TestSupport"],
            swiftSettings: strict),
        .testTarget(name: "CommandTests", dependencies: ["DeltaicCore", "TestSupport"], swiftSettings: strict),

        .target(name: "FaultShim", path: "Tests/FaultShim", swiftSettings: strict),
        .testTarget(
            name: "FaultTests",
            dependencies: [
                "DeltaicCore", "TensorFiles", "DeltaCodecs", "PackFormat", "Catalog", "Registry", "TestSupport",
            ], swiftSettings: strict),

        // Parsers that are fuzzed: a program around libFuzzer's loop, or tests that replay what it found.
        fuzzer.map { fuzzer in
            .executableTarget(
                name: "DeltaicFuzz", dependencies: fuzzed, path: "Fuzz", exclude: ["corpora"], swiftSettings: strict,
                linkerSettings: [.unsafeFlags([fuzzer]), .linkedLibrary("stdc++")])
        }
            ?? .testTarget(
                name: "FuzzTests", dependencies: fuzzed, path: "Fuzz", exclude: ["corpora"],
                swiftSettings: strict),
    ]
)
