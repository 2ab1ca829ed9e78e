"""Makes training.json: 100 steps of PyTorch's training of the fusion network, dropout off, with all that is needed to repeat them.

    python3 make_training.py
"""
import json
import os

import torch

INPUTS, HIDDEN, EXAMPLES, BATCH, STEPS, RATE = 12, 6, 60, 25, 100, 1e-2

torch.manual_seed(0)
x = torch.randn(EXAMPLES, INPUTS)
labels = (x[:, 0] * x[:, 1] > 0).float()
network = torch.nn.Sequential(
    torch.nn.Linear(INPUTS, HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, 1))
start = [parameter.detach().flatten().tolist() for parameter in network.parameters()]
adam = torch.optim.Adam(network.parameters(), lr=RATE)
batches, losses = [], []
for step in range(STEPS):
    batch = torch.randperm(EXAMPLES)[:BATCH]
    loss = torch.nn.functional.mse_loss(network(x[batch])[:, 0], labels[batch])
    adam.zero_grad()
    loss.backward()
    adam.step()
    batches.append(batch.tolist())
    losses.append(loss.item())

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "training.json"), "w") as file:
    json.dump({
        "rate": RATE, "x": x.tolist(), "labels": [label == 1 for label in labels.tolist()], "start": start, "batches": batches, "losses": losses,
        "end": [parameter.detach().flatten().tolist() for parameter in network.parameters()],
    }, file)
