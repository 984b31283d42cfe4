#!/usr/bin/env python3
"""Bytes on the wire and on disk when a fine-tune is pushed to a server that has its base.

    wire.py --python VENV/bin/python --models DIR [--program .build/release/deltaic]

For the real pair in FP32 and BF16: the base is pushed, then the fine-tune, with the Hub's client over Xet (whose own deduplication
works on the same files), over Git LFS, and with `deltaic push` from a registry that has both to one that has the base. Everything that
goes from the client to the server is counted, HTTP heads too; bytes on disk are those of the packs once all is compressed, and of
the xorbs that hf-xet made of the fine-tune: what a store of Xet would keep.
"""
import argparse
import json
import sys
import tempfile
from pathlib import Path

from pushing import Failure, Registry, Wire, answer, digests, expect, upload


def size(folder):
    return sum(p.stat().st_size for p in Path(folder).rglob("*") if p.is_file() and ".cache" not in p.parts)


def xorb_bytes(registry):
    folder = Path(registry.path, "uploads", "xorbs")
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file() and p.name != "epoch")


def through_client(options, base, tune, transfer):
    with tempfile.TemporaryDirectory() as work:
        registry = Registry(options.program, work)
        registry.start()
        wire = Wire(registry.port)
        figures = []
        for name, folder in (("acme/base", base), ("acme/tune", tune)):
            before = wire.sent, registry.pack_bytes(), xorb_bytes(registry)
            done = answer(upload(options.python, wire.url, registry.token, name, folder, transfer, Path(work, "home")))
            expect("commit" in done, f"{name}: {done}")
            xorbs = xorb_bytes(registry) - before[2]
            registry.wait_until_compressed()
            expect(registry.files(name) == digests(folder), f"{name} came back otherwise")
            figures.append((wire.sent - before[0], registry.pack_bytes() - before[1], xorbs))
        registry.stop()
        return figures[1]


def between_registries(options, base, tune):
    with tempfile.TemporaryDirectory() as work:
        for name in ("here", "there"):
            Path(work, name).mkdir()
        here, there = Registry(options.program, Path(work, "here")), Registry(options.program, Path(work, "there"))
        # The base was registered on both sides, by each on its own.
        for registry in (here, there):
            registry.run("base", "add", base, "--name", "base")
        here.run("register", tune, "--name", "acme/tune", "--base", "base")
        there.start()
        wire = Wire(there.port)
        token = Path(work, "token")
        token.write_text(there.token)
        here.run("remote", "add", "there", wire.url, "--token-file", str(token))
        before = there.pack_bytes()
        here.run("push", "there", "acme/tune")
        sent, disk = wire.sent, there.pack_bytes() - before
        expect(there.files("acme/tune") == digests(tune), "the pushed version came back otherwise")
        here.run("push", "there", "acme/tune")
        again = wire.sent - sent
        there.stop()
        return sent, disk, again


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=".build/release/deltaic")
    parser.add_argument("--python", required=True, help="a Python with huggingface_hub and hf_xet")
    parser.add_argument("--models", required=True)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = []
    for label, suffix in (("FP32", ""), ("BF16", "-bf16")):
        base, tune = f"{options.models}/all-MiniLM-L6-v2{suffix}", f"{options.models}/sre-embedding-model{suffix}"
        raw = size(tune)
        sent, disk, xorbs = through_client(options, base, tune, "xet")
        rows.append((label, "Hub client, Xet", raw, sent, disk, xorbs))
        sent, disk, _ = through_client(options, base, tune, "lfs")
        rows.append((label, "Hub client, LFS", raw, sent, disk, None))
        sent, disk, again = between_registries(options, base, tune)
        rows.append((label, "deltaic push", raw, sent, disk, None))
        rows.append((label, "deltaic push again", raw, again, 0, None))
    if options.json:
        print(json.dumps([dict(zip(("dtype", "how", "raw", "sent", "disk", "xorbs"), row)) for row in rows], indent=1))
        return
    print(f"{'':6}{'':20}{'folder':>12}{'on the wire':>14}{'on disk':>12}{'hf-xet keeps':>14}")
    for label, how, raw, sent, disk, xorbs in rows:
        print(f"{label:6}{how:20}{raw:12,}{sent:14,}{disk:12,}{xorbs if xorbs is not None else '':>14}")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        sys.exit(1)
