"""The two models of the quality benchmark: MiniLM with a classifier head, and a small decoder; and their scores.

Both keep the tensor names of their base on disk. Files are BF16 safetensors; training and scoring use FP32 copies.
"""

import json
import os

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

import data


# --- decoder ---------------------------------------------------------------------------------------------------------

VOCABULARY = "0123456789+-#=;$MCRSA "
CODE = {c: i for i, c in enumerate(VOCABULARY)}
DIGITS = 2
LENGTH = 28


class Norm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return F.rms_norm(x, x.shape[-1:], self.weight.to(x.dtype), 1e-5)


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        for name in ("q_proj", "k_proj", "v_proj", "o_proj"):
            setattr(self, name, nn.Linear(width, width, bias=False))

    def forward(self, x, cos, sin):
        def split(y):
            return y.view(y.shape[0], y.shape[1], self.heads, -1).transpose(1, 2)

        def turn(y):
            a, b = y.chunk(2, -1)
            return torch.cat((a * cos - b * sin, a * sin + b * cos), -1).to(y.dtype)

        q, k, v = turn(split(self.q_proj(x))), turn(split(self.k_proj(x))), split(self.v_proj(x))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.o_proj(y.transpose(1, 2).reshape(x.shape))


class Mlp(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.gate_proj = nn.Linear(width, hidden, bias=False)
        self.up_proj = nn.Linear(width, hidden, bias=False)
        self.down_proj = nn.Linear(hidden, width, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, width, hidden, heads):
        super().__init__()
        self.input_layernorm = Norm(width)
        self.self_attn = Attention(width, heads)
        self.post_attention_layernorm = Norm(width)
        self.mlp = Mlp(width, hidden)

    def forward(self, x, cos, sin):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin)
        return x + self.mlp(self.post_attention_layernorm(x))


class Decoder(nn.Module):
    """A small pre-norm decoder with rotary positions; names follow the usual Llama layout without the `model.` prefix."""

    def __init__(self, width=384, hidden=1024, layers=6, heads=6):
        super().__init__()
        self.embed_tokens = nn.Embedding(len(VOCABULARY), width)
        self.layers = nn.ModuleList(Layer(width, hidden, heads) for _ in range(layers))
        self.norm = Norm(width)
        self.lm_head = nn.Linear(width, len(VOCABULARY), bias=False)
        half = width // heads // 2
        angle = torch.arange(LENGTH)[:, None] * 10000.0 ** (-torch.arange(half) / half)
        self.register_buffer("cos", angle.cos(), persistent=False)
        self.register_buffer("sin", angle.sin(), persistent=False)
        for name, p in self.named_parameters():
            if p.ndim == 2:
                nn.init.normal_(p, std=0.02 / (2 * layers) ** 0.5 if name.endswith(("o_proj.weight", "down_proj.weight")) else 0.02)

    def forward(self, tokens):
        x = self.embed_tokens(tokens)
        n = tokens.shape[1]
        for layer in self.layers:
            x = layer(x, self.cos[:n], self.sin[:n])
        return self.lm_head(self.norm(x))


def digits(values, count=DIGITS):
    """[n] integers -> [n, count] digits, most significant first."""
    return torch.stack([values // 10**i % 10 for i in reversed(range(count))], 1)


def apply_op(op, a, b):
    """+ and - modulo 100, # the product digit by digit modulo 10."""
    product = sum((a // 10**i % 10) * (b // 10**i % 10) % 10 * 10**i for i in range(DIGITS))
    most = 10**DIGITS
    return torch.where(op == 0, (a + b) % most, torch.where(op == 1, (a - b) % most, product))


def steps(n, count, operations, generator, device):
    """Multi-step arithmetic with every intermediate result: M12+34-56=46;90$"""
    value = torch.randint(0, 10**DIGITS, (n,), generator=generator, device=device)
    question, answer = [torch.full((n, 1), CODE["M"], device=device), digits(value)], []
    for i in range(count):
        op = torch.randint(0, operations, (n,), generator=generator, device=device)
        other = torch.randint(0, 10**DIGITS, (n,), generator=generator, device=device)
        question += [(op + CODE["+"])[:, None], digits(other)]
        value = apply_op(op, value, other)
        answer += [digits(value), torch.full((n, 1), CODE["$" if i == count - 1 else ";"], device=device)]
    question.append(torch.full((n, 1), CODE["="], device=device))
    return torch.cat(question, 1), torch.cat(answer, 1)


def strings(n, kind, generator, device):
    """Copy, reverse or sort twelve digits."""
    x = torch.randint(0, 10, (n, 12), generator=generator, device=device)
    y = {"C": x, "R": x.flip(1), "S": x.sort(1).values}[kind]
    head, equal, end = (torch.full((n, 1), CODE[c], device=device) for c in (kind, "=", "$"))
    return torch.cat([head, x, equal], 1), torch.cat([y, end], 1)


def pack(pairs, device):
    """(question, answer) batches -> tokens and targets, -100 where nothing is asked."""
    tokens, targets = [], []
    for q, a in pairs:
        both = torch.cat([q, a], 1)
        row = torch.full((len(q), LENGTH), CODE[" "], device=device)
        row[:, :both.shape[1]] = both
        target = torch.full((len(q), LENGTH), -100, device=device)
        target[:, q.shape[1] - 1:both.shape[1] - 1] = a
        tokens.append(row)
        targets.append(target)
    return torch.cat(tokens), torch.cat(targets)


def batch(task, n, generator, device):
    """Tokens and targets of a decoder task: `base` (the mix), `light` (four steps of + and -), `strong` (with # too).

    The base sees sums mostly answered in another manner, digits reversed: so it has the skill and not the habit, and a
    short fine-tune is enough for `light`. It never sees #.
    """
    if task == "base":
        part = n // 9
        kinds = [strings(part, k, generator, device) for k in "CRS"]
        kinds += [manner(*steps(part, count, 2, generator, device), count, generator, device) for count in (1, 2)]
        return pack(kinds + [manner(*steps(n - 5 * part, 4, 2, generator, device), 4, generator, device)], device)
    return pack([steps(n, 4, 3 if task == "strong" else 2, generator, device)], device)


def manner(question, answer, count, generator, device):
    """Most of the answers with the digits of every number reversed."""
    turned = answer.view(len(answer), count, DIGITS + 1)
    turned = torch.cat([turned[..., :DIGITS].flip(-1), turned[..., DIGITS:]], -1).view(answer.shape)
    reverse = torch.rand(len(answer), 1, generator=generator, device=device) < 0.65
    return question, torch.where(reverse, turned, answer)


class DecoderTask:
    """Exact match of whole answers (teacher-forced argmax: the same as greedy decoding, since every token must be right)."""

    def __init__(self, task, device, examples=4096, seed=987654321, given=0):
        generator = torch.Generator(device).manual_seed(seed)
        self.tokens, self.targets = batch(task, examples, generator, device)
        if given:  # so many characters of the answer are not asked
            first = (self.targets >= 0).int().argmax(1, keepdim=True)
            for i in range(given):
                self.targets.scatter_(1, first + i, -100)

    @torch.no_grad()
    def score(self, model):
        """(percent right, mean loss, per-example correctness)."""
        right, loss, count = [], 0.0, 0
        for tokens, targets in zip(self.tokens.split(2048), self.targets.split(2048)):
            logits = model(tokens).float()
            asked = targets >= 0
            right.append(((logits.argmax(-1) == targets) | ~asked).all(1))
            loss += F.cross_entropy(logits[asked], targets[asked], reduction="sum")
            count += asked.sum()
        right = torch.cat(right)
        return 100 * right.float().mean().item(), (loss / count).item(), right


# --- encoder ---------------------------------------------------------------------------------------------------------

class Embeddings(nn.Module):
    def __init__(self, c):
        super().__init__()
        width = c["hidden_size"]
        self.word_embeddings = nn.Embedding(c["vocab_size"], width)
        self.position_embeddings = nn.Embedding(c["max_position_embeddings"], width)
        self.token_type_embeddings = nn.Embedding(c["type_vocab_size"], width)
        self.LayerNorm = nn.LayerNorm(width, eps=c["layer_norm_eps"])
        self.drop = c["hidden_dropout_prob"]

    def forward(self, tokens):
        x = self.word_embeddings(tokens) + self.position_embeddings.weight[:tokens.shape[1]] + self.token_type_embeddings.weight[0]
        return F.dropout(self.LayerNorm(x), self.drop, self.training)


class Output(nn.Module):
    """Linear, dropout, sum, norm: the end of both halves of a layer."""

    def __init__(self, size, c):
        super().__init__()
        self.dense = nn.Linear(size, c["hidden_size"])
        self.LayerNorm = nn.LayerNorm(c["hidden_size"], eps=c["layer_norm_eps"])
        self.drop = c["hidden_dropout_prob"]

    def forward(self, x, rest):
        return self.LayerNorm(F.dropout(self.dense(x), self.drop, self.training) + rest)


class BertLayer(nn.Module):
    def __init__(self, c):
        super().__init__()
        width = c["hidden_size"]
        self.heads, self.drop = c["num_attention_heads"], c["attention_probs_dropout_prob"]
        self.attention = nn.Module()
        setattr(self.attention, "self", nn.Module())
        for name in ("query", "key", "value"):
            setattr(getattr(self.attention, "self"), name, nn.Linear(width, width))
        self.attention.output = Output(width, c)
        self.intermediate = nn.Module()
        self.intermediate.dense = nn.Linear(width, c["intermediate_size"])
        self.output = Output(c["intermediate_size"], c)

    def forward(self, x, mask):
        part = getattr(self.attention, "self")
        q, k, v = (f(x).view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2) for f in (part.query, part.key, part.value))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=self.drop if self.training else 0.0)
        x = self.attention.output(y.transpose(1, 2).reshape(x.shape), x)
        return self.output(F.gelu(self.intermediate.dense(x)), x)


class Bert(nn.Module):
    """BertModel of transformers: the same names and the same results, and nothing in it that waits for the GPU."""

    def __init__(self, c):
        super().__init__()
        self.embeddings = Embeddings(c)
        self.encoder = nn.Module()
        self.encoder.layer = nn.ModuleList(BertLayer(c) for _ in range(c["num_hidden_layers"]))
        self.pooler = nn.Module()
        self.pooler.dense = nn.Linear(c["hidden_size"], c["hidden_size"])  # unused, but in the file

    def forward(self, tokens, mask):
        x = self.embeddings(tokens)
        for layer in self.encoder.layer:
            x = layer(x, mask[:, None, None, :])
        return x


class Encoder(nn.Module):
    """BertModel with mean pooling and a linear classifier; state names are BertModel's plus classifier.*"""

    def __init__(self, folder, labels):
        super().__init__()
        with open(os.path.join(folder, "config.json")) as file:
            config = json.load(file)
        self.bert = Bert(config)
        self.classifier = nn.Linear(config["hidden_size"], labels)
        nn.init.normal_(self.classifier.weight, std=0.02)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, tokens):
        mask = tokens != 0
        hidden = self.bert(tokens, mask)
        weight = mask[..., None].to(hidden.dtype)
        return self.classifier((hidden * weight).sum(1) / weight.sum(1))

    def names(self):
        """Our parameter names -> names on disk."""
        return {n: n.removeprefix("bert.") for n, _ in self.named_parameters()}


def tokenize(folder, rows, most=72):
    """Rows of a task -> lists of token ids, and labels."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(most)
    return [e.ids for e in tokenizer.encode_batch([r["text"] for r in rows])], [r["label"] for r in rows]


def pad(ids, device):
    longest = max(map(len, ids))
    return torch.tensor([i + [0] * (longest - len(i)) for i in ids], device=device)


class EncoderTask:
    """Accuracy on the test half of a text task."""

    def __init__(self, task, folder, where, device, size=512, most=None):
        ids, labels = tokenize(folder, data.read(os.path.join(where, f"{task}-test.jsonl.gz"))[:most])
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        self.labels = torch.tensor([labels[i] for i in order], device=device)
        self.batches = [pad([ids[i] for i in order[j:j + size]], device) for j in range(0, len(order), size)]

    @torch.no_grad()
    def score(self, model):
        model.eval()
        logits = torch.cat([model(b) for b in self.batches]).float()
        right = logits.argmax(-1) == self.labels
        return 100 * right.float().mean().item(), F.cross_entropy(logits, self.labels).item(), right


# --- files -----------------------------------------------------------------------------------------------------------

def disk_names(model):
    return model.names() if hasattr(model, "names") else {n: n for n, _ in model.named_parameters()}


def save(model, path):
    """Write BF16 safetensors with the names on disk."""
    names = disk_names(model)
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    save_file({names[n]: p.detach().to(torch.bfloat16).cpu().contiguous() for n, p in model.named_parameters()}, path)


def read(path, device):
    """Tensors of a safetensors file by name, in one copy to the device: many small ones wait for a busy GPU every time."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        whole = torch.frombuffer(bytearray(file.read()), dtype=torch.uint8).to(device)
    kinds, tensors = {"BF16": torch.bfloat16, "F16": torch.float16, "F32": torch.float32}, {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] in kinds:
            begin, end = entry["data_offsets"]
            tensors[name] = whole[begin:end].view(kinds[entry["dtype"]]).view(entry["shape"])
    return tensors


def load(model, path, only=None):
    """Read weights by their names on disk; names that the file lacks keep their values. Returns what was lacking.

    only: our names of the parameters to read; all if left out.
    """
    tensors, lacking = read(path, next(model.parameters()).device), []
    names = disk_names(model)
    with torch.no_grad():
        for n, p in model.named_parameters():
            if only is not None and n not in only:
                continue
            if names[n] in tensors:
                p.copy_(tensors[names[n]])
            else:
                lacking.append(names[n])
    return lacking


def linears(model):
    """Our names of the linear layers that the codecs compress, in order: attention and MLP weights, no embedding, no head."""
    return [n for n, p in model.named_parameters() if p.ndim == 2 and ("layer." in n or "layers." in n)]
