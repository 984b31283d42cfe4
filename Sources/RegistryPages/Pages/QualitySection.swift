internal import DeltaicCore
internal import Registry

/// What is known of how good the versions of a model are, as it went.
struct QualitySection {
    let quality: QualityHistory

    var markup: Markup {
        guard !quality.scores.isEmpty || !quality.losses.isEmpty else { return .none }
        return Parts.section("Quality", id: "quality", "<div class=\"columns\">\(scores)\(losses)</div>")
    }

    /// The commands that scores are of, each with its own measure.
    private var scores: [Markup] {
        let commands = quality.scores.map(\.evaluation.command)
        let order = commands.enumerated().filter { commands.firstIndex(of: $0.element) == $0.offset }.map(\.element)
        return order.map { command in
            let scores = quality.scores.filter { $0.evaluation.command == command }
            var table = DataTable("Scores", [.text("Version"), .number("Score"), .text("When")])
            for score in scores.reversed() {
                table.add([
                    "v\(score.number)", "\(NumberFormat.significant(score.evaluation.score, 5))",
                    Parts.date(score.evaluation.createdAt),
                ])
            }
            let picture = chart(
                "Scores by version, of: \(command.shortened(to: 80))",
                scores.map { ($0.number, $0.evaluation.score) }, style: "kept", name: "score", least: nil)
            return Parts.figure(
                "Evaluation: <code>\(command.shortened(to: 80))</code>", label: picture.label, picture.inPage,
                table: table.markup)
        }
    }

    private var losses: Markup? {
        guard !quality.losses.isEmpty else { return nil }
        var table = DataTable(
            "What lossy codecs cost",
            [
                .text("Version"), .text("Codec"), .number("Relative error"), .number("Cosine"), .number("Projection"),
                .number("Signs kept"),
            ])
        func text(_ value: Double?) -> Markup { "\(value.map { NumberFormat.fixed($0, 4) } ?? "-")" }
        for loss in quality.losses.reversed() {
            table.add([
                "v\(loss.number)", "\(loss.codec)", text(loss.quality.relativeError), text(loss.quality.cosine),
                text(loss.quality.projection), text(loss.quality.signAgreement),
            ])
        }
        let picture = chart(
            "Relative weight error by version",
            quality.losses.compactMap { loss in loss.quality.relativeError.map { (loss.number, $0) } }, style: "other",
            name: "relative error", least: 0)
        return Parts.figure(
            "Relative weight error of lossy versions (up to 0.12 cost nothing that could be measured, 0.25 three points)",
            label: picture.label, picture.inPage, table: table.markup)
    }

    private func chart(
        _ label: String, _ values: [(number: Int, value: Double)], style: String, name: String, least: Double?
    ) -> Picture {
        let numbers = Set(values.map(\.number)).sorted()
        let shown = numbers.count > 8 ? [numbers[0], numbers[numbers.count / 2], numbers[numbers.count - 1]] : numbers
        return LineChart(
            label: label,
            series: [
                .init(
                    name: name, style: style,
                    points: values.sorted { $0.number < $1.number }.map {
                        .init(
                            x: Double($0.number), y: $0.value,
                            title: "v\($0.number): \(NumberFormat.significant($0.value, 5))")
                    })
            ], least: least, formatY: { NumberFormat.significant($0, 3) },
            ticksX: shown.map { (Double($0), "v\($0)") }
        ).picture()
    }
}
