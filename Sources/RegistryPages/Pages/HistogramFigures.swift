internal import Registry

/// Histograms of changes beside each other, one for each class of tensors.
struct HistogramFigures {
    let histograms: [DeltaHistogram]

    var markup: Markup {
        let figures = histograms.map { histogram in
            let picture = HistogramChart(histogram: histogram).picture()
            return Parts.figure("\(picture.label)", label: picture.label, picture.inPage)
        }
        return """
            <p class="dim">Falls on the left, rises on the right; the axis is logarithmic, bars are half an octave wide. In the middle, \
            the part that did not change in any bit.</p>
            <div class="columns">\(figures)</div>
            """
    }
}
