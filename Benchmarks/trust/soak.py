#!/usr/bin/env python3
"""Many processes and a server on one registry: random commands, random kills, every pull compared.

    soak.py [--program .build/release/deltaic] [--operations N] [--workers N] [--seed N] [--megabytes M]

Workers register overlapping models under the same names, move the same tags, remove versions, collect garbage without a grace
period, repair, pull and check, each command a process of its own; one in eight is killed with SIGKILL at a random moment. A server is asked for whole files
and ranges all the while, and is killed too. Every version says in its message which folder it was made of, so whatever is pulled can be
compared. At the end the catalog is deleted and made anew, and all is compared once more.
"""
import argparse
import collections
import hashlib
import http.client
import json
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "pushing"))
from pushing import Failure, Registry, digests, expect  # noqa: E402

MODELS = [f"soak/m{n}" for n in range(4)]
TAGS = ["prod", "next", "old"]
KILLED = -signal.SIGKILL
# What a command may say that others made impossible: not found, refused, conflict, locked.
EXPECTED = {0, 2, 3, 4, 7, KILLED}


def model_bytes(generator, rows, width, base=None):
    """A safetensors file of BF16 words; with a base, most of its low bits changed in some rows."""
    words = bytearray(generator.randbytes(rows * width * 2)) if base is None else bytearray(base)
    if base is None:
        for i in range(1, len(words), 2):
            words[i] = 0x3C | (words[i] & 0x80)
    else:
        for row in generator.sample(range(rows), rows // 4):
            start = row * width * 2
            for i in range(start, start + width * 2, 2):
                words[i] = (words[i] + generator.randrange(3)) & 0xFF
    half = rows // 2
    header = json.dumps({
        "first": {"dtype": "BF16", "shape": [half, width], "data_offsets": [0, half * width * 2]},
        "second": {"dtype": "BF16", "shape": [rows - half, width], "data_offsets": [half * width * 2, rows * width * 2]},
    }).encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + bytes(words), bytes(words)


class Soak:
    def __init__(self, options, work):
        self.options = options
        self.random = random.Random(options.seed)
        self.registry = Registry(options.program, work, ["--anonymous-read"])
        self.folders = {}
        self.counts = collections.Counter()
        self.lock = threading.Lock()
        self.failures = []
        self.left = options.operations
        # Versions that were answered and that nobody tried to remove must be there at the end.
        self.answered, self.doomed = {}, set()
        rows = max(8, options.megabytes * (1 << 20) // 2 // 64)
        base, words = model_bytes(self.random, rows, 64)
        for name in ["base"] + [f"f{n}" for n in range(6)]:
            folder = Path(work, name)
            folder.mkdir()
            content = base if name == "base" else model_bytes(self.random, rows, 64, words)[0]
            (folder / "model.safetensors").write_bytes(content)
            # Two of them share their weights with another.
            if name in ("f4", "f5"):
                (folder / "model.safetensors").write_bytes((Path(work, f"f{int(name[1]) - 4}") / "model.safetensors").read_bytes())
            (folder / "config.json").write_text(json.dumps({"name": name}))
            self.folders[name] = (folder, digests(folder))
        self.registry.run("base", "add", str(self.folders["base"][0]), "--name", "base", "--message", "base")

    def command(self, generator, *arguments, kill=True):
        """Runs a command, which may be killed; returns its status and what it said."""
        process = subprocess.Popen(
            [self.registry.program, *arguments, "--registry", self.registry.path], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        if kill and generator.random() < 1 / 8:
            timer = threading.Timer(generator.random() ** 2 * 0.4, process.kill)
            timer.start()
            output, errors = process.communicate()
            timer.cancel()
        else:
            output, errors = process.communicate()
        status = process.returncode
        with self.lock:
            self.counts["killed" if status == KILLED else f"status {status}"] += 1
        expect(status in EXPECTED, f"deltaic {' '.join(arguments)}: status {status}: {errors.strip()}")
        return status, output

    def compare(self, generator, reference):
        with tempfile.TemporaryDirectory() as output:
            status, text = self.command(generator, "pull", reference, "--output", output, "--json")
            if status != 0:
                return
            version = json.loads(text)["version"]
            expect(digests(Path(output)) == self.folders[self.message(version)][1],
                   f"{reference} is not the folder that was registered")
            with self.lock:
                self.counts["versions compared"] += 1

    @staticmethod
    def message(version):
        return version["message"]

    def step(self, generator):
        model = generator.choice(MODELS)
        roll = generator.random()
        if roll < 0.35:
            name = generator.choice([n for n in self.folders if n != "base"])
            status, text = self.command(
                generator, "register", str(self.folders[name][0]), "--name", model, "--base", "base", "--message", name, "--json")
            if status == 0:
                result = json.loads(text)
                with self.lock:
                    version = result["version"]
                    self.answered[(version["model"], version["number"])] = version["commit"]
        elif roll < 0.45:
            self.command(generator, "tag", f"{model}", generator.choice(TAGS))
        elif roll < 0.49:
            self.command(generator, "untag", model, generator.choice(TAGS))
        elif roll < 0.57:
            with self.lock:
                number = self.some_number(generator, model)
                self.doomed.add((model, number))
            self.command(generator, "remove", f"{model}@v{number}")
        elif roll < 0.59:
            with self.lock:
                self.doomed.add((model, "all"))
            self.command(generator, "remove", model)
        elif roll < 0.71:
            self.command(generator, "gc", "--grace", "0", "--wait", "1")
        elif roll < 0.74:
            self.command(generator, "repair")
        elif roll < 0.8:
            status, text = self.command(generator, "verify", "--json", kill=False)
            expect(status == 0, f"verify found problems: {text}")
        else:
            with self.lock:
                number = self.some_number(generator, model)
            self.compare(generator, f"{model}{generator.choice(['', ':prod', ':next', f'@v{number}', f'@v{number}'])}")

    def some_number(self, generator, model):
        """The number of a version that was registered and perhaps removed; now and then one that never was."""
        numbers = [n for m, n in self.answered if m == model]
        return generator.choice(numbers[-12:]) if numbers and generator.random() < 0.9 else generator.randrange(1, 12)

    def work(self, seed):
        generator = random.Random(seed)
        while True:
            with self.lock:
                if self.left <= 0 or self.failures:
                    return
                self.left -= 1
            try:
                self.step(generator)
            except Exception as error:  # noqa: BLE001
                with self.lock:
                    self.failures.append(f"{type(error).__name__}: {error}")

    def read(self, seed, stop):
        """Asks the server for files, whole and in ranges."""
        generator = random.Random(seed)
        contents = {hashlib.sha256((f / "model.safetensors").read_bytes()).hexdigest(): (f / "model.safetensors").read_bytes()
                    for f, _ in self.folders.values()}
        while not stop.is_set():
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.registry.port, timeout=60)
                headers = {}
                start = generator.randrange(0, 4096)
                if generator.random() < 0.5:
                    headers["Range"] = f"bytes={start}-{start + 9999}"
                connection.request("GET", f"/{generator.choice(MODELS)}/resolve/main/model.safetensors", headers=headers)
                answer = connection.getresponse()
                body = answer.read()
                if answer.status == 206:
                    etag = answer.headers.get("X-Linked-ETag", answer.headers.get("ETag", "")).strip('"')
                    expect(etag in contents and contents[etag][start:start + 10000] == body, "a range of other bytes")
                elif answer.status == 200:
                    expect(hashlib.sha256(body).hexdigest() in contents, "a file of other bytes")
                else:
                    expect(answer.status in (302, 307, 404, 429, 503), f"status {answer.status}: {body[:200]}")
                with self.lock:
                    self.counts["requests"] += 1
                connection.close()
            except (OSError, http.client.HTTPException):
                # The server was killed: what was cut short is no success.
                with self.lock:
                    self.counts["requests cut"] += 1
                time.sleep(0.05)
            except Exception as error:  # noqa: BLE001
                with self.lock:
                    self.failures.append(f"{type(error).__name__}: {error}")
                return

    def shoot_server(self, stop):
        generator = random.Random(self.options.seed + 99)
        while not stop.wait(generator.uniform(2, 6)):
            self.registry.kill()
            with self.lock:
                self.counts["server killed"] += 1
            self.registry.start()

    def run(self):
        stop = threading.Event()
        self.registry.start()
        readers = [threading.Thread(target=self.read, args=(self.options.seed + 1000 + n, stop)) for n in range(2)]
        readers.append(threading.Thread(target=self.shoot_server, args=(stop,)))
        workers = [threading.Thread(target=self.work, args=(self.options.seed + n,)) for n in range(self.options.workers)]
        for thread in readers + workers:
            thread.start()
        for thread in workers:
            thread.join()
        stop.set()
        for thread in readers:
            thread.join()
        self.registry.kill()
        if self.failures:
            raise Failure("; ".join(self.failures[:3]))
        self.finish()

    def finish(self):
        generator = random.Random(0)
        self.check_all(generator, "at the end")
        removed_all = {model for model, number in self.doomed if number == "all"}
        present = {(v["model"], v["number"]): v["commit"] for v in self.all_versions()}
        for (model, number), commit in self.answered.items():
            if (model, number) in self.doomed or model in removed_all:
                continue
            expect(present.get((model, number)) == commit, f"{model}@v{number} was answered, and is lost")
        self.command(generator, "gc", "--grace", "0", kill=False)
        # All that is there is needed, and counted to the byte.
        savings = json.loads(self.registry.run("savings", "--json"))
        on_disk = sum(p.stat().st_size for p in Path(self.registry.path, "packs").rglob("*.pack"))
        expect(savings["storedBytes"] == on_disk, f"savings says {savings['storedBytes']}, the packs take {on_disk}")
        expect(savings["garbageBytes"] == 0, "garbage is left")
        left = [str(p) for p in Path(self.registry.path, "packs").rglob("*")
                if p.is_file() and p.suffix != ".pack" and p.name != "journal.log"]
        expect(not left, f"litter: {left}")
        self.check_all(generator, "after gc")
        for suffix in ("", "-wal", "-shm"):
            Path(self.registry.path, "catalog.sqlite" + suffix).unlink(missing_ok=True)
        report = json.loads(self.registry.run("rebuild", "--json"))
        expect(report["hasJournal"] and not report["lost"] and not report["problems"] and not report["unclear"], f"rebuild: {report}")
        expect({(v["model"], v["number"]): v["commit"] for v in self.all_versions()} == present, "rebuild has other versions")
        self.check_all(generator, "after rebuild")

    def all_versions(self):
        versions = []
        for model in MODELS:
            versions += self.registry.versions(model)
        return versions

    def check_all(self, generator, when):
        status, text = self.command(generator, "verify", "--data", "--json", kill=False)
        expect(status == 0, f"{when}, verify found problems: {text}")
        for version in self.all_versions():
            reference = f"{version['model']}@v{version['number']}"
            found = self.registry.files(reference)
            expect(found == self.folders[self.message(version)][1], f"{when}, {reference} has other files")
            self.counts["versions compared"] += 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=".build/release/deltaic")
    parser.add_argument("--operations", type=int, default=600)
    parser.add_argument("--workers", type=int, default=6)
    parser.add_argument("--megabytes", type=int, default=1)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as work:
        soak = Soak(options, work)
        try:
            soak.run()
        except Failure as failure:
            print(f"FAILED (seed {options.seed}): {failure}", file=sys.stderr)
            if soak.registry.process and soak.registry.process.poll() is None:
                soak.registry.kill()
            return 1
    counts = dict(sorted(soak.counts.items()))
    print(f"{options.operations} commands by {options.workers} workers in {time.monotonic() - started:.0f} s: {counts}")
    evidence(options, soak.counts)
    return 0


def evidence(options, counts):
    path = os.environ.get("DELTAIC_EVIDENCE")
    if not path:
        return
    killed = counts["killed"] + counts["server killed"]
    done = options.operations - counts["killed"]
    rows = [
        (22, "random commands of many processes beside a server", options.operations, {"killed": counts["killed"], "done or refused": done},
         "every version right at the end, after gc and after a rebuild"),
        (8, "versions compared while others register, tag, remove and collect", counts["versions compared"],
         {"new state": counts["versions compared"]}, None),
        (17, "requests to a server that is killed now and then", counts["requests"] + counts["requests cut"],
         {"right": counts["requests"], "cut, without success": counts["requests cut"]}, f"{killed} kills in all"),
    ]
    with open(path, "a") as file:
        for family, what, tried, outcomes, note in rows:
            line = {"family": family, "what": what, "tried": tried, "outcomes": {k: v for k, v in outcomes.items() if v}}
            file.write(json.dumps(line | ({"note": note} if note else {})) + "\n")


if __name__ == "__main__":
    sys.exit(main())
