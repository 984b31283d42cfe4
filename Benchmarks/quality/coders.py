"""Simulated coders for the deltas of linear layers: what each would reconstruct at a number of bits per weight.

All layers lie in one flat vector (`Flat`), cut in superblocks of 4096 elements that never cross a layer.
Every coder returns (delta before rounding, bits per weight used).
"""

import math

import numpy as np
import torch

SUPER = 4096
BITS = [1.0] + [(1 + k) / 2**k for k in range(1, 13)]  # seeded search at block length 2^k


def entropy(p):
    """Bits of a coin with probability p."""
    return 0.0 if p <= 0 or p >= 1 else -p * math.log2(p) - (1 - p) * math.log2(1 - p)


class Flat:
    """The linear layers of a base and a fine-tune, flat, with what the coders need of them."""

    def __init__(self, names, base, tuned):
        self.names, self.shapes = names, [tuple(base[n].shape) for n in names]
        device = base[names[0]].device
        self.device = device
        self.sizes = [base[n].numel() for n in names]
        assert all(s % SUPER == 0 for s in self.sizes), "layers must be multiples of 4096"
        self.count = sum(self.sizes)
        self.offsets = np.concatenate([[0], np.cumsum(self.sizes)])
        self.base = torch.cat([base[n].reshape(-1) for n in names])
        self.tuned = torch.cat([tuned[n].reshape(-1) for n in names])
        self.delta = self.tuned - self.base
        self.owner = torch.cat([torch.full((s // SUPER,), t, device=device) for t, s in enumerate(self.sizes)])
        self.size = torch.tensor(self.sizes, device=device, dtype=torch.double)
        self.power = self.each(self.delta * self.delta)
        self.weight = self.each(self.tuned * self.tuned)
        self.cache = {}

    def each(self, x):
        """Per-layer sums of a flat vector."""
        part = x.view(-1, SUPER).sum(1).double()
        return torch.zeros(len(self.names), device=self.device, dtype=torch.double).index_add_(0, self.owner, part)

    def matrices(self, x):
        return [x[self.offsets[t]:self.offsets[t + 1]].view(s) for t, s in enumerate(self.shapes)]

    def ratio(self):
        return math.sqrt(self.power.sum() / self.weight.sum())

    def rms(self, x, axis):
        """Row (axis 1) or column (axis 0) rms of x, spread over the elements."""
        return torch.cat([(m.pow(2).mean(axis, keepdim=True).sqrt() + 1e-12).expand_as(m).reshape(-1) for m in self.matrices(x)])

    def shuffle(self):
        """A fixed random order inside every layer, for coders whose blocks should span rows and columns."""
        if "shuffle" not in self.cache:
            g = torch.Generator(self.device).manual_seed(5)
            self.cache["shuffle"] = torch.cat([torch.randperm(s, generator=g, device=self.device) + int(o)
                                               for s, o in zip(self.sizes, self.offsets)])
        return self.cache["shuffle"]

    def svd(self):
        if "svd" not in self.cache:
            self.cache["svd"] = [torch.linalg.svd(m, full_matrices=False) for m in self.matrices(self.delta)]
        return self.cache["svd"]


def wht(x):
    """Walsh-Hadamard transform of the last axis, not normalised."""
    length = x.shape[-1]
    if length == 1:
        return x
    inner = min(length, 64)
    y = x.reshape(-1, length // inner, inner) @ matrix(inner, x.device)
    if length > inner:
        y = matrix(length // inner, x.device) @ y
    return y.reshape(x.shape)


_matrices = {}


def matrix(n, device):
    key = (n, str(device))
    if key not in _matrices:
        h = torch.ones(1, 1)
        while len(h) < n:
            h = torch.cat([torch.cat([h, h], 1), torch.cat([h, -h], 1)])
        _matrices[key] = h.to(device)
    return _matrices[key]


def allocate(flat, x, bits, rule):
    """Bits per weight of every layer: proportional to a measure of the layer, mean `bits`. x: what is to be coded."""
    rms = (flat.each(x * x) / flat.size).sqrt().cpu().numpy()
    weight = (flat.weight / flat.size).sqrt().cpu().numpy()
    measure = {"flat": np.ones_like(rms), "rms": rms, "relative": rms / weight,
               "sqrt-rms": np.sqrt(rms), "sqrt-relative": np.sqrt(rms / weight)}[rule]
    share = flat.size.cpu().numpy() / flat.count
    out = measure / (measure * share).sum() * bits
    for _ in range(20):  # at most 1 bit a weight; the rest gets what is over
        over = out > 1
        if not over.any() or over.all():
            break
        left = (bits - share[over].sum()) / (share[~over] * out[~over]).sum()
        out = np.where(over, 1.0, out * left)
    return np.clip(out, 0, 1.0)


def lengths(flat, bits, rng):
    """Block length exponent of every superblock: two lengths mixed so that every layer meets its bits."""
    owner = flat.owner.cpu().numpy()
    out = np.full(len(owner), -1)
    grid = [k for k in range(13) if k != 1]
    for t, b in enumerate(bits):
        where = np.flatnonzero(owner == t)
        if b <= 0:
            continue
        above = [k for k in grid if BITS[k] >= b]
        k = above[-1] if above else 0
        after = grid[grid.index(k) + 1] if k < 12 else None
        low = BITS[after] if after else 0.0
        share = 1.0 if b >= BITS[k] else (b - low) / (BITS[k] - low)
        place = (rng.permutation(len(where)) + rng.random()) / len(where)
        out[where] = np.where(place < share, k, after if after else -1)
    return out


def search(flat, bits, seed, x=None, scale=None, shuffle=False, transform=True, rule="flat", subset=1.0, separate=False, rotate=0):
    """Seeded search: the largest Hadamard coefficient of every block of signed, scaled elements: its index and sign.

    A constant per layer and block length makes <D_hat, D> = <D, D> over the layer. `subset` < 1 codes only that share of the (shuffled)
    superblocks and leaves the rest 0: sparse codewords. `transform` False takes the largest element itself. `separate`:
    each of a layer's two block lengths unbiased on its own. `rotate`: the transform has at least 2^rotate elements, and a block
    is a part of its output.
    """
    x = flat.delta if x is None else x
    rng = np.random.default_rng(seed)
    g = torch.Generator(flat.device).manual_seed(seed)
    per = allocate(flat, x, bits / subset, rule) if isinstance(bits, float) else bits
    kinds = lengths(flat, per, rng)
    if subset < 1:
        kinds = np.where(rng.random(len(kinds)) < subset, kinds, -1)
    scale = flat.rms(x, 1) if scale is None else scale
    order = flat.shuffle() if shuffle else None
    target = x[order] if shuffle else x
    spread = scale[order] if shuffle else scale
    signs = torch.randint(0, 2, (flat.count,), generator=g, device=flat.device).float().mul_(2).sub_(1)
    y = (target / spread * signs).view(-1, SUPER)
    code = torch.zeros_like(y)
    used = 0.0
    for k in sorted(set(kinds.tolist()) - {-1}):
        index = torch.from_numpy(np.flatnonzero(kinds == k)).to(flat.device)
        block = y[index].view(-1, 2**k)
        span = 2 ** max(k, rotate)
        h = wht(block.view(-1, span)).view(block.shape) if transform else block
        best = h.abs().argmax(1, keepdim=True)
        one = torch.zeros_like(h).scatter_(1, best, torch.where(h.gather(1, best) < 0, -1.0, 1.0))
        code[index] = (wht(one.view(-1, span)) if transform else one).view(-1, SUPER)
        used += len(index) * SUPER * BITS[k]
    hat = code.view(-1).mul_(signs).mul_(spread)
    group = flat.owner * 14 + torch.from_numpy(kinds + 1).to(flat.device)
    table = torch.zeros(len(flat.names) * 14, device=flat.device, dtype=torch.double)
    top = table.clone().index_add_(0, group, (target * target).view(-1, SUPER).sum(1).double())
    low = table.clone().index_add_(0, group, (target * hat).view(-1, SUPER).sum(1).double())
    if separate:
        gamma = torch.where(low > 0, top / low.clamp(min=1e-300), 0.0)[group] / subset
    else:
        # Least squares for every length, then one unbiased factor a layer: the longer, poorer blocks weigh less.
        norm = table.clone().index_add_(0, group, (hat * hat).view(-1, SUPER).sum(1).double())
        best = torch.where(norm > 0, low / norm.clamp(min=1e-300), 0.0)
        whole = flat.each(target * target)
        got = (best * low).view(-1, 14).sum(1)
        gamma = (best.view(-1, 14) * (whole / got.clamp(min=1e-300))[:, None]).view(-1)[group]
    hat = (hat.view(-1, SUPER) * gamma.float()[:, None]).view(-1)
    if shuffle:
        out = torch.empty_like(hat)
        out[order] = hat
        hat = out
    return hat, used / flat.count


def staged(flat, bits, seed, rule="flat", x=None):
    """Seeded search at more than 1 bit a weight: whole signs of the rotated delta, best in the least squares sense, then the rest."""
    x = flat.delta if x is None else x
    hat, used = torch.zeros_like(x), 0.0
    while bits > 1:
        one, more = search(flat, np.ones(len(flat.names)), seed + 1000, x=x - hat)
        one *= (flat.each(one * (x - hat)) / flat.each(one * one).clamp(min=1e-300)).float()[flat.owner].repeat_interleave(SUPER)
        hat, used, bits, seed = hat + one, used + more, bits - 1, seed + 1
    if bits > 1e-3:
        one, more = search(flat, bits, seed, x=x - hat, rule=rule)
        hat, used = hat + one, used + more
    unbias = flat.each(x * x) / flat.each(hat * x).clamp(min=1e-300)
    return hat * unbias.float()[flat.owner].repeat_interleave(SUPER), used


def signs(flat, bits, seed, rule="rms", x=None):
    """Seeded signs: random mask, one sign a survivor, unbiased row scales (methods.md 13)."""
    x = flat.delta if x is None else x
    g = torch.Generator(flat.device).manual_seed(seed)
    p = torch.from_numpy(allocate(flat, x, bits, rule)).float().to(flat.device)[flat.owner].clamp(min=1e-9)
    if "rowl1" not in flat.cache or x is not flat.delta:
        row = torch.cat([(m.pow(2).sum(1, keepdim=True) / m.abs().sum(1, keepdim=True).clamp(min=1e-20)).expand_as(m).reshape(-1)
                         for m in flat.matrices(x)])
        if x is flat.delta:
            flat.cache["rowl1"] = row
    else:
        row = flat.cache["rowl1"]
    mask = torch.rand(flat.count, generator=g, device=flat.device).view(-1, SUPER) < p[:, None]
    return ((row * x.sign()).view(-1, SUPER) * mask / p[:, None]).view(-1), mask.float().mean().item()


def top(flat, bits):
    """The largest elements of every row-normalised layer, 1-bit signs, positions at their entropy, unbiased."""
    low, high = 0.0, 0.4
    for _ in range(50):
        p = (low + high) / 2
        low, high = (p, high) if entropy(p) + p < bits else (low, p)
    out = []
    for m in flat.matrices(flat.delta):
        row = m.pow(2).mean(1, keepdim=True).sqrt() + 1e-12
        x = (m / row).reshape(-1)
        keep = torch.zeros_like(x)
        index = x.abs().topk(max(1, round(p * len(x)))).indices
        keep[index] = x[index].sign()
        hat = keep.view_as(m) * row
        out.append((hat * (m.pow(2).sum() / (hat * m).sum())).reshape(-1))
    return torch.cat(out), bits


STEPS = {1: 1.5956, 2: 0.9957, 3: 0.5860, 4: 0.3352, 5: 0.1881, 6: 0.1041}
LOSS = {0: 1.0, 1: 0.595, 2: 0.2235, 3: 0.0735, 4: 0.0229, 5: 0.007, 6: 0.0021}  # of a direction's power, both factors rounded


def quantize_columns(x, bits):
    """Columns of x rounded to 2^bits levels, uniform and symmetric without zero; the best of a few steps for each column."""
    rms = x.pow(2).mean(0, keepdim=True).sqrt() + 1e-20
    half = 2 ** (bits - 1)
    best, least = None, None
    for wider in (1.0, 0.8, 1.25, 1.6):
        step = STEPS[bits] * rms * wider
        y = ((x / step).floor().clamp(-half, half - 1) + 0.5) * step
        error = (y - x).pow(2).sum(0, keepdim=True)
        best = y if best is None else torch.where(error < least, y, best)
        least = error if least is None else torch.minimum(error, least)
    return best


def low_rank(flat, bits, q, eta=1.0, most=None):
    """Low-rank part by the greedy rule; returns (its flat reconstruction, bits per weight used, ranks).

    Direction i is taken while sigma_i^2 / |residual|^2 > eta (m + n) q / (bits left of the layer): what it takes away from
    the noise of the rest is then more than what its bits would. bits: per weight, equal over layers.
    """
    parts, used, ranks = [], 0.0, []
    for (u, s, v), shape in zip(flat.svd(), flat.shapes):
        power = s.double().pow(2).cpu().numpy()
        cost, budget, rest, rank = (shape[0] + shape[1]) * q + 16, bits * shape[0] * shape[1], power.sum(), 0
        left = budget
        while rank < len(power) and left > cost and power[rank] / rest > eta * cost / left and (most is None or rank < most):
            rest -= power[rank]
            left -= cost
            rank += 1
        ranks.append(rank)
        used += budget - left
        if not rank:
            parts.append(torch.zeros(shape[0] * shape[1], device=flat.device))
            continue
        uq, vq = quantize_columns(u[:, :rank], q), quantize_columns(v[:rank].T, q)
        # The best weight of every direction for these rounded vectors.
        c = s[:rank] * (uq * u[:, :rank]).sum(0) * (vq * v[:rank].T).sum(0) / (uq.pow(2).sum(0) * vq.pow(2).sum(0))
        parts.append(((uq * c) @ vq.T).reshape(-1))
    return torch.cat(parts), used / flat.count, ranks


def hybrid(flat, bits, q, seed, eta=1.0, rule="flat", coder=search):
    """Low rank first, then a coder on what is left, with the bits that are left."""
    part, used, ranks = low_rank(flat, bits, q, eta)
    rest = flat.delta - part
    hat, more = coder(flat, bits - used, seed, x=rest, rule=rule)
    return part + hat, used + more, ranks


def plan(flat, bits, kappa=0.93, widths=(1, 2, 3, 4, 5, 6)):
    """Ranks, widths of their factors and bits of the rest for every layer, that make the noise least (one multiplier for all).

    Noise of a layer: kappa R n / B with R the power left after its low-rank part, n its weights, B its bits. At the least
    noise B = sqrt(kappa R n / lambda), and a direction of power p gets the q bits a factor element that make
    p loss(q) + (m + n) q sqrt(lambda R / (kappa n)) least.
    """
    powers = [s.double().pow(2).cpu().numpy() for _, s, _ in flat.svd()]
    table = np.array([LOSS[0]] + [LOSS[q] for q in widths])
    cost = np.array([0.0] + [float(q) for q in widths])

    def at(level):
        out, total = [], 0.0
        for p, (m, n) in zip(powers, flat.shapes):
            rest = p.sum()
            for _ in range(12):
                price = ((m + n) * cost + 16 * (cost > 0)) * math.sqrt(level * rest / (kappa * m * n))
                pick = (p[:, None] * table[None] + price[None]).argmin(1)
                rest = 0.5 * rest + 0.5 * (p * table[pick]).sum()
            b = min(1.0, math.sqrt(kappa * rest * m * n / level) / (m * n))
            out.append((np.where(pick > 0, cost[pick], 0).astype(int), b))
            total += b * m * n + ((m + n) * cost[pick] + 16 * (pick > 0)).sum()
        return out, total / flat.count

    low, high = -60.0, 60.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if at(math.exp(middle))[1] > bits else (low, middle)
    return at(math.exp(high))


def planned(flat, bits, seed, **options):
    """The planned hybrid: low rank with mixed widths, then seeded search on what is left."""
    key = ("plan", bits)
    if key not in flat.cache:
        chosen, _ = plan(flat, bits)
        parts, used = [], 0.0
        for (u, s, v), (m, n), (widths, _) in zip(flat.svd(), flat.shapes, chosen):
            hat = torch.zeros(m, n, device=flat.device)
            for q in sorted(set(widths.tolist()) - {0}):
                index = torch.from_numpy(np.flatnonzero(widths == q)).to(flat.device)
                a, b = u[:, index], v[index].T
                aq, bq = quantize_columns(a, q), quantize_columns(b, q)
                c = s[index] * (aq * a).sum(0) * (bq * b).sum(0) / (aq.pow(2).sum(0) * bq.pow(2).sum(0))
                hat += (aq * c) @ bq.T
                used += len(index) * ((m + n) * q + 16)
            parts.append(hat.reshape(-1))
        flat.cache[key] = torch.cat(parts), used / flat.count, np.array([b for _, b in chosen]), [w[w > 0].tolist() for w, _ in chosen]
    part, used, rest, widths = flat.cache[key]
    left = flat.delta - part
    scale = options.pop("scale", None)
    if scale:
        rows, columns = flat.rms(left, 1), flat.rms(left, 0)
        options["scale"] = rows ** scale[0] * columns ** scale[1]
    hat, more = search(flat, rest, seed, x=left, **options)
    return part + hat, used + more, widths, used


# --- published settings, bits by entropy ------------------------------------------------------------------------------

def ultradelta(flat, sparsity, seed, step=0.01, bits=4):
    """UltraDelta as its code runs (methods.md 3.3), one model: 4-bit min-max, sparsity by thirds, group-wise pruning."""
    g = torch.Generator(flat.device).manual_seed(seed)
    quantized = []
    for m in flat.matrices(flat.delta):
        low, high, levels = m.min(), m.max(), 2**bits - 1
        quantized.append((((m - low) / (high - low) * levels).round(), low, high))
    values = [c / (2**bits - 1) * (h - l) + l for c, l, h in quantized]
    spread = np.array([v.std().item() for v in values])
    order, total, seen, rate = np.argsort(spread), flat.count, 0, {}
    for t in order:
        seen += flat.sizes[t]
        rate[t] = sparsity + step if seen <= total / 3 else sparsity if seen <= 2 * total / 3 else None
    rest = sum(flat.sizes[t] for t in order if rate[t] is None)
    given = sum(flat.sizes[t] * rate[t] for t in order if rate[t] is not None)
    top_rate = min(0.99, max(0.0, (sparsity * total - given) / rest)) if rest else sparsity
    out = []
    for t, v in enumerate(values):
        r = top_rate if rate[t] is None else rate[t]
        mask = torch.rand(v.shape, generator=g, device=flat.device) >= r  # group-wise in expectation
        out.append((v * mask / (1 - sparsity)).reshape(-1))
    d = 1 - sparsity
    return torch.cat(out), 4 * d + entropy(d)


def bitdelta(flat):
    """Sign times mean |D| per layer: 1 bit."""
    return torch.cat([(m.abs().mean() * torch.where(m < 0, -1.0, 1.0)).reshape(-1) for m in flat.matrices(flat.delta)]), 1.0


def dare(flat, drop, seed):
    """Random drop and rescale with 16-bit values; bits with a seeded mask (as published: plus the entropy of the mask)."""
    g = torch.Generator(flat.device).manual_seed(seed)
    mask = torch.rand(flat.count, generator=g, device=flat.device) >= drop
    return flat.delta * mask / (1 - drop), 16 * (1 - drop)


def deltadq(flat, seed, alpha=8, bits=4):
    """Exactly one of every `alpha` neighbours kept, times alpha, min-max rounded to `bits`; seeded mask: bits/alpha."""
    g = torch.Generator(flat.device).manual_seed(seed)
    out = []
    for m in flat.matrices(flat.delta):
        x = m.reshape(-1, alpha)
        pick = torch.randint(0, alpha, (len(x), 1), generator=g, device=flat.device)
        kept = x.gather(1, pick)
        low, step = kept.min(), (kept.max() - kept.min()) / (2**bits - 1)
        zero = (-low / step).round()
        kept = (((kept / step).round() + zero).clamp(0, 2**bits - 1) - zero) * step
        out.append((torch.zeros_like(x).scatter_(1, pick, kept) * alpha).reshape(-1))
    return torch.cat(out), bits / alpha


def minmax_groups(x, bits, group=128):
    """Asymmetric min-max including zero, in groups along axis 0 (Delta-CoMe's grid, plain rounding)."""
    rows = x.shape[0]
    pad = -rows % group
    y = torch.cat([x, x.new_zeros(pad, x.shape[1])]).view(-1, group, x.shape[1])
    low, high = y.amin(1, keepdim=True).clamp(max=0), y.amax(1, keepdim=True).clamp(min=0)
    step = ((high - low) / (2**bits - 1)).clamp(min=1e-20)
    zero = (-low / step).round()
    y = (((y / step).round() + zero).clamp(0, 2**bits - 1) - zero) * step
    return y.view(-1, x.shape[1])[:rows]


def delta_come(flat, share=1 / 16):
    """Delta-CoMe with plain rounding: 8 bits for 2 directions, 3 for 32, 2 for the rest up to `share` of 16 bits."""
    out = []
    for (u, s, v), (m, n) in zip(flat.svd(), flat.shapes):
        rest = max(0, int((share * 16 * m * n / (m + n) - 2 * 8 - 32 * 3) / 2))
        hat, first = torch.zeros(m, n, device=flat.device), 0
        for bits, count in ((8, 2), (3, 32), (2, rest)):
            last = min(first + count, len(s))
            if last > first:
                uq, vq = minmax_groups(u[:, first:last], bits), minmax_groups(v[first:last].T, bits)
                hat += (uq * s[first:last]) @ vq.T
            first = last
        out.append(hat.reshape(-1))
    return torch.cat(out), share * 16


def rank_only(flat, bits, q=2):
    """As many directions as the bits pay for, factors of q bits."""
    parts = []
    for (u, s, v), (m, n) in zip(flat.svd(), flat.shapes):
        r = max(1, int(bits * m * n / ((m + n) * q + 16)))
        uq, vq = quantize_columns(u[:, :r], q), quantize_columns(v[:r].T, q)
        c = s[:r] * (uq * u[:, :r]).sum(0) * (vq * v[:r].T).sum(0) / (uq.pow(2).sum(0) * vq.pow(2).sum(0))
        parts.append(((uq * c) @ vq.T).reshape(-1))
    return torch.cat(parts), bits
