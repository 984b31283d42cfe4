public import DeltaicCore

/// The lossy methods that this version offers, by name.
public enum MethodTable {
    public static let methods: [any LossyMethod.Type] = [
        SeededSignMethod.self, UltraDeltaMethod.self, DeltaDQMethod.self, DeltaCoMeMethod.self, BitDeltaMethod.self,
        DAREMethod.self, Sparse24Method.self, LowRankMethod.self, DropCodec.self,
    ]

    /// The codecs that go by second moments unless their settings say otherwise.
    public static var momentReaders: [CodecID] {
        methods.map { $0.id }.filter { (try? method($0, settings: [:]))?.readsSecondMoments == true }
    }

    /// The method of a codec with its settings.
    ///
    /// - Throws: `.badSettings` naming what is wrong, `.unknownCodec` listing what there is.
    public static func method(_ id: CodecID, settings: CodecSettings) throws(DeltaicError) -> any LossyMethod {
        for type in methods where type.id == id {
            var reader = SettingsReader(settings, codec: id)
            let method = try type.init(&reader)
            try reader.finish()
            return method
        }
        throw DeltaicError(
            .unknownCodec, "there is no lossy codec \"\(id)\"",
            expected: methods.map { "\($0.id)" }.sorted().joined(separator: ", "))
    }
}
