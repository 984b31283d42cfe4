#!/usr/bin/env python3
"""Worked examples of the encoders' linear algebra, computed with NumPy in FP64: linear-algebra.json.

A reader may differ in the last digits of FP32, and in the signs of singular vectors, of which the examples have none.
"""
import json
import pathlib

import numpy as np


def rounded(values):
    return [float(f"{v:.10g}") for v in np.asarray(values, np.float64).ravel()]


def general(name, matrix):
    matrix = np.array(matrix, np.float64)
    singular = np.linalg.svd(matrix, compute_uv=False)
    singular[singular < 1e-12 * max(1.0, singular.max())] = 0
    return {
        "name": name, "rows": matrix.shape[0], "columns": matrix.shape[1], "matrix": rounded(matrix),
        "singularValues": rounded(singular), "traceNorm": float(f"{singular.sum():.10g}"),
        "frobeniusNorm": float(f"{np.linalg.norm(matrix):.10g}"), "gram": rounded(matrix @ matrix.T),
    }


def symmetric(name, matrix):
    matrix = np.array(matrix, np.float64)
    inverse = np.linalg.inv(matrix)
    return {
        "name": name, "rows": matrix.shape[0], "matrix": rounded(matrix), "cholesky": rounded(np.linalg.cholesky(matrix)),
        "inverse": rounded(inverse), "upperFactorOfInverse": rounded(np.linalg.cholesky(inverse).T),
        "eigenvalues": rounded(np.linalg.eigvalsh(matrix)),
    }


random = np.random.default_rng(7)
integers = lambda rows, columns: random.integers(-9, 10, (rows, columns))
definite = lambda side: (lambda x: x @ x.T)(integers(side, side + 4))
result = {
    "general": [
        general("one element", [[-3]]),
        general("one row", [[3, 0, -4]]),
        general("one column", [[1], [2], [2]]),
        general("zeros", np.zeros((3, 2))),
        general("rank one", np.outer([1, 2, -3, 4], [2, -1, 5])),
        general("wide", integers(4, 9)),
        general("tall", integers(9, 4)),
        general("square", integers(6, 6)),
        general("small numbers", integers(5, 7) / 1024 / 1024),
    ],
    "symmetric": [
        symmetric("one element", [[4]]),
        symmetric("diagonal", np.diag([1, 4, 9])),
        symmetric("two", [[2, 1], [1, 2]]),
        symmetric("five", definite(5)),
        symmetric("nine", definite(9)),
    ],
}
lines = [
    f'"{kind}": [\n' + ",\n".join("  " + json.dumps(member, separators=(",", ":")) for member in members) + "\n]"
    for kind, members in result.items()
]
pathlib.Path(__file__).with_name("linear-algebra.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
