"""Score of a folder with a model.safetensors: accuracy or exact match, one number last on stdout.

    python3 score.py FOLDER --kind encoder --task section --tokenizer all-MiniLM-L6-v2-bf16 --data data
    python3 score.py FOLDER --kind decoder --task strong
"""

import argparse
import json
import os

import torch

import models
import train


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--kind", choices=["encoder", "decoder"], help="default: what quality.json in the folder says")
    parser.add_argument("--task", help="sentiment, section; base, light, strong")
    parser.add_argument("--tokenizer", help="folder of the base encoder (config.json and tokenizer.json)")
    parser.add_argument("--data", default="data")
    args = parser.parse_args()
    note = os.path.join(args.folder, "quality.json")
    if os.path.exists(note):
        with open(note) as file:
            said = json.load(file)
        args.kind, args.task = args.kind or said["kind"].split("-")[0], args.task or said["task"]
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if args.kind == "encoder":
        model = models.Encoder(args.tokenizer, train.LABELS[args.task]).to(device)
        task = models.EncoderTask(args.task, args.tokenizer, args.data, device)
    else:
        model = models.Decoder().to(device)
        task = models.DecoderTask(args.task, device)
    lacking = models.load(model, os.path.join(args.folder, "model.safetensors"))
    if lacking:
        print("not in the file:", ", ".join(lacking))
    percent, loss, _ = task.score(model.eval())
    print(f"loss {loss:.5f}")
    print(f"{percent:.3f}")


if __name__ == "__main__":
    main()
