"""Two public text tasks for the quality benchmark, written as small .jsonl.gz files.

sentiment   movie review snippets rated by people, from the vaderSentiment 3.3.2 source distribution on PyPI
            (Hutto & Gilbert, ICWSM 2014). Label: mean rating above 0. Ratings within 0.5 of 0 are dropped.
section     the section of a Debian package from its one-line description, from apt's package lists.
            Split by source package, so that foo, foo-data and libfoo never stand on both sides.

    python3 -m pip download --no-deps --no-binary :all: vaderSentiment==3.3.2 -d sdist
    python3 data.py --sdist sdist/vaderSentiment-3.3.2.tar.gz --out data
"""

import argparse
import glob
import gzip
import hashlib
import io
import json
import os
import subprocess
import tarfile

# Sections whose one-line descriptions do not simply name the section ("Perl module", "development files").
SECTIONS = ["libs", "python", "devel", "utils", "net", "javascript", "java", "science", "admin", "games", "x11", "text"]


def unit(text):
    """A fixed number in [0, 1) for a string: the same split on every machine."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big") / 2.0**56


def write(path, rows):
    """Write rows as gzip JSON lines, byte for byte the same each time."""
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as out:
        for row in rows:
            out.write((json.dumps(row, ensure_ascii=False) + "\n").encode())
    print(path, len(rows), os.path.getsize(path))


def read(path):
    """Rows of a file written by write()."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def sentiment(sdist):
    """(train, test) of the movie review snippets in the source distribution."""
    with tarfile.open(sdist) as outer:
        inner = outer.extractfile([n for n in outer.getnames() if n.endswith("hutto_ICWSM_2014.tar.gz")][0]).read()
    with tarfile.open(fileobj=io.BytesIO(inner)) as tar:
        name = [n for n in tar.getnames() if n.endswith("movieReviewSnippets_GroundTruth.txt")][0]
        text = tar.extractfile(name).read().decode("utf-8", "replace")
    rows, seen = [], set()
    for line in text.splitlines():
        parts = line.split("\t")
        if len(parts) < 3 or abs(float(parts[1])) < 0.5:
            continue
        body = parts[2].strip()
        if body.lower() in seen:
            continue
        seen.add(body.lower())
        rows.append({"text": body, "label": int(float(parts[1]) > 0)})
    rows.sort(key=lambda r: unit("order" + r["text"]))
    test = [r for r in rows if unit("split" + r["text"]) < 0.25]
    train = [r for r in rows if unit("split" + r["text"]) >= 0.25]
    return train, test


def stanzas(lists):
    """(package, source, section, description) of every entry in apt's package lists."""
    for path in sorted(glob.glob(os.path.join(lists, "*_main_binary-*_Packages*"))):
        helper = "/usr/lib/apt/apt-helper"
        text = subprocess.run([helper, "cat-file", path], check=True, capture_output=True).stdout.decode("utf-8", "replace")
        for block in text.split("\n\n"):
            field = {}
            for line in block.splitlines():
                key, colon, value = line.partition(": ")
                if colon and not line.startswith(" "):
                    field[key] = value
            if "Package" in field and "Section" in field and "Description" in field:
                source = field.get("Source", field["Package"]).split(" ")[0]
                yield field["Package"], source, field["Section"], field["Description"].strip()


def section(lists, most):
    """(train, test) of descriptions with their section, at most `most` per section, four fifths for training."""
    per = {name: [] for name in SECTIONS}
    seen = set()
    for package, source, name, text in stanzas(lists):
        if name not in per or package.endswith(("-dev", "-doc", "-dbg", "-data", "-common")):
            continue
        key = text.lower()
        if key in seen or (source, name) in seen:  # one description a source and section: no near-duplicates
            continue
        seen.update([key, (source, name)])
        per[name].append({"text": text, "label": SECTIONS.index(name), "source": source})
    train, test = [], []
    for name in SECTIONS:
        rows = sorted(per[name], key=lambda r: unit("order" + r["text"]))[:most]
        for row in rows:
            side = test if unit("split" + row.pop("source")) < 0.2 else train
            side.append(row)
    for rows in (train, test):
        rows.sort(key=lambda r: unit("order" + r["text"]))
    return train, test


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sdist", help="vaderSentiment-3.3.2.tar.gz; left out: no sentiment task")
    parser.add_argument("--lists", default="/var/lib/apt/lists", help="apt's package lists (after apt-get update)")
    parser.add_argument("--most", type=int, default=1700, help="examples a section")
    parser.add_argument("--out", default="data")
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)
    tasks = {"section": section(args.lists, args.most)}
    if args.sdist:
        tasks["sentiment"] = sentiment(args.sdist)
    for task, (train, test) in tasks.items():
        write(os.path.join(args.out, f"{task}-train.jsonl.gz"), train)
        write(os.path.join(args.out, f"{task}-test.jsonl.gz"), test)


if __name__ == "__main__":
    main()
