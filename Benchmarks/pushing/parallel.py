#!/usr/bin/env python3
"""Twenty clients push at the same time: all succeed, every file comes back, and memory stays within its bound.

    parallel.py --python VENV/bin/python [--program .build/release/deltaic] [--clients 20] [--megabytes 24]
"""
import argparse
import sys
import tempfile
import time
from pathlib import Path

from pushing import Failure, Registry, answer, digests, expect, upload, weights

MEMORY_LIMIT = 512


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=".build/release/deltaic")
    parser.add_argument("--python", required=True, help="a Python with huggingface_hub")
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--megabytes", type=int, default=24)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        registry = Registry(options.program, work)
        registry.start()
        base = weights(1, options.megabytes)
        folders = []
        for number in range(options.clients + 1):
            folder = Path(work, f"m{number}")
            folder.mkdir()
            (folder / "model.safetensors").write_bytes(base if number == 0 else weights(number, 0, base))
            (folder / "config.json").write_text(f'{{"number": {number}}}')
            folders.append(folder)
        first = answer(upload(options.python, registry.url, registry.token, "acme/base", folders[0], "xet", Path(work, "h")))
        expect("commit" in first, f"the base: {first}")
        registry.wait_until_compressed()
        started = time.monotonic()
        clients = [upload(options.python, registry.url, registry.token, f"acme/m{number}", folders[number],
                          ("xet", "lfs")[number % 2], Path(work, f"h{number}")) for number in range(1, options.clients + 1)]
        answers = [answer(client) for client in clients]
        pushed = time.monotonic() - started
        failed = [a for a in answers if "commit" not in a]
        expect(not failed, f"{len(failed)} of {len(answers)} pushes failed: {failed[:2]}")
        registry.wait_until_compressed(600)
        compressed = time.monotonic() - started
        peak = registry.peak_memory()
        for number in range(1, options.clients + 1):
            expect(registry.files(f"acme/m{number}") == digests(folders[number]), f"m{number} came back otherwise")
        registry.stop()
        registry.run("verify", "--data")
        expect(peak <= MEMORY_LIMIT, f"the server took {peak:.0f} MiB, more than {MEMORY_LIMIT}")
        total = options.clients * options.megabytes
        print(f"{options.clients} pushes of {options.megabytes} MiB at once: answered within {pushed:.1f} s, compressed after "
              f"{compressed:.1f} s; {total} MiB of fine-tunes and a base of {options.megabytes} MiB in "
              f"{registry.pack_bytes() / 2**20:.1f} MiB of packs; the server took {peak:.0f} MiB at most; all verified")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        sys.exit(1)
