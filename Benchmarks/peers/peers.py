#!/usr/bin/env python3
"""Peers that pip has, on the real BF16 pair: ZipNN and hf-xet, beside memcpy and zstd -3, all on one core.

    VENV/bin/python Benchmarks/peers/peers.py --models DIR [--runs 5] [--json FILE]

ZipNN compresses the fine-tune alone, and its XOR with the base. hf-xet cuts, hashes, deduplicates, compresses and stores into a folder, the
base first: what it keeps of the fine-tune is what a store of Xet would; `pushing/wire.py` counts the same through a real client and server. Every result is
compared byte for byte. What is not installed, or fails, is a row that says why.
"""
import argparse
import importlib.metadata
import json
import os
import struct
import sys
import tempfile
import textwrap
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Unequal(Exception):
    pass


def figure(value, unit, digits):
    return {"text": f"{value:.{digits}f}", "value": value, "unit": unit}


def fastest(runs, work):
    """Seconds of the fastest run, and what the last one returned."""
    least = float("inf")
    for _ in range(runs):
        start = time.perf_counter()
        result = work()
        least = min(least, time.perf_counter() - start)
    return least, result


def tensors(path):
    """The BF16 tensors of a safetensors file by name."""
    data = Path(path).read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    return {name: data[8 + length + entry["data_offsets"][0]:8 + length + entry["data_offsets"][1]]
            for name, entry in header.items() if entry["dtype"] == "BF16"}


class Bench:
    def __init__(self, options):
        self.runs = options.runs
        self.base_file = f"{options.models}/all-MiniLM-L6-v2-bf16/model.safetensors"
        self.tune_file = f"{options.models}/sre-embedding-model-bf16/model.safetensors"
        base, tune = tensors(self.base_file), tensors(self.tune_file)
        names = sorted(n for n in tune if n in base and len(base[n]) == len(tune[n]))
        self.tune = b"".join(tune[n] for n in names)
        self.base = b"".join(base[n] for n in names)
        self.rows = []
        # Seconds for a byte of what others are held against, there and back; none if it is not measured.
        self.copy = self.packing = self.unpacking = None

    def row(self, name, raw, stored=None, encode=None, decode=None):
        self.rows.append([
            name, figure(100 * stored / raw, "%", 2) if stored is not None else "-",
            figure(raw / encode / 1e9, "GB/s", 3) if encode else "-",
            figure(raw / decode / 1e9, "GB/s", 3) if decode else "-",
            *(figure(reference / (seconds / raw), "ratio", 3) if reference and seconds else "-"
              for reference, seconds in ((self.copy, encode), (self.copy, decode), (self.packing, encode),
                                         (self.unpacking, decode)))])

    def attempt(self, name, work):
        try:
            work()
        except Unequal:
            # That is no peer that is missing: nothing that is said of it would be worth anything.
            raise
        except Exception as error:
            why = f"{type(error).__name__}: {error}".splitlines()[0]
            self.rows.append([f"{name}: not measured: {why}", *["-"] * 7])

    def memcpy(self):
        # Of memoryviews: a slice of a bytearray would make another copy first.
        target = memoryview(bytearray(len(self.tune)))
        source = memoryview(self.tune)

        def copy():
            target[:] = source
        seconds, _ = fastest(self.runs + 1, copy)
        self.copy = seconds / len(self.tune)
        self.row("memcpy", len(self.tune), encode=seconds)

    def zstd(self):
        import zstandard
        encode, packed = fastest(self.runs, lambda: zstandard.ZstdCompressor(level=3).compress(self.tune))
        decode, raw = fastest(self.runs, lambda: zstandard.ZstdDecompressor().decompress(packed))
        self.expect(raw, self.tune)
        self.packing, self.unpacking = encode / len(raw), decode / len(raw)
        self.row("zstd -3, fine-tune alone", len(raw), len(packed), encode, decode)

    def zipnn(self):
        try:
            import torch
        except ImportError:
            sys.path.append(str(HERE / "stub"))
        import numpy
        from zipnn import ZipNN
        version = importlib.metadata.version("zipnn")
        base = numpy.frombuffer(self.base, dtype=numpy.uint64)

        def measure(name, prepare, restore):
            # It rearranges its input in place: each run gets bytes of its own, which are made before the clock starts.
            inputs = [bytearray(self.tune) for _ in range(self.runs)]
            encode, packed = fastest(
                self.runs, lambda: bytes(zipnn().compress(prepare(inputs.pop()))))
            copies = [bytearray(packed) for _ in range(self.runs)]
            decode, raw = fastest(self.runs, lambda: restore(zipnn().decompress(copies.pop())))
            self.expect(raw, self.tune)
            self.row(f"ZipNN {version}, {name}", len(self.tune), len(packed), encode, decode)

        def zipnn():
            return ZipNN(input_format="byte", bytearray_dtype="bfloat16", threads=1)

        def xor(words):
            found = bytearray(words)
            view = numpy.frombuffer(found, dtype=numpy.uint64)
            numpy.bitwise_xor(view, base, out=view)
            return found
        measure("fine-tune alone", lambda words: words, bytes)
        measure("XOR with the base", xor, xor)

    def xet(self):
        import hf_xet
        version = importlib.metadata.version("hf_xet")
        size = os.path.getsize(self.tune_file)
        seconds, _ = fastest(self.runs, lambda: hf_xet.hash_files([self.tune_file]))
        self.row(f"hf-xet {version}, chunks and hashes", size, encode=seconds)
        encode, decode, stored, metrics = float("inf"), float("inf"), 0, None
        for _ in range(self.runs):
            with tempfile.TemporaryDirectory(prefix="deltaic-peers-") as work:
                endpoint = f"local://{work}/store"
                session = hf_xet.XetSession()
                self.store(session, endpoint, self.base_file)
                start = time.perf_counter()
                info, metrics = self.store(session, endpoint, self.tune_file)
                encode = min(encode, time.perf_counter() - start)
                stored = metrics.total_bytes_uploaded
                output = Path(work, "pulled")
                start = time.perf_counter()
                group = session.new_file_download_group(endpoint=endpoint)
                group.start_download_file(hf_xet.XetFileInfo(info.hash, size), str(output))
                group.wait_to_finish()
                decode = min(decode, time.perf_counter() - start)
                self.expect(output.read_bytes(), Path(self.tune_file).read_bytes())
        self.row(f"hf-xet {version}, store after base", size, stored, encode, decode)
        self.note = (f"hf-xet: {metrics.deduped_chunks} of the fine-tune's {metrics.total_chunks} chunks "
                     f"({100 * metrics.deduped_bytes / metrics.total_bytes:.2f} % of its bytes) were known from the base")

    @staticmethod
    def store(session, endpoint, path):
        commit = session.new_upload_commit(endpoint=endpoint)
        commit.start_upload_file(path)
        report = commit.wait_to_finish()
        return next(iter(report.uploads.values())).xet_info, report.dedup_metrics

    @staticmethod
    def expect(found, wanted):
        if found != wanted:
            raise Unequal("what came back is not what was given")

    def report(self):
        self.note = "hf-xet: chunks were not compared"
        self.memcpy()
        for name, work in (("zstd -3", self.zstd), ("ZipNN", self.zipnn), ("hf-xet", self.xet)):
            self.attempt(name, work)
        return {
            "title": f"Peers on one core: the real BF16 fine-tune, {len(self.tune) // 1_000_000} MB",
            "notes": [
                f"GB/s of raw bytes, fastest of {self.runs}; every result was compared byte for byte",
                "XOR with the base counts the XOR; hf-xet works on files: reading and writing are in its figures", self.note],
            "columns": ["peer", "stored %", "encode GB/s", "decode GB/s", "encode /memcpy", "decode /memcpy",
                        "encode /zstd-3", "decode /zstd-3"],
            "rows": self.rows}


def show(report):
    print(f"\n{report['title']}")
    for note in report["notes"]:
        print(textwrap.fill(note, 98, initial_indent="  ", subsequent_indent="    "))
    heads = [column.split(" ") if index else [column] for index, column in enumerate(report["columns"])]
    rows = [[head[0] for head in heads], [head[1] if len(head) > 1 else "" for head in heads]]
    rows += [[c if isinstance(c, str) else c["text"] for c in row] for row in report["rows"]]
    widths = [max(len(row[i]) for row in rows if "not measured" not in row[0]) for i in range(len(rows[0]))]
    for row in rows:
        if "not measured" in row[0]:
            print(f"  {row[0]}")
        else:
            print("  " + "  ".join([row[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", help="a file for the figures")
    options = parser.parse_args()
    # Before any of their threads begins: what they start inherits it.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    report = Bench(options).report()
    show(report)
    if options.json:
        Path(options.json).write_text(json.dumps([report], indent=1))


if __name__ == "__main__":
    main()
