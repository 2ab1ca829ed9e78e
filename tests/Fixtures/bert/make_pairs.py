"""Pairs of texts in BERT: token ids and types, and what a plain forward of hf/ makes of them; and the same weights as a DistilBERT.

    python3 make_pairs.py      writes beside itself
        pairs.json             ids, types and results of each pair
        pair_layers.npy        of the first pair what enters the first layer and each layer's output
        distilbert.json        of the ids of expected.json the mean of the last layer and the probabilities, without token types and with ReLU in the head
"""
import importlib.util
import json
import os

import numpy as np
import torch
from torch.nn import functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
WORDS = os.path.join(HERE, "..", "..", "Data2Vec.Tests", "Text", "Fixtures")
HEADS, EPSILON, POSITIONS = 4, 1e-12, 24

spec = importlib.util.spec_from_file_location("make_wordpiece", os.path.join(WORDS, "make_wordpiece.py"))
words = importlib.util.module_from_spec(spec)
spec.loader.exec_module(words)
weights = torch.load(os.path.join(HERE, "hf", "pytorch_model.bin"))
prefix = "bert." if any(name.startswith("bert.") for name in weights) else ""
layers = 1 + max(int(name.split("layer.")[1].split(".")[0]) for name in weights if "layer." in name)

PAIRS = [
    ("The people hate the meme", "niño año, $5 中文 unable!"),
    ("", "the meme"),
    ("the meme", ""),
    ("The people hate the meme and the people hate the meme", "the the the the the the the the the the the the the the the"),
    ("the", "the the the the the the the the the the the the the the the the the the the the the the the the the"),
    ("the the the the the the the the the the the the the the the the the the the the the the the the", "meme"),
    ("the the the the the the the the the the the the", "the the the the the the the the the the the the"),
]


def apply(name, x):
    return F.linear(x, weights[f"{prefix}{name}.weight"], weights[f"{prefix}{name}.bias"])


def normalize(name, x):
    return F.layer_norm(x, (x.shape[-1],), weights[f"{prefix}{name}.weight"], weights[f"{prefix}{name}.bias"], EPSILON)


def table(name):
    return weights[f"{prefix}embeddings.{name}_embeddings.weight"]


def forward(ids, types):
    n = len(ids)
    x = table("word")[ids] + table("position")[:n]
    x = normalize("embeddings.LayerNorm", x if types is None else x + table("token_type")[types])
    seen = [x]
    for i in range(layers):
        layer = f"encoder.layer.{i}"
        hidden = x.shape[-1]
        q, k, v = (apply(f"{layer}.attention.self.{part}", x).view(n, HEADS, hidden // HEADS).transpose(0, 1) for part in ("query", "key", "value"))
        attended = (torch.softmax(q @ k.transpose(1, 2) / (hidden // HEADS) ** 0.5, dim=-1) @ v).transpose(0, 1).reshape(n, hidden)
        x = normalize(f"{layer}.attention.output.LayerNorm", x + apply(f"{layer}.attention.output.dense", attended))
        x = normalize(f"{layer}.output.LayerNorm", x + apply(f"{layer}.output.dense", F.gelu(apply(f"{layer}.intermediate.dense", x))))
        seen.append(x)
    return torch.stack(seen)


def truncated(a, b, most):
    """As Hugging Face's tokenizers cut a pair, longest first."""
    if len(a) + len(b) <= most:
        return a, b
    n1, n2, swapped = len(a), len(b), False
    if n1 > n2:
        n1, n2, swapped = n2, n1, True
    n2 = n1 if n1 > most else max(n1, most - n1)
    if n1 + n2 > most:
        n1 = most // 2
        n2 = n1 + most % 2
    if swapped:
        n1, n2 = n2, n1
    return a[:n1], b[:n2]


result = []
for first, second in PAIRS:
    for most in (POSITIONS, 13, 8):
        a, b = truncated(words.encode(first, words.ids, False), words.encode(second, words.ids, False), most - 3)
        begin, end = words.ids["[CLS]"], words.ids["[SEP]"]
        ids, types = [begin] + a + [end] + b + [end], [0] * (len(a) + 2) + [1] * (len(b) + 1)
        states = forward(torch.tensor(ids), torch.tensor(types))
        pooled = torch.tanh(apply("pooler.dense", states[-1][0]))
        logits = F.linear(pooled, weights["classifier.weight"], weights["classifier.bias"])
        result.append({"first": first, "second": second, "max_tokens": most, "ids": ids, "types": types,
                       "mean": [round(float(v), 7) for v in states[-1].mean(0)][:16], "probabilities": torch.softmax(logits, -1).tolist()})
        if first == PAIRS[0][0] and most == POSITIONS:
            np.save(os.path.join(HERE, "pair_layers.npy"), states.numpy())

with open(os.path.join(HERE, "pairs.json"), "w", encoding="utf-8") as file:
    json.dump(result, file, ensure_ascii=False)
with open(os.path.join(HERE, "expected.json"), encoding="utf-8") as file:
    ids = json.load(file)["ids"]
states = forward(torch.tensor(ids), None)
logits = F.linear(torch.relu(apply("pooler.dense", states[-1][0])), weights["classifier.weight"], weights["classifier.bias"])
with open(os.path.join(HERE, "distilbert.json"), "w", encoding="utf-8") as file:
    json.dump({"mean": states[-1].mean(0).tolist(), "probabilities": torch.softmax(logits, -1).tolist()}, file)
print(len(result), "pairs")
