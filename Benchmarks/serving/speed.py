#!/usr/bin/env python3
"""How fast models come out: over HTTP, without HTTP, and as raw files from nginx, in one run.

    speed.py --program .build/release/deltaic --models DIR [--repeat 5] [--json FILE]

Each round fetches the same weights with curl from nginx (the raw file) and from `deltaic serve` (lossless, lossy, a base, a plain file), and
pulls them with `deltaic pull`, one after the other; the median of the rounds counts. nginx is left out where it is not installed. Also: the time to the first byte of a tensor
when the server was just started, so that nothing of the base is decoded.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import server as serving


def fetch(url, headers=()):
    """Seconds of one download by curl, and its bytes a second."""
    arguments = ["curl", "-sS", "--fail", "-o", "/dev/null", "-w", "%{time_total} %{size_download} %{time_starttransfer}"]
    for header in headers:
        arguments += ["-H", header]
    done = subprocess.run([*arguments, url], capture_output=True, text=True, check=True)
    seconds, size, first = done.stdout.split()
    return float(seconds), int(size), float(first)


def nginx(root):
    """nginx as a static file server with its usual settings, on a port of its own."""
    if not shutil.which("nginx"):
        print("nginx: not measured: it is not installed", file=sys.stderr)
        return None, None
    place = Path(tempfile.mkdtemp(prefix="deltaic-nginx-"))
    port = 18000 + os.getpid() % 1000
    (place / "nginx.conf").write_text(f"""
        daemon off; pid {place}/pid; error_log {place}/error; worker_processes 2;
        events {{ worker_connections 256; }}
        http {{ access_log off; sendfile on; tcp_nopush on; client_body_temp_path {place}/body; proxy_temp_path {place}/proxy;
            fastcgi_temp_path {place}/f; uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;
            server {{ listen 127.0.0.1:{port}; root {root}; }} }}""")
    os.chmod(place, 0o755)
    process = subprocess.Popen(["nginx", "-p", str(place), "-c", str(place / "nginx.conf"), "-g", "user root;"],
                               stderr=subprocess.DEVNULL)
    for _ in range(100):
        time.sleep(0.05)
        if subprocess.run(["curl", "-s", "-o", "/dev/null", f"http://127.0.0.1:{port}/"]).returncode == 0:
            return process, f"http://127.0.0.1:{port}"
    sys.exit("nginx did not start")


def first_bytes(program, header, name, tensor, repeat):
    """Milliseconds to the first byte of a tensor from a server that was just started, and again when it is warm."""
    cold, warm = [], []
    for _ in range(repeat):
        target = serving.Server(program, "--log-level", "error")
        url = f"{target.url}/v1/models/{name}/versions/main/tensors/{tensor}"
        fetch(target.url + "/healthz")
        cold.append(fetch(url, [header])[2] * 1000)
        warm.append(fetch(url, [header])[2] * 1000)
        end(target)
    return statistics.median(cold), max(cold), statistics.median(warm)


def end(target):
    target.stop()
    Path(target.log.name).unlink(missing_ok=True)


def number(value):
    return "-" if value is None else f"{value:.0f}"


def part(value, whole):
    return "-" if whole is None else f"{value / whole:.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=".build/release/deltaic")
    parser.add_argument("--models", required=True)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", help="a file for the figures")
    options = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="deltaic-speed-"))
    program = serving.registry(options.program, options.models, place)
    header = f"Authorization: Bearer {program.token('speed')}"
    static, static_url = nginx(Path(options.models).resolve())
    target = serving.Server(program, "--log-level", "error", "--rate", "0")
    cases = [("acme/sre", "sre-embedding-model", "exact, FP32"), ("acme/sre-bf16", "sre-embedding-model-bf16", "exact, BF16"),
             ("acme/sre-small", "sre-embedding-model-bf16", "seeded-sign, BF16"), ("minilm", "all-MiniLM-L6-v2", "base, FP32")]
    figures = []
    try:
        for name, folder, kind in cases:
            rates = {"nginx": [], "serve": [], "pull": []}
            for _ in range(options.repeat):
                if static:
                    seconds, size, _ = fetch(f"{static_url}/{folder}/model.safetensors")
                    rates["nginx"].append(size / seconds)
                seconds, size, _ = fetch(f"{target.url}/{name}/resolve/main/model.safetensors", [header])
                rates["serve"].append(size / seconds)
                output = place / "pulled"
                started = time.monotonic()
                program.run("pull", name, "--output", str(output), "--file", "model.safetensors")
                rates["pull"].append(size / (time.monotonic() - started))
                shutil.rmtree(output)
            median = {k: statistics.median(v) / 1e6 if v else None for k, v in rates.items()}
            figures.append({"kind": kind, "model": name, "bytes": size, "megabytes_per_second": median})
        tensor = "encoder.layer.3.attention.self.key.weight"
        for name, _, kind in cases:
            median, most, warm = first_bytes(program, header, name, tensor, options.repeat)
            next(f for f in figures if f["model"] == name)["first_byte_ms"] = {"cold": median, "cold_max": most, "warm": warm}
        embedding = "embeddings.word_embeddings.weight"
        median, most, warm = first_bytes(program, header, "acme/sre", embedding, options.repeat)
        figures.append({"kind": "exact, FP32, 47 MB tensor", "model": "acme/sre",
                        "first_byte_ms": {"cold": median, "cold_max": most, "warm": warm}})
    finally:
        end(target)
        if static:
            static.terminate()
        shutil.rmtree(place, ignore_errors=True)
    print("MB/s, nginx of the raw file; first byte in ms: the median (the most) of cold ones, the median of warm ones")
    print(f"{'':26}{'nginx':>7}{'serve':>7}{'pull':>7}{'serve/nginx':>13}{'serve/pull':>12}{'cold (most)':>16}{'warm':>7}")
    for figure in figures:
        speed, first = figure.get("megabytes_per_second"), figure["first_byte_ms"]
        text = f"{figure['kind']:26}"
        text += (f"{number(speed['nginx']):>7}{number(speed['serve']):>7}{number(speed['pull']):>7}"
                 f"{part(speed['serve'], speed['nginx']):>13}{part(speed['serve'], speed['pull']):>12}" if speed else " " * 46)
        cold = f"{first['cold']:.1f} ({first['cold_max']:.1f})"
        print(f"{text}{cold:>16}{first['warm']:>7.1f}")
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1))
    late = [f for f in figures if f["first_byte_ms"]["cold_max"] > 50]
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
