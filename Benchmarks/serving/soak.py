#!/usr/bin/env python3
"""Many readers at once, and a long mixture of requests: every byte is compared, and memory has to stay flat.

    soak.py --program .build/release/deltaic --models DIR [--readers 200] [--requests 36000] [--seed N]

First `--readers` clients read random ranges at the same time. Then `--requests` requests of all kinds, an hour of ten a second by
default, are sent as fast as they are answered: files whole and in part, tensors, listings, conditions, git, git-lfs, mistakes, clients that leave in the
middle of a file and clients that read slowly. Exits with 1 if a byte is wrong, an answer unexpected, or memory or open files grow.
"""
import argparse
import concurrent.futures
import hashlib
import json
import random
import struct
import sys
import tempfile
import threading
import time
import zlib
from pathlib import Path
from urllib.parse import quote

import server as serving


class Original:
    """A version's files as they have to come back."""

    def __init__(self, name, folder):
        self.name = name
        self.files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(Path(folder).rglob("*"))
                      if p.is_file() and ".cache" not in p.parts}
        weights = self.files["model.safetensors"]
        self.digest = hashlib.sha256(weights).hexdigest()
        size = struct.unpack("<Q", weights[:8])[0]
        header = json.loads(weights[8:8 + size])
        self.tensors = {k: weights[8 + size + v["data_offsets"][0]:8 + size + v["data_offsets"][1]]
                        for k, v in header.items() if k != "__metadata__"}

    def path(self, file, revision="main"):
        return f"/{self.name}/resolve/{revision}/{quote(file)}"


class Failure(Exception):
    pass


def expect(condition, message):
    if not condition:
        raise Failure(message)


class Client:
    """One connection that stays open, and the kinds of requests."""

    def __init__(self, target, originals, headers, seed):
        self.server, self.originals, self.headers = target, originals, headers
        self.random = random.Random(seed)
        self.connection = None

    def request(self, path, headers=None, method="GET"):
        for attempt in (1, 2):
            if self.connection is None:
                self.connection = self.server.connect()
            try:
                self.connection.request(method, path, headers={**self.headers, **(headers or {})})
                return self.connection.getresponse()
            except (ConnectionError, BrokenPipeError):
                # A connection that was idle may have been closed by the server.
                self.connection.close()
                self.connection = None
                if attempt == 2:
                    raise

    def body(self, path, headers=None, status=200):
        response = self.request(path, headers)
        data = response.read()
        expect(response.status == status, f"{path} {headers}: {response.status}, expected {status}: {data[:200]}")
        return data, response

    def file(self):
        original = self.random.choice(self.originals)
        name = self.random.choice(list(original.files))
        return original, name, original.files[name]

    def range(self):
        original, name, data = self.file()
        while not data:
            original, name, data = self.file()
        start = self.random.randrange(len(data))
        end = min(len(data), start + self.random.choice([1, 100, 65536, 1 << 20, 5 << 20]))
        got, response = self.body(original.path(name), {"Range": f"bytes={start}-{end - 1}"}, 206)
        expect(got == data[start:end], f"{original.name} {name} {start}-{end}: wrong bytes")
        expect(response.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(data)}", "Content-Range")

    def whole(self):
        original, name, data = self.file()
        if len(data) > 40 << 20 and self.random.random() < 0.8:
            return self.range()
        got, _ = self.body(original.path(name))
        expect(got == data, f"{original.name} {name}: wrong bytes")

    def tensor(self):
        original = self.random.choice(self.originals)
        name = self.random.choice(list(original.tensors))
        got, _ = self.body(f"/v1/models/{original.name}/versions/main/tensors/{quote(name)}")
        expect(got == original.tensors[name], f"{original.name} tensor {name}: wrong bytes")

    def layer(self):
        original = self.random.choice(self.originals)
        prefix = f"encoder.layer.{self.random.randrange(6)}."
        got, _ = self.body(f"/v1/models/{original.name}/versions/prod/safetensors?prefix={quote(prefix)}")
        size = struct.unpack("<Q", got[:8])[0]
        header = json.loads(got[8:8 + size])
        expect(header and all(k.startswith(prefix) for k in header), "tensors of the layer")
        for name, entry in header.items():
            start, end = entry["data_offsets"]
            expect(got[8 + size + start:8 + size + end] == original.tensors[name], f"layer tensor {name}")

    def head(self):
        original, name, data = self.file()
        response = self.request(original.path(name), {"Range": "bytes=0-0"}, "HEAD")
        response.read()
        expect(response.status == 200 and int(response.headers["Content-Length"]) == len(data), "HEAD")

    def conditional(self):
        original, name, data = self.file()
        response = self.request(original.path(name), {}, "HEAD")
        response.read()
        again = self.request(original.path(name), {"If-None-Match": response.headers["ETag"]})
        expect(again.status == 304 and again.read() == b"", "If-None-Match")

    def listing(self):
        original = self.random.choice(self.originals)
        path = self.random.choice([f"/api/models/{original.name}", f"/api/models/{original.name}/tree/main?recursive=true",
                                   f"/api/models/{original.name}/refs", "/api/models?search=sre", "/v1/models",
                                   f"/v1/models/{original.name}/versions/v1", "/v1/savings", "/healthz", "/metrics"])
        self.body(path)

    def mistake(self):
        original, name, data = self.file()
        path, status = self.random.choice([
            (original.path("no-such-file"), 404), (original.path(name, "no-such-revision"), 404),
            ("/api/models/acme/no-such-model", 404), ("/nothing/here/at/all", 404), ("/api/models?limit=x", 400),
            (f"/v1/models/{original.name}/versions/main/tensors/none", 404)])
        self.body(path, status=status)
        self.body(original.path(name), {"Range": f"bytes={len(data)}-"}, 416)

    def git(self):
        original = self.random.choice(self.originals)
        refs, _ = self.body(f"/{original.name}.git/info/refs")
        commit = refs.split()[0].decode()
        response = self.request(f"/{original.name}.git/objects/{commit[:2]}/{commit[2:]}")
        expect(response.status == 200 and zlib.decompress(response.read()).startswith(b"commit "), "a loose commit")
        want = b"0032want %s\n00000009done\n" % commit.encode()
        pack = self.post(f"/{original.name}.git/git-upload-pack", want, "application/x-git-upload-pack-request")
        expect(pack.startswith(b"0008NAK\nPACK"), f"a pack: {pack[:60]}")

    def ask(self):
        original = self.random.choice(self.originals)
        sizes = {name: len(data) for name, data in original.files.items()}
        names = self.random.sample(sorted(sizes), 3)
        form = "&".join("paths=" + quote(n, safe="") for n in names).encode()
        found = json.loads(self.post(f"/api/models/{original.name}/paths-info/main", form, "application/x-www-form-urlencoded"))
        expect({f["path"]: f["size"] for f in found} == {n: sizes[n] for n in names}, "paths-info")
        weights = original.files["model.safetensors"]
        oid = original.digest
        batch = {"operation": "download", "objects": [{"oid": oid, "size": len(weights)}]}
        answer = json.loads(self.post(f"/{original.name}.git/info/lfs/objects/batch", json.dumps(batch).encode(), "application/json"))
        expect(answer["objects"][0]["actions"]["download"]["href"].endswith("model.safetensors"), "LFS batch")

    def post(self, path, body, kind):
        connection = self.server.connect()
        try:
            connection.request("POST", path, body, {**self.headers, "Content-Type": kind})
            response = connection.getresponse()
            data = response.read()
            expect(response.status == 200, f"{path}: {response.status} {data[:200]}")
            return data
        finally:
            connection.close()

    def leave(self):
        original = self.random.choice(self.originals)
        connection = self.server.connect()
        connection.request("GET", original.path("model.safetensors"), headers=self.headers)
        response = connection.getresponse()
        response.read(self.random.choice([0, 1000, 3 << 20]))
        connection.sock.close() if connection.sock else None
        response.close()
        connection.close()

    def slow(self):
        original = self.random.choice(self.originals)
        data = original.files["model.safetensors"]
        connection = self.server.connect()
        connection.request("GET", original.path("model.safetensors"), headers={**self.headers, "Range": "bytes=0-3999999"})
        response = connection.getresponse()
        hashed = hashlib.sha256()
        while block := response.read(1 << 20):
            hashed.update(block)
            time.sleep(0.15)
        connection.close()
        expect(hashed.digest() == hashlib.sha256(data[:4000000]).digest(), "a slow reader got wrong bytes")

    KINDS = [("range", 40), ("whole", 8), ("tensor", 12), ("layer", 3), ("head", 12), ("conditional", 5), ("listing", 12),
             ("mistake", 4), ("git", 3), ("ask", 3), ("leave", 3), ("slow", 1)]

    def one(self):
        kind = self.random.choices([k for k, _ in self.KINDS], [w for _, w in self.KINDS])[0]
        try:
            getattr(self, kind)()
        except Failure:
            raise
        except Exception as error:
            raise Failure(f"{kind}: {type(error).__name__}: {error}") from error


def readers(target, originals, headers, count, seed):
    """All at once: each opens a connection, waits for the others, and reads ranges."""
    barrier, failures, moved = threading.Barrier(count), [], [0] * count

    def read(position):
        client = Client(target, originals, headers, seed + position)
        try:
            client.connection = target.connect()
            client.connection.connect()
            barrier.wait(60)
            for _ in range(5):
                client.range()
        except Exception as error:
            failures.append(repr(error)[:300])

    threads = [threading.Thread(target=read, args=(i,)) for i in range(count)]
    started = time.monotonic()
    [t.start() for t in threads]
    [t.join() for t in threads]
    return time.monotonic() - started, failures


def stall(target, originals, headers, count):
    """Clients that ask for a large file and take nothing of it."""
    connections = []
    for position in range(count):
        connection = target.connect()
        path = originals[position % len(originals)].path("model.safetensors")
        connection.request("GET", path, headers={**headers, "Range": f"bytes={position * 1000}-"})
        connections.append(connection)
    return connections


def soak(target, originals, headers, count, seed, workers=16):
    """The mixture; returns what failed and the memory at ten times."""
    samples, failures = [], []
    done = 0
    lock = threading.Lock()
    local = threading.local()

    def one(position):
        nonlocal done
        if not hasattr(local, "client"):
            local.client = Client(target, originals, headers, f"{seed}-{threading.get_ident()}")
        try:
            local.client.one()
        except Failure as error:
            failures.append(str(error)[:300])
            local.client.connection = None
        with lock:
            done += 1
            if done % max(1, count // 10) == 0:
                samples.append((target.status("VmRSS") / 1024, target.status("files")))

    started = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        list(pool.map(one, range(count)))
    return time.monotonic() - started, failures, samples


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=".build/release/deltaic")
    parser.add_argument("--models", required=True)
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--stalled", type=int, default=100, help="clients that take nothing meanwhile")
    parser.add_argument("--requests", type=int, default=36000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--limit", type=int, default=512, help="of the server's memory, in MiB")
    parser.add_argument("--place", help="a folder to keep the registry in")
    options = parser.parse_args()
    print(f"seed {options.seed}")
    place = options.place or tempfile.mkdtemp(prefix="deltaic-soak-")
    program = serving.registry(options.program, options.models, place)
    originals = [Original("acme/sre", f"{options.models}/sre-embedding-model"),
                 Original("acme/sre-bf16", f"{options.models}/sre-embedding-model-bf16")]
    program.run("pull", "acme/sre-small", "--output", f"{place}/small")
    originals.append(Original("acme/sre-small", f"{place}/small"))
    headers = {"Authorization": f"Bearer {program.token(f'soak-{options.seed}')}"}
    target = serving.Server(program, "--rate", "0", "--max-client-connections", "512", "--log-level", "warning")
    idle = target.status("VmRSS") / 1024
    took, failures = readers(target, originals, headers, options.readers, options.seed)
    peak = target.status("VmHWM") / 1024
    print(f"{options.readers} parallel range readers: {options.readers * 5} ranges in {took:.1f} s, {len(failures)} failed, "
          f"memory {idle:.0f} MiB idle, {peak:.0f} MiB at most")
    stalled = stall(target, originals, headers, options.stalled)
    took, broken, samples = soak(target, originals, headers, options.requests, options.seed)
    failures += broken
    peak = target.status("VmHWM") / 1024
    for connection in stalled:
        connection.close()
    print(f"{options.requests} mixed requests beside {options.stalled} stalled clients in {took:.0f} s ({options.requests / took:.0f} a second), {len(broken)} failed")
    print("memory in MiB after each tenth: " + " ".join(f"{m:.0f}" for m, _ in samples))
    print("open files after each tenth:    " + " ".join(f"{f}" for _, f in samples))
    time.sleep(1)
    status = target.stop()
    for failure in failures[:10]:
        print("FAILED " + failure)
    problems = list(failures)
    # The first tenths fill the cache.
    early, late = max(m for m, _ in samples[2:5]), max(m for m, _ in samples[7:])
    if late > early * 1.1 + 16:
        problems.append(f"memory grew from {early:.0f} to {late:.0f} MiB")
    if peak > options.limit:
        problems.append(f"memory was {peak:.0f} MiB at most, over the limit of {options.limit}")
    if status != 0:
        problems.append(f"the server ended with status {status}")
    print(f"at most {peak:.0f} MiB; " + ("all well" if not problems else f"{len(problems)} problems: {problems[-1]}"))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
