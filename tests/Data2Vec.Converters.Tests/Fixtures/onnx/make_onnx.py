"""Makes small BERTs in ONNX, as PyTorch 1.13 exports them, and their hidden states by PyTorch.

    python3 make_onnx.py

folded.onnx     opset 11: the matrices of linear layers are transposed and have numbers for names
paths.onnx      opset 17: nodes are named by the paths of modules, normalizations are one node
unfolded.onnx   opset 11 without constant folding: all tensors keep their names
"""
import os
import numpy as np
import torch
from torch import nn

HIDDEN, HEADS, LAYERS, INNER, WORDS, POSITIONS = 24, 3, 2, 32, 50, 20


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.self = nn.ModuleDict({name: nn.Linear(HIDDEN, HIDDEN) for name in ("query", "key", "value")})
        self.output = nn.ModuleDict({"dense": nn.Linear(HIDDEN, HIDDEN), "LayerNorm": nn.LayerNorm(HIDDEN, 1e-12)})

    def forward(self, x):
        def heads(t):
            return t.view(t.size(0), t.size(1), HEADS, HIDDEN // HEADS).transpose(1, 2)

        q, k, v = (heads(self.self[name](x)) for name in ("query", "key", "value"))
        scores = torch.softmax(q @ k.transpose(-1, -2) / (HIDDEN // HEADS) ** 0.5, -1) @ v
        joined = scores.transpose(1, 2).reshape(x.size(0), x.size(1), HIDDEN)
        return self.output["LayerNorm"](self.output["dense"](joined) + x)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = Attention()
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(HIDDEN, INNER)})
        self.output = nn.ModuleDict({"dense": nn.Linear(INNER, HIDDEN), "LayerNorm": nn.LayerNorm(HIDDEN, 1e-12)})

    def forward(self, x):
        x = self.attention(x)
        return self.output["LayerNorm"](self.output["dense"](nn.functional.gelu(self.intermediate["dense"](x))) + x)


class Bert(nn.Module):
    def __init__(self):
        super().__init__()
        self.embeddings = nn.ModuleDict({
            "word_embeddings": nn.Embedding(WORDS, HIDDEN), "position_embeddings": nn.Embedding(POSITIONS, HIDDEN),
            "token_type_embeddings": nn.Embedding(2, HIDDEN), "LayerNorm": nn.LayerNorm(HIDDEN, 1e-12)})
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList([Layer() for _ in range(LAYERS)])})
        self.pooler = nn.ModuleDict({"dense": nn.Linear(HIDDEN, HIDDEN)})

    def forward(self, input_ids, token_type_ids):
        parts = self.embeddings
        positions = torch.arange(input_ids.size(1)).unsqueeze(0)
        x = parts["LayerNorm"](parts["word_embeddings"](input_ids) + parts["token_type_embeddings"](token_type_ids) + parts["position_embeddings"](positions))
        for layer in self.encoder["layer"]:
            x = layer(x)
        return x, torch.tanh(self.pooler["dense"](x[:, 0]))


torch.manual_seed(7)
model = Bert().eval()
with torch.no_grad():
    for parameter in model.parameters():
        parameter.add_(0.2 * torch.randn_like(parameter))

ids = torch.tensor([[2, 17, 5, 44, 9, 31, 3]])
folder = os.path.dirname(os.path.abspath(__file__))
for name, opset, folds in (("folded", 11, True), ("paths", 17, True), ("unfolded", 11, False)):
    torch.onnx.export(
        model, (ids, torch.zeros_like(ids)), os.path.join(folder, name + ".onnx"), opset_version=opset, do_constant_folding=folds,
        input_names=["input_ids", "token_type_ids"], output_names=["last_hidden_state", "pooler_output"],
        dynamic_axes={"input_ids": {0: "batch", 1: "sequence"}, "token_type_ids": {0: "batch", 1: "sequence"}})
with torch.no_grad():
    np.save(os.path.join(folder, "hidden.npy"), model(ids, torch.zeros_like(ids))[0][0].numpy())
