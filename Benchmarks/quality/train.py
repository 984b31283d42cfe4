"""Fine-tunes for the quality benchmark: light and strong, of a text encoder and of a small decoder.

Masters are FP32 and start at the BF16 base; what is saved is BF16. `--seed` drives order, dropout and the new head.

    python3 train.py decoder-base --out base-decoder
    python3 train.py decoder --strength light --base base-decoder --out tuned
    python3 train.py encoder --task sentiment --strength strong --base all-MiniLM-L6-v2-bf16 --data data --out tuned
"""

import argparse
import json
import math
import os
import random
import time

import torch
import torch.nn.functional as F

import data
import models

ENCODER = {"light": {"rate": 3e-5, "epochs": 3}, "strong": {"rate": 2e-4, "epochs": 5}}
LABELS = {"sentiment": 2, "section": len(data.SECTIONS)}


def to_bf16(model):
    """Round every parameter to BF16 in place: what is on disk."""
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(p.to(torch.bfloat16).float())


def distance(model, base):
    """|D|/|W| over the linear layers; base: name -> FP32 tensor."""
    found, names = dict(model.named_parameters()), models.linears(model)
    with torch.no_grad():
        power = torch.stack([(found[n] - base[n]).pow(2).sum() for n in names]).sum()
        weight = torch.stack([found[n].pow(2).sum() for n in names]).sum()
    return math.sqrt(power.item() / weight.item())


class Step:
    """One step of the optimiser: step(factor, tokens, targets), with every rate times `factor`.

    On a GPU a step is recorded once for every shape of its input and then replayed (a CUDA graph): models this small
    spend their time starting kernels. Where that fails, steps run one kernel after another as on a CPU.
    """

    def __init__(self, model, groups, loss, decay=0.01, betas=(0.9, 0.999), record=True):
        self.model, self.loss = model, loss
        device = next(model.parameters()).device
        self.cuda = device.type == "cuda"
        self.record, self.graphs, self.pool = self.cuda and record, {}, None
        self.rates = [rate for _, rate in groups]
        groups = [{"params": list(p), "lr": torch.tensor(rate, device=device) if self.cuda else rate} for p, rate in groups]
        extra = {"fused": True, "capturable": True} if self.cuda else {}
        self.opt = torch.optim.AdamW(groups, weight_decay=decay, betas=betas, **extra)

    def plain(self, tokens, targets):
        with torch.autocast("cuda", torch.bfloat16, self.cuda, cache_enabled=False):
            logits = self.model(tokens)
        self.loss(logits.float(), targets).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0, error_if_nonfinite=False)
        self.opt.step()

    def set(self, factor):
        for group, rate in zip(self.opt.param_groups, self.rates):
            if self.cuda:
                group["lr"].fill_(rate * factor)
            else:
                group["lr"] = rate * factor

    def forget(self):
        self.opt.zero_grad(set_to_none=True)

    def captured(self, tokens, targets):
        """The graph for inputs like these, with the tensors that it reads."""
        first = not self.graphs
        held = tokens.clone(), targets.clone()
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            if first:  # warm up at rate 0; then the optimiser starts afresh
                self.set(0.0)
                for _ in range(3):
                    self.forget()
                    self.plain(*held)
                for state in self.opt.state.values():
                    for value in state.values():
                        value.zero_()
            else:
                self.forget()
        torch.cuda.current_stream().wait_stream(stream)
        self.forget()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self.pool, capture_error_mode="thread_local"):
            self.plain(*held)
        self.pool = graph.pool()
        return graph, *held

    def __call__(self, factor, tokens, targets):
        if self.record:
            key = tuple(tokens.shape)
            if key not in self.graphs:
                try:
                    self.graphs[key] = self.captured(tokens, targets)
                except RuntimeError as problem:
                    print("steps are not recorded:", problem, flush=True)
                    torch.cuda.synchronize()
                    self.record = False
            if self.record:
                graph, held, asked = self.graphs[key]
                held.copy_(tokens)
                asked.copy_(targets)
                self.set(factor)
                graph.replay()
                return
        self.set(factor)
        self.forget()
        self.plain(tokens, targets)


class Rows:
    """The training rows of a text task, padded, on the device; batches of rows of about the same length."""

    BUCKETS = (8, 12, 16, 24, 32, 48, 72)

    def __init__(self, task, folder, where, device):
        ids, labels = models.tokenize(folder, data.read(os.path.join(where, f"{task}-train.jsonl.gz")))
        self.lengths = [len(i) for i in ids]
        self.tokens = torch.tensor([i + [0] * (self.BUCKETS[-1] - len(i)) for i in ids], device=device)
        self.labels, self.device = torch.tensor(labels, device=device), device

    def batches(self, size, rng):
        """One pass in random order, sorted by length within 32 batches."""
        order = list(range(len(self.lengths)))
        rng.shuffle(order)
        found = []
        for i in range(0, len(order), 32 * size):
            part = sorted(order[i:i + 32 * size], key=self.lengths.__getitem__)
            found += [part[j:j + size] for j in range(0, len(part) - size + 1, size)]
        rng.shuffle(found)
        for part, index in zip(found, torch.tensor(found).to(self.device)):
            width = next(b for b in self.BUCKETS if b >= self.lengths[part[-1]])
            yield self.tokens[index, :width], self.labels[index]

    def count(self, size):
        return len(self.lengths) // size


def train_encoder(task, strength, seed, folder, where, device, rows=None, record=True, share=1.0):
    """A fine-tuned encoder, rounded to BF16."""
    torch.manual_seed(seed)
    model = models.Encoder(folder, LABELS[task]).to(device)
    models.load(model, os.path.join(folder, "model.safetensors"))
    rows = rows or Rows(task, folder, where, device)
    settings, size, rng = ENCODER[strength], 32, random.Random(seed)
    total, done = math.ceil(settings["epochs"] * rows.count(size) * share), 0
    # A head that starts at random takes a higher rate than the body.
    head = list(model.classifier.parameters())
    body = [p for n, p in model.named_parameters() if not n.startswith("classifier")]
    step = Step(model, [(body, settings["rate"]), (head, max(1e-3, settings["rate"]))], F.cross_entropy, record=record)
    model.train()
    while done < total:
        for tokens, labels in rows.batches(size, rng):
            step(min(1.0, (done + 1) / (0.06 * total)) * (1 - done / total), tokens, labels)
            done += 1
            if done == total:
                break
    to_bf16(model)
    return model.eval()


def decoder_loop(model, task, seed, device, rate, most, cool, stop=None, size=512, seconds=1e9, decay=0.01, record=True):
    """Train at `rate` after a short warm-up until `stop(model, step)` or `most` steps, then linear decay for `cool` of them."""
    generator = torch.Generator(device).manual_seed(seed + 17)

    def loss(logits, targets):
        return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1), ignore_index=-100)

    take = Step(model, [(model.parameters(), rate)], loss, decay, (0.9, 0.98), record)
    warm, begun, end, last, done, ahead = min(100, 0.2 * most + 1), time.time(), None, None, 0, []
    while last is None or done < last:
        if end is None and (done >= most or time.time() - begun > seconds or (stop and done and done % 10 == 0 and stop(model, done))):
            end, last = done, done + math.ceil(cool * done)
        if not ahead:  # sixteen batches at a time: few, large kernels
            tokens, targets = models.batch(task, 16 * size, generator, device)
            order = torch.randperm(len(tokens), generator=generator, device=device)
            ahead = list(zip(tokens[order].split(size), targets[order].split(size)))
        take(min(1.0, (done + 1) / warm) * (1.0 if end is None else (last - done) / (last - end + 1)), *ahead.pop())
        done += 1
    to_bf16(model)
    print(f"{task} {seed}: {end} steps and {done - end} of decay, {time.time() - begun:.1f} s", flush=True)
    return done


def pretrain_decoder(seed, device, steps=8000, seconds=60, record=True, size=512, **shape):
    """The base: sums of up to four steps, mostly with digits reversed; copying, reversing, sorting."""
    torch.manual_seed(seed)
    model = models.Decoder(**shape).to(device)
    probe = models.DecoderTask("light", device, 1024, seed=5, given=1)

    def able(m, step):
        """It can do sums in the order of the fine-tunes once the first digit tells it to."""
        if step % 200:
            return False
        score, loss, _ = probe.score(m)
        print(f"base {step}: {score:.1f} {loss:.4f}", flush=True)
        return score > 93

    decoder_loop(model, "base", seed, device, 1e-3, steps, 0.25, able, seconds=seconds, decay=0.05, record=record, size=size)
    return model.eval()


def train_decoder(strength, seed, base, device, seconds=60, record=True, size=512, share=1.0, **shape):
    """A fine-tuned decoder from `base` (a state dict). Light: a low rate until the answers are right or |D|/|W| passes 0.025;
    strong: a high rate until |D|/|W| passes 0.09 and the answers are nearly all right."""
    torch.manual_seed(seed)
    model = models.Decoder(**shape).to(device)
    model.load_state_dict(base)
    start = {n: p.detach().clone() for n, p in model.named_parameters()}
    probe = models.DecoderTask(strength, device, 1024, seed=5)

    def light(m, step):
        moved = distance(m, start)
        return moved > 0.025 or (moved > 0.008 and probe.score(m)[0] > 96)

    def strong(m, step):
        return step % 50 == 0 and distance(m, start) > 0.09 and probe.score(m)[0] > 97

    rate, most, stop = (2e-5, 1500, light) if strength == "light" else (1.5e-4, 4000, strong)
    decoder_loop(model, strength, seed, device, rate, math.ceil(most * share), 0.25, stop, seconds=seconds, record=record, size=size)
    return model.eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["encoder", "decoder", "decoder-base"])
    parser.add_argument("--task", default="sentiment", choices=list(LABELS))
    parser.add_argument("--strength", default="light", choices=["light", "strong"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--base", help="folder of the base model")
    parser.add_argument("--data", default="data")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    note = {"kind": args.what, "task": args.task, "strength": args.strength, "seed": args.seed}
    if args.what == "encoder":
        model = train_encoder(args.task, args.strength, args.seed, args.base, args.data, device)
    elif args.what == "decoder":
        base = models.Decoder()
        models.load(base, os.path.join(args.base, "model.safetensors"))
        model = train_decoder(args.strength, args.seed, base.state_dict(), device)
        note["task"] = args.strength
    else:
        model = pretrain_decoder(args.seed, device)
        note["task"] = "base"
    models.save(model, os.path.join(args.out, "model.safetensors"))
    with open(os.path.join(args.out, "quality.json"), "w") as file:
        json.dump(note, file)


if __name__ == "__main__":
    main()
