#!/usr/bin/env python3
"""Chunks with terms of sections 14 and 15 of codec-payloads.md, and the words that they decode to: factors.json.

Streams are made of random numbers, laid out by the writer below and read back by a reader that was written from the
specification alone; `refused` are the same with one fault, under the rule that refuses them. Hexadecimal throughout: `streams` are the raw
bytes of a term's streams, `shared` those of the object they name.
"""
import hashlib
import json
import math
import pathlib
import struct

import numpy as np

f32 = np.float32
random = np.random.default_rng(1415)


def varint(value):
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def packed(codes, bits):
    total = sum(int(code) << (bits * place) for place, code in enumerate(np.ravel(codes)))
    return total.to_bytes((np.size(codes) * bits + 7) // 8, "little")


def words(halves):
    raw = np.ravel(halves).astype("<f2").view(np.uint16)
    return bytes(int(word) & 255 for word in raw) + bytes(int(word) >> 8 for word in raw)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        part = self.data[self.at : self.at + count]
        assert len(part) == count
        self.at += count
        return part

    def byte(self):
        return self.take(1)[0]

    def signed(self):
        return struct.unpack("b", self.take(1))[0]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def words(self, count):
        raw = self.take(2 * count)
        return np.array([raw[i] | raw[count + i] << 8 for i in range(count)], np.uint16).view(np.float16)

    def codes(self, count, bits):
        total = int.from_bytes(self.take((count * bits + 7) // 8), "little")
        return [total >> (bits * place) & (1 << bits) - 1 for place in range(count)]


# Section 14.


def groups(count, size):
    return 1 if size == 0 else math.ceil(count / size)


def value(grid, bits, code, zero, scale, exponent):
    step = f32(f32(scale) * f32(2.0**exponent))
    return f32(f32({1: code - zero, 2: 2 * code - (2**bits - 1), 3: 2 * code - 2**bits}[grid]) * step)


def factors_delta(streams, shared, first, count, columns, delta):
    """Adds the term to `delta`, reading nothing but bytes."""
    assert len(streams) == 2 and streams[0] == hashlib.sha256(shared).digest()
    rows = range(first // columns, (first + count - 1) // columns + 1)
    top, chunk = Reader(shared), Reader(streams[1])
    assert top.byte() == 1
    height, width = top.varint(), top.varint()
    assert width == columns and rows[-1] < height
    layouts = [(top.byte(), top.byte(), top.varint(), top.varint(), top.signed(), top.signed()) for _ in range(top.byte())]
    left, right = [[] for _ in rows], []
    for grid, bits, w, g, p, q in layouts:
        if grid == 0:
            values = [f32(f32(x) * f32(2.0**q)) for x in top.words(w * columns)]
            right += [values[k * columns : (k + 1) * columns] for k in range(w)]
            values = [f32(f32(x) * f32(2.0**p)) for x in chunk.words(len(rows) * w)]
            for n in range(len(rows)):
                left[n] += values[n * w : (n + 1) * w]
            continue
        codes, count_right = top.codes(w * columns, bits), groups(columns, g)
        scales = top.words(w * count_right)
        zeros = top.codes(w * count_right, bits) if grid == 1 else None
        for k in range(w):
            at = lambda j: k * count_right + (j // g if g else 0)
            right.append([
                value(grid, bits, codes[k * columns + j], zeros[at(j)] if zeros else 0, scales[at(j)], q)
                for j in range(columns)])
        if grid == 1:
            codes, count_left = chunk.codes(len(rows) * w, bits), groups(w, g)
            scales = chunk.words(len(rows) * count_left)
            zeros = chunk.codes(len(rows) * count_left, bits)
            for n in range(len(rows)):
                at = lambda k: n * count_left + (k // g if g else 0)
                left[n] += [value(grid, bits, codes[n * w + k], zeros[at(k)], scales[at(k)], p) for k in range(w)]
        else:
            count_left = groups(height, g)
            scales = top.words(w * count_left)
            codes = chunk.codes(len(rows) * w, bits)
            for n, row in enumerate(rows):
                left[n] += [
                    value(grid, bits, codes[n * w + k], 0, scales[k * count_left + (row // g if g else 0)], p)
                    for k in range(w)]
    assert top.at == len(shared) and chunk.at == len(streams[1])
    for element in range(count):
        row, column = divmod(first + element, columns)
        total = f32(0)
        for k in range(len(right)):
            total = f32(total + f32(f32(left[row - rows[0]][k]) * f32(right[k][column])))
        delta[element] = f32(delta[element] + total)


def factors_streams(height, columns, first, count, layouts):
    rows = (first + count - 1) // columns - first // columns + 1
    shared = bytes([1]) + varint(height) + varint(columns) + bytes([len(layouts)])
    for grid, bits, w, g, p, q in layouts:
        shared += bytes([grid, bits]) + varint(w) + varint(g) + struct.pack("bb", p, q)
    left = b""
    normal = lambda n: random.standard_normal(n) * 3
    scale = lambda n: random.uniform(0.2, 4, n)
    code = lambda n, bits: random.integers(0, 2**bits, n)
    for grid, bits, w, g, p, q in layouts:
        if grid == 0:
            shared += words(normal(w * columns))
            left += words(normal(rows * w))
            continue
        across, along = groups(columns, g), groups(w, g)
        shared += packed(code(w * columns, bits), bits) + words(scale(w * across))
        if grid == 1:
            shared += packed(code(w * across, bits), bits)
            left += packed(code(rows * w, bits), bits) + words(scale(rows * along)) + packed(code(rows * along, bits), bits)
        else:
            shared += words(scale(w * groups(height, g)))
            left += packed(code(rows * w, bits), bits)
    return [hashlib.sha256(shared).digest(), left], shared


# Section 15.

LANES = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]


def chunk_groups(first, count, columns):
    """(row, group) of a chunk's groups, in order."""
    found = []
    for element in range(first, first + count):
        row, column = divmod(element, columns)
        if not found or found[-1] != (row, column // 4):
            found.append((row, column // 4))
    return found


def sparse_delta(streams, first, count, columns, delta):
    assert len(streams) == 4 and len(streams[0]) == 2
    bits, exponent = streams[0][0], struct.unpack("b", streams[0][1:])[0]
    row0 = first // columns
    scales = Reader(streams[1]).words(len(streams[1]) // 2)
    members = chunk_groups(first, count, columns)
    codes = Reader(streams[3]).codes(2 * len(members), bits)
    for place, (row, group) in enumerate(members):
        pattern = streams[2][place // 3] // 6 ** (place % 3) % 6
        step = f32(f32(scales[row - row0]) * f32(2.0**exponent))
        for part, lane in enumerate(LANES[pattern]):
            column = 4 * group + lane
            element = row * columns + column - first
            if column < columns and 0 <= element < count:
                delta[element] = f32(delta[element] + f32(f32(codes[2 * place + part] - 2 ** (bits - 1)) * step))


def sparse_streams(first, count, columns, bits, exponent):
    members = chunk_groups(first, count, columns)
    rows = (first + count - 1) // columns - first // columns + 1
    patterns = list(random.integers(0, 6, len(members))) + [0, 0]
    triples = bytes(int(a + 6 * b + 36 * c) for a, b, c in zip(patterns[0:-2:3], patterns[1::3], patterns[2::3]))
    assert len(triples) == math.ceil(len(members) / 3)
    return [
        bytes([bits]) + struct.pack("b", exponent), words(random.uniform(0.2, 4, rows)), triples,
        packed(random.integers(0, 2**bits, 2 * len(members)), bits)]


# Words of tensors.


def to_words(values, dtype):
    values = np.asarray(values, f32)
    if dtype == "F32":
        return values.astype("<f4").tobytes()
    if dtype == "F16":
        return values.astype("<f2").tobytes()
    raw = values.view(np.uint32).astype(np.uint64)
    return ((raw + 0x7FFF + (raw >> 16 & 1)) >> 16).astype("<u2").tobytes()


def to_values(data, dtype):
    if dtype == "BF16":
        return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(f32)
    return np.frombuffer(data, "<f4" if dtype == "F32" else "<f2").astype(f32)


def case(name, kind, dtype, columns, first, count, streams, shared=b""):
    base = to_words(random.standard_normal(count), dtype)
    delta = [f32(0)] * count
    if kind == 22:
        sparse_delta(streams, first, count, columns, delta)
    else:
        factors_delta(streams, shared, first, count, columns, delta)
    weights, width = to_values(base, dtype), len(base) // count
    summed = to_words([f32(w + d) for w, d in zip(weights, delta)], dtype)
    decoded = b"".join(
        (base if delta[i] == 0 else summed)[i * width : (i + 1) * width] for i in range(count))
    return {
        "name": name, "kind": kind, "dtype": dtype, "columns": columns, "firstElement": first, "elements": count,
        "base": base.hex(), "shared": shared.hex(), "streams": [part.hex() for part in streams],
        "decoded": decoded.hex()}


def factors(name, kind, dtype, height, columns, first, count, layouts):
    return case(name, kind, dtype, columns, first, count, *factors_streams(height, columns, first, count, layouts))


cases = [
    factors("one element, FP16 factors", 23, "F32", 1, 1, 0, 1, [(0, 16, 1, 0, 0, -2)]),
    factors("centred, whole vectors", 23, "F32", 5, 7, 0, 35, [(2, 4, 3, 0, -6, -3)]),
    factors("zeroed, two bits, groups of rows", 23, "BF16", 11, 9, 0, 99, [(3, 2, 4, 4, -5, -4)]),
    factors("a chunk that begins and ends inside rows", 23, "BF16", 20, 9, 41, 95, [(2, 3, 5, 8, -5, -4)]),
    factors("a chunk inside one row", 23, "F16", 3, 40, 45, 17, [(3, 8, 2, 0, -9, -6)]),
    factors("affine bands of 8, 3 and 2 bits", 19, "F32", 6, 21, 0, 126,
            [(1, 8, 2, 16, -8, -6), (1, 3, 3, 16, -5, -5), (1, 2, 17, 16, -5, -5)]),
    factors("all grids together, cut rows", 19, "F16", 9, 13, 5, 100,
            [(0, 16, 2, 0, -2, -3), (1, 4, 9, 8, -6, -4), (2, 2, 3, 8, -4, -4), (3, 4, 2, 0, -5, -4)]),
]
for name, dtype, columns, first, count, bits in [
    ("2:4, two bits", "BF16", 12, 0, 60, 2), ("2:4, four bits, ten columns", "F32", 10, 0, 50, 4),
    ("2:4, groups that the chunk cuts", "F32", 11, 17, 39, 4), ("2:4, one column", "F16", 1, 0, 4, 2),
    ("2:4, inside one group", "F32", 9, 2, 1, 2),
]:
    cases.append(case(name, 22, dtype, columns, first, count, sparse_streams(first, count, columns, bits, -6)))


def faulty(rule, name, change):
    """A copy of a case with a fault."""
    member = next(member for member in cases if member["name"] == name)
    streams = [bytes.fromhex(part) for part in member["streams"]]
    shared = bytearray.fromhex(member["shared"])
    change(streams, shared)
    if shared and rule != "C-55":
        streams[0] = hashlib.sha256(shared).digest()
    if rule == "C-140":
        streams[0] = streams[0][:31]
    return {**member, "rule": rule, "shared": bytes(shared).hex(), "streams": [part.hex() for part in streams]}


def put(where, at, byte):
    where[at : at + 1] = bytes([byte])


def put_stream(streams, number, data):
    streams[number] = data


vectors = "centred, whole vectors"
pairs = "2:4, two bits"
refused = [
    faulty("C-55", vectors, lambda t, s: put_stream(t, 0, bytes(32))),
    faulty("C-140", vectors, lambda t, s: None),
    faulty("C-141", vectors, lambda t, s: put(s, 0, 2)), faulty("C-141", vectors, lambda t, s: put(s, 1, 4)),
    faulty("C-141", vectors, lambda t, s: put(s, 2, 8)), faulty("C-141", vectors, lambda t, s: put(s, 3, 0)),
    faulty("C-141", vectors, lambda t, s: put(s, 3, 17)), faulty("C-141", vectors, lambda t, s: s.append(0)),
    faulty("C-141", vectors, lambda t, s: s.pop()), faulty("C-142", vectors, lambda t, s: put(s, 4, 4)),
    faulty("C-142", vectors, lambda t, s: put(s, 5, 5)), faulty("C-142", vectors, lambda t, s: put(s, 6, 0)),
    faulty("C-142", vectors, lambda t, s: put(s, 8, 101)), faulty("C-142", vectors, lambda t, s: put(s, 9, 47)),
    faulty("C-143", vectors, lambda t, s: put(s, len(s) - 1, 0x7C)),
    faulty("C-143", vectors, lambda t, s: put(s, len(s) - 1, 0x80)),
    faulty("C-143", "one element, FP16 factors", lambda t, s: put_stream(t, 1, bytes([1, 0xFC]))),
    faulty("C-144", vectors, lambda t, s: put_stream(t, 1, t[1] + b"\0")),
    faulty("C-144", vectors, lambda t, s: put_stream(t, 1, t[1][:-1])),
    faulty("C-150", pairs, lambda t, s: t.pop()), faulty("C-151", pairs, lambda t, s: put_stream(t, 0, bytes([3, 0]))),
    faulty("C-151", pairs, lambda t, s: put_stream(t, 0, bytes([2, 101]))),
    faulty("C-151", pairs, lambda t, s: put_stream(t, 0, bytes([2]))),
    faulty("C-152", pairs, lambda t, s: put_stream(t, 1, t[1][:-1])),
    faulty("C-152", pairs, lambda t, s: put_stream(t, 1, t[1][:-1] + b"\x7c")),
    faulty("C-153", pairs, lambda t, s: put_stream(t, 2, t[2][:-1])),
    faulty("C-153", pairs, lambda t, s: put_stream(t, 2, t[2][:-1] + bytes([216]))),
    faulty("C-154", pairs, lambda t, s: put_stream(t, 3, t[3] + b"\0")),
    faulty("C-154", pairs, lambda t, s: put_stream(t, 3, t[3][:-1])),
]
for member in refused:
    del member["decoded"]
lines = lambda members: ",\n".join("  " + json.dumps(member, separators=(",", ":")) for member in members)
pathlib.Path(__file__).with_name("factors.json").write_text(
    f'{{"accepted": [\n{lines(cases)}\n], "refused": [\n{lines(refused)}\n]}}\n')
