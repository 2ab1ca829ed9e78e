"""A narrow VGG-16 with random weights in torchvision's layout, and its activations, computed by PyTorch.

    python3 make_vgg.py        writes vgg_tiny.pth, image.npy, activations.npy beside itself
"""
import os

import numpy as np
import torch
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
BLOCKS = [[4, 6], [8, 8], [10, 8, 8], [12, 12, 12], [12, 12, 12]]
GRID, INTERMEDIATE, HIDDEN, CLASSES = 2, 24, 20, 10

torch.manual_seed(16)
features, channels = [], 3
for block in BLOCKS:
    for width in block:
        features += [nn.Conv2d(channels, width, kernel_size=3, padding=1), nn.ReLU()]
        channels = width
    features.append(nn.MaxPool2d(kernel_size=2, stride=2))


class Vgg(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(
            nn.Linear(channels * GRID * GRID, INTERMEDIATE), nn.ReLU(), nn.Dropout(),
            nn.Linear(INTERMEDIATE, HIDDEN), nn.ReLU(), nn.Dropout(),
            nn.Linear(HIDDEN, CLASSES))


model = Vgg().eval()
for module in model.modules():
    if isinstance(module, (nn.Conv2d, nn.Linear)):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        nn.init.normal_(module.bias, std=0.1)
torch.save(model.state_dict(), os.path.join(HERE, "vgg_tiny.pth"))

size = GRID << len(BLOCKS)
image = torch.randn(2, 3, size, size)
np.save(os.path.join(HERE, "image.npy"), image.numpy())

# What stands after each activation and pooling, pixels before channels, for the first image; then fc6 and both images' features.
seen = []
with torch.no_grad():
    x = image
    for layer in model.features:
        x = layer(x)
        if not isinstance(layer, nn.Conv2d):
            seen.append(x[0].permute(1, 2, 0).reshape(-1))
    x = torch.flatten(x, 1)
    x = model.classifier[1](model.classifier[0](x))
    seen.append(x[0])
    seen.append(model.classifier[3](x).reshape(-1))
np.save(os.path.join(HERE, "activations.npy"), torch.cat(seen).numpy())
