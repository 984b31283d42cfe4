"""Tables, and a plot if matplotlib is there, from the results of research.py.

    python3 report.py docs/research/lossy-quality.jsonl [--plot out.png]
"""

import argparse
import collections
import json


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def ranks(values):
    order = sorted(range(len(values)), key=values.__getitem__)
    out = [0.0] * len(values)
    for i, j in enumerate(order):
        out[j] = float(i)
    return out


def correlation(a, b):
    """Rank correlation."""
    a, b = ranks(a), ranks(b)
    ma, mb = mean(a), mean(b)
    top = sum((x - ma) * (y - mb) for x, y in zip(a, b))
    return top / (sum((x - ma) ** 2 for x in a) * sum((y - mb) ** 2 for y in b)) ** 0.5


def family(coder):
    """Coders whose error is random given the delta, and those whose error follows the delta."""
    if "no transform" in coder or coder in ("C", "BitDelta", "rank-r 2 bit") or "scale 0" in coder:
        return None
    if coder.startswith(("P", "B rms rotate", "B rotate 6", "B rotate 8", "B rotate 10", "B rotate 12", "B rms scale", "D rms rotate")):
        return "rotated"
    if coder in ("B", "B rotate 0", "D"):
        return "short rotation"
    if coder in ("DARE", "DeltaDQ 8x 4 bit", "UltraDelta"):
        return "random values"
    return "signs" if coder.startswith("A") else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results")
    parser.add_argument("--plot")
    args = parser.parse_args()
    with open(args.results) as file:
        rows = [json.loads(line) for line in file]
    full = {(r["run"], r["model"]): r for r in rows if r["coder"] == "fine-tuned"}
    points = collections.defaultdict(list)
    for key, whole in full.items():
        mine = [r for r in rows if (r["run"], r["model"]) == key and "noise" in r and "score" in r and not r["coder"].startswith("embedding")]
        print(f"\n{key[0]} {key[1]}: score {whole['score']:.2f}, |D|/|W| {whole['ratio']:.4f}")
        table = collections.defaultdict(list)
        for r in mine:
            if r.get("g", 1) != 1:
                continue
            name = r["coder"] + (f" q{r['q']}" if "q" in r else "") + (f" {r['sparsity']}" if "sparsity" in r else "")
            table[name, r.get("target", round(r["bits"], 3))].append(r)
            group = family(r["coder"])
            if group and whole["score"] > 5:  # a model that learned its task
                points[group].append((r["e"], r["e_mean"], r["noise"], whole["score"] - r["score"], 100 - r["agree"], whole["ratio"]))
        for (name, b), found in sorted(table.items(), key=lambda item: (item[0][0], -item[0][1])):
            print(f"  {name:30s} {b:<6g} noise*bits {mean(r['noise'] * r['bits'] for r in found):7.3f}  e {mean(r['e'] for r in found):.3f}"
                  f"  score {mean(r['score'] for r in found):6.2f}  agree {mean(r['agree'] for r in found):6.2f}  ({len(found)})")
    print("\nrank correlation with the answers that changed (100 - agree):")
    for group, found in points.items():
        columns = list(zip(*found))
        print(f"  {group:14s} n {len(found):4d}  e {correlation(columns[0], columns[4]):.3f}  layer mean e {correlation(columns[1], columns[4]):.3f}"
              f"  noise {correlation(columns[2], columns[4]):.3f}  |D|/|W| {correlation(columns[5], columns[4]):.3f}")
    print("\nloss of score by e (mean, worst), all models:")
    for group, found in points.items():
        for low, high in ((0, 0.05), (0.05, 0.1), (0.1, 0.13), (0.13, 0.16), (0.16, 0.2), (0.2, 0.25), (0.25, 0.3), (0.3, 0.4), (0.4, 0.55)):
            inside = [p for p in found if low <= p[0] < high]
            if inside:
                print(f"  {group:14s} e {low:.2f}-{high:.2f}  mean {mean(p[3] for p in inside):6.2f}  worst {max(p[3] for p in inside):6.2f}"
                      f"  changed {mean(p[4] for p in inside):5.2f} %  ({len(inside)})")
    if args.plot:
        from matplotlib import pyplot

        figure, axes = pyplot.subplots(figsize=(7, 4.5))
        for group, found in points.items():
            axes.scatter([p[0] for p in found], [p[3] for p in found], s=8, label=group)
        axes.set(xlabel="e = |W_hat - W_ft| / |W_ft|", ylabel="score lost", xlim=(0, 0.6), ylim=(-3, 40))
        axes.legend()
        figure.savefig(args.plot, dpi=120)


if __name__ == "__main__":
    main()
