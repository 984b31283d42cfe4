#!/usr/bin/env python3
"""Kills the server at random moments of an upload: nothing committed is lost, nothing else is visible, and the client's retry works.

    kill.py --python VENV/bin/python [--program .build/release/deltaic] [--rounds N] [--seed N]

Each round changes the files of a model, pushes them with the Hub's own client, over Xet or Git LFS in turn, and kills the server
with SIGKILL meanwhile. Then every version that the registry has is pulled and compared with what was pushed; a commit that was
answered must be among them. The server is started again, and the same push has to succeed.
"""
import argparse
import random
import sys
import tempfile
import threading
import time
from pathlib import Path

from pushing import Failure, Registry, Wire, answer, digests, expect, upload, weights

MODEL = "acme/killed"


def check(registry, known, attempted, answered):
    """Compares every version with what was pushed. `known`: files by commit."""
    versions = [v for v in registry.versions(MODEL) if v["fileCount"] > 1]
    new = [v for v in versions if v["commit"] not in known]
    expect(len(new) <= 1, f"versions that nobody pushed: {[v['number'] for v in new]}")
    for version in new:
        expect(answered is None or version["commit"] == answered, "the answered commit is not the version that is there")
        known[version["commit"]] = attempted
    expect(answered is None or answered in known, f"the answered commit {answered} is lost")
    found = {v["commit"] for v in versions}
    expect(set(known) <= found, f"versions are lost: {sorted(set(known) - found)}")
    for version in versions[:4]:
        expect(registry.files(f"{MODEL}@v{version['number']}") == known[version["commit"]],
               f"v{version['number']} has other files than were pushed")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=".build/release/deltaic")
    parser.add_argument("--python", required=True, help="a Python with huggingface_hub")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--megabytes", type=int, default=12)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = parser.parse_args()
    generator = random.Random(options.seed)
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as work:
        registry = Registry(options.program, work, ["--part-size", str(4 << 20)])
        folder = Path(work, "model")
        folder.mkdir()
        base = weights(options.seed, options.megabytes)
        known, interrupted = {}, 0
        for number in range(options.rounds):
            transfer = ("xet", "lfs")[number % 2]
            (folder / "model.safetensors").write_bytes(base if number == 0 else weights(options.seed + number, 0, base))
            (folder / "config.json").write_text(f'{{"round": {number}}}')
            (folder / "empty.txt").write_bytes(b"")
            attempted = digests(folder)
            registry.start()
            # Half of the kills come while bytes are sent, half after that: while it is committed, or compressed.
            wire = Wire(registry.port)
            fraction = generator.uniform(0, 2)
            killed = threading.Event()
            if fraction < 1:
                wire.call_at(int(fraction * options.megabytes * 2**20), lambda: (registry.shoot(), killed.set()))
            client = upload(options.python, wire.url, registry.token, MODEL, folder, transfer, Path(work, "home"))
            if fraction < 1:
                while not killed.wait(0.001) and client.poll() is None:
                    pass
                moment = f"at {fraction:.0%} of the bytes"
            else:
                wire.call_at(int(options.megabytes * 2**20), killed.set)
                while not killed.wait(0.001) and client.poll() is None:
                    pass
                delay = (fraction - 1) ** 2 * 1.5
                time.sleep(delay)
                moment = f"{delay * 1000:.0f} ms after the last"
            registry.kill()
            # The client may have seen its answer, or not: what is there has to be whole in both cases.
            check(registry, known, attempted, None)
            registry.start()
            is_waiting = client.poll() is None
            first = answer(client, 60)
            cut_off = is_waiting or "commit" not in first
            interrupted += cut_off
            check(registry, known, attempted, first.get("commit"))
            again = answer(upload(options.python, registry.url, registry.token, MODEL, folder, transfer, Path(work, "home")))
            expect("commit" in again, f"the retry failed: {again.get('error')}")
            check(registry, known, attempted, again["commit"])
            registry.wait_until_compressed()
            check(registry, known, attempted, again["commit"])
            registry.stop()
            print(f"round {number}: {transfer}, killed {moment}, "
                  f"{'cut off' if cut_off else 'answered'}, "
                  f"{'went on by itself' if cut_off and 'commit' in first else 'pushed again'}, {len(known)} versions whole", flush=True)
        registry.run("verify", "--data")
        print(f"{options.rounds} kills, {interrupted} in the middle of an upload: nothing lost, nothing else visible; verified")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        sys.exit(1)
