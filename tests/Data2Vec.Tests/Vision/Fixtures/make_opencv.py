"""Writes images resized by OpenCV with INTER_CUBIC, in BGR order, as "Hate Speech in Pixels" prepares its images.

    python3 make_opencv.py        writes opencv.bin to this folder; needs python3-opencv (4.6)

A record has width, height and side (i32), the samples of the image [height, width, 3] in RGB, and those of the result [3, side, side] in BGR.
"""
import os
import struct

import cv2
import numpy as np

random = np.random.default_rng(7)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "opencv.bin"), "wb") as file:
    for width, height, side in [(1, 1, 3), (2, 3, 7), (5, 4, 16), (31, 17, 16), (16, 16, 16), (9, 40, 23), (90, 61, 32), (64, 3, 12),
                                (48, 56, 64), (61, 45, 51), (17, 80, 33), (80, 20, 49)]:
        for sharp in (False, True):
            image = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
            if sharp:  # the edges of letters overshoot
                image = np.where(image > 127, 255, 0).astype(np.uint8)
            bgr = cv2.resize(image[:, :, ::-1], (side, side), interpolation=cv2.INTER_CUBIC)
            file.write(struct.pack("<3i", width, height, side) + image.tobytes() + bgr.transpose(2, 0, 1).tobytes())
