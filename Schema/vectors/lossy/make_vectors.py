#!/usr/bin/env python3
"""Worked examples of the lossy codecs, computed from ../../pack/codec-payloads.md with NumPy and nothing of the Swift code.

    python3 make_vectors.py

writes generator.json, bitdelta.json, dare.json, deltadq.json and ultradelta.json beside this file. Tensors are hexadecimal bytes in safetensors order; keys are decimal text,
as many JSON readers cannot hold 64 bits.
"""
import json
import math
import os

import numpy as np

from philox import MASK, philox

F = np.float32


# The generator.

def block(key, domain, index):
    return philox([index & MASK, index >> 32, domain, 0], [key & MASK, key >> 32])


def word(key, domain, index):
    return block(key, domain, index // 4)[index % 4]


def lane(key, domain, element):
    w = block(key, domain, element // 8)[element % 8 // 2]
    return w & 0xFFFF if element % 2 == 0 else w >> 16


def seeded_mask(key, domain, threshold, first, count):
    return [i for i in range(count) if lane(key, domain, first + i) < threshold]


def group_mask(key, columns, group, alpha, first, count):
    def keeps(n):
        return (2 * n + alpha) // (2 * alpha)

    per_row = -(-columns // group)
    chosen = set()
    for row in range(first // columns, (first + count - 1) // columns + 1):
        for g in range(per_row):
            start, n = row * columns + g * group, min(group, columns - g * group)
            if start + n <= first or start >= first + count:
                continue
            own = set()
            for i in range(keeps(n)):
                j = n - keeps(n) + i
                t = j
                if keeps(n) < n:
                    t = word(key, 18, (row * per_row + g) * keeps(group) + i) * (j + 1) >> 32
                own.add(j if t in own else t)
            assert len(own) == keeps(n)
            chosen |= {start + t for t in own}
    return sorted(e - first for e in chosen if first <= e < first + count)


# Positions.

def golomb(positions, m):
    bits, after = [], 0
    b = 0
    while 1 << b < m:
        b += 1
    c = (1 << b) - m
    for p in positions:
        q, r = divmod(p - after, m)
        after = p + 1
        bits += [1] * q + [0]
        if m > 1 and r < c:
            bits += [r >> i & 1 for i in range(b - 1)]
        elif m > 1:
            bits += [(r + c) // 2 >> i & 1 for i in range(b - 1)] + [(r + c) % 2]
    return pack_bits(bits)


def pack_bits(bits):
    out = bytearray(-(-len(bits) // 8))
    for i, bit in enumerate(bits):
        out[i // 8] |= bit << i % 8
    return bytes(out)


# Words.

def words_of(values, dtype):
    values = np.asarray(values, F)
    if dtype == "F32":
        return values.astype("<f4").tobytes()
    if dtype == "F16":
        return values.astype("<f2").tobytes()
    u = values.view(np.uint32).astype(np.uint64)
    return ((u + 0x7FFF + (u >> 16 & 1)) >> 16).astype("<u2").tobytes()


def values_of(raw, dtype):
    if dtype == "F32":
        return np.frombuffer(raw, "<f4").astype(F)
    if dtype == "F16":
        return np.frombuffer(raw, "<f2").astype(F)
    return (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(F)


def bf16(values):
    return values_of(words_of(np.atleast_1d(values), "BF16"), "BF16")


def decoded(base, change, dtype):
    """base + change, rounded once; where the change is zero the base's word stays."""
    width = 4 if dtype == "F32" else 2
    new = words_of((values_of(base, dtype) + change).astype(F), dtype)
    return b"".join(
        base[width * i:width * i + width] if change[i] == 0 else new[width * i:width * i + width]
        for i in range(len(change)))


def noise(seed, count):
    """Nearly normal numbers: sums of lanes of the generator."""
    return np.array([sum(lane(seed, 99, 12 * i + j) for j in range(12)) / 65536 - 6 for i in range(count)])


def pair(seed, count, dtype, deviation=0.01, zeros=()):
    base = words_of(0.1 * noise(seed, count), dtype)
    change = deviation * noise(seed + 1, count)
    for i in zeros:
        change[i] = 0
    tuned = words_of((values_of(base, dtype).astype(np.float64) + change).astype(F), dtype)
    return base, tuned


def delta_of(base, tuned, dtype):
    return (values_of(tuned, dtype) - values_of(base, dtype)).astype(F)


# The codecs.

def bitdelta(d, rows, columns, rounds=1, scale="mean", zero="plus"):
    rest, out = d.copy(), np.zeros(len(d), F)
    scales, signs = [], []
    for _ in range(rounds):
        r = rest.astype(np.float64).reshape(rows, columns)
        if scale == "mean":
            a = np.full((rows, columns), F(math.fsum(np.abs(r).ravel()) / r.size))
            scales.append([float(a[0, 0])])
        elif scale == "unbiased":
            s = [math.fsum(x * x) / math.fsum(abs(x)) if np.any(x) else 0 for x in r]
            s = bf16(np.array(s, np.float64).astype(F))
            a = np.repeat(s[:, None], columns, 1)
            scales.append([float(x) for x in s])
        else:
            by = r if scale == "row" else r.T
            s = [math.fsum(abs(x)) / np.count_nonzero(x) if np.any(x) else 0 for x in by]
            s = bf16(np.array(s, np.float64).astype(F))
            a = np.repeat(s[:, None], columns, 1) if scale == "row" else np.repeat(s[None, :], rows, 0)
            scales.append([float(x) for x in s])
        plus = rest >= 0 if zero == "plus" else rest > 0
        signs.append(pack_bits([int(x) for x in plus]).hex())
        step = np.where(plus, a.ravel(), -a.ravel()).astype(F)
        out = (out + step).astype(F)
        rest = (rest - step).astype(F)
    return out, {"scales": scales, "signs": signs}


def dare(d, key, drop=0.9, rescale=True, values="bf16", selection="random", divisor=None):
    n = len(d)
    if selection == "random":
        threshold = int(np.rint((1 - drop) * 65536))
        positions = seeded_mask(key, 21, threshold, 0, n)
        share = threshold / 65536
    else:
        k = math.floor(n * drop)
        order = sorted(range(n), key=lambda i: (-abs(d[i]), i))
        positions = sorted(order[:n - k])
        share = (n - k) / n
    factor = F(1 / divisor if divisor else 1 / share if rescale and share else 1)
    out = np.zeros(n, F)
    dtype = {"bf16": "BF16", "fp16": "F16", "fp32": "F32"}[values]
    kept = values_of(words_of(d[positions], dtype), dtype) if positions else []
    for p, v in zip(positions, kept):
        out[p] = F(v * factor)
    return out, {"positions": positions}


def deltadq(d, rows, columns, key, alpha=8, group=8, bits=4):
    positions = group_mask(key, columns, group, alpha, 0, len(d))
    kept = d[positions]
    low, high = kept.min(), kept.max()
    last = F(2 ** bits - 1)
    step = F(F(high - low) / last)
    if step > 0:
        zero = np.rint(F(-low / step))
        codes = np.clip(np.rint((kept / step).astype(F)) + zero, 0, last).astype(int)
    else:
        step, zero = low, F(-1)
        codes = np.zeros(len(kept), int)
    out = np.zeros(len(d), F)
    for p, c in zip(positions, codes):
        column = p % columns
        n = min(group, columns - column // group * group)
        factor = F(F(n) / F((2 * n + alpha) // (2 * alpha)))
        out[p] = F(F(step * F(F(c) - zero)) * factor)
    return out, {"positions": positions, "codes": [int(c) for c in codes]}


def ultradelta(d, key, sparsity=0.97, bits=4, factor=1.0, gamma=1.0, mask="values", rescale="average"):
    n, last = len(d), F(2 ** bits - 1)
    low, high = d.min(), d.max()
    if low == high:
        return np.full(n, low, F), {}
    codes = np.rint(((d - low) / (high - low) * last).astype(F)).astype(int)
    levels = [F(F(F(c) / last * (high - low)) + low) for c in range(2 ** bits)]
    rate = min(0.99, sparsity * n / n)  # one tensor: the last third has all of it
    if mask == "seeded":
        threshold = int(np.rint((1 - rate) * 65536))
        positions = seeded_mask(key, 17, threshold, 0, n)
        share = threshold / 65536
        kept_of_code = None
    else:
        zeros = sum(int(np.sum(codes == c)) for c in range(2 ** bits) if levels[c] == 0) / n
        r = max(0.0, (rate - zeros) / (1 - zeros))
        left = [int(np.sum(codes == c)) for c in range(2 ** bits)]
        keep = [0 if levels[c] == 0 else left[c] - round(left[c] * r) for c in range(2 ** bits)]
        kept_of_code = list(keep)
        share = sum(keep) / (n - zeros * n)
        positions = []
        for e, c in enumerate(codes):
            if word(key, 2 ** 31 + 17, e) * left[c] >> 32 < keep[c]:
                positions.append(e)
                keep[c] -= 1
            left[c] -= 1
    divisor = {"average": 1 - sparsity, "layer": 1 - rate, "unbiased": share}[rescale]
    scale = F(factor * gamma / divisor)
    out = np.zeros(n, F)
    for p in positions:
        out[p] = F(levels[codes[p]] * scale)
    more = {"positions": positions, "codes": [int(codes[p]) for p in positions]}
    if kept_of_code is not None:
        more["keptOfCode"] = kept_of_code
    return out, more


# The files.

def case(name, dtype, columns, key, base, tuned, settings, result):
    change, more = result
    return {
        "name": name, "dtype": dtype, "columns": columns, "key": str(key), "base": base.hex(), "fineTuned": tuned.hex(),
        "settings": settings, "decoded": decoded(base, change, dtype).hex(), **more,
    }


def write(name, content):
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
    with open(path, "w") as file:
        file.write(json.dumps(content).replace("}, {", "},\n{") + "\n")


def make_generator():
    known = []
    for counter, key in [([0] * 4, [0] * 2), ([MASK] * 4, [MASK] * 2),
                         ([0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344], [0xA4093822, 0x299F31D0])]:
        known.append({"counter": counter, "key": key, "words": philox(counter, key)})
    masks = []
    for key, domain, threshold, first, count in [
            (1, 21, 6554, 0, 200), (0xFEDCBA9876543210, 17, 1966, 1 << 20, 400), (7, 21, 40000, 3, 90), (7, 21, 0, 0, 50),
            (7, 21, 65536, 5, 20), (7, 21, 65535, (1 << 40) + 8, 64)]:
        masks.append({"key": str(key), "domain": domain, "threshold": threshold, "first": first, "count": count,
                      "positions": seeded_mask(key, domain, threshold, first, count)})
    groups = []
    for key, columns, group, alpha, first, count in [
            (5, 64, 16, 8, 0, 192), (5, 64, 16, 8, 37, 100), (9, 50, 16, 4, 0, 150), (9, 50, 16, 4, 71, 30), (3, 7, 8, 8, 0, 28),
            (3, 5, 12, 12, 0, 20), (11, 100, 100, 10, 250, 333), (2, 10, 5, 1, 0, 20), (2, 11, 6, 3, 4, 40)]:
        groups.append({"key": str(key), "columns": columns, "group": group, "alpha": alpha, "first": first, "count": count,
                       "positions": group_mask(key, columns, group, alpha, first, count)})
    codes = []
    for positions, end in [([], 10), ([0], 1), ([9], 10), ([0, 1, 2, 50, 99], 100), (seeded_mask(4, 1, 3000, 0, 500), 500)]:
        for m in [1, 2, 3, 5, 8, 23, 64]:
            codes.append({"positions": positions, "end": end, "parameter": m, "bytes": golomb(positions, m).hex()})
    write("generator.json", {"known": known, "masks": masks, "groups": groups, "golomb": codes})


def make_bitdelta():
    cases = []
    base, tuned = pair(100, 60, "BF16", zeros=(3, 4, 17))
    small, smaller = pair(110, 33, "F32")
    half, halves = pair(120, 40, "F16", zeros=range(8, 16))
    for dtype, b, t, columns, settings in [
            ("BF16", base, tuned, 12, {}), ("BF16", base, tuned, 12, {"zero": "minus"}),
            ("BF16", base, tuned, 12, {"scale": "row"}), ("BF16", base, tuned, 12, {"scale": "column", "rounds": 2}),
            ("F32", small, smaller, 11, {"rounds": 3}), ("F32", small, smaller, 33, {"scale": "unbiased"}),
            ("F16", half, halves, 8, {"scale": "row", "rounds": 2}), ("F16", half, halves, 8, {"scale": "unbiased"})]:
        d = delta_of(b, t, dtype)
        cases.append(case(f"{dtype} {settings}", dtype, columns, 0, b, t, settings,
                          bitdelta(d, len(d) // columns, columns, **settings)))
    write("bitdelta.json", cases)


def make_dare():
    cases = []
    base, tuned = pair(200, 160, "BF16", zeros=(0, 80))
    small, smaller = pair(210, 90, "F32")
    for dtype, b, t, columns, settings in [
            ("BF16", base, tuned, 16, {}), ("BF16", base, tuned, 16, {"drop": 0.5, "rescale": False}),
            ("BF16", base, tuned, 16, {"drop": 0.75, "divisor": 0.5}), ("BF16", base, tuned, 16, {"drop": 0}),
            ("BF16", base, tuned, 16, {"drop": 1}), ("BF16", base, tuned, 16, {"selection": "magnitude"}),
            ("F32", small, smaller, 9, {"drop": 0.6, "values": "fp16"}), ("F32", small, smaller, 9, {"drop": 0.6, "values": "fp32"}),
            ("F32", small, smaller, 9, {"drop": 0.3, "selection": "magnitude"})]:
        d = delta_of(b, t, dtype)
        cases.append(case(f"{dtype} {settings}", dtype, columns, 42, b, t, settings, dare(d, 42, **settings)))
    # Equal magnitudes: the first are kept.
    b, t = words_of(np.zeros(20), "F32"), words_of(np.array([1, -1] * 10) * 0.5, "F32")
    settings = {"drop": 0.65, "selection": "magnitude"}
    cases.append(case("ties", "F32", 5, 1, b, t, settings, dare(delta_of(b, t, "F32"), 1, **settings)))
    write("dare.json", cases)


def make_deltadq():
    cases = []
    base, tuned = pair(300, 200, "BF16")
    small, smaller = pair(310, 150, "F32")
    for dtype, b, t, columns, settings in [
            ("BF16", base, tuned, 40, {"group": 8}), ("BF16", base, tuned, 40, {"group": 16, "bits": 2}),
            ("BF16", base, tuned, 25, {"alpha": 4, "group": 8, "bits": 3}), ("F32", small, smaller, 50, {"alpha": 5, "group": 50}),
            ("F32", small, smaller, 30, {"alpha": 1, "group": 1, "bits": 8}), ("F32", small, smaller, 5, {"alpha": 8, "group": 8})]:
        d = delta_of(b, t, dtype)
        cases.append(case(f"{dtype} {settings}", dtype, columns, 9, b, t, settings,
                          deltadq(d, len(d) // columns, columns, 9, **settings)))
    b, t = words_of(np.zeros(32), "F32"), words_of(np.full(32, 0.25), "F32")
    settings = {"alpha": 4, "group": 8}
    cases.append(case("constant survivors", "F32", 16, 9, b, t, settings,
                      deltadq(delta_of(b, t, "F32"), 2, 16, 9, **settings)))
    write("deltadq.json", cases)


def make_ultradelta():
    cases = []
    base, tuned = pair(400, 400, "BF16")
    small, smaller = pair(410, 300, "F32")
    for dtype, b, t, columns, settings in [
            ("BF16", base, tuned, 40, {"sparsity": 0.9}), ("BF16", base, tuned, 40, {"sparsity": 0.8, "rescale": "unbiased"}),
            ("BF16", base, tuned, 40, {"sparsity": 0.9, "mask": "seeded"}),
            ("BF16", base, tuned, 40, {"sparsity": 0.9, "mask": "seeded", "rescale": "unbiased", "bits": 2}),
            ("F32", small, smaller, 30, {"sparsity": 0.5, "bits": 8, "gamma": 0.75}),
            ("F32", small, smaller, 30, {"sparsity": 0.7, "bits": 3, "factor": 1.25, "rescale": "layer"})]:
        d = delta_of(b, t, dtype)
        cases.append(case(f"{dtype} {settings}", dtype, columns, 77, b, t, settings, ultradelta(d, 77, **settings)))
    # A grid that has zero as a value, and a delta that is zero in half of its elements.
    values = np.array([0 if i % 2 else (-1, 2, 1, 1, -1)[i // 2 % 5] for i in range(160)])
    b, t = words_of(np.zeros(160), "F32"), words_of(values, "F32")
    settings = {"sparsity": 0.75, "bits": 2}
    cases.append(case("zeros on the grid", "F32", 16, 5, b, t, settings, ultradelta(delta_of(b, t, "F32"), 5, **settings)))
    b, t = words_of(np.zeros(24), "F32"), words_of(np.full(24, -0.125), "F32")
    cases.append(case("constant", "F32", 6, 5, b, t, {}, ultradelta(delta_of(b, t, "F32"), 5)))
    cases.append(case("one element", "F32", 1, 5, b[:4], t[:4], {}, ultradelta(delta_of(b[:4], t[:4], "F32"), 5)))
    write("ultradelta.json", cases)


make_generator()
make_bitdelta()
make_dare()
make_deltadq()
make_ultradelta()
