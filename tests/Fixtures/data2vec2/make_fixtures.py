"""Makes the small data2vec 2.0 checkpoints of the tests from those that fairseq's trainer wrote.

    python3 make_fixtures.py FOLDER     (with d2v2_{audio,image,text}_tiny.pt and ref_{audio,image,text}/item*)

Pretrained: without the decoder and the optimizer's history. The teacher is made of the student's weights, its blocks in the
opposite order, so that it shares their storages and can still be told from it. Fine-tuned: the same weights in half
precision under the names that fairseq's fine-tuned models give them, with a random head.
"""
import os
import shutil
import sys
from collections import OrderedDict

import torch

source = sys.argv[1]
target = os.path.dirname(os.path.abspath(__file__))
DEPTH = 3


def opposite(name):
    parts = name.split(".")
    if parts[0] == "blocks":
        parts[1] = str(DEPTH - 1 - int(parts[1]))
    return ".".join(parts)


def save(name, cfg, model):
    torch.save({"args": None, "cfg": cfg, "model": model, "extra_state": {}}, os.path.join(target, name))


for kind in ["audio", "image", "text"]:
    checkpoint = torch.load(os.path.join(source, f"d2v2_{kind}_tiny.pt"), map_location="cpu")
    cfg = checkpoint["cfg"]
    student = OrderedDict((k, v) for k, v in checkpoint["model"].items() if k != "_ema" and "decoder" not in k)
    teacher = {}
    for name in checkpoint["model"]["_ema"]:
        full = f"blocks.{name}" if kind == "text" else name
        teacher[name] = student[opposite(full)]
    save(f"{kind}.pt", cfg, OrderedDict([*student.items(), ("_ema", teacher)]))

    generator = torch.Generator().manual_seed(1)
    noise = lambda *shape: torch.randn(*shape, generator=generator).half()
    half = {name: tensor.half() for name, tensor in student.items()}
    if kind == "audio":
        tuned = {f"w2v_encoder.w2v_model.{name}": tensor for name, tensor in half.items()}
        tuned.update({"w2v_encoder.proj.weight": noise(32, 64), "w2v_encoder.proj.bias": noise(32)})
        options = {"_name": "wav2vec_ctc", "w2v_args": cfg}
    elif kind == "image":
        tuned = {f"model.{name}": tensor for name, tensor in half.items()}
        tuned.update({"fc_norm.weight": noise(64), "fc_norm.bias": noise(64), "head.weight": noise(7, 64), "head.bias": noise(7)})
        options = {"_name": "mae_image_classification", "pretrained_model_args": cfg, "linear_classifier": False,
                   "use_fc_norm": True, "prediction_mode": "MEAN_POOLING"}
    else:
        tuned = {f"model.{name}": tensor for name, tensor in half.items()}
        head = "classification_heads.sentence_classification_head"
        tuned.update({f"{head}.dense.weight": noise(64, 64), f"{head}.dense.bias": noise(64),
                      f"{head}.out_proj.weight": noise(3, 64), f"{head}.out_proj.bias": noise(3)})
        options = {"_name": "data2vec_text_classification", "pretrained_model_args": cfg, "pooler_activation_fn": "tanh"}
    save(f"{kind}_tuned.pt", {"model": options, "task": {"_name": "any", "normalize": True}}, OrderedDict(tuned))

    # The shortest items that fairseq ran.
    item = {"audio": "item2", "image": "item1", "text": "item1"}[kind]
    os.makedirs(os.path.join(target, kind), exist_ok=True)
    for name in ["source", "local_features", "ctx_in", "ctx_out", "layer_x", "x"]:
        shutil.copy(os.path.join(source, f"ref_{kind}", item, f"{name}.npy"), os.path.join(target, kind, f"{name}.npy"))
        os.chmod(os.path.join(target, kind, f"{name}.npy"), 0o644)
