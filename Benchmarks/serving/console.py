#!/usr/bin/env python3
"""How long pages of the console take, over HTTP on loopback, from a registry that is there: `DeltaicBench catalog` runs it.

    python3 Benchmarks/serving/console.py --program PROGRAM --registry REGISTRY --model NAME [--runs 50] [--json FILE]

Each page is asked for on one kept connection, once without being counted, then --runs times; the server has all models open, and
nothing else to do.
"""
import argparse
import json
import statistics
import sys
import time
import urllib.parse

from server import Program, Server


def pages(model, base):
    name = urllib.parse.quote(model)
    return [
        ("overview", "/"),
        ("models, first 100 by name", "/console/models"),
        ("models, 100 that keep most", "/console/models?sort=stored"),
        ("models whose name has 77 in it", "/console/models?search=77"),
        ("models of a base", f"/console/models?base={base}"),
        ("one model", f"/console/models/{name}"),
        ("a base with all that is built on it", f"/console/models/{base}"),
        ("a version, every tensor", f"/console/models/{name}/versions/v1"),
        ("compare two versions, compared before", f"/console/compare?left={base}&right={name}"),
        ("bases", "/console/bases"),
        ("tasks", "/console/tasks"),
        ("packs, the 100 largest", "/console/packs"),
        ("garbage", "/console/garbage"),
        ("jobs", "/console/jobs"),
    ]


def fetch(connection, path):
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        sys.exit(f"{path} was answered with {response.status}: {body[:300]}")
    return body


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--registry", required=True)
    parser.add_argument("--model", required=True, help="a fine-tune with one version")
    parser.add_argument("--base", required=True, help="its base")
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--json", help="also write the figures to this file")
    options = parser.parse_args()

    server = Server(Program(options.program, options.registry), "--anonymous-read", "--rate", "0", "--log-level", "error")
    rows = []
    try:
        connection = server.connect()
        # What takes a moment is found out once, in the background, when somebody looks first.
        deadline = time.monotonic() + 120
        while b"being compared with each other" in fetch(connection, "/") and time.monotonic() < deadline:
            time.sleep(0.2)
        for name, path in pages(options.model, options.base):
            while b"data-again" in (body := fetch(connection, path)) and time.monotonic() < deadline:
                time.sleep(0.2)
            times = []
            for _ in range(options.runs):
                start = time.perf_counter()
                fetch(connection, path)
                times.append(1000 * (time.perf_counter() - start))
            times.sort()
            rows.append({
                "page": name, "bytes": len(body), "asked": len(times), "median": statistics.median(times),
                "p99": times[min(len(times) - 1, int(len(times) * 0.99))], "worst": times[-1]})
    finally:
        status = server.stop()
    if status != 0:
        sys.exit(f"the server ended with status {status}: {server.logged()}")
    if options.json:
        with open(options.json, "w") as file:
            json.dump(rows, file)
        return
    print(f"{'page':<40} {'bytes':>8} {'median ms':>10} {'p99 ms':>8} {'worst ms':>9}")
    for row in rows:
        print(f"{row['page']:<40} {row['bytes']:>8} {row['median']:>10.1f} {row['p99']:>8.1f} {row['worst']:>9.1f}")


if __name__ == "__main__":
    main()
