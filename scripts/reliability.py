#!/usr/bin/env python3
"""Makes the table of docs/reliability.md from what the tests noted.

    scripts/reliability.py EVIDENCE.jsonl            prints the table
    scripts/reliability.py EVIDENCE.jsonl --write    puts it into docs/reliability.md
    scripts/reliability.py EVIDENCE.jsonl --check    fails if a family was not tried, something was lost, or docs/reliability.md has other rows
"""
import argparse
import collections
import json
import pathlib
import sys

FAMILIES = {
    1: "kill while registering", 2: "kill while collecting garbage", 3: "lost unsynced writes", 4: "torn writes",
    5: "bit flips in every region", 6: "base loss and damage", 7: "disk full, failing syncs, no files",
    8: "concurrent writers", 9: "garbage against readers and writers", 10: "length bombs",
    11: "malicious safetensors headers", 12: "paths and names", 13: "abuse of the delta graph", 14: "hash collisions",
    15: "silent wrong decode", 16: "exotic floats", 17: "aborted streams", 18: "resuming", 19: "HTTP hardening",
    20: "loss of the catalog", 21: "version skew", 22: "soak", 23: "power of the check", 24: "sanitizers and fuzzers",
}
FORBIDDEN = {"lost", "wrong", "trap"}
PAGE = pathlib.Path(__file__).resolve().parent.parent / "docs" / "reliability.md"
BEGIN, END = "<!-- table -->\n", "<!-- end of table -->\n"


def rows(path):
    """Adds up equal cases: {(family, what): (tried, outcomes, notes)}."""
    found = {}
    for line in pathlib.Path(path).read_text().splitlines():
        entry = json.loads(line)
        key = (entry["family"], entry["what"])
        tried, outcomes, notes = found.setdefault(key, [0, collections.Counter(), []])
        found[key][0] = tried + entry["tried"]
        outcomes.update(entry["outcomes"])
        note = entry.get("note")
        if note and note not in notes:
            notes.append(note)
    # A command without such calls was not tried at all.
    return {key: row for key, row in sorted(found.items()) if row[0] > 0}


def table(found):
    lines = ["| family | what | cases | outcome |", "|---|---|---|---|"]
    for (family, what), (tried, outcomes, notes) in found.items():
        outcome = ", ".join(f"{count:,} {word}" for word, count in sorted(outcomes.items()))
        # A note that differs from run to run says nothing for long; the last one stands for all.
        outcome += f"; {notes[-1]}" if notes else ""
        lines.append(f"| {family} {FAMILIES[family]} | {what} | {tried:,} | {outcome} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("evidence")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    found = rows(arguments.evidence)
    text = table(found)
    print(text, end="")
    before, rest = PAGE.read_text().split(BEGIN)
    old, after = rest.split(END)
    if arguments.write:
        PAGE.write_text(before + BEGIN + text + END + after)
    if not arguments.check:
        return 0
    problems = [f"family {n} ({name}) was not tried" for n, name in FAMILIES.items() if not any(f == n for f, _ in found)]
    for (family, what), (tried, outcomes, _) in found.items():
        if sum(outcomes.values()) != tried:
            problems.append(f"family {family}, {what}: {tried} cases, but {sum(outcomes.values())} outcomes")
        problems += [f"family {family}, {what}: {outcomes[word]} {word}" for word in FORBIDDEN & set(outcomes)]
    listed = {tuple(part.strip() for part in line.split("|")[1:3]) for line in old.splitlines() if line.startswith("| ")}
    wanted = {(f"{family} {FAMILIES[family]}", what) for family, what in found} | {("family", "what")}
    problems += [f"docs/reliability.md lacks the row: {row}" for row in sorted(wanted - listed)]
    problems += [f"docs/reliability.md has a row that was not tried: {row}" for row in sorted(listed - wanted)]
    for problem in problems:
        print("error:", problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
