"""Score against real bytes: fine-tunes are made, stored with every codec by the `deltaic` program, pulled, and scored.

    python3 product.py --program deltaic --base all-MiniLM-L6-v2-bf16 --data data --out results.jsonl --seconds 1800
    python3 product.py ... --quick        # a check that all of it runs: one seed, little training, few settings

Trainers run in processes of their own and hand over their fine-tunes as they are done. Every fine-tune goes through every
setting: a fresh copy of a registry that holds only the base, `register --json`, `pull`, the score of what came back. So no
byte is shared with an earlier fine-tune. Rows are written as they come; what the time does not allow is left out.
"""

import argparse
import itertools
import json
import math
import multiprocessing
import os
import queue
import shutil
import subprocess
import tempfile
import threading
import time
import traceback

import torch

import models
import train

# codec, setting, arguments, whether `--seed` matters
SETTINGS = [("seeded-sign", f"linear {r}x", ["--ratio-linear", str(r)], True) for r in (200, 16, 40, 133, 400, 800)]
SETTINGS += [("seeded-sign", "file 60x", ["--ratio", "60"], True)]
SETTINGS += [("seeded-sign", q, ["--quality", q], True) for q in ("high", "near-exact", "balanced")]
SETTINGS += [("ultradelta", f"sparsity {s:g}", ["--set", f"sparsity={s:g}"], True) for s in (0.9, 0.95, 0.97, 0.99)]
SETTINGS += [("bitdelta", "one round", [], False)]
SETTINGS += [("dare", f"drop {d:g}", ["--set", f"drop={d:g}"], True) for d in (0.9, 0.99)]
SETTINGS += [("deltadq", f"alpha {a}", ["--set", f"alpha={a}"], True) for a in (8, 32)]
SETTINGS += [("delta-come", "1/16", [], False)]
SETTINGS += [("low-rank", f"{b} bit", ["--bits", b], False) for b in ("1.0", "0.4")]
SETTINGS += [("sparse24", f"{b} bit", ["--set", f"bits={b}"], False) for b in (2, 4)]
SETTINGS += [("seeded-sign", f"linear {r}x", ["--ratio-linear", str(r)], True) for r in (10, 25, 32, 67, 83, 100)]
SETTINGS += [("drop", "", [], False), ("exact", "", [], False)]
QUICK = {"linear 16x", "linear 200x", "high", "sparsity 0.95", "drop 0.9", ""}
TINY = {"width": 128, "hidden": 256, "layers": 2, "heads": 4}


def rounded(record):
    return {k: float(f"{v:.6g}") if isinstance(v, float) else v for k, v in record.items()}


# --- training --------------------------------------------------------------------------------------------------------

def make(args, kind, out):
    """Trainer process: puts (event, fields) for a base, for every fine-tune, and for the end."""
    try:
        torch.set_num_threads(args.train_threads)
        torch.backends.cuda.matmul.allow_tf32 = False
        if kind == "decoder":
            make_decoders(args, out)
        else:
            make_encoders(args, kind, out)
    except Exception:
        out.put(("error", {"model": kind, "error": traceback.format_exc()[-3000:]}))
    out.put(("done", {"model": kind}))


def name_of(task, strength, seed):
    return f"{task}-{strength}-{seed}"


def finished(args, out, model, kind, task, strength, seed, start, begun):
    name = name_of("decoder" if kind == "decoder" else task, strength, seed)
    folder = os.path.join(args.work, "tuned", name)
    models.save(model, os.path.join(folder, "model.safetensors"))
    out.put(("tuned", {"model": name, "kind": kind, "task": task, "strength": strength, "seed": seed, "folder": folder,
                       "distance": train.distance(model, start), "seconds": time.time() - begun}))


def make_encoders(args, task, out):
    plain = models.Encoder(args.base, train.LABELS[task]).to(args.device)
    models.load(plain, os.path.join(args.base, "model.safetensors"))
    start = {n: p.detach() for n, p in plain.named_parameters()}
    rows = train.Rows(task, args.base, args.data, args.device)
    for seed in args.seeds:
        for strength in ("light", "strong"):
            begun = time.time()
            model = train.train_encoder(task, strength, seed, args.base, args.data, args.device, rows, args.record, args.share)
            finished(args, out, model, "encoder", task, strength, seed, start, begun)


def make_decoders(args, out):
    begun = time.time()
    base = train.pretrain_decoder(0, args.device, math.ceil(args.base_steps * args.share), args.base_seconds, args.record, args.batch,
                                  **args.shape)
    folder = os.path.join(args.work, "base-decoder")
    models.save(base, os.path.join(folder, "model.safetensors"))
    scores = {t: models.DecoderTask(t, args.device).score(base)[0] for t in ("base", "light", "strong")}
    out.put(("base", {"model": "decoder", "folder": folder, "scores": scores, "seconds": time.time() - begun}))
    state = {n: t.clone() for n, t in base.state_dict().items()}
    start = {n: p.detach().clone() for n, p in base.named_parameters()}
    for seed in args.seeds:
        for strength in ("light", "strong"):
            begun = time.time()
            model = train.train_decoder(strength, seed, state, args.device, args.tune_seconds * (0.5 if strength == "light" else 1),
                                        args.record, args.batch, args.share, **args.shape)
            finished(args, out, model, "decoder", strength, strength, seed, start, begun)


# --- the program -----------------------------------------------------------------------------------------------------

class Program:
    """The deltaic program over copies of registries that hold one base each."""

    def __init__(self, path, work):
        self.path, self.work, self.bases = path, work, {}
        self.environment = dict(os.environ, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
        self.running, self.lock, self.closed = set(), threading.Lock(), False

    def run(self, *arguments):
        """(exit status, standard output, standard error)"""
        with self.lock:
            if self.closed:
                return -1, "", "stopped"
            process = subprocess.Popen([self.path, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                       env=self.environment)
            self.running.add(process)
        out, problem = process.communicate()
        with self.lock:
            self.running.discard(process)
        return process.returncode, out, problem

    def close(self):
        with self.lock:
            self.closed = True
            for process in self.running:
                process.kill()

    def add_base(self, name, folder):
        registry = os.path.join(self.work, "registry-" + name)
        for arguments in (("init",), ("base", "add", folder, "--name", name)):
            status, _, problem = self.run(*arguments, "--registry", registry)
            if status:
                raise RuntimeError(f"deltaic {' '.join(arguments)}: {problem[-500:]}")
        self.bases[name] = registry

    def store(self, base, folder, codec, arguments, seed, out):
        """Register in a fresh copy and pull into `out`: what the program says, with seconds, or an error."""
        registry = tempfile.mkdtemp(dir=self.work)
        try:
            shutil.copytree(self.bases[base], registry, dirs_exist_ok=True)
            packs, begun = disk(registry), time.time()
            lossy = [] if codec == "exact" else ["--codec", codec, *arguments, "--seed", str(seed)]
            status, text, problem = self.run("register", folder, "--name", "m", "--base", base, *lossy, "--threads", "1", "--json",
                                             "--registry", registry)
            if status:
                return {"error": f"status {status}: " + problem.strip()[-300:]}
            middle = time.time()
            record = read_report(json.loads(text))
            record["disk_bytes"] = disk(registry) - packs
            status, _, problem = self.run("pull", "m", "--output", out, "--threads", "1", "--registry", registry)
            if status:
                return {"error": f"pull, status {status}: " + problem.strip()[-300:]}
            record.update(register_seconds=middle - begun, pull_seconds=time.time() - middle)
            return record
        finally:
            shutil.rmtree(registry, ignore_errors=True)


def disk(registry):
    """Bytes of the packs of a registry."""
    return sum(os.path.getsize(os.path.join(at, name)) for at, _, names in os.walk(registry) for name in names if name.endswith(".pack"))


def read_report(answer):
    """Real bytes and errors from what `register --json` says."""
    said = answer.get("lossy")
    if not said:
        version = answer["version"]
        return {"bytes": version["storedBytes"], "ratio": version["rawBytes"] / version["storedBytes"], "e": 0.0, "projection": 1.0}
    sizes = said["sizes"]
    record = {"bytes": sizes["weightStoredBytes"], "linear_bytes": sizes["linearStoredBytes"],
              "ratio": sizes["weightRawBytes"] / max(1, sizes["weightStoredBytes"]),
              "linear_ratio": sizes["linearRawBytes"] / max(1, sizes["linearStoredBytes"])}
    for group, keep in (("", lambda t: t["tensorClass"] == "linear"), ("all_", lambda t: True)):
        found = [t["quality"] for t in said["tensors"] if t.get("quality") and keep(t)]
        if found:
            total = {k: sum(q[k] for q in found) for k in ("errorSquares", "weightSquares", "deltaSquares", "product")}
            record[group + "e"] = math.sqrt(total["errorSquares"] / total["weightSquares"])
            if total["deltaSquares"]:
                record[group + "projection"] = total["product"] / total["deltaSquares"]
    return record


# --- scores ----------------------------------------------------------------------------------------------------------

class Scorer:
    """Test sets and one model a task on the device; files are read into the model."""

    def __init__(self, args):
        self.args, self.tasks, self.reference = args, {}, {}

    def parts(self, kind, task):
        if task not in self.tasks:
            device = self.args.device
            if kind == "decoder":
                made = models.Decoder(**self.args.shape).to(device).eval(), models.DecoderTask(task, device, self.args.examples)
            else:
                made = (models.Encoder(self.args.base, train.LABELS[task]).to(device).eval(),
                        models.EncoderTask(task, self.args.base, self.args.data, device, most=128 if self.args.quick else None))
            self.tasks[task] = made
        return self.tasks[task]

    def score(self, tuned, path, linears=None):
        """Score of a file; with `linears`, the linear layers come from that file."""
        model, task = self.parts(tuned["kind"], tuned["task"])
        lacking = models.load(model, path)
        if linears:
            models.load(model, linears, models.linears(model))
        value, loss, right = task.score(model)
        record = {"score": value, "loss": loss}
        if lacking:
            record["lacking"] = lacking
        if tuned["model"] not in self.reference:
            self.reference[tuned["model"]] = right
        else:
            record["agree"] = 100 * (right == self.reference[tuned["model"]]).float().mean().item()
        return record


# --- all of it -------------------------------------------------------------------------------------------------------

class Run:
    def __init__(self, args):
        self.args, self.begun, self.until = args, time.time(), time.time() + args.seconds
        self.file = open(args.out, "w")
        self.program, self.scorer = Program(args.program, args.work), Scorer(args)
        self.jobs, self.events, self.order = queue.PriorityQueue(), multiprocessing.get_context("spawn").Queue(), itertools.count()
        self.pulled, self.pending, self.waiting, self.stop = queue.Queue(), 0, {}, False

    def log(self, record):
        record["at"] = round(time.time() - self.begun, 1)
        self.file.write(json.dumps(rounded(record)) + "\n")
        self.file.flush()

    def worker(self):
        """Takes settings of fine-tunes, most urgent first, and hands over what was pulled."""
        while not self.stop:
            try:
                _, _, tuned, (codec, setting, arguments, _), seed = self.jobs.get(timeout=0.2)
            except queue.Empty:
                continue
            out = tempfile.mkdtemp(dir=self.args.work)
            record = {"model": tuned["model"], "codec": codec, "setting": setting, "codec_seed": seed}
            try:
                record.update(self.program.store(tuned["kind"], tuned["folder"], codec, arguments, seed, out))
            except Exception:
                record["error"] = traceback.format_exc()[-500:]
            self.pulled.put((tuned, record, out))

    def plan(self, tuned):
        """Queue every setting: by round of codec seeds, then by fine-tune seed, then as listed."""
        for place, setting in enumerate(SETTINGS):
            if self.args.quick and setting[1] not in QUICK:
                continue
            for turn in range(self.args.codec_seeds if setting[3] else 1):
                self.jobs.put(((turn, tuned["seed"], place), next(self.order), tuned, setting, turn + 1000 * tuned["seed"]))
                self.pending += 1

    def event(self, what, fields):
        """A trainer's message. Returns whether a trainer ended."""
        if what == "base":
            self.program.add_base("decoder", fields["folder"])
            self.log({"model": "decoder-base", "codec": "base", "seconds": fields["seconds"], "scores": fields["scores"]})
        elif what == "tuned":
            path = os.path.join(fields["folder"], "model.safetensors")
            base = self.args.base if fields["kind"] == "encoder" else os.path.join(self.args.work, "base-decoder")
            whole = self.scorer.score(fields, path)
            self.log({**{k: fields[k] for k in ("model", "kind", "task", "strength", "seed", "distance", "seconds")}, "codec": "fine-tune",
                      "bytes": os.path.getsize(path), **whole})
            self.log({"model": fields["model"], "codec": "base body", **self.scorer.score(fields, path, os.path.join(base, "model.safetensors"))})
            self.plan(fields)
        elif what == "error":
            self.log({"codec": "trainer", **fields})
            print(fields["error"], flush=True)
        return what == "done"

    def take(self):
        """Score one pulled folder. Returns whether there was one."""
        try:
            tuned, record, out = self.pulled.get(timeout=0.05)
        except queue.Empty:
            return False
        self.pending -= 1
        if "error" not in record:
            try:
                record.update(self.scorer.score(tuned, os.path.join(out, "model.safetensors")))
            except Exception:
                record["error"] = traceback.format_exc()[-500:]
        shutil.rmtree(out, ignore_errors=True)
        if not record.get("error", "").endswith("stopped"):
            self.log(record)
        return True

    def go(self):
        kinds = self.args.kinds.split(",")
        if set(kinds) - {"decoder"}:
            self.program.add_base("encoder", self.args.encoder_folder)
        context = multiprocessing.get_context("spawn")
        trainers = [context.Process(target=make, args=(self.args, kind, self.events), daemon=True) for kind in kinds]
        for each in trainers:
            each.start()
        workers = [threading.Thread(target=self.worker, daemon=True) for _ in range(self.args.workers)]
        for each in workers:
            each.start()
        training = len(trainers)
        while time.time() < self.until and (training or self.pending):
            try:
                training -= self.event(*self.events.get_nowait())
                continue
            except queue.Empty:
                pass
            if training and not any(t.is_alive() for t in trainers) and self.events.empty():
                time.sleep(0.5)
                if self.events.empty():
                    training = 0
            self.take()
        left = self.pending
        self.stop = True
        self.program.close()
        for each in trainers:
            if each.is_alive():
                each.terminate()
        while self.take():
            pass
        self.log({"codec": "end", "model": "", "left_out": left, "trainers_left": training})
        print(f"{time.time() - self.begun:.0f} s, {left} settings left out", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="deltaic", help="the program, in PATH or with its folder")
    parser.add_argument("--base", required=True, help="folder of the BF16 encoder with tokenizer.json and config.json")
    parser.add_argument("--data", default="data", help="folder that data.py wrote")
    parser.add_argument("--out", default="results.jsonl")
    parser.add_argument("--work", help="folder for what is made on the way (default: a temporary one)")
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after this time with what there is")
    parser.add_argument("--seeds", type=lambda v: [int(x) for x in v.split(",")], default=[0, 1, 2])
    parser.add_argument("--codec-seeds", type=int, default=3, help="masks and signs drawn anew so often, averaged in the report")
    parser.add_argument("--kinds", default="decoder,sentiment,section")
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) - 1), help="programs run at once")
    parser.add_argument("--examples", type=int, default=8192, help="test examples of the decoder")
    parser.add_argument("--base-steps", type=int, default=8000, help="most pre-training steps of the decoder")
    parser.add_argument("--base-seconds", type=float, default=1e9)
    parser.add_argument("--tune-seconds", type=float, default=1e9, help="at most, a decoder fine-tune")
    parser.add_argument("--batch", type=int, default=512, help="of the decoder's training")
    parser.add_argument("--share", type=float, default=1.0, help="share of the training steps")
    parser.add_argument("--no-record", dest="record", action="store_false", help="no CUDA graphs")
    parser.add_argument("--quick", action="store_true", help="a check that everything runs")
    args = parser.parse_args()
    args.device = "cuda" if torch.cuda.is_available() else "cpu"
    args.shape, args.train_threads = {}, 2 if args.device == "cuda" else max(1, (os.cpu_count() or 2) // 3)
    if args.quick:
        args.seeds, args.codec_seeds, args.share, args.batch, args.shape, args.examples = args.seeds[:1], 1, 0.02, 64, TINY, 512
        args.tune_seconds = min(args.tune_seconds, 20)
    made = not args.work
    args.work = os.path.abspath(args.work or tempfile.mkdtemp())
    args.encoder_folder = args.base
    os.makedirs(args.work, exist_ok=True)
    try:
        Run(args).go()
    finally:
        if made:
            shutil.rmtree(args.work, ignore_errors=True)


if __name__ == "__main__":
    main()
