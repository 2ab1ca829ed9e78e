"""A small BERT with random weights, and a system of "Hate Speech in Pixels" with it, in the layouts that they are published in; and what PyTorch makes of them.

    python3 make_bert.py       writes beside itself
        hf/                    Hugging Face's layout with a classification head: config.json, pytorch_model.bin, vocab.txt, tokenizer_config.json
        bert_2019.bin          the same weights as pytorch-transformers saved them: old names of norms, old container, a head for masked words
        multimodal_HS.pt       the system; its VGG network is ../vgg/vgg_tiny.pth
        layers.npy             hf: for the ids below what enters the first layer and each layer's output
        layers_2019.npy        the same with heads of 64
        expected.json          ids of the text, scores of the head, the system's scores
"""
import importlib.util
import json
import os
import shutil

import numpy as np
import torch
from torch.nn import functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
WORDS = os.path.join(HERE, "..", "..", "Data2Vec.Tests", "Text", "Fixtures")
HIDDEN, LAYERS, FEED_FORWARD, POSITIONS, CLASSES, JUDGE = 64, 2, 48, 24, 3, 10
TEXT = "The people hate the meme: niño año, $5 中文 unable!"
EPSILON = 1e-12
torch.manual_seed(7)

spec = importlib.util.spec_from_file_location("make_wordpiece", os.path.join(WORDS, "make_wordpiece.py"))
words = importlib.util.module_from_spec(spec)
spec.loader.exec_module(words)
ids = [words.ids["[CLS]"]] + words.encode(TEXT, words.ids, False) + [words.ids["[SEP]"]]


def linear(name, inputs, outputs):
    return {f"{name}.weight": torch.randn(outputs, inputs) / inputs ** 0.5, f"{name}.bias": 0.1 * torch.randn(outputs)}


def norm(name):
    return {f"{name}.weight": 1 + 0.1 * torch.randn(HIDDEN), f"{name}.bias": 0.1 * torch.randn(HIDDEN)}


bert = {f"embeddings.{kind}_embeddings.weight": 0.5 * torch.randn(count, HIDDEN)
        for kind, count in (("word", len(words.tokens)), ("position", POSITIONS), ("token_type", 2))}
bert.update(norm("embeddings.LayerNorm"))
for i in range(LAYERS):
    layer = f"encoder.layer.{i}"
    for part in ("query", "key", "value"):
        bert.update(linear(f"{layer}.attention.self.{part}", HIDDEN, HIDDEN))
    bert.update(linear(f"{layer}.attention.output.dense", HIDDEN, HIDDEN))
    bert.update(norm(f"{layer}.attention.output.LayerNorm"))
    bert.update(linear(f"{layer}.intermediate.dense", HIDDEN, FEED_FORWARD))
    bert.update(linear(f"{layer}.output.dense", FEED_FORWARD, HIDDEN))
    bert.update(norm(f"{layer}.output.LayerNorm"))
bert.update(linear("pooler.dense", HIDDEN, HIDDEN))
head = linear("classifier", HIDDEN, CLASSES)


def apply(weights, name, x):
    return F.linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])


def normalize(name, x):
    return F.layer_norm(x, (HIDDEN,), bert[f"{name}.weight"], bert[f"{name}.bias"], EPSILON)


def forward(tokens, heads):
    """What enters the first layer, and each layer's output."""
    n, size = len(tokens), HIDDEN // heads
    x = bert["embeddings.word_embeddings.weight"][tokens] + bert["embeddings.position_embeddings.weight"][:n] + bert["embeddings.token_type_embeddings.weight"][0]
    x = normalize("embeddings.LayerNorm", x)
    seen = [x]
    for i in range(LAYERS):
        layer = f"encoder.layer.{i}"
        q, k, v = (apply(bert, f"{layer}.attention.self.{part}", x).view(n, heads, size).transpose(0, 1) for part in ("query", "key", "value"))
        attended = (torch.softmax(q @ k.transpose(1, 2) / size ** 0.5, dim=-1) @ v).transpose(0, 1).reshape(n, HIDDEN)
        x = normalize(f"{layer}.attention.output.LayerNorm", x + apply(bert, f"{layer}.attention.output.dense", attended))
        x = normalize(f"{layer}.output.LayerNorm", x + apply(bert, f"{layer}.output.dense", F.gelu(apply(bert, f"{layer}.intermediate.dense", x))))
        seen.append(x)
    return torch.stack(seen)


os.makedirs(os.path.join(HERE, "hf"), exist_ok=True)
shutil.copy(os.path.join(WORDS, "wordpiece_vocab.txt"), os.path.join(HERE, "hf", "vocab.txt"))
with open(os.path.join(HERE, "hf", "tokenizer_config.json"), "w") as file:
    json.dump({"do_lower_case": False}, file)
with open(os.path.join(HERE, "hf", "config.json"), "w") as file:
    json.dump({
        "architectures": ["BertForSequenceClassification"], "model_type": "bert", "vocab_size": len(words.tokens), "hidden_size": HIDDEN,
        "num_hidden_layers": LAYERS, "num_attention_heads": 4, "intermediate_size": FEED_FORWARD, "max_position_embeddings": POSITIONS,
        "type_vocab_size": 2, "layer_norm_eps": EPSILON, "hidden_act": "gelu", "pad_token_id": 0, "id2label": {"0": "no", "1": "perhaps", "2": "yes"}}, file)
torch.save({**{f"bert.{name}": value for name, value in bert.items()}, **head}, os.path.join(HERE, "hf", "pytorch_model.bin"))


def old(name):
    return name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")


torch.save(
    {**{f"bert.{old(name)}": value for name, value in bert.items()}, "cls.predictions.bias": torch.zeros(len(words.tokens))},
    os.path.join(HERE, "bert_2019.bin"), _use_new_zipfile_serialization=False)

vgg = torch.load(os.path.join(HERE, "..", "vgg", "vgg_tiny.pth"))
features = vgg["classifier.3.weight"].shape[0]
judge = {**linear("classifier.0", features + HIDDEN, JUDGE), **linear("classifier.3", JUDGE, JUDGE), **linear("classifier.5", JUDGE, 1)}
torch.save(
    {**{f"im_feat_model.{name}": value for name, value in vgg.items() if not name.startswith("classifier.6")},
     **{f"text_feat_model.{name}": value for name, value in bert.items()}, **judge},
    os.path.join(HERE, "multimodal_HS.pt"), _use_new_zipfile_serialization=False)


def see(pixels):
    x, index = pixels, 0
    for convolutions in (2, 2, 3, 3, 3):
        for _ in range(convolutions):
            x = F.relu(F.conv2d(x, vgg[f"features.{index}.weight"], vgg[f"features.{index}.bias"], padding=1))
            index += 2
        x = F.max_pool2d(x, 2)
        index += 1
    x = F.relu(apply(vgg, "classifier.0", torch.flatten(x, 1)))
    return apply(vgg, "classifier.3", x)[0]


def score(tokens, rgb):
    bgr = torch.tensor(rgb[:, :, ::-1].copy()).permute(2, 0, 1).float()[None] / 255
    x = torch.cat([see(bgr), forward(tokens, HIDDEN // 64)[-1].mean(0)])
    x = F.relu(apply(judge, "classifier.0", x))
    x = F.relu(apply(judge, "classifier.3", x))
    return apply(judge, "classifier.5", x).item()


rows, columns, channels = np.meshgrid(np.arange(64), np.arange(64), np.arange(3), indexing="ij")
image = ((rows * 7 + columns * 13 + channels * 50) % 256).astype(np.uint8)
with torch.no_grad():
    layers = forward(ids, 4)
    np.save(os.path.join(HERE, "layers.npy"), layers.numpy())
    np.save(os.path.join(HERE, "layers_2019.npy"), forward(ids, HIDDEN // 64).numpy())
    pooled = torch.tanh(apply(bert, "pooler.dense", layers[-1][0]))
    expected = {
        "text": TEXT, "ids": ids, "probabilities": torch.softmax(apply(head, "classifier", pooled), 0).tolist(),
        "score": score(ids, image), "score_of_black_and_nothing": score([words.ids["[CLS]"], words.ids["[SEP]"]], np.zeros_like(image))}
with open(os.path.join(HERE, "expected.json"), "w") as file:
    json.dump(expected, file)
print(expected)
