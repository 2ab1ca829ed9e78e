"""Reduces recorded runs of fairseq's trainer to what the tests need: python reduce_runs.py SOURCE, a folder with training/ and finetuning/.

A recorded run is 20 updates of fairseq's own trainer (3d262bb, CPU, f32) with every dropout at 0: the checkpoints before and after, the configuration, the
log, gradients of some updates (divided by the sample size), and inputs, targets and masks. Here, the checkpoints of pretraining lose the teacher, which is
a copy of the student before the first update, and of the weights after the last update every eighth number is kept, in final_sample.npz. The
configurations keep what the replay reads.
"""
import json
import shutil
import sys
from pathlib import Path

import numpy
import torch

STEP = 8
SETTINGS = ["model", "optimizer", "lr_scheduler", "optimization", "task", "criterion"]
PATHS = ["data", "w2v_path", "w2v_args", "plasma_path", "model_path"]
PRETRAINING = {
    "audio": (["source", "mask_indices"], "_ema", "encoder."),
    "text": (["src_tokens", "target_tokens"], "encoder._ema", "encoder.sentence_encoder."),
    "vision": (["img", "mask"], "_ema", "encoder."),
}
FINETUNING = {"ctc_masked": "ctc", "text": "text", "vision": "vision"}


def reduce_config(source: Path, target: Path):
    config = json.loads((source / "cfg.json").read_text())
    kept = {name: dict(config[name]) for name in SETTINGS}
    for part in kept.values():
        for path in PATHS:
            part.pop(path, None)
            for inner in part.values():
                if isinstance(inner, dict):
                    inner.pop(path, None)
    (target / "cfg.json").write_text(json.dumps(kept, indent=1) + "\n")


def main(source: Path):
    for modality, (inputs, teacher, prefix) in PRETRAINING.items():
        run, target = source / "training" / modality, Path(__file__).parent / f"pretraining-{modality}"
        target.mkdir(exist_ok=True)
        for name in ["log.json", "grads_step0.npz"] + [f"{name}.npy" for name in inputs]:
            shutil.copyfile(run / name, target / name)
        reduce_config(run, target)
        initial, final = (torch.load(run / name, map_location="cpu") for name in ["init.pt", "final.pt"])
        initial["model"].pop(teacher, None)
        torch.save(initial, target / "init.pt")
        sample = {}
        for name, tensor in final["model"].items():
            if name != teacher and torch.is_tensor(tensor) and tensor.dtype == torch.float32:
                sample[name] = tensor.flatten()[::STEP].numpy()
        for name, tensor in final["model"].get(teacher, {}).items():
            if tensor.dtype == torch.float32:
                assert prefix + name in sample, name
                sample["teacher/" + prefix + name] = tensor.flatten()[::STEP].numpy()
        numpy.savez(target / "final_sample.npz", **sample)
    for folder, name in FINETUNING.items():
        run, target = source / "finetuning" / folder, Path(__file__).parent / f"finetuning-{name}"
        target.mkdir(exist_ok=True)
        for file in run.iterdir():
            if file.name != "cfg.json":
                shutil.copyfile(file, target / file.name)
        reduce_config(run, target)


main(Path(sys.argv[1]))
