"""Noise of the coders on a real pair of BF16 models, numpy only, no GPU: a check of the formulas.

Prints |D_hat - D|^2 / |D|^2 times bits per weight (the noise factor: 1.57 for seeded signs on a Gaussian, about 1 to be
hoped for from seeded search), over all 2-D linear weights, without rounding to BF16.

    python3 noise.py base/model.safetensors tuned/model.safetensors
"""

import json
import struct
import sys

import numpy as np


def tensors(path):
    """Name -> float32 array of every tensor of a safetensors file."""
    with open(path, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        head = json.loads(file.read(size))
        body = file.read()
    out = {}
    for name, entry in head.items():
        if name == "__metadata__":
            continue
        raw = body[entry["data_offsets"][0]:entry["data_offsets"][1]]
        if entry["dtype"] == "BF16":
            array = (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32)
        elif entry["dtype"] == "F32":
            array = np.frombuffer(raw, "<f4")
        else:
            continue
        out[name] = array.reshape(entry["shape"])
    return out


def hadamard(x):
    """Orthonormal Walsh-Hadamard transform of the last axis."""
    n, length = 1, x.shape[-1]
    x = x.copy()
    while n < length:
        y = x.reshape(-1, length // (2 * n), 2, n)
        x = np.stack([y[:, :, 0] + y[:, :, 1], y[:, :, 0] - y[:, :, 1]], 2).reshape(-1, length)
        n *= 2
    return x / np.sqrt(length)


def search(d, length, rng):
    """Seeded search: one Hadamard coefficient of every block of `length`; returns the reconstruction."""
    rms = np.sqrt((d**2).mean(1, keepdims=True)) + 1e-30
    x = (d / rms).reshape(-1)
    pad = -len(x) % length
    x = np.pad(x, (0, pad)).reshape(-1, length)
    signs = rng.choice(np.float32([-1, 1]), x.shape)
    y = hadamard(x * signs)
    index = np.abs(y).argmax(1)
    code = np.zeros_like(y)
    code[np.arange(len(y)), index] = np.sign(y[np.arange(len(y)), index])
    hat = (hadamard(code) * signs).reshape(-1)[:d.size].reshape(d.shape) * rms
    return hat * ((d * d).sum() / max((hat * d).sum(), 1e-30))


def signs(d, p, rng):
    """Seeded signs at density p with unbiased row scales."""
    mask = rng.random(d.shape, np.float32) < p
    scale = (d**2).sum(1, keepdims=True) / (p * np.abs(d).sum(1, keepdims=True) + 1e-30)
    return scale * np.sign(d) * mask


def main():
    base, tuned = tensors(sys.argv[1]), tensors(sys.argv[2])
    rng = np.random.default_rng(0)
    names = [n for n in tuned if n in base and base[n].shape == tuned[n].shape and base[n].ndim == 2 and "embeddings" not in n]
    deltas = {n: tuned[n] - base[n] for n in names}
    power = sum(float((d**2).sum()) for d in deltas.values())
    weight = sum(float((tuned[n] ** 2).sum()) for n in names)
    flat = np.concatenate([(d / (np.sqrt((d**2).mean(1, keepdims=True)) + 1e-30)).reshape(-1) for d in deltas.values()])
    print(f"tensors {len(names)}  |D|/|W| {np.sqrt(power / weight):.4f}  zeros {np.mean(flat == 0):.3f}  kurtosis {np.mean(flat**4):.2f}")
    for length in (16, 32, 64, 128, 256, 512):
        bits = (1 + np.log2(length)) / length
        noise = sum(float(((search(d, length, rng) - d) ** 2).sum()) for d in deltas.values()) / power
        other = sum(float(((signs(d, bits, rng) - d) ** 2).sum()) for d in deltas.values()) / power
        print(f"L {length:4d}  bits {bits:.4f}  search: noise {noise:8.2f} factor {noise * bits:.3f}   signs: noise {other:8.2f} factor {other * bits:.3f}")


if __name__ == "__main__":
    main()
