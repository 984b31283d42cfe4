"""docs/quality.md and docs/quality.svg from the rows of product.py.

    python3 product_report.py ../../docs/research/product-quality.jsonl --markdown ../../docs/quality.md --plot ../../docs/quality.svg
"""

import argparse
import collections
import json
import math
import os

OURS = "seeded-sign"
NOT_PUBLISHED = {OURS, "drop", "exact", "fine-tune", "base body", "base", "trainer", "end"}
TITLES = {"section-light": "section, light", "section-strong": "section, strong", "sentiment-light": "sentiment, light",
          "sentiment-strong": "sentiment, strong", "decoder-light": "decoder, light", "decoder-strong": "decoder, strong"}
LOSSY_FILE = ("file 60x", "near-exact", "high", "balanced")  # embeddings lossy too


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def spread(values):
    """Standard deviation of a sample; 0 of one value."""
    values = list(values)
    if len(values) < 2:
        return 0.0
    m = mean(values)
    return math.sqrt(sum((v - m) ** 2 for v in values) / (len(values) - 1))


class Point:
    """A setting on one fine-tune: the mean over codec seeds."""

    def __init__(self, rows, full):
        self.codec, self.setting, self.count = rows[0]["codec"], rows[0]["setting"], len(rows)
        self.scores = [r["score"] for r in rows]
        self.score = mean(self.scores)
        self.lost = full - self.score
        self.bytes, self.ratio = mean(r["bytes"] for r in rows), 1 / mean(1 / r["ratio"] for r in rows)
        self.linear = mean(r["linear_bytes"] for r in rows) if "linear_bytes" in rows[0] else None
        self.linear_ratio = 1 / mean(1 / r["linear_ratio"] for r in rows) if "linear_ratio" in rows[0] else None
        self.e = mean(r["e"] for r in rows)
        self.agree = mean(r["agree"] for r in rows)


class Tune:
    """A fine-tune with all that was stored of it."""

    def __init__(self, head, body, rows):
        self.name, self.kind = head["model"], head["model"].rsplit("-", 1)[0]
        self.score, self.distance, self.size = head["score"], head["distance"], head["bytes"]
        self.body = body["score"] if body else float("nan")
        groups = collections.defaultdict(list)
        for row in rows:
            groups[row["codec"], row["setting"]].append(row)
        self.points = {key: Point(found, self.score) for key, found in groups.items()}
        # Seed noise: what a score moves by when only the codec's random choices change, where little is lost.
        near = [p for p in self.points.values() if p.count > 1 and p.lost < 0.5]
        self.noise = math.sqrt(mean(spread(p.scores) ** 2 for p in near)) if near else 0.0

    def published(self):
        return [p for p in self.points.values() if p.codec not in NOT_PUBLISHED]

    def ours(self, linear=True):
        """Points of seeded-sign; linear: only those with exact embeddings, which differ in the linear layers alone."""
        return [p for p in self.points.values() if p.codec == OURS and not (linear and p.setting in LOSSY_FILE)]

    def cheapest(self, target, of=lambda p: p.score):
        """The smallest point of seeded-sign with this score, or this much of something else."""
        return min((p for p in self.ours() if of(p) >= target), key=lambda p: p.linear, default=None)


def read(path):
    with open(path) as file:
        rows = [json.loads(line) for line in file]
    by = collections.defaultdict(list)
    for row in rows:
        by[row["model"]].append(row)
    tunes = []
    for name, found in by.items():
        head = next((r for r in found if r["codec"] == "fine-tune"), None)
        if head:
            body = next((r for r in found if r["codec"] == "base body"), None)
            tunes.append(Tune(head, body, [r for r in found if "setting" in r and "score" in r]))
    return rows, sorted(tunes, key=lambda t: (list(TITLES).index(t.kind) if t.kind in TITLES else 99, t.name))


def table(head, lines):
    return ["| " + " | ".join(head) + " |", "|" + "|".join(" --- " for _ in head) + "|",
            *("| " + " | ".join(line) + " |" for line in lines), ""]


def kinds(tunes):
    found = collections.OrderedDict()
    for tune in tunes:
        found.setdefault(tune.kind, []).append(tune)
    return found


def scores(tunes):
    """One table a kind: every codec and setting."""
    out = []
    for kind, mine in kinds(tunes).items():
        out += [f"### {TITLES.get(kind, kind)}", "",
                f"Fine-tune {mean(t.score for t in mine):.2f} ± {spread(t.score for t in mine):.2f}, with the linear layers of the base "
                f"{mean(t.body for t in mine):.2f}; \\|D\\|/\\|W\\| {mean(t.distance for t in mine):.4f}; {len(mine)} fine-tune seeds; a codec's own "
                f"random choices move a score by {mean(t.noise for t in mine):.2f}.", ""]
        keys = []
        for tune in mine:
            keys += [k for k in tune.points if k not in keys]
        lines = []
        for key in keys:
            found = [t.points[key] for t in mine if key in t.points]
            linear = [p for p in found if p.linear_ratio]
            lines.append((key[0] != OURS, key[0], -mean(p.bytes for p in found) if not linear else -mean(p.linear for p in linear),
                          [key[0], key[1], f"{mean(p.score for p in found):.2f}", f"{mean(p.lost for p in found):+.2f} ± {spread(p.lost for p in found):.2f}",
                           f"{1 / mean(1 / p.ratio for p in found):.1f}",
                           "∞" if key[0] == "drop" else f"{1 / mean(1 / p.linear_ratio for p in linear):.1f}" if linear else "",
                           f"{mean(p.e for p in found):.3f}", f"{mean(p.agree for p in found):.2f}"]))
        lines.sort(key=lambda line: line[:3])
        out += table(["codec", "setting", "score", "lost", "file x", "linear x", "e", "same answers %"], [line[3] for line in lines])
    return out


GOALS = [("200x linear, at most 0.2 lost", "linear 200x", 0.2, True), ("800x linear, at most 1 lost", "linear 800x", 1.0, True),
         ("60x file, at most 0.2 lost", "file 60x", 0.2, True), ("`high`, at most 0.5 lost", "high", 0.5, False)]
HALVES = ["best score, half the bytes", "the same, at most the fine-tune's score", "most same answers, half the bytes"]


def halves(tune):
    """[(text, holds)]: the best published setting in three senses, and ours for at most half its linear bytes."""
    by_score = max(tune.published(), key=lambda p: (p.score, -p.linear))
    by_answers = max(tune.published(), key=lambda p: (p.agree, -p.linear))
    out = []
    for theirs, target, of, value in ((by_score, by_score.score - tune.noise, lambda p: p.score, by_score.score),
                                      (by_score, min(by_score.score, tune.score) - tune.noise, lambda p: p.score, by_score.score),
                                      (by_answers, by_answers.agree - tune.noise, lambda p: p.agree, by_answers.agree)):
        mine = tune.cheapest(target, of)
        holds = bool(mine) and 2 * mine.linear <= theirs.linear
        out.append((f"{theirs.codec} {theirs.setting} {value:.2f} at {theirs.linear_ratio:.1f}x, ours "
                    + (f"{of(mine):.2f} at {mine.linear_ratio:.0f}x" if mine else f"never {target:.2f}"), holds))
    return out


def mark(text, holds):
    return text if holds else f"**{text}**"


def aims(tunes):
    """Tables of the aims fine-tune by fine-tune; and how many hold."""
    count, first, second = collections.OrderedDict(), [], []

    def note(aim, holds):
        count.setdefault(aim, []).append(holds)

    for tune in tunes:
        if tune.published():
            found = halves(tune)
            for aim, (_, holds) in zip(HALVES, found):
                note(aim, holds)
            first.append([tune.name, *(mark(*f) for f in found)])
        line = [tune.name]
        for aim, setting, most, light in GOALS:
            point = tune.points.get((OURS, setting))
            if point and (tune.kind.endswith("-light") or not light):
                note(aim, point.lost <= most)
                line.append(mark(f"{point.lost:+.2f} ({point.linear_ratio:.0f}x, {point.ratio:.0f}x)", point.lost <= most))
            else:
                line.append("")
        second.append(line)
    for kind, mine in kinds(tunes).items():
        line = [f"mean of {TITLES.get(kind, kind)}"]
        for _, setting, most, light in GOALS:
            found = [t.points[OURS, setting].lost for t in mine if (OURS, setting) in t.points]
            line.append(mark(f"{mean(found):+.2f}", mean(found) <= most) if found and (kind.endswith("-light") or not light) else "")
        second.append(line)
    return count, first, second


def duels(tunes):
    """Every published setting against the best of ours at half its linear bytes or less, on the mean of a kind's seeds."""
    found = kinds(tunes)
    keys = sorted({(p.codec, p.setting) for t in tunes for p in t.published()})
    out = []
    for key in keys:
        line = [f"{key[0]} {key[1]}"]
        for mine in found.values():
            have = [t for t in mine if key in t.points]
            if not have:
                line.append("")
                continue
            theirs, linear = mean(t.points[key].score for t in have), mean(t.points[key].linear for t in have)
            options = []
            for setting in {p.setting for t in have for p in t.ours()}:
                points = [t.points[OURS, setting] for t in have if (OURS, setting) in t.points]
                if len(points) == len(have) and 2 * mean(p.linear for p in points) <= linear:
                    options.append((mean(p.score for p in points), 1 / mean(1 / p.linear_ratio for p in points)))
            ours = max(options, default=None)
            noise = mean(t.noise for t in have) / math.sqrt(len(have))
            line.append(mark(f"{theirs:.2f}, {ours[0]:.2f} ({ours[1]:.0f}x)", ours[0] >= theirs - noise) if ours else f"{theirs:.2f}, ?")
        out.append(line)
    return [TITLES.get(k, k) for k in found], out


def plot(tunes, path):
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.hashsalt": "deltaic", "svg.fonttype": "none", "font.size": 8})
    from matplotlib import pyplot

    found = kinds(tunes)
    columns = 2
    figure, axes = pyplot.subplots(-(-len(found) // columns), columns, figsize=(9, 3 * -(-len(found) // columns)), squeeze=False)
    codecs = [OURS] + sorted({p.codec for t in tunes for p in t.published()})
    colours = {c: f"C{i % 10}" for i, c in enumerate(codecs)}
    for axis, (kind, mine) in zip(axes.flat, found.items()):
        for codec in codecs:
            settings = {s for t in mine for (c, s) in t.points if c == codec}
            for lossy in (False, True):
                line = []
                for setting in settings:
                    points = [t.points[codec, setting] for t in mine if (codec, setting) in t.points]
                    if (codec == OURS and setting in LOSSY_FILE) == lossy:
                        line.append((mean(p.linear for p in points) / 1000, mean(p.lost for p in points), spread(p.lost for p in points)))
                line.sort()
                if line:
                    x, y, error = zip(*line)
                    axis.errorbar(x, y, error, color=colours[codec], marker="s" if lossy else "o", markersize=3.5 if codec == OURS else 2.5,
                                  linestyle="none" if lossy else "-", linewidth=1.8 if codec == OURS else 0.9, elinewidth=0.5,
                                  markerfacecolor="none" if lossy else None, label=codec + (", embeddings lossy too" if lossy else ""))
        axis.axhline(0, color="grey", linewidth=0.5)
        axis.set_xscale("log")
        axis.set_yscale("symlog", linthresh=1, linscale=1)
        axis.set_ylim(100, -2)
        axis.set_yticks([-1, 0, 1, 10, 100], ["-1", "0", "1", "10", "100"])
        axis.set_title(TITLES.get(kind, kind))
        axis.set_xlabel("kB of the linear layers")
        axis.set_ylabel("points lost")
    for axis in list(axes.flat)[len(found):]:
        axis.axis("off")
    handles, labels = [], []
    for axis in axes.flat:
        for handle, label in zip(*axis.get_legend_handles_labels()):
            if label not in labels:
                handles.append(handle)
                labels.append(label)
    figure.legend(handles, labels, loc="lower center", ncol=5, frameon=False)
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    figure.savefig(path, metadata={"Date": None} if path.endswith("svg") else None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results")
    parser.add_argument("--markdown")
    parser.add_argument("--plot")
    parser.add_argument("--note", help="a sentence about the run")
    args = parser.parse_args()
    rows, tunes = read(args.results)
    count, first, second = aims(tunes)
    names, fights = duels(tunes)
    failed = collections.Counter((r["codec"], r["setting"], r["error"][-120:]) for r in rows if "error" in r and "setting" in r)
    out = ["# Quality of lossy deltas", "",
           "Fine-tunes of MiniLM-L6 (BF16) on two text tasks and of a small decoder on arithmetic, stored and pulled with the `deltaic` program and then "
           "scored: accuracy, or whole answers exactly right. Made by `product.py` and `product_report.py` in `Benchmarks/quality`; raw rows in "
           f"`docs/research/{os.path.basename(args.results)}`.{' ' + args.note if args.note else ''}", "",
           "* `file x`, `linear x`: raw bytes over stored bytes, all of them, of the safetensors file and of the layers that codecs compress. Embeddings, "
           "norms and head are exact, but `file 60x`, `near-exact`, `high` and `balanced` store embeddings lossily too.",
           "* `lost`: the fine-tune's score less that of what was pulled; negative where it scores higher. Mean ± standard deviation over fine-tune seeds, "
           "each a mean over the codec's own seeds.",
           "* `e`: relative error of the linear weights. `same answers`: how many test answers are the fine-tune's.", ""]
    if args.plot and args.markdown:
        out += [f"![Points lost against bytes]({os.path.relpath(args.plot, os.path.dirname(args.markdown) or '.')})", ""]
    out += ["## Aims", "", *table(["aim", "fine-tunes where it holds"], [[a, f"{sum(v)} of {len(v)}"] for a, v in count.items()]),
            "**Bold** does not hold. First, points lost (ratio of the linear layers, of the file):", "",
            *table(["fine-tune", *(g[0] for g in GOALS)], second),
            "Half the bytes: of every fine-tune, the published setting with the best score, and the smallest seeded-sign with exact embeddings whose score "
            "is at least that less the seed noise (standard deviation of one score over codec seeds, pooled over settings that lose less than half a point). It "
            "holds if its linear bytes are at most half. The second column asks for no more than the fine-tune's own score, since some codecs score above "
            "an overfitted fine-tune; the third compares same answers in place of scores.", "",
            *table(["fine-tune", *HALVES], first),
            "## Every published setting against half its bytes", "",
            "Its score, and the best of seeded-sign with at most half its linear bytes (its ratio). Means over seeds; bold: lower by more than seed noise.", "",
            *table(["published", *names], fights),
            "## Scores", "", *scores(tunes)]
    if failed:
        out += ["## Not stored", "", *(f"* {c} {s}: {n} times: `{e.strip()}`" for (c, s, e), n in failed.items()), ""]
    text = "\n".join(out)
    if args.markdown:
        with open(args.markdown, "w") as file:
            file.write(text)
    else:
        print(text)
    if args.plot:
        plot(tunes, args.plot)


if __name__ == "__main__":
    main()
