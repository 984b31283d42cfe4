#!/usr/bin/env python3
"""Products of factors as a decoder must compute them, bit for bit: factor-product.json.

FP32, rounded to nearest even after every product and every sum; k ascends; the sum over k starts at 0 and is added to the
matrix once. Numbers are bit patterns of FP32.
"""
import json
import pathlib

import numpy as np

np.seterr(all="ignore")


def product(left, right, out):
    rows, rank = left.shape
    columns = right.shape[1]
    out = out.copy()
    for i in range(rows):
        for j in range(columns):
            total = np.float32(0)
            for k in range(rank):
                total = np.float32(total + np.float32(left[i, k] * right[k, j]))
            out[i, j] = np.float32(out[i, j] + total)
    return out


def bits(matrix):
    return [int(b) for b in np.ascontiguousarray(matrix, np.float32).view(np.uint32).ravel()]


def case(name, left, right, out=None):
    left, right = np.array(left, np.float32), np.array(right, np.float32)
    out = np.zeros((left.shape[0], right.shape[1]), np.float32) if out is None else np.array(out, np.float32)
    return {
        "name": name, "rows": left.shape[0], "rank": left.shape[1], "columns": right.shape[1], "left": bits(left),
        "right": bits(right), "before": bits(out), "after": bits(product(left, right, out)),
    }


random = np.random.default_rng(11)
normal = lambda *shape: np.float32(random.standard_normal(shape))
wild = lambda *shape: np.float32(random.standard_normal(shape) * 2.0 ** random.integers(-40, 40, shape))
e = 2.0**-12
cases = [
    case("one element", [[3]], [[0.1]], [[1]]),
    # (1 + e)^2 = 1 + 2e + e^2 loses e^2 when it is rounded; a fused sum would keep it.
    case("a fused sum would differ", [[-1 - 2 * e, 1 + e]], [[1], [1 + e]]),
    # 2^24 + 1 - 2^24: 0 in this order, 1 in another.
    case("the order of k matters", [[2.0**24, 1, -(2.0**24)]], [[1], [1], [1]]),
    # 1 + 2^-24 + 2^-24: 1 if added one by one to what was there, more if they are summed first.
    case("the sum over k is added once", [[2.0**-24, 2.0**-24]], [[1], [1]], [[1]]),
    case("subnormal products", [[2.0**-100, 3 * 2.0**-80]], [[2.0**-45, 1], [2.0**-69, -(2.0**-60)]]),
    case("an odd row and a short last panel", normal(3, 5), normal(5, 19), normal(3, 19)),
    case("wild sizes", wild(4, 9), wild(9, 17), wild(4, 17)),
]
body = ",\n".join("  " + json.dumps(member, separators=(",", ":")) for member in cases)
pathlib.Path(__file__).with_name("factor-product.json").write_text(f'{{"cases": [\n{body}\n]}}\n')
