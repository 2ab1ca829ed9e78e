"""Writes augmentation/*.json. Run it in this folder: python3 make_augmentation_fixtures.py TIMM

TIMM: the folder timm/data of a checkout of huggingface/pytorch-image-models (aa4b5850).
Needs Python 3.11 with Pillow 9.4, torchvision 0.14, torch 1.13, scipy 1.10 and numpy.

operations.json: small images, and what Pillow makes of them by timm's RandAugment, torchvision's color jitter and torchvision's resized crop.
crops.json: moments of torchvision's random windows.
mixing.json: timm's mixed targets; moments of its cutmix boxes.
distributions.json: quantiles of scipy's distributions.
"""
import base64
import json
import random
import sys

import numpy as np
import scipy.stats
import torch
import torchvision.transforms as T
import torchvision.transforms.functional as F
from PIL import Image, ImageEnhance

sys.path.insert(0, sys.argv[1])
import auto_augment
import mixup

np.random.seed(1)
torch.manual_seed(1)


def picture(width, height):
    """A gradient with noise, edges and saturated corners."""
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([x * 255 / max(width - 1, 1), y * 200 / max(height - 1, 1) + 20, (x * y * 7) % 256], 2)
    pixels = np.clip(pixels + np.random.normal(0, 25, pixels.shape), 0, 255)
    pixels[: height // 3, : width // 3] = (255, 0, 10)
    return Image.fromarray(pixels.astype(np.uint8))


def encode(image):
    return {"width": image.width, "height": image.height, "pixels": base64.b64encode(image.tobytes()).decode()}


images = {"main": picture(13, 11), "wide": picture(40, 17), "tiny": picture(2, 3), "dot": Image.new("RGB", (1, 1), (7, 200, 90)),
          "flat": Image.new("RGB", (5, 4), (40, 40, 99)), "dark": picture(9, 9).point(lambda v: v // 5 + 30)}
operations = []
names = ["AutoContrast", "Equalize", "Invert", "Rotate", "Posterize", "Solarize", "SolarizeAdd", "Color", "Contrast", "Brightness", "Sharpness",
         "ShearX", "ShearY", "TranslateX", "TranslateY"]
for name, transform in zip(names, auto_augment._RAND_INCREASING_TRANSFORMS, strict=True):
    for image in images:
        directed = name not in ("AutoContrast", "Equalize", "Invert", "Posterize", "Solarize", "SolarizeAdd")
        moves = name in ("Rotate", "ShearX", "ShearY", "TranslateX", "TranslateY")
        for magnitude in (0, 3.7, 9, 10) if image == "main" and name not in ("AutoContrast", "Equalize", "Invert") else (8.3,):
            for negative in (False, True) if directed and image in ("main", "wide") else (False,):
                for filter in ("Bilinear", "Bicubic") if moves else ("Bicubic",):
                    auto_augment.random.random = lambda: 0.9 if negative else 0.1
                    operation = auto_augment.AugmentOp(transform, prob=1.0, magnitude=magnitude, hparams={
                        "img_mean": (124, 116, 104), "interpolation": Image.BILINEAR if filter == "Bilinear" else Image.BICUBIC})
                    result = operation(images[image])
                    operations.append({"name": name, "image": image, "magnitude": magnitude, "negative": negative, "filter": filter,
                                       "pixels": encode(result)["pixels"]})
jitter = []
for name, adjust in (("Brightness", F.adjust_brightness), ("Contrast", F.adjust_contrast), ("Saturation", F.adjust_saturation)):
    for image in images:
        for factor in (0, 0.6, 0.93, 1, 1.4) if image == "main" else (1.37,):
            jitter.append({"name": name, "image": image, "factor": factor, "pixels": encode(adjust(images[image], factor))["pixels"]})
crops = []
for image, (left, top, width, height), size in (("wide", (3, 2, 20, 9), 12), ("wide", (0, 0, 40, 17), 16), ("main", (12, 10, 1, 1), 3), ("main", (1, 4, 9, 7), 24)):
    crops.append({"image": image, "window": [left, top, width, height], "size": size, "pixels": encode(
        F.resized_crop(images[image], top, left, height, width, [size, size], T.InterpolationMode.BICUBIC))["pixels"]})
json.dump({"images": {name: encode(image) for name, image in images.items()}, "operations": operations, "jitter": jitter, "crops": crops},
          open("augmentation/operations.json", "w"))


def moments(draws):
    draws = np.array(draws, dtype=np.float64)
    return {"mean": draws.mean(0).tolist(), "deviation": draws.std(0).tolist(), "fourth": ((draws - draws.mean(0)) ** 4).mean(0).tolist()}


windows = []
for width, height, scale, ratio in ((300, 200, (0.08, 1), (3 / 4, 4 / 3)), (500, 40, (0.08, 1), (3 / 4, 4 / 3)), (32, 32, (0.2, 1), (3 / 4, 4 / 3)),
                                    (20, 300, (0.5, 0.9), (0.5, 1.5)), (2, 3, (0.08, 1), (3 / 4, 4 / 3))):
    image = torch.zeros(3, height, width)
    draws = [T.RandomResizedCrop.get_params(image, list(scale), list(ratio)) for _ in range(40000)]
    windows.append({"width": width, "height": height, "scale": scale, "ratio": ratio, "count": len(draws),
                    **moments([(j, i, w, h, w * h, np.log(w / h)) for i, j, h, w in draws])})
erased = []
for width, height in ((224, 224), (40, 25)):
    image = torch.zeros(1, height, width)
    draws = [T.RandomErasing.get_params(image, (0.02, 1 / 3), (0.3, 1 / 0.3), [0.0])[:4] for _ in range(40000)]
    erased.append({"width": width, "height": height, "count": len(draws), **moments([(j, i, w, h, w * h, np.log(w / h)) for i, j, h, w in draws])})
json.dump({"windows": windows, "erased": erased}, open("augmentation/crops.json", "w"))

labels = [2, 0, 1, 1, 3]
targets = [{"labels": l, "share": share, "smoothing": smoothing, "targets": mixup.mixup_target(torch.tensor(l), 4, share, smoothing).flatten().tolist()}
           for l in (labels, labels[:4], [1, 3, 3, 1]) for share in (1.0, 0.3) for smoothing in (0.1, 0.0)]
boxes = []
for width, height in ((32, 32), (50, 21)):
    draws = []
    for _ in range(40000):
        (top, bottom, left, right), share = mixup.cutmix_bbox_and_lam((8, 3, height, width), np.random.beta(1, 1))
        draws.append((left, top, right - left, bottom - top, share))
    boxes.append({"width": width, "height": height, "count": len(draws), **moments(draws)})
json.dump({"targets": targets, "boxes": boxes}, open("augmentation/mixing.json", "w"))

probabilities = [0.001, 0.01, *np.arange(0.05, 0.96, 0.05).round(2).tolist(), 0.99, 0.999]
distributions = [{"name": "normal", "parameters": [], "quantiles": scipy.stats.norm.ppf(probabilities).tolist()}]
for shape in (0.05, 0.3, 1, 2.7, 40):
    distributions.append({"name": "gamma", "parameters": [shape], "quantiles": scipy.stats.gamma.ppf(probabilities, shape).tolist()})
for a, b in ((0.8, 0.8), (1, 1), (0.1, 0.1), (2, 5), (0.3, 3), (200, 100)):
    distributions.append({"name": "beta", "parameters": [a, b], "quantiles": scipy.stats.beta.ppf(probabilities, a, b).tolist()})
json.dump({"probabilities": probabilities, "distributions": distributions}, open("augmentation/distributions.json", "w"))
