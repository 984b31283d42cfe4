internal import DeltaicCore
public import Registry

/// Where two versions differ, and by how much.
public struct ComparisonPicture: Sendable {
    let comparison: VersionComparison

    public init(_ comparison: VersionComparison) {
        self.comparison = comparison
    }

    var layers: LayerPictures {
        LayerPictures(
            subject: "\(comparison.left.reference) and \(comparison.right.reference)",
            tensors: comparison.tensors.map(LayerTensor.init), metrics: [.change, .stored])
    }

    /// The layers and the histograms of the changes, one below the other.
    public func picture() -> Picture {
        let title = "\(comparison.left.reference) and \(comparison.right.reference)"
        return .stacked(
            title, layers.pictures() + comparison.histograms.map { HistogramChart(histogram: $0).picture() })
    }
}
