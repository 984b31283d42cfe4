#!/usr/bin/env python3
"""seeded-sign and base-scale as a decoder must read them, bit for bit: seeded-sign.json.

A decoder written from section 12 and 13 of codec-payloads.md alone, element by element. Every case gives the
streams of a chunk's terms (hexadecimal) and the words that the chunk decodes to.
"""
import json
import pathlib
import struct

import numpy as np

from philox import MASK, philox


def bit(key, domain, index):
    """Bit `index` of a sequence, 32 to a word."""
    word = index // 32
    block = word // 4
    return philox((block & MASK, block >> 32, domain, 0), (key & MASK, key >> 32))[word % 4] >> (index % 32) & 1


def parity(value):
    return bin(value).count("1") & 1


def seeded_sign(streams, delta, first, columns):
    parameters, row_levels, codes = streams
    key, count = struct.unpack_from("<QB", parameters)
    levels = []
    for q in range(count):
        e, packed, amplitude = struct.unpack_from("<BBH", parameters, 9 + 4 * q)
        levels.append((e, packed & 15, packed >> 4, np.uint32(amplitude << 16).view(np.float32)))
    first_row = first // columns
    level_of = [row_levels[(first + i) // columns - first_row] if len(row_levels) else 0 for i in range(len(delta))]
    position = 0
    for q, (e, t, r, amplitude) in enumerate(levels):
        members = [i for i in range(len(delta)) if level_of[i] == q]
        if e == 255:
            continue
        length = 1 << e
        signs = []
        for start in range(0, len(members), length):
            code = 0
            for j in range(e + 1 + t):
                code |= (codes[position // 8] >> (position % 8) & 1) << j
                position += 1
            s, k, m = code & 1, code >> 1 & (length - 1), code >> (e + 1)
            for i in range(min(length, len(members) - start)):
                p = start + i
                sign = s ^ parity(k & i) ^ (bit(0, 0x100000 + m, i) if m else 0)
                # F is a multiple of 32, so word F / 32 + floor(p / 32) holds bit F + p.
                sign ^= bit(key, 0x110000 + q, first + p)
                signs.append(-1 if sign else 1)
        if r == 0:
            for p, i in enumerate(members):
                delta[i] = np.float32(delta[i] + (amplitude if signs[p] > 0 else -amplitude))
            continue
        run = 1 << r
        whole = len(members) // run * run
        for p, i in enumerate(members):
            if p < whole:
                start = p // run * run
                y = sum(signs[start + j] * (-1) ** parity((p - start) & j) for j in range(run))
            else:
                y = signs[p] * (1 << r // 2)
            if bit(key, 0x120000 + q, first + p):
                y = -y
            delta[i] = np.float32(delta[i] + np.float32(amplitude * np.float32(y)))
    assert len(codes) == (position + 7) // 8


def base_scale(streams, delta, base):
    (scale,) = struct.unpack("<f", streams[0])
    for i in range(len(delta)):
        delta[i] = np.float32(delta[i] + np.float32(np.float32(scale) * base[i]))


def bfloat16(value):
    word = int(np.float32(value).view(np.uint32))
    return (word + 0x7FFF + (word >> 16 & 1)) >> 16


def case(name, rng, count, columns, first, terms):
    """Terms: ("base-scale", scale) or ("seeded-sign", key, [(e, t, r, amplitude word)], levels of the rows)."""
    words = np.array([bfloat16(v) for v in rng.standard_normal(count) * 0.05], np.uint16)
    base = (words.astype(np.uint32) << 16).view(np.float32)
    delta = np.zeros(count, np.float32)
    stored = []
    for term in terms:
        if term[0] == "base-scale":
            streams = [struct.pack("<f", term[1])]
            base_scale(streams, delta, base)
        else:
            _, key, levels, row_levels = term
            parameters = struct.pack("<QB", key, len(levels))
            for e, t, r, amplitude in levels:
                parameters += struct.pack("<BBH", e, t + 16 * r, amplitude)
            first_row = first // columns
            sizes = [0] * len(levels)
            for i in range(count):
                sizes[row_levels[(first + i) // columns - first_row] if row_levels else 0] += 1
            bits = sum(
                -(-sizes[q] // (1 << e)) * (e + 1 + t) for q, (e, t, _, _) in enumerate(levels) if e != 255
            )
            codes = bytearray(rng.integers(0, 256, (bits + 7) // 8, dtype=np.uint8).tobytes())
            if bits % 8:
                codes[-1] &= (1 << bits % 8) - 1
            streams = [parameters, bytes(row_levels), bytes(codes)]
            seeded_sign(streams, delta, first, columns)
        stored.append({"kind": term[0], "streams": [s.hex() for s in streams]})
    result = [int(w) if d == 0 else bfloat16(np.float32(b + d)) for w, b, d in zip(words, base, delta)]
    return {
        "name": name, "columns": columns, "firstElement": first, "base": [int(w) for w in words], "terms": stored,
        "words": result,
    }


def main():
    rng = np.random.default_rng(12)
    known = [
        {"counter": c, "key": k, "words": philox(c, k)}
        for c, k in [((0, 0, 0, 0), (0, 0)), ((MASK,) * 4, (MASK, MASK)), ((1, 2, 3, 4), (5, 6))]
    ]
    key = 0x0123456789ABCDEF
    cases = [
        case("two blocks of two", rng, 4, 2, 0, [("seeded-sign", 0, [(1, 0, 0, 0x3F00)], [])]),
        case("signs alone, short last block", rng, 70, 7, 0, [("seeded-sign", key, [(0, 0, 0, 0x3C23)], [])]),
        case("blocks of eight with masks", rng, 61, 61, 0, [("seeded-sign", key, [(3, 1, 0, 0x3C23)], [])]),
        case("blocks of 128 under sixteen masks", rng, 300, 100, 0, [("seeded-sign", key, [(7, 4, 0, 0x3BA0)], [])]),
        case("three levels, one of them still", rng, 96, 12, 0,
             [("seeded-sign", key, [(4, 2, 0, 0x3C00), (255, 0, 0, 0), (2, 0, 0, 0x3D00)], [0, 2, 1, 0, 0, 2, 1, 2])]),
        case("rotated runs and a rest", rng, 150, 30, 0, [("seeded-sign", key, [(4, 4, 6, 0x3A90)], [])]),
        case("a later chunk that begins inside a row", rng, 90, 40, 1048576,
             [("seeded-sign", key, [(5, 1, 4, 0x3B00), (0, 0, 0, 0x3C80)], [1, 0, 1])]),
        case("the base's multiple, then two rounds", rng, 64, 16, 0,
             [("base-scale", -0.0009765625), ("seeded-sign", key, [(0, 0, 2, 0x3B80)], []),
              ("seeded-sign", key ^ 1, [(6, 0, 0, 0x3B00)], [])]),
    ]
    target = pathlib.Path(__file__).with_name("seeded-sign.json")
    target.write_text(json.dumps({"philox": known, "cases": cases}, indent=1) + "\n")


main()
