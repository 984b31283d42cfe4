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

ENCODER = {"light": {"rate": 2e-5, "epochs": 3}, "strong": {"rate": 2e-4, "epochs": 5}}
LABELS = {"sentiment": 2, "section": len(data.SECTIONS)}


def to_bf16(model):
    """Round every parameter to BF16 in place: what is on disk."""
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(p.to(torch.bfloat16).float())


def distance(model, base):
    """|D|/|W| over the linear layers; base: name -> FP32 tensor."""
    names = set(models.linears(model))
    power = sum((p.detach() - base[n]).pow(2).sum().item() for n, p in model.named_parameters() if n in names)
    weight = sum(p.detach().pow(2).sum().item() for n, p in model.named_parameters() if n in names)
    return math.sqrt(power / weight)


def optimizer(model, rate, decay=0.01):
    return torch.optim.AdamW(model.parameters(), rate, weight_decay=decay, betas=(0.9, 0.98), fused=next(model.parameters()).is_cuda)


def train_encoder(task, strength, seed, folder, where, device):
    """A fine-tuned encoder, rounded to BF16."""
    torch.manual_seed(seed)
    model = models.Encoder(folder, LABELS[task]).to(device)
    models.load(model, os.path.join(folder, "model.safetensors"))
    ids, labels = models.tokenize(folder, data.read(os.path.join(where, f"{task}-train.jsonl.gz")))
    settings = ENCODER[strength]
    size, rng = 32, random.Random(seed)
    total = settings["epochs"] * (len(ids) // size)
    done = 0
    # A head that starts at random takes a higher rate than the body.
    head = [p for n, p in model.named_parameters() if n.startswith("classifier")]
    opt = torch.optim.AdamW([{"params": [p for n, p in model.named_parameters() if not n.startswith("classifier")]},
                             {"params": head, "scale": max(1.0, 1e-3 / settings["rate"])}],
                            settings["rate"], weight_decay=0.01, fused=device != "cpu")
    model.train()
    for _ in range(settings["epochs"]):
        order = list(range(len(ids)))
        rng.shuffle(order)
        for j in range(0, len(order) - size + 1, size):
            rate = settings["rate"] * min(1.0, (done + 1) / (0.06 * total)) * (1 - done / total)
            for group in opt.param_groups:
                group["lr"] = rate * group.get("scale", 1.0)
            chosen = order[j:j + size]
            with torch.autocast(device.split(":")[0], torch.bfloat16):
                logits = model(models.pad([ids[i] for i in chosen], device))
            loss = F.cross_entropy(logits.float(), torch.tensor([labels[i] for i in chosen], device=device))
            opt.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            opt.step()
            done += 1
    to_bf16(model)
    return model.eval()


def decoder_loop(model, task, seed, device, rate, most, cool, stop=None, size=512, seconds=1e9, decay=0.01):
    """Train at `rate` after a short warm-up until `stop(model, step)` or `most` steps, then `cool` steps of linear decay."""
    generator = torch.Generator(device).manual_seed(seed + 17)
    opt, begun, end, step = optimizer(model, rate, decay), time.time(), most, 0
    while step < end + cool:
        if step < end and (time.time() - begun > seconds or (stop and step and step % 5 == 0 and stop(model, step))):
            end = step
        factor = min(1.0, (step + 1) / min(100, 0.2 * most + 1)) * min(1.0, (end + cool - step) / max(cool, 1))
        for group in opt.param_groups:
            group["lr"] = rate * factor
        tokens, targets = models.batch(task, size, generator, device)
        with torch.autocast(device.split(":")[0], torch.bfloat16):
            logits = model(tokens)
        asked = targets.reshape(-1)
        loss = F.cross_entropy(logits.float().reshape(-1, logits.shape[-1]), asked, ignore_index=-100)
        opt.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        step += 1
    to_bf16(model)
    return step


def pretrain_decoder(seed, device, steps=2600, seconds=60, **shape):
    """The base: one-step and two-step sums, copying, reversing, sorting."""
    torch.manual_seed(seed)
    model = models.Decoder(**shape).to(device)
    decoder_loop(model, "base", seed, device, 1e-3, steps, steps // 4, seconds=seconds, decay=0.05)
    return model.eval()


def train_decoder(strength, seed, base, device, seconds=60, **shape):
    """A fine-tuned decoder from `base` (a state dict). Light: a low rate until |D|/|W| passes 0.006; strong: a high rate
    until |D|/|W| passes 0.09 and the answers are nearly all right."""
    torch.manual_seed(seed)
    model = models.Decoder(**shape).to(device)
    model.load_state_dict(base)
    start = {n: p.detach().clone() for n, p in model.named_parameters()}
    probe = models.DecoderTask(strength, device, 1024, seed=5)

    def light(m, step):
        return distance(m, start) > 0.006

    def strong(m, step):
        return step % 100 == 0 and distance(m, start) > 0.09 and probe.score(m)[0] > 93

    if strength == "light":
        decoder_loop(model, "light", seed, device, 1e-5, 600, 60, light, seconds=seconds)
    else:
        decoder_loop(model, "strong", seed, device, 1.5e-4, 4000, 500, strong, seconds=seconds)
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
