"""Why the codec for lossy deltas is as it is: simulated coders on real fine-tunes, scored. One GPU, some minutes.

Every line of the output is one measurement: the model, the coder, its bits per weight, the noise |D_hat - D|^2/|D|^2, the
relative weight error e = |W_hat - W_ft|/|W_ft| after rounding to BF16, the projection <D_hat, D>/<D, D>, the cosine, and the
score beside the full fine-tune's. Only linear layers are compressed; everything else is exact.

    python3 research.py --base all-MiniLM-L6-v2-bf16 --data data --out results --seconds 300
"""

import argparse
import json
import math
import multiprocessing
import os
import time
import traceback

import torch

import coders
import models
import train

GRID = [0.4, 0.2, 0.12, 0.08, 0.04, 0.02]


class Subject:
    """A fine-tune under test: its linear layers are views of one flat vector, replaced at will."""

    def __init__(self, name, model, base, task, log):
        self.name, self.model, self.task, self.log = name, model, task, log
        params = dict(model.named_parameters())
        names = models.linears(model)
        self.flat = coders.Flat(names, {n: base[n] for n in names}, {n: params[n].detach() for n in names})
        self.live = self.flat.tuned.clone()
        for n, view in zip(names, self.flat.matrices(self.live)):
            params[n].data = view
        self.full, self.loss, self.right = task.score(model)
        self.log({"model": name, "coder": "fine-tuned", "score": self.full, "loss": self.loss, "ratio": self.flat.ratio(),
                  "weights": self.flat.count, "layers": len(names)})
        self.live.copy_(self.flat.base)
        score, loss, _ = task.score(model)
        self.log({"model": name, "coder": "base body", "score": score, "loss": loss, "e": self.flat.ratio()})
        self.live.copy_(self.flat.tuned)

    def test(self, coder, out, seed=0, g=1.0, score=True, **more):
        """Score a reconstruction (delta, bits, ...) and log everything about it."""
        f, hat, bits = self.flat, out[0], out[1]
        hat = hat if g == 1.0 else hat * g
        power, weight = f.power.sum(), f.weight.sum()
        along = (hat * f.delta).double().sum()
        record = {"model": self.name, "coder": coder, "seed": seed, "bits": bits, "g": g, **more,
                  "noise": ((hat - f.delta).double().pow(2).sum() / power).item(), "proj": (along / power).item(),
                  "cosine": (along / (hat.double().pow(2).sum() * power).sqrt()).item()}
        self.live.copy_((f.base + hat).to(torch.bfloat16))
        error = f.each((self.live - f.tuned).pow(2))
        kept = self.live - f.base
        per = error / f.weight
        record.update(e=math.sqrt(error.sum() / weight), e_mean=math.sqrt((per * f.size).sum() / f.count), e_max=math.sqrt(per.max()),
                      proj_after=((kept * f.delta).double().sum() / power).item())
        if score:
            value, loss, right = self.task.score(self.model)
            record.update(score=value, loss=loss, agree=100 * (right == self.right).float().mean().item())
        self.log(record)
        return record


def core(s):
    """A and B, and what BF16 rounding does."""
    for b in GRID + [0.8, 0.01]:
        for seed in (1, 2, 3):
            s.test("B", coders.search(s.flat, b, seed), seed, target=b)
            if seed < 3:
                s.test("A", coders.signs(s.flat, b, seed), seed, target=b)


def shrink(s):
    """E: g below 1."""
    for b in GRID + [0.01]:
        for g in (0.9, 0.8, 0.65, 0.5, 0.35):
            for seed in (1, 2):
                s.test("B", coders.search(s.flat, b, seed), seed, g, target=b)
            if b in (0.2, 0.08, 0.04):
                s.test("A", coders.signs(s.flat, b, 1), 1, g, target=b)


def allocation(s):
    """B2 and B3: bits over layers, scales of rows and columns."""
    f = s.flat
    rows, columns = f.rms(f.delta, 1), f.rms(f.delta, 0)
    for b in (0.2, 0.08, 0.04, 0.02):
        for seed in (1, 2):
            for rule in ("rms", "relative", "sqrt-rms", "sqrt-relative"):
                s.test("B2 " + rule, coders.search(f, b, seed, rule=rule), seed, target=b)
            s.test("B sqrt rows", coders.search(f, b, seed, shuffle=True, scale=rows.sqrt()), seed, target=b)
            s.test("B sqrt rows, columns", coders.search(f, b, seed, shuffle=True, scale=(rows * columns).sqrt()), seed, target=b)
            s.test("B no scales", coders.search(f, b, seed, shuffle=True, scale=torch.ones_like(rows)), seed, target=b)
        s.test("B3 rows, columns", coders.search(f, b, 1, shuffle=True, scale=rows * columns), 1, target=b)
        s.test("B2 rms, sqrt rows, columns", coders.search(f, b, 1, rule="rms", shuffle=True, scale=(rows * columns).sqrt()), 1, target=b)


def sparse(s):
    """C, no transform, sparse codewords, separate lengths."""
    for b in (0.4, 0.2, 0.08, 0.04):
        s.test("C", coders.top(s.flat, b), target=b)
        s.test("B no transform", coders.search(s.flat, b, 1, transform=False), 1, target=b)
        s.test("B sparse 1/2", coders.search(s.flat, b, 1, shuffle=True, subset=0.5), 1, target=b)
        s.test("B sparse 1/4", coders.search(s.flat, b, 1, shuffle=True, subset=0.25), 1, target=b)
        s.test("B lengths apart", coders.search(s.flat, b, 1, separate=True), 1, target=b)


def rank(s):
    """D: low rank first."""
    spectrum = []
    for (u, d, v), shape in zip(s.flat.svd(), s.flat.shapes):
        p = d.double().pow(2)
        p = (p / p.sum()).cpu()
        spectrum.append([round(p[:r].sum().item(), 4) for r in (1, 4, 16, 64)])
    s.log({"model": s.name, "coder": "spectrum", "share_of_power_at_rank_1_4_16_64": spectrum})
    for b in (0.4, 0.2, 0.12, 0.08, 0.04, 0.02, 0.01):
        for q in (1, 2, 3, 4):
            for eta in (1.0, 2.0, 0.5):
                if eta != 1.0 and (q not in (2, 3) or b in (0.4, 0.12)):
                    continue
                for seed in (1, 2) if eta == 1.0 and q in (2, 3) else (1,):
                    hat, bits, ranks = coders.hybrid(s.flat, b, q, seed, eta)
                    s.test("D", (hat, bits), seed, target=b, q=q, eta=eta, ranks=ranks)
        for rule in ("rms",):
            hat, bits, ranks = coders.hybrid(s.flat, b, 3, 1, 1.0, rule)
            s.test("D " + rule, (hat, bits), 1, target=b, q=3, eta=1.0)
    for b in (0.04, 0.02, 0.01):
        for g in (0.8, 0.65, 0.5):
            part, used, _ = coders.low_rank(s.flat, b, 3)
            rest, more = coders.search(s.flat, b - used, 1, x=s.flat.delta - part)
            s.test("D, rest times g", (part + g * rest, used + more), 1, target=b, q=3, part=g)


def baselines(s):
    """F: published settings, and more than one bit."""
    for level in (0.9, 0.95, 0.97, 0.99):
        s.test("UltraDelta", coders.ultradelta(s.flat, level, 1), 1, sparsity=level)
    s.test("BitDelta", coders.bitdelta(s.flat))
    for drop in (0.9, 0.95, 0.99):
        hat, bits = coders.dare(s.flat, drop, 1)
        s.test("DARE", (hat, bits), 1, sparsity=drop, published=bits + coders.entropy(1 - drop))
    s.test("DeltaDQ 8x 4 bit", coders.deltadq(s.flat, 1), 1)
    s.test("Delta-CoMe plain", coders.delta_come(s.flat))
    for b in (1.0, 0.4, 0.2, 0.08):
        s.test("rank-r 2 bit", coders.rank_only(s.flat, b), target=b)
    for b in (1.0, 1.6):
        s.test("B", coders.staged(s.flat, b, 1), 1, target=b)


def embedding(s, base, tuned):
    """G: the word embeddings of the encoder; the linear layers exact."""
    s.live.copy_(s.flat.tuned)
    table = s.model.bert.embeddings.word_embeddings.weight
    full = table.data.clone()
    delta = tuned - base
    row = delta.pow(2).sum(1)
    moved = row > 0
    alpha = (delta * base).sum(1) / base.pow(2).sum(1)
    rest = delta - alpha[:, None] * base
    whole = (delta * base).sum() / base.pow(2).sum()
    order = row.sort(descending=True).values.cumsum(0)
    note = {"model": s.name, "coder": "embedding", "rows": len(row), "rows_moved": moved.sum().item(), "elements_moved": (delta != 0).float().mean().item(),
            "ratio": (delta.norm() / tuned.norm()).item(), "alpha_table": whole.item(),
            "alpha_rows_quantiles": alpha[moved].quantile(torch.tensor([0.05, 0.5, 0.95], device=alpha.device)).tolist() if moved.any() else [],
            "power_left_after_alpha_table": ((delta - whole * base).pow(2).sum() / delta.pow(2).sum()).item(),
            "power_left_after_alpha_rows": (rest.pow(2).sum() / delta.pow(2).sum()).item(),
            "power_of_top_1_5_20_percent_rows": [(order[int(len(order) * q)] / order[-1]).item() for q in (0.01, 0.05, 0.2)]}
    s.log(note)

    def test(coder, hat, bits, **more):
        table.data.copy_((base + hat).to(torch.bfloat16))
        value, loss, right = s.task.score(s.model)
        error = ((table.data - tuned).norm() / tuned.norm()).item()
        s.log({"model": s.name, "coder": "embedding: " + coder, "bits": bits, "e": error, "score": value, "loss": loss,
               "noise": ((hat - delta).pow(2).sum() / delta.pow(2).sum()).item(),
               "agree": 100 * (right == s.right).float().mean().item(), **more})

    test("dropped", torch.zeros_like(delta), 0.0)
    test("alpha of the table", whole * base, 0.0)
    index = torch.nonzero(moved)[:, 0]
    index = index[row[index].sort(descending=True).indices]
    group = 32 * max(1, len(index) // (32 * 24))  # about 24 groups of rows of like rms
    pad = -len(index) % group
    def rows(x):
        return torch.cat([x[index], x.new_zeros(pad, x.shape[1])])
    names = [f"g{i}" for i in range((len(index) + pad) // group)]
    b, t = rows(base), rows(tuned)
    flat = coders.Flat(names, {n: b[i * group:(i + 1) * group] for i, n in enumerate(names)},
                       {n: t[i * group:(i + 1) * group] for i, n in enumerate(names)})
    flat.weight.clamp_(min=1e-20)
    share = flat.count / base.numel()
    for bits in (0.4, 0.2, 0.1, 0.05, 0.02):
        for rule in ("flat", "sqrt-rms", "rms"):
            for seed in (1, 2):
                hat, used = coders.search(flat, min(0.99, bits / share), seed, rule=rule)
                back = torch.zeros_like(base)
                back[index] = hat.view(-1, base.shape[1])[:len(index)]
                test("B " + rule, back, used * share, target=bits, seed=seed)
    table.data.copy_(full)


def rotation(s):
    """How long the rotation must be, apart from the blocks of the code."""
    for b in (1.0, 0.8, 0.4, 0.2, 0.08, 0.02):
        for r in (0, 6, 8, 10, 12) if b >= 0.2 else (0, 10):
            for seed in (1, 2):
                s.test(f"B rotate {r}", coders.search(s.flat, b, seed, rotate=r), seed, target=b)


def rule(e):
    """Shrink for a relative weight error e before shrinking."""
    return 1 / (1 + 4 * e * e)


def proposed(s):
    """The planned hybrid at all rates, with and without the shrink rule, and beside it the other coders."""
    for b in (1.0, 0.4, 0.2, 0.12, 0.08, 0.04, 0.02, 0.01):
        for seed in (1, 2, 3):
            hat, bits, widths, low = coders.planned(s.flat, b, seed, rotate=10)
            r = s.test("P", (hat, bits), seed, target=b, low=low, **({"widths": [len(w) for w in widths]} if seed == 1 else {}))
            s.test("P rule", (hat, bits), seed, rule(r["e"]), target=b)
            if seed == 1 and b < 1:
                for g in (0.9, 0.8, 0.65, 0.5):
                    s.test("P", (hat, bits), seed, g, target=b)
            if b < 1:
                hat, bits = coders.search(s.flat, b, seed, rule="rms", rotate=10)
                r = s.test("B rms rotate 10", (hat, bits), seed, target=b)
                s.test("B rms rotate 10 rule", (hat, bits), seed, rule(r["e"]), target=b)
                hat, bits = coders.signs(s.flat, b, seed)
                r = s.test("A", (hat, bits), seed, target=b)
                s.test("A rule", (hat, bits), seed, rule(r["e"]), target=b)


def scales(s):
    """Row and column scales, in row order and shuffled, with the plan and without."""
    f = s.flat
    rows, columns = f.rms(f.delta, 1), f.rms(f.delta, 0)
    for b in (0.2, 0.08, 0.04, 0.02):
        for seed in (1, 2):
            for a, c in ((0, 0), (1, 0), (1, 0.5), (1, 1), (0.5, 1), (0, 1), (0, 0.5)):
                s.test(f"B rms scale {a} {c}", coders.search(f, b, seed, rule="rms", rotate=10, scale=rows**a * columns**c), seed, target=b)
            for a, c in ((1, 1), (0.5, 0.5), (1, 0)):
                s.test(f"B rms shuffled scale {a} {c}", coders.search(f, b, seed, rule="rms", rotate=10, shuffle=True, scale=rows**a * columns**c), seed, target=b)
            for a, c in ((1, 1), (1, 0.5), (0, 0)):
                hat, bits, _, _ = coders.planned(f, b, seed, rotate=10, scale=(a, c))
                s.test(f"P scale {a} {c}", (hat, bits), seed, target=b)


def steep(s):
    """A short run for one fine-tune whose delta has a steep spectrum: rotations, scales and baselines side by side."""
    f = s.flat
    for b in (0.4, 0.2, 1.0):
        for r in (0, 6, 8, 10, 12):
            s.test(f"B rotate {r}", coders.search(f, b, 1, rotate=r), 1, target=b)
        s.test("A", coders.signs(f, b, 1), 1, target=b)
    for level in (0.9, 0.95):
        s.test("UltraDelta", coders.ultradelta(f, level, 1), 1, sparsity=level)
    hat, bits = coders.dare(f, 0.9, 1)
    s.test("DARE", (hat, bits), 1, sparsity=0.9)
    s.test("BitDelta", coders.bitdelta(f))
    s.test("DeltaDQ 8x 4 bit", coders.deltadq(f, 1), 1)
    rows, columns = f.rms(f.delta, 1), f.rms(f.delta, 0)
    for b in (0.4, 0.2):
        for a, c in ((0, 0), (1, 0), (1, 0.5), (1, 1), (0, 1)):
            s.test(f"B rms scale {a} {c}", coders.search(f, b, 1, rule="rms", rotate=10, scale=rows**a * columns**c), 1, target=b)
        s.test("B no transform", coders.search(f, b, 1, transform=False), 1, target=b)
        s.test("C", coders.top(f, b), target=b)
    for b in (0.4, 0.2, 0.12):
        hat, bits, _, low = coders.planned(f, b, 1, rotate=10)
        s.test("P", (hat, bits), 1, target=b, low=low)


def fixed_rank(s):
    """Low rank by the greedy rule with one width for all, for comparison with the plan."""
    for b in (0.4, 0.2, 0.08, 0.04):
        for q in (2, 3, 4):
            hat, bits, ranks = coders.hybrid(s.flat, b, q, 1, 1.0, "rms", lambda *a, **k: coders.search(*a, rotate=10, **k))
            s.test("D rms rotate 10", (hat, bits), 1, target=b, q=q, ranks=ranks)


PARTS = {p.__name__: p for p in (core, baselines, rank, allocation, shrink, sparse, proposed, rotation, scales, fixed_rank, steep, embedding)}


def study(subject, until, log, parts):
    for part in parts:
        if time.time() > until:
            log({"model": subject.name, "coder": "skipped", "part": part.__name__})
            continue
        begun = time.time()
        try:
            part(subject)
        except Exception:
            log({"model": subject.name, "coder": "error", "part": part.__name__, "trace": traceback.format_exc()[-1500:]})
        log({"model": subject.name, "coder": "time", "part": part.__name__, "seconds": time.time() - begun})


def decoders(args, log, until):
    """Both strengths of the decoder, one or more fine-tune seeds."""
    begun = time.time()
    base = train.pretrain_decoder(0, args.device, args.steps, seconds=args.seconds * 0.2, **args.shape)
    state = {n: t.clone() for n, t in base.state_dict().items()}
    start = {n: p.detach().clone() for n, p in base.named_parameters()}
    log({"model": "decoder-base", "coder": "trained", "seconds": time.time() - begun,
         **{t: models.DecoderTask(t, args.device).score(base)[0] for t in ("base", "light", "strong")}})
    subjects = []
    for seed in args.seeds:
        for strength in args.strengths:
            begun = time.time()
            tuned = train.train_decoder(strength, seed, state, args.device, seconds=args.seconds * 0.25, **args.shape)
            task = models.DecoderTask(strength, args.device, args.examples)
            subject = Subject(f"decoder-{strength}-{seed}", tuned, start, task, log)
            log({"model": subject.name, "coder": "trained", "seconds": time.time() - begun})
            subjects.append(subject)
    for part in args.parts:
        for subject in subjects if part.__name__ != "embedding" else []:
            study(subject, until, log, [part])


def encoders(args, log, until, task):
    """Both strengths of the encoder on one task."""
    for seed in args.seeds:
        subjects = []
        for strength in ("light", "strong"):
            begun = time.time()
            tuned = train.train_encoder(task, strength, seed, args.base, args.data, args.device)
            took = time.time() - begun
            plain = models.Encoder(args.base, train.LABELS[task]).to(args.device)
            models.load(plain, os.path.join(args.base, "model.safetensors"))
            base = {n: p.detach() for n, p in plain.named_parameters()}
            test = models.EncoderTask(task, args.base, args.data, args.device)
            subject = Subject(f"{task}-{strength}-{seed}", tuned, base, test, log)
            log({"model": subject.name, "coder": "trained", "seconds": took})
            subjects.append((subject, base))
        for part in args.parts:
            for subject, base in subjects:
                if part.__name__ == "embedding":
                    name = "bert.embeddings.word_embeddings.weight"
                    table = dict(subject.model.named_parameters())[name].detach().clone()
                    try:
                        embedding(subject, base[name], table)
                    except Exception:
                        log({"model": subject.name, "coder": "error", "part": "embedding", "trace": traceback.format_exc()[-1500:]})
                else:
                    study(subject, until, log, [part])


def work(args, kind, until):
    """One process: its own file of results."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.set_num_threads(2)
    with open(os.path.join(args.out, f"{kind}.jsonl"), "w") as file:
        def log(record):
            for key, value in record.items():
                if isinstance(value, float):
                    record[key] = float(f"{value:.6g}")
            file.write(json.dumps(record) + "\n")
            file.flush()

        try:
            if kind == "decoder":
                decoders(args, log, until)
            else:
                encoders(args, log, until, kind)
        except Exception:
            log({"model": kind, "coder": "error", "trace": traceback.format_exc()[-3000:]})
            print(kind, traceback.format_exc(), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", required=True, help="folder of the BF16 encoder with tokenizer.json and config.json")
    parser.add_argument("--data", default="data")
    parser.add_argument("--out", default="results")
    parser.add_argument("--seconds", type=float, default=300, help="no new part is begun after this")
    parser.add_argument("--seeds", type=lambda v: [int(x) for x in v.split(",")], default=[0])
    parser.add_argument("--kinds", default="decoder,sentiment,section")
    parser.add_argument("--parts", default=",".join(PARTS), help="in this order")
    parser.add_argument("--strengths", type=lambda v: v.split(","), default=["strong", "light"], help="of the decoder")
    parser.add_argument("--steps", type=int, default=2600, help="of the decoder's pre-training")
    parser.add_argument("--examples", type=int, default=4096)
    args = parser.parse_args()
    args.device = "cuda" if torch.cuda.is_available() else "cpu"
    args.shape = {}
    args.parts = [PARTS[name] for name in args.parts.split(",")]
    os.makedirs(args.out, exist_ok=True)
    until = time.time() + args.seconds
    context = multiprocessing.get_context("spawn")
    running = [context.Process(target=work, args=(args, kind, until)) for kind in args.kinds.split(",")]
    for process in running:
        process.start()
    for process in running:
        process.join()


if __name__ == "__main__":
    main()
