"""Writes the fixtures of this folder. Run it in this folder: python3 make_training_fixtures.py FAIRSEQ REFERENCES

FAIRSEQ: a checkout of facebookresearch/fairseq (3d262bb). Its optimizer, its schedules and its measure of deviation run from their source.
REFERENCES: runs of fairseq's trainer: training/{audio,text,vision} and finetuning (checkpoints, batches, logs, losses).
Needs Python 3.11 with torch 1.13 and numpy.

optimizer/text-*: gradients of 20 updates of pretraining, computed here by autograd; the first and the last weights and the teacher are fairseq's own.
optimizer/groups-*: fairseq's Adam and PyTorch's AdamW on given gradients, with groups, a frozen tensor and clipping.
losses/*: predictions, targets and losses that fairseq logged; PyTorch's losses and gradients in double precision.
ctc/*: PyTorch's CTC losses and gradients in double precision.
schedules.json: rates of fairseq's schedules.
"""
import ast
import json
import math
import os
import sys
import types
from collections.abc import Collection

import numpy as np
import torch
import torch.nn.functional as F

fairseq, references = sys.argv[1:3]
for folder in ("optimizer", "losses", "ctc"):
    os.makedirs(folder, exist_ok=True)


def class_of(path, name, **names):
    """Executes one class of a file of fairseq, without its decorators."""
    tree = ast.parse(open(f"{fairseq}/{path}").read())
    node = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)
    node.decorator_list = []
    for function in (n for n in node.body if isinstance(n, ast.FunctionDef)):
        for argument in function.args.args:
            argument.annotation = None
    exec(compile(ast.Module([node], []), path, "exec"), names)
    return names[name]


def function_of(path, name, **names):
    """Executes one function of a file of fairseq, also a method, without its decorators."""
    tree = ast.parse(open(f"{fairseq}/{path}").read())
    node = next(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == name)
    node.decorator_list = []
    exec(compile(ast.Module([node], []), path, "exec"), names)
    return names[name]


Adam = class_of("fairseq/optim/adam.py", "Adam", torch=torch, math=math)


# Pretraining on text: the weights of fairseq's run, every gradient computed again.
def text_run():
    folder = f"{references}/training/text"
    log = json.load(open(f"{folder}/log.json"))
    states = {n: torch.load(f"{folder}/{n}.pt", map_location="cpu")["model"] for n in ("init", "final")}
    prefix = "encoder.sentence_encoder."
    weights = {k: v.clone().requires_grad_() for k, v in states["init"].items() if torch.is_tensor(v) and "version" not in k}
    tokens = torch.tensor(np.load(f"{folder}/src_tokens.npy"))
    whole = torch.tensor(np.load(f"{folder}/target_tokens.npy"))
    layers, heads, width, mask, top = 4, 4, 64, 99, 2

    def norm(p, x, name):
        return F.layer_norm(x, (width,), p[name + ".weight"], p[name + ".bias"])

    def linear(p, x, name):
        return F.linear(x, p[name + ".weight"], p[name + ".bias"])

    def encode(p, ids):
        batch, count = ids.shape
        padding = ids == 1
        positions = torch.where(padding, 1, (~padding).long().cumsum(1) + 1)
        x = p["embed_tokens.weight"][ids] + p["embed_positions.weight"][positions]
        x = norm(p, x, "layernorm_embedding")
        outputs = []
        for i in range(layers):
            name = f"layers.{i}."
            q, k, v = (linear(p, x, f"{name}self_attn.{n}_proj").view(batch, count, heads, -1).transpose(1, 2) for n in "qkv")
            scores = (q @ k.transpose(2, 3) / math.sqrt(width / heads)).masked_fill(padding[:, None, None], -math.inf)
            a = torch.softmax(scores, -1) @ v
            a = linear(p, a.transpose(1, 2).reshape(batch, count, width), name + "self_attn.out_proj")
            x = norm(p, x + a, name + "self_attn_layer_norm")
            f = linear(p, F.gelu(linear(p, x, name + "fc1")), name + "fc2")
            x = norm(p, x + f, name + "final_layer_norm")
            outputs.append(f)
        return x, outputs

    # Slices of the flat parameters: tensor, first element, count. Adam treats every element by itself.
    slices = [
        ("embed_tokens.weight", 0, 256),  # rows whose token occurs, and rows that have no gradient
        ("layernorm_embedding.weight", 0, 64),
        ("layers.0.self_attn.v_proj.weight", 0, 131),
        ("layers.1.fc1.bias", 0, 128),
        ("layers.2.final_layer_norm.weight", 0, 64),
        ("layers.3.fc2.weight", 1000, 197),
        ("regression_head.2.bias", 0, 64),
    ]
    full = lambda n: n if n.startswith("encoder.") else (prefix if not n.startswith("regression") else "encoder.") + n
    cut = lambda get: torch.cat([get(full(n)).detach().flatten()[o : o + c] for n, o, c in slices]).numpy().astype("<f4")
    optimizer = Adam(weights.values(), lr=0.0005, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.01)
    teacher = {k[len(prefix) :]: v.detach().clone() for k, v in weights.items() if k.startswith(prefix)}
    gradients = []
    copied = ("embed_tokens", "embed_positions", "layernorm_embedding")
    for i, entry in enumerate(log):
        student = {k[len(prefix) :]: v for k, v in weights.items() if k.startswith(prefix)}
        with torch.no_grad():
            decay = entry["ema_decay_used"]
            for k, v in student.items():
                if i == 0 or k.startswith(copied):
                    teacher[k].copy_(v)
                else:
                    teacher[k].mul_(decay).add_(v, alpha=1 - decay)
            _, targets = encode(teacher, whole)
            y = sum(F.layer_norm(t, (width,)) for t in targets[-top:]) / top
        rows = tokens[i] == mask
        x = encode(student, tokens[i])[0][rows]
        x = F.linear(F.gelu(F.linear(x, weights["encoder.regression_head.0.weight"], weights["encoder.regression_head.0.bias"])),
                     weights["encoder.regression_head.2.weight"], weights["encoder.regression_head.2.bias"])
        loss = F.smooth_l1_loss(x, y[rows], reduction="none", beta=4).sum()
        assert abs(loss.item() / entry["loss_sum"] - 1) < 1e-6, (i, loss.item(), entry["loss_sum"])
        optimizer.zero_grad()
        (loss / entry["sample_size"]).backward()
        gradients.append(cut(lambda k: weights[k].grad))
        optimizer.step()
    worst = max((weights[k] - states["final"][k]).abs().max().item() for k in weights if "k_proj.bias" not in k)
    print("text: weights differ from fairseq's by", worst)
    np.save("optimizer/text-gradients.npy", np.stack(gradients))
    np.save("optimizer/text-initial.npy", cut(lambda k: states["init"][k]))
    np.save("optimizer/text-final.npy", cut(lambda k: states["final"][k]))
    ema = states["final"]["encoder._ema"]
    last = slices[:-1]  # the head has no teacher
    np.save("optimizer/text-teacher.npy", torch.cat([ema[n].flatten()[o : o + c] for n, o, c in last]).numpy().astype("<f4"))
    json.dump([{"name": n, "count": c} for n, _, c in slices], open("optimizer/text-ranges.json", "w"))


def groups():
    random = np.random.default_rng(5)
    sizes, updates, frozen = (37, 20, 11), 25, 5
    initial = [random.standard_normal(n).astype("<f4") for n in sizes]
    gradients = [(random.standard_normal((updates, n)) * 10.0 ** random.uniform(-5, 0.5, n)).astype("<f4") for n in sizes]
    rates = [0.01 * (1 + math.cos(math.pi * i / updates)) for i in range(updates)]
    scales, decays, clip = (1.0, 0.65, 0.4225), (0.05, 0.0, 0.05), 2.0
    norms = []
    for name, kind in (("fairseq", Adam), ("pytorch", torch.optim.AdamW)):
        tensors = [torch.tensor(v).requires_grad_() for v in initial]
        optimizer = kind([dict(params=[t], weight_decay=d) for t, d in zip(tensors, decays)], betas=(0.9, 0.999), eps=1e-6)
        norms = []
        for i in range(updates):
            for group, scale in zip(optimizer.param_groups, scales):
                group["lr"] = rates[i] * scale
            for j, t in enumerate(tensors):
                t.grad = None if j == 1 and i < frozen else torch.tensor(gradients[j][i])
            norms.append(torch.nn.utils.clip_grad_norm_([t for t in tensors if t.grad is not None], clip).item())
            optimizer.step()
        np.save(f"optimizer/groups-{name}.npy", torch.cat(tensors).detach().numpy())
    np.save("optimizer/groups-initial.npy", np.concatenate(initial))
    np.save("optimizer/groups-gradients.npy", np.concatenate(gradients, axis=1))
    json.dump({"counts": sizes, "scales": scales, "decays": decays, "clip": clip, "frozen": frozen, "rates": rates, "norms": norms},
              open("optimizer/groups.json", "w"))


def losses():
    cases = {}
    compute_var = function_of("examples/data2vec/models/data2vec_audio.py", "compute_var", torch=torch, dist=torch.distributed)
    for run in ("audio", "text", "vision"):
        folder = f"{references}/training/{run}"
        for kind in ("pred", "y"):
            np.save(f"losses/{run}-{kind}.npy", np.load(f"{folder}/{kind}_step0.npy").reshape(-1, 64))
        entry = json.load(open(f"{folder}/log.json"))[0]
        cases[run] = {k: entry[k] for k in ("loss_sum", "sample_size")}
        for kind in ("pred", "y"):
            cases[run][f"{kind}_var"] = compute_var(torch.tensor(np.load(f"losses/{run}-{kind}.npy"))).item()
    torch.manual_seed(3)
    d = lambda *shape: torch.randn(*shape, dtype=torch.float64).float().double().requires_grad_()
    values = lambda t: t.detach().flatten().tolist()

    def case(name, loss, x, **more):
        loss.backward()
        cases[name] = {"loss": loss.item(), "x": values(x), "gradient": values(x.grad), **more}

    x, y = d(3, 5), d(3, 5)
    for beta in (0.0, 0.3, 1.0, 4.0):
        x.grad = None
        loss = F.mse_loss(x, y.detach(), reduction="sum") if beta == 0 else F.smooth_l1_loss(x, y.detach(), reduction="sum", beta=beta)
        case(f"regression beta {beta:g}", loss, x, y=values(y), beta=beta)
    labels = [2, 0, 6, 6]
    for smoothing in (0.0, 0.1):
        x = d(4, 7)
        case(f"cross-entropy smoothing {smoothing:g}", F.cross_entropy(x * 4, torch.tensor(labels), reduction="sum", label_smoothing=smoothing), x,
             labels=labels, smoothing=smoothing, scale=4)
    x = d(3, 6)
    soft = torch.softmax(d(3, 6), -1).float().double().detach()
    case("cross-entropy soft", F.cross_entropy(x, soft, reduction="sum"), x, y=values(soft))
    x, y = d(4, 1), d(4, 1)
    case("mean squared error", F.mse_loss(x, y.detach(), reduction="sum"), x, y=values(y))

    # Targets of two sequences of 7 and 4 rows, 3 layers of 6 features.
    layers = [torch.randn(11, 6).add(i).detach() for i in range(3)]
    lengths = [7, 4]
    instance = lambda t: torch.cat([F.instance_norm(s.t()[None].double())[0].t() for s in t.split(lengths)])
    layer = lambda t: F.layer_norm(t.double(), (6,))
    mean = lambda f: sum(f(t) for t in layers) / 3
    cases["targets"] = {"lengths": lengths, "layers": [values(t) for t in layers], "instance": values(mean(instance)), "layer": values(mean(layer)),
                        "none": values(mean(lambda t: t.double())), "none then layer": values(layer(mean(lambda t: t.double()))),
                        "instance then instance": values(instance(mean(instance)))}
    json.dump(cases, open("losses/cases.json", "w"))


def ctc():
    source = np.load(f"{references}/finetuning/ctc_loss.npz")
    total = 0
    for name in sorted({k[:2] for k in source.files}):
        logits = source[f"{name}_logits"]
        if logits.size > 1600:
            continue
        np.save(f"ctc/{name}-logits.npy", logits)
        np.save(f"ctc/{name}-gradient.npy", source[f"{name}_grad"].astype("<f4"))
        total += logits.size * 8
    names = sorted({f[:2] for f in os.listdir("ctc") if f.endswith("-logits.npy")})
    cases = [{"name": n, "target": source[f"{n}_target"].tolist(), "blank": int(source[f"{n}_blank"]),
              "loss": None if np.isinf(source[f"{n}_loss"]) else float(source[f"{n}_loss"])} for n in names]
    # Long and steep: given by a formula, checked by the loss and some gradients.
    for t, v, u in ((1500, 32, 300), (3000, 20, 500)):
        logits = (6 * torch.sin(torch.arange(t * v, dtype=torch.float64) * 0.7)).float().double().view(t, 1, v).requires_grad_()
        target = [(7 * i + i // 9) % (v - 1) + 1 for i in range(u)]
        loss = F.ctc_loss(F.log_softmax(logits, -1), torch.tensor([target]), [t], [u], blank=0, reduction="sum")
        loss.backward()
        places = [0, 1, v + 3, t * v // 2, t * v // 2 + 1, t * v - v, t * v - 1]
        cases.append({"frames": t, "labels": v, "target": target, "blank": 0, "loss": loss.item(), "places": places,
                      "gradient": [logits.grad.flatten()[i].item() for i in places], "square": logits.grad.square().sum().item()})
    print("ctc:", len(cases), "cases,", total, "bytes;", [(c.get("loss"), len(c["target"])) for c in cases])
    json.dump(cases, open("ctc/cases.json", "w"))


def schedules():
    class Base:
        def __init__(self, cfg, optimizer):
            self.cfg, self.optimizer = cfg, optimizer

    class Rate:
        def set_lr(self, lr):
            self.lr = lr

        def get_lr(self):
            return self.lr

    names = dict(FairseqLRScheduler=Base, Collection=Collection, math=math, Optional=None, List=None)
    kinds = {
        "tri_stage": (class_of("fairseq/optim/lr_scheduler/tri_stage_lr_scheduler.py", "TriStageLRSchedule", **names),
                      dict(warmup_steps=0, hold_steps=0, decay_steps=0, phase_ratio=None, init_lr_scale=0.01, final_lr_scale=0.01)),
        "cosine": (class_of("fairseq/optim/lr_scheduler/cosine_lr_scheduler.py", "CosineLRSchedule", **names),
                   dict(warmup_updates=0, warmup_init_lr=-1, min_lr=0.0, t_mult=1.0, lr_period_updates=-1, lr_shrink=0.1)),
        "polynomial_decay": (class_of("fairseq/optim/lr_scheduler/polynomial_decay_schedule.py", "PolynomialDecayLRSchedule", **names),
                             dict(warmup_updates=0, force_anneal=None, end_learning_rate=0.0, power=1.0)),
    }
    cases = [c for c in json.load(open(f"{references}/finetuning/schedules.json")) if c["name"] in kinds]
    more = [
        ("cosine", 60, 0.001, dict(warmup_updates=3, lr_period_updates=10, t_mult=2.0, lr_shrink=0.5, min_lr=1e-5)),
        ("cosine", 40, 0.001, dict(lr_period_updates=7, lr_shrink=0.9)),
        ("cosine", 100, 0.0002, dict(warmup_updates=10, warmup_init_lr=1e-7)),
        ("polynomial_decay", 30, 0.001, dict(warmup_updates=10, end_learning_rate=1e-4, power=0.5, total_num_update=20)),
        ("tri_stage", 50, 0.002, dict(warmup_steps=7, hold_steps=0, decay_steps=20, final_lr_scale=0.3)),
        ("tri_stage", 97, 0.0006, dict(phase_ratio=[0.05, 0.65, 0.3])),
    ]
    for name, updates, lr, options in more:
        kind, defaults = kinds[name]
        cfg = types.SimpleNamespace(**{"total_num_update": updates, "max_update": updates, "lr": [lr], **defaults, **options})
        schedule = kind(cfg, Rate())
        cases.append({"name": name, "max_update": updates, "lr": lr, **options, "rates": [schedule.step_update(i) for i in range(updates + 4)]})
    json.dump(cases, open("schedules.json", "w"))


text_run()
groups()
losses()
ctc()
schedules()
