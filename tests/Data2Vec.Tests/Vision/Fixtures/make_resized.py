"""Writes small images resized by Pillow and transformed by torchvision.

Run with Python 3, Pillow, NumPy and torchvision: python3 make_resized.py
resized.bin has records of width, height, target width, target height and filter (2 bilinear, 3 bicubic; int32 each), then the samples of
source and target. preprocessed.bin has records of width, height, resize (0 squash, 1 shorter side), resize size, crop size and filter
(int32 each), then the samples of the source and the transformed float32 values.
"""

import os
import struct

import numpy as np
from PIL import Image
from torchvision import transforms

FOLDER = os.path.dirname(os.path.abspath(__file__))
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
random = np.random.default_rng(2022)


def picture(width, height):
    """Either noise, which makes the filter overshoot, or flat fields with hard edges."""
    if random.integers(2):
        return random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    y, x = np.mgrid[0:height, 0:width]
    fields = ((x // random.integers(1, 9) + y // random.integers(1, 9))[..., None] * random.integers(1, 255, 3)) % 256
    return fields.astype(np.uint8)


def resized():
    sizes = [(1, 1, 1, 1), (1, 1, 9, 7), (9, 7, 1, 1), (1, 60, 5, 5), (60, 1, 5, 5), (2, 2, 31, 3), (900, 1, 40, 3),
             (1, 900, 3, 40), (3, 2, 500, 2), (2, 3, 2, 500), (20, 20, 20, 20), (20, 20, 20, 11), (20, 20, 11, 20),
             (64, 48, 32, 24), (33, 47, 32, 32), (400, 3, 7, 3), (17, 19, 34, 38)]
    while len(sizes) < 90:
        sizes.append(tuple(int(n) for n in np.exp(random.uniform(0, np.log(44), 4)).round()))
    with open(os.path.join(FOLDER, "resized.bin"), "wb") as file:
        for i, (width, height, target_width, target_height) in enumerate(sizes):
            source = picture(width, height)
            method = 2 if i % 6 == 5 else 3
            target = Image.fromarray(source).resize((target_width, target_height), method)
            file.write(struct.pack("<5i", width, height, target_width, target_height, method) + source.tobytes() + target.tobytes())


def preprocessed():
    cases = [(32, 32, 1, 36, 32), (41, 30, 1, 18, 16), (30, 41, 1, 18, 16), (40, 27, 1, 16, 13), (27, 40, 1, 16, 13),
             (53, 31, 1, 15, 12), (31, 53, 1, 15, 12), (40, 30, 0, 16, 16), (9, 50, 0, 17, 12), (7, 5, 1, 8, 15),
             (5, 7, 1, 8, 15), (60, 20, 1, 6, 15), (20, 60, 1, 6, 14), (12, 12, 0, 8, 13), (1, 1, 1, 5, 4), (3, 200, 1, 4, 5)]
    with open(os.path.join(FOLDER, "preprocessed.bin"), "wb") as file:
        for i, (width, height, shorter, size, crop) in enumerate(cases):
            method = 2 if i % 5 == 4 else 3
            source = picture(width, height)
            mode = transforms.InterpolationMode.BILINEAR if method == 2 else transforms.InterpolationMode.BICUBIC
            steps = transforms.Compose([transforms.Resize(size if shorter else (size, size), mode), transforms.CenterCrop(crop),
                                        transforms.ToTensor(), transforms.Normalize(MEAN, DEVIATION)])
            values = steps(Image.fromarray(source)).numpy()
            file.write(struct.pack("<6i", width, height, shorter, size, crop, method) + source.tobytes() + values.astype("<f4").tobytes())


if __name__ == "__main__":
    resized()
    preprocessed()
