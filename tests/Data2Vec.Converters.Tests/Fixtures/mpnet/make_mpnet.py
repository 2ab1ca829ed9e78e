"""Writes a small random MPNet as transformers saves it, and its hidden states, computed here in PyTorch from the published description.

Usage: python3 make_mpnet.py FOLDER
"""

import json
import math
import os
import struct
import sys

import numpy as np
import torch

HIDDEN, HEADS, LAYERS, INNER, POSITIONS, BUCKETS, FARTHEST, EPSILON = 24, 3, 2, 32, 146, 32, 128, 1e-5
WORDS = ["the", "har", "##bour", "was", "closed", "to", "##day", "a", "##b", "."] + [f"w{i}" for i in range(24)]
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + WORDS + ["<mask>"]


def bucket(query, key):
    """Half of the buckets are for keys after the query; in each half, half are for single distances, and the others grow with the logarithm."""
    half = BUCKETS // 2
    exact = half // 2
    side, distance = (half if key > query else 0), abs(key - query)
    if distance < exact:
        return side + distance
    share = torch.log(torch.tensor(distance).float() / exact) / math.log(FARTHEST / exact)
    return side + min(exact + int((share * (half - exact)).long()), half - 1)


def norm(x, weights, name):
    return torch.nn.functional.layer_norm(x, [HIDDEN], weights[f"{name}.weight"], weights[f"{name}.bias"], EPSILON)


def linear(x, weights, name):
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def forward(weights, ids):
    """The input of the first layer, and the output of each layer."""
    positions = torch.arange(2, 2 + len(ids))
    x = weights["embeddings.word_embeddings.weight"][ids] + weights["embeddings.position_embeddings.weight"][positions]
    x = norm(x, weights, "embeddings.LayerNorm")
    table = weights["encoder.relative_attention_bias.weight"]
    places = torch.tensor([[bucket(i, j) for j in range(len(ids))] for i in range(len(ids))])
    bias = table[places].permute(2, 0, 1)
    states = [x]
    for i in range(LAYERS):
        layer = f"encoder.layer.{i}"
        q, k, v = (linear(x, weights, f"{layer}.attention.attn.{part}").view(len(ids), HEADS, -1).transpose(0, 1) for part in "qkv")
        scores = q @ k.transpose(1, 2) / math.sqrt(HIDDEN // HEADS) + bias
        attended = (scores.softmax(-1) @ v).transpose(0, 1).reshape(len(ids), HIDDEN)
        x = norm(x + linear(attended, weights, f"{layer}.attention.attn.o"), weights, f"{layer}.attention.LayerNorm")
        inner = torch.nn.functional.gelu(linear(x, weights, f"{layer}.intermediate.dense"))
        x = norm(x + linear(inner, weights, f"{layer}.output.dense"), weights, f"{layer}.output.LayerNorm")
        states.append(x)
    return torch.stack(states)


def random_weights():
    torch.manual_seed(7)
    shapes = {
        "embeddings.word_embeddings.weight": [len(PIECES), HIDDEN],
        "embeddings.position_embeddings.weight": [POSITIONS, HIDDEN],
        "encoder.relative_attention_bias.weight": [BUCKETS, HEADS],
        "pooler.dense.weight": [HIDDEN, HIDDEN],
        "pooler.dense.bias": [HIDDEN],
    }
    norms = ["embeddings.LayerNorm"]
    for i in range(LAYERS):
        layer = f"encoder.layer.{i}"
        norms += [f"{layer}.attention.LayerNorm", f"{layer}.output.LayerNorm"]
        for name, outputs, inputs in [(f"attention.attn.{part}", HIDDEN, HIDDEN) for part in "qkvo"] + [("intermediate.dense", INNER, HIDDEN), ("output.dense", HIDDEN, INNER)]:
            shapes[f"{layer}.{name}.weight"], shapes[f"{layer}.{name}.bias"] = [outputs, inputs], [outputs]
    weights = {name: torch.randn(shape) * 0.3 for name, shape in shapes.items()}
    for name in norms:
        weights[f"{name}.weight"], weights[f"{name}.bias"] = 1 + 0.2 * torch.randn(HIDDEN), 0.2 * torch.randn(HIDDEN)
    return weights


def save(path, weights):
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, tensor in sorted(weights.items()):
        values = tensor.numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header, separators=(",", ":")).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def write(path, value):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)


def main(folder):
    weights = random_weights()
    save(f"{folder}/model.safetensors", weights)
    ids = [0] + [(5 * i * i + 3 * i) % len(WORDS) + 9 for i in range(142)] + [2]
    np.save(f"{folder}/ids.npy", np.array(ids, dtype=np.int64))
    np.save(f"{folder}/hidden.npy", forward(weights, torch.tensor(ids)).detach().numpy()[:, ::7])
    write(f"{folder}/config.json", {
        "architectures": ["MPNetModel"], "model_type": "mpnet", "vocab_size": len(PIECES), "hidden_size": HIDDEN, "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS, "intermediate_size": INNER, "hidden_act": "gelu", "max_position_embeddings": POSITIONS, "layer_norm_eps": EPSILON,
        "relative_attention_num_buckets": BUCKETS, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2,
    })
    names = {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "unk_token": "[UNK]", "pad_token": "<pad>",
             "mask_token": {"content": "<mask>", "lstrip": True, "normalized": False, "rstrip": False, "single_word": False}}
    write(f"{folder}/special_tokens_map.json", names)
    write(f"{folder}/tokenizer_config.json", {**names, "tokenizer_class": "MPNetTokenizer", "do_lower_case": True, "tokenize_chinese_chars": True, "strip_accents": None, "model_max_length": 128})
    special = [{"id": PIECES.index(name), "content": name, "single_word": False, "lstrip": name == "<mask>", "rstrip": False, "normalized": False, "special": True}
               for name in ["<s>", "<pad>", "</s>", "[UNK]", "<mask>"]]
    write(f"{folder}/tokenizer.json", {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": special,
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0], "trim_offsets": True, "add_prefix_space": False},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": {piece: i for i, piece in enumerate(PIECES)}},
    })
    with open(f"{folder}/vocab.txt", "w", encoding="utf-8") as file:
        file.write("".join(f"{piece}\n" for piece in PIECES))
    modules = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    write(f"{folder}/modules.json", [{"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"} for i, (path, kind) in enumerate(modules)])
    write(f"{folder}/1_Pooling/config.json", {"word_embedding_dimension": HIDDEN, "pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False, "pooling_mode_max_tokens": False})
    write(f"{folder}/sentence_bert_config.json", {"max_seq_length": 128, "do_lower_case": False})


main(sys.argv[1])
