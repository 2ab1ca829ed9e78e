"""Makes tiny/resized_{grid}.npy: the table of relative position bias of vision_tiny.pt, which is for a grid of 4, for others.

As BEiT's run_class_finetuning.py: scipy's interp2d (scipy < 1.14, which is FITPACK without smoothing) from distances in
geometric progression. Also sines and cosines of positions, tiny/positions_{grid}.npy, [grid * grid, 16].
"""

import os

import numpy as np
import torch
from scipy.interpolate import interp2d

HERE = os.path.dirname(os.path.abspath(__file__))
NAME = "encoder.rel_pos_bias.relative_position_bias_table"


def places(source, target):
    low, high = 1.01, 1.5
    while high - low > 1e-6:
        ratio = (low + high) / 2
        if (1 - ratio ** (source // 2)) / (1 - ratio) > target // 2:
            high = ratio
        else:
            low = ratio
    positive = np.cumsum([ratio**i for i in range(source // 2)])
    return np.concatenate([-positive[::-1], [0], positive])


def resized(table, source, target):
    x, at = places(source, target), np.arange(target) - target // 2
    heads = [
        interp2d(x, x, table[:-3, head].reshape(source, source), kind="cubic")(at, at).reshape(-1)
        for head in range(table.shape[1])
    ]
    return np.concatenate([np.stack(heads, 1), table[-3:]]).astype(np.float32)


def positions(grid, features):
    row, column = np.divmod(np.arange(grid * grid), grid)
    frequency = 10000.0 ** (-np.arange(features // 4) / (features // 4))
    parts = [wave(place[:, None] * frequency) for place in (column, row) for wave in (np.sin, np.cos)]
    return np.concatenate(parts, 1).astype(np.float32)


if __name__ == "__main__":
    table = torch.load(f"{HERE}/vision_tiny.pt", map_location="cpu")["model"][NAME].float().numpy()
    for grid in (3, 6, 20):
        np.save(f"{HERE}/tiny/resized_{grid}.npy", resized(table, 7, 2 * grid - 1))
    np.save(f"{HERE}/tiny/positions_5.npy", positions(5, 16))
