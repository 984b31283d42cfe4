#!/usr/bin/env python3
"""Writes a near relative of a BF16 model: the last bit of every weight is turned.

    near_model.py SOURCE TARGET
"""
import shutil
import struct
import sys
from pathlib import Path

TURNED = bytes(byte ^ 1 for byte in range(256))


def main(source, target):
    shutil.copytree(source, target)
    path = Path(target, "model.safetensors")
    data = bytearray(path.read_bytes())
    start = 8 + struct.unpack("<Q", data[:8])[0]
    data[start::2] = data[start::2].translate(TURNED)
    path.write_bytes(data)


if __name__ == "__main__":
    main(*sys.argv[1:])
