#!/usr/bin/env python3
"""Compares which safetensors files deltaic takes with what the reference reader (`safetensors`, from PyPI) takes.

    scripts/safetensors_verdicts.py PROGRAM

The files: hostile headers of every kind, a small valid file with random damage (of a fixed seed), and the inputs that
fuzzing kept. Fails if deltaic takes a file that the reference refuses, if it refuses one that the reference takes and no rule
below says why, or if it finds other tensors in a file that both take, or gives back other bytes.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
REFERENCE = "safetensors==0.8.0"
UNKNOWN_DTYPES = "F4|F6_E2M3|F6_E3M2|C64|F8_E4M3FNUZ|F8_E5M2FNUZ"
# Why deltaic refuses what the reference takes, by what it says. Docs: Sources/TensorFiles/SafetensorsHeader.swift.
RULES = [
    (rf'the dtype "({UNKNOWN_DTYPES})" is not supported', "packs know no such dtype"),
    (r"the key .* appears twice", "the format forbids it; two spellings of one text are one key here"),
    (r"the header does not start with '\{'", "the format asks for it; the reference passes over white space"),
    (r"the tensor's name contains NUL", "no such name can be shown or asked for"),
    (r"shape has too many numbers \(expected at most 64\)", "NumPy and PyTorch have no such tensors"),
    (r"the number of elements overflows", "the dimensions that are not 0 overflow: the length of a row would"),
    (r"must be a non-negative integer of 63 bits \(found (9223372036854775808|18446744073709551615)\)",
     "the dimension beside a 0 does not fit"),
    (r"the tensor must be an object \(found '\['\)", "the format asks for an object; the reference takes a list of its fields too"),
    (r"dtype must be a string \(found '\{'\)", "the format asks for a string; the reference takes an object of one null too"),
]
# Asks the reference for one verdict a line: what it found, or why it refused.
READER = """
import hashlib, json, sys
from safetensors import SafetensorError, deserialize
for path in sys.stdin.read().splitlines():
    try:
        found = {}
        for name, t in deserialize(open(path, "rb").read()):
            found[name] = [t["dtype"], list(t["shape"]), hashlib.sha256(t["data"]).hexdigest()]
        print(json.dumps({"found": found}), flush=True)
    except SafetensorError as error:
        print(json.dumps({"refused": str(error)}), flush=True)
"""


def tensor(dtype="U8", shape=(4,), offsets=(0, 4), extra=""):
    """The JSON of a tensor; what is JSON already is taken as it is."""
    def written(value):
        return value if isinstance(value, str) else json.dumps(list(value))
    if dtype[:1] not in ('"', "{", "[") and dtype not in ("null", "1"):
        dtype = f'"{dtype}"'
    return f'{{"dtype":{dtype},"shape":{written(shape)},"data_offsets":{written(offsets)}{extra}}}'


def file(header, data=4, length=None):
    """A file of this header and so many bytes of data."""
    header = header.encode("utf-8", "surrogatepass") if isinstance(header, str) else header
    length = len(header) if length is None else length
    return struct.pack("<Q", length) + header + bytes(i % 2 for i in range(data))


def lengths():
    good = '{"t":' + tensor() + "}"
    for count in range(8):
        yield bytes(count)
    yield bytes(8)
    for length in [2**64 - 1, 2**64 - 8, 2**63, 2**63 - 1, 2**63 - 8, 2**32, 100_000_001, 100_000_000, len(good) + 5,
                   len(good) + 4, len(good) + 1, len(good) - 1, 2, 1, 0]:
        yield file(good, length=length)
    # As long as it may be, and one byte more, with the bytes there.
    yield file(good + " " * (100_000_000 - len(good)))
    yield file(good + " " * (100_000_001 - len(good)))
    for padding in [" ", "\n", "\t\r\n ", "\0", "\x0b", "\f", "\u00a0", "x", "{}", ","]:
        yield file(good + padding)
        yield file(padding + good)
    for cut in range(0, len(good) + 12, 3):
        yield file(good)[:cut]


def syntax():
    good = tensor()
    for text in ["", "[]", '""', "null", "1", "{", "}", "{}", "{ }", "{}x", "{},", "{,}", '{"a"}', '{"a":}', "{'a':1}",
                 "\ufeff{}", "{}{}", '{"t":' + good + ",}", '{"t":' + good + '"u":' + good + "}", '{"t":' + good,
                 '{t:' + good + "}", '{"t" ' + good + "}", '{1:' + good + "}", '{null:' + good + "}", "{/**/}", "{}//"]:
        yield file(text, 0)
        yield file(text)
    for value in ["1", "-1", "0.5", "-0", "00", "01", "+1", "1.", ".5", "1e", "1e5", "1E+5", "1e-5", "1e308", "1e309", "-1e309",
                  "1e999", "-1e999", "1e-999", "0e999", "1e99999999999999999999", "1e-99999999999999999999",
                  "0e99999999999999999999", "9" * 19, "9" * 20, "9" * 308, "9" * 309, "9" * 310, "-" + "9" * 400,
                  "0." + "0" * 400 + "1", "1" + "0" * 400 + "e-400", "18446744073709551616", "-9223372036854775809", "NaN",
                  "Infinity", "-Infinity", "nan", "tru", "true", "True", "false", "null", "nul", "nulll", "0x1", "1_0", "--1",
                  "-", "'a'", "[", "[]", "[,]", "[1,]", "[1 2]", "{}", "{1:2}", '{"a":1,}', '{"a" 1}', "undefined", '"a', '"\t"',
                  '"\x7f"', '"\\t"']:
        yield file('{"t":' + tensor(extra=f',"x":{value}') + "}")
    for depth in [1, 50, 124, 125, 126, 127, 128, 129, 1000, 100_000]:
        for opened, closed in [("[", "]"), ('{"a":', "}")]:
            inner = "1" if opened != "[" else ""
            yield file('{"t":' + tensor(extra=',"x":' + opened * depth + inner + closed * depth) + "}")
            yield file('{"t":' + opened * depth + inner + closed * depth + "}")
    yield file('{"t":' + "[" * 1_000_000)


def names():
    good = tensor()
    for name in [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xe2\x82", b"\xf4\x90\x80\x80", b"\xf0\x80\x80\x80", b"\x80",
                 b"\xf0\x9f\x98\x80", b"\xef\xbf\xbf", b"\xef\xbb\xbf", b"\xe2\x80\xae", b"", b" ", b"\t", b"\n", b"\0", b"\x1f",
                 b"\x7f", b"\\u0000", b"a\\u0000b", b"\\ud800", b"\\udc00", b"\\ud800\\u0041", b"\\ud83d\\ude00",
                 b"\\ude00\\ud83d", b"\\ud800\\ud800", b"\\ud83d\\ude0", b"\\uD83D\\uDE00", b"\\u12", b"\\u12g4", b"\\u+123",
                 b"\\x41", b"\\'", b"\\/", b"\\b\\f\\n\\r\\t\\\"\\\\", b"\\", b"../../etc/passwd", b"/", b"a" * 70_000,
                 b"__metadata_", b"__METADATA__", b"__metadata__ "]:
        yield file(b'{"' + name + b'":' + good.encode() + b"}")
        yield file(b'{"__metadata__":{"' + name + b'":"x"},"t":' + good.encode() + b"}")
        yield file(b'{"__metadata__":{"x":"' + name + b'"},"t":' + good.encode() + b"}")
        yield file(b'{"t":' + tensor(extra=',"@":1').encode().replace(b"@", name) + b"}")


def duplicates():
    empty, other = tensor(shape=(0,), offsets=(0, 0)), tensor("I8", (0,), (0, 0))
    for second in [empty, other]:
        yield file('{"t":' + empty + ',"t":' + second + "}", 0)
        yield file('{"t":' + empty + ',"\\u0074":' + second + "}", 0)
        yield file('{"\u00e9":' + empty + ',"e\u0301":' + second + "}", 0)
    yield file('{"t":' + tensor() + ',"t":' + tensor() + "}")
    yield file('{"t":' + tensor(shape=(2,), offsets=(0, 2)) + ',"t":' + tensor(shape=(2,), offsets=(2, 4)) + "}")
    yield file('{"t":' + tensor() + ',"t":' + tensor(shape=(3,), offsets=(0, 3)) + "}")
    for extra in [',"dtype":"U8"', ',"dtype":"I8"', ',"shape":[4]', ',"shape":[2,2]', ',"data_offsets":[0,4]',
                  ',"data_offsets":[0,3]', ',"x":1,"x":1', ',"x":{"a":1,"a":2}', ',"d\\u0074ype":"U8"']:
        yield file('{"t":' + tensor(extra=extra) + "}")
    for value in ['{"a":"1","a":"1"}', '{"a":"1","a":"2"}', '{"a":"1","\\u0061":"2"}', '{"\u00e9":"1","e\u0301":"2"}']:
        yield file(f'{{"__metadata__":{value}}}', 0)
    yield file('{"__metadata__":{},"__metadata__":{}}', 0)
    yield file('{"__metadata__":{},"\\u005f_metadata__":{"a":"b"}}', 0)


def metadata():
    for value in ["{}", "null", '{"a":"b"}', '{"a":1}', '{"a":null}', '{"a":true}', '{"a":{}}', '{"a":["b"]}', '{"a":1.5}', "[]",
                  '[["a","b"]]', '"a"', "1", "true", "nul", tensor(), '{"a":"b",}', '{"":""}', '{"a":"' + "b" * 100_000 + '"}']:
        yield file(f'{{"__metadata__":{value}}}', 0)
        yield file(f'{{"t":{tensor()},"__metadata__":{value}}}')


def layout():
    def several(*tensors, data=6):
        written = (f'"{chr(97 + i)}":' + tensor(shape=(count,), offsets=offsets) for i, (count, offsets) in enumerate(tensors))
        return file("{" + ",".join(written) + "}", data)

    for first, second in [((0, 4), (3, 6)), ((0, 6), (2, 4)), ((0, 6), (0, 6)), ((0, 3), (0, 3)), ((0, 2), (3, 6)),
                          ((1, 3), (3, 6)), ((0, 1), (1, 5)), ((0, 3), (3, 6)), ((3, 6), (0, 3)), ((0, 0), (0, 6)),
                          ((0, 6), (0, 0)), ((0, 6), (6, 6)), ((6, 6), (0, 6)), ((0, 6), (3, 3)), ((0, 6), (7, 7)),
                          ((0, 3), (3, 7)), ((0, 6), (6, 12)), ((0, 0), (1, 6))]:
        yield several((first[1] - first[0], first), (second[1] - second[0], second))
    yield several((0, (0, 0)), (0, (0, 0)), (6, (0, 6)), (0, (6, 6)), (0, (6, 6)))
    yield several((0, (0, 0)), (3, (0, 3)), (0, (3, 3)), (3, (3, 6)))
    yield several((0, (0, 0)), data=0)
    yield several((0, (0, 0)), data=1)
    yield several((0, (1, 1)), data=1)
    yield several(data=0)
    yield several(data=1)
    for extra in [1, 4, 8, 4096]:
        yield several((6, (0, 6)), data=6 + extra)
    for missing in [1, 5, 6]:
        yield several((6, (0, 6)), data=6 - missing)


def fields():
    for offsets in ["[-4,0]", "[-1,3]", "[0.0,4.0]", "[0,4.0]", "[0,4e0]", "[0,40e-1]", "[-0,4]", "[4,0]", "[0]", "[]", "[0,4,4]",
                    "[0,5]", "[4,8]", "[0,3]", "null", "[0,null]", "[null,4]", '["0","4"]', "[0,[4]]", "[[0,4]]", '{"0":0,"1":4}',
                    '"04"', "4", "[0,9223372036854775807]", "[0,9223372036854775808]", "[0,18446744073709551615]",
                    "[18446744073709551615,18446744073709551615]", "[9223372036854775803,9223372036854775807]",
                    "[0,18446744073709551620]", "[18446744073709551612,0]", "[0,4294967300]", "[00,4]", "[0,04]", "[0,+4]",
                    "[0 ,\n4 ]", "[0,4", "[0,4,]", "[false,4]", "true"]:
        yield file('{"t":' + tensor(offsets=offsets) + "}")
    for shape in ["[-4]", "[4.0]", "[4e0]", '["4"]', "[[4]]", "4", "null", "{}", "[-0]", "[true]", "[null]", "[]", "[4,1]",
                  "[2,2]", "[1,1,4]", "[5]", "[3]", "[0]", "[4,0]", "[9223372036854775807]", "[9223372036854775808]",
                  "[18446744073709551615]", "[18446744073709551620]", "[" + "9" * 50 + "]", "[-18446744073709551612]",
                  "[4611686018427387905,4]", "[4294967296,4294967296]", "[2305843009213693952,8]", "[6148914691236517206,3]",
                  "[3037000500,3037000500]", "[04]", "[4,]", "[,4]", "[4 4]", "[4", "[ 4 ]", "[4, 1, 1]", '{"0":4}', '"4"',
                  "[1,4,1,1,1,1,1,1,1,1]"]:
        yield file('{"t":' + tensor(shape=shape) + "}")
        # The same in another order, and for a wide dtype, whose width makes more of them overflow.
        yield file('{"t":{"data_offsets":[0,8],"shape":' + shape + ',"dtype":"F64"}}', 8)
    for shape in ["[0,9223372036854775807]", "[0,9223372036854775808]", "[0,18446744073709551615]", "[18446744073709551615,0]",
                  "[0,4294967296,4294967296]", "[4294967296,4294967296,0]", "[4294967296,0,4294967296]",
                  "[0,9223372036854775807,2]", "[0,3]", "[3,0,5]", "[0,0,0]", "[0,18446744073709551616]"]:
        for dtype in ["U8", "F64"]:
            yield file('{"t":' + tensor(dtype, shape, (0, 0)) + "}", 0)
    for rank in [63, 64, 65, 100, 1000]:
        yield file('{"t":' + tensor(shape=(4,) + (1,) * (rank - 1)) + "}")
    for dtype in ["F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "F8_E8M0", "I64", "I32", "I16", "I8", "U64", "U32", "U16",
                  "U8", "BOOL", "F4", "F6_E2M3", "F6_E3M2", "C64", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "F128", "C128", "I4", "U4", "F8",
                  "f32", "F32 ", " F32", "float32", "FLOAT32", "bool", "F8_E4M3FN", "STRING", "\\u0046\\u0033\\u0032",
                  "F32\\u0000", "null", "1", "[\"U8\"]", '{"U8":null}', '{"U8":1}', '{"U8":null,"I8":null}', '{}', ""]:
        # As many bytes as eight elements of some width take; elements below a byte share bytes.
        for count in [0, 1, 2, 3, 4, 8]:
            yield file('{"t":' + tensor(dtype, (8,), (0, 8 * count)) + "}", 8 * count)
        for count, size in [(2, 1), (1, 1), (4, 3), (3, 2), (3, 3), (4, 2), (0, 0)]:
            if dtype.startswith(("F4", "F6")):
                yield file('{"t":' + tensor(dtype, (count,), (0, size)) + "}", size)
    for value in ["{}", "null", "[]", '"U8"', "1", "true", '["U8",[4],[0,4]]', '["U8",[4],[0,4],1]', '["U8",[4]]',
                  '{"dtype":"U8","shape":[4]}', '{"dtype":"U8","data_offsets":[0,4]}', '{"shape":[4],"data_offsets":[0,4]}',
                  '{"Dtype":"U8","shape":[4],"data_offsets":[0,4]}',
                  '{"dtype":"U8","shape":[4],"data_offsets":[0,4],"extra":[1,{"a":null}]}',
                  '{"data_offsets":[0,4],"extra":"","shape":[4],"dtype":"U8"}',
                  '{"d\\u0074ype":"U8","shape":[4],"data_offsets":[0,4]}']:
        yield file('{"t":' + value + "}")


def mutations(count, seed):
    """A small valid file with a few bytes changed, left out or put in."""
    generator = random.Random(seed)
    header = "".join([
        '{"__metadata__":{"format":"pt"},"model.embed\u00e9":', tensor("F32", (2, 3), (0, 24)),
        ',"b":', tensor("BF16", (4,), (24, 32)), ',"empty":', tensor("I64", (0, 7), (32, 32)), "}   "]).encode()
    telling = b'"\\{}[],:0123456789-.eEu \n\0\xff\xc3'
    for number in range(count):
        body = bytearray(header)
        for _ in range(generator.randrange(1, 4)):
            place = generator.randrange(len(body))
            byte = telling[generator.randrange(len(telling))] if generator.randrange(2) else generator.randrange(256)
            kind = generator.randrange(4)
            if kind == 0:
                body.insert(place, byte)
            elif kind == 1:
                del body[place]
            else:
                body[place] = byte
        # Mostly the length is that of the header: a wrong one hides the rest.
        whole = bytearray(file(bytes(body), 32))
        if number % 20 == 0:
            whole[generator.randrange(8)] = generator.randrange(256)
        if number % 25 == 0:
            del whole[generator.randrange(len(whole)):]
        yield bytes(whole)


def digits(count, seed):
    """A small valid file in which one number, or one letter of a key, is another: JSON stays JSON."""
    generator = random.Random(seed)
    header = "".join([
        '{"a":', tensor("F16", (2, 3), (0, 12)), ',"b":', tensor("U8", (4,), (12, 16)),
        ',"c":', tensor("F32", (0, 2), (16, 16)), "}"])
    places = [match for match in re.finditer(r"\d+|\w", header)]
    for _ in range(count):
        match = places[generator.randrange(len(places))]
        word = str(generator.randrange(18)) if match[0].isdigit() else "abcdefBFIU_"[generator.randrange(11)]
        yield file(header[:match.start()] + word + header[match.end():], 16)


def kept_by_fuzzing():
    # The bytes of data (2 bytes), then the JSON: Fuzz/SafetensorsFuzzer.swift.
    for path in sorted((ROOT / "Fuzz" / "corpora" / "safetensors").iterdir()):
        content = path.read_bytes()
        yield file(content[2:], int.from_bytes(content[:2], "little"))


def reference():
    """The Python of a virtual environment that has the reference."""
    venv = ROOT / ".build" / "clients" / "safetensors"
    python = venv / "bin" / "python3"
    if not (venv / "installed").exists() or (venv / "installed").read_text() != REFERENCE:
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", REFERENCE], check=True)
        (venv / "installed").write_text(REFERENCE)
    return python


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    program = str(pathlib.Path(sys.argv[1]).resolve())
    kinds = {
        "headers made by hand": [lengths, syntax, names, duplicates, metadata, layout, fields],
        "a valid file with random damage": [lambda: mutations(400, 11), lambda: digits(200, 12)],
        "inputs that fuzzing kept": [kept_by_fuzzing],
    }
    with tempfile.TemporaryDirectory() as work:
        registry = os.path.join(work, "registry")
        model = pathlib.Path(work, "model")
        model.mkdir()

        def run(*arguments):
            done = subprocess.run([program, *arguments, "--registry", registry], capture_output=True, text=True)
            return done.returncode, done.stdout, done.stderr.strip()

        def ours(path):
            # A file is read before its base is looked for, so nothing needs to be stored for a verdict.
            status, _, error = run("register", str(path), "--name", "none", "--base", "none")
            if status == 2 and "there is no model or base none" in error:
                return None
            return error if status == 3 else f"STATUS {status}: {error}"

        run("init")
        cases, seen = [], set()
        for kind, makers in kinds.items():
            for maker in makers:
                for content in maker():
                    digest = hashlib.sha256(content).digest()
                    if digest in seen:
                        continue
                    seen.add(digest)
                    path = model / f"{len(cases):04}.safetensors"
                    path.write_bytes(content)
                    cases.append((kind, path))
        listing = "\n".join(str(path) for _, path in cases)
        answer = subprocess.run([reference(), "-c", READER], input=listing, capture_output=True, text=True)
        theirs = [json.loads(line) for line in answer.stdout.splitlines()]
        if len(theirs) != len(cases):
            sys.exit(f"error: the reference gave {len(theirs)} verdicts of {len(cases)}: {answer.stderr.strip()}")
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
            verdicts = list(workers.map(ours, [path for _, path in cases]))

        problems, used = [], set()
        counts = {kind: {} for kind in kinds}
        both = {}
        for (kind, path), their, our in zip(cases, theirs, verdicts):
            outcome = "refused by both"
            if our is not None and our.startswith("STATUS"):
                outcome = "wrong"
                problems.append((path, our, their))
            elif our is None and "found" in their:
                outcome = "taken by both"
                both[path.name] = their["found"]
            elif our is None:
                outcome = "wrong"
                problems.append((path, "taken", their))
            elif "found" in their:
                rule = next((rule for rule in RULES if re.search(rule[0], our, re.DOTALL)), None)
                outcome = "refused here only" if rule else "wrong"
                used.add(rule)
                if not rule:
                    problems.append((path, our, their))
            counts[kind][outcome] = counts[kind].get(outcome, 0) + 1
        for path, our, their in problems:
            content = path.read_bytes()
            print(f"error: {content[:300]!r}{'...' if len(content) > 300 else ''} ({len(content)} bytes)\n"
                  f"    deltaic: {our}\n    reference: {str(their)[:300]}", file=sys.stderr)
        for rule in RULES:
            if rule not in used:
                problems.append(rule)
                print(f"error: no file needs the rule: {rule[0]}", file=sys.stderr)

        # What both take is registered, described and given back, in one model.
        for _, path in cases:
            if path.name not in both:
                path.unlink()
        before = {path.name: path.read_bytes() for path in model.iterdir()}
        if not problems:
            check_kept(run, model, pathlib.Path(work, "again"), before, both, problems)
    for kind, outcomes in counts.items():
        print(f"{kind}: {sum(outcomes.values())} files: " + ", ".join(f"{n} {word}" for word, n in sorted(outcomes.items())))
    note(counts)
    return 1 if problems else 0


def check_kept(run, model, again, before, both, problems):
    def fail(message):
        problems.append(message)
        print(f"error: {message}", file=sys.stderr)

    status, _, error = run("base", "add", str(model), "--name", "all")
    if status != 0:
        return fail(f"status {status} of what both take: {error}")
    status, text, error = run("show", "all", "--tensors", "--json")
    if status != 0:
        return fail(f"status {status} of `show`: {error}")
    described = {name: {} for name in before}
    for found in json.loads(text)["tensors"]:
        described[found["file"]][found["name"]] = [found["type"], found["shape"], found["content"]["sha256"]]
    for name, tensors in described.items():
        if tensors != both[name]:
            fail(f"{before[name][:300]!r}\n    deltaic: {str(tensors)[:300]}\n    reference: {str(both[name])[:300]}")
    status, _, error = run("pull", "all", "--output", str(again))
    if status != 0:
        return fail(f"status {status} of `pull`: {error}")
    if {path.name: path.read_bytes() for path in again.iterdir()} != before:
        fail("what was pulled is not what was registered")


def note(counts):
    path = os.environ.get("DELTAIC_EVIDENCE")
    if not path:
        return
    with open(path, "a") as output:
        for kind, outcomes in counts.items():
            line = {"family": 11, "what": f"verdict beside the reference reader's: {kind}", "tried": sum(outcomes.values()),
                    "outcomes": outcomes, "note": f"the reference is {REFERENCE}"}
            output.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    sys.exit(main())
