"""The operations and encoders of gpu-check in PyTorch, on the same sizes: a table on stdout; exits with 1 where torch finds no card.

The encoders are data2vec's base models written plainly, with random weights: in f32, in bf16, and in bf16 compiled where the card's PyTorch can.
"""
import sys
import time

try:
    import torch
    import torch.nn.functional as functional
    from torch import nn
except ImportError:
    sys.exit(1)
if not torch.cuda.is_available():
    sys.exit(1)

HIDDEN, HEADS, LAYERS, FEED_FORWARD = 768, 12, 12, 3072

torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False


def seconds(operation):
    operation()
    torch.cuda.synchronize()
    runs = 1
    while True:
        start = time.perf_counter()
        for _ in range(runs):
            operation()
        torch.cuda.synchronize()
        taken = time.perf_counter() - start
        if taken >= 0.5:
            return taken / runs
        runs *= 2


def noise(*shape):
    return torch.rand(*shape, device="cuda") - 0.5


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.inputs, self.output = nn.Linear(HIDDEN, 3 * HIDDEN), nn.Linear(HIDDEN, HIDDEN)

    def forward(self, x, bias):
        sequences, length, _ = x.shape
        q, k, v = self.inputs(x).view(sequences, length, 3, HEADS, HIDDEN // HEADS).permute(2, 0, 3, 1, 4)
        return self.output(functional.scaled_dot_product_attention(q, k, v, attn_mask=bias).transpose(1, 2).reshape(x.shape))


class Layer(nn.Module):
    def __init__(self, pre_norm):
        super().__init__()
        self.pre_norm, self.attention = pre_norm, Attention()
        self.norms = nn.ModuleList([nn.LayerNorm(HIDDEN), nn.LayerNorm(HIDDEN)])
        self.feed_forward = nn.Sequential(nn.Linear(HIDDEN, FEED_FORWARD), nn.GELU(), nn.Linear(FEED_FORWARD, HIDDEN))

    def forward(self, x, bias):
        if self.pre_norm:
            x = x + self.attention(self.norms[0](x), bias)
            return x + self.feed_forward(self.norms[1](x))
        x = self.norms[0](x + self.attention(x, bias))
        return self.norms[1](x + self.feed_forward(x))


class ChannelNorm(nn.Module):
    """A normalization over the channels of each frame, then GELU."""

    def __init__(self, channels):
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, x):
        return functional.gelu(self.norm(x.transpose(1, 2)).transpose(1, 2))


class Encoder(nn.Module):
    def __init__(self, pre_norm=False, tokens=0):
        super().__init__()
        self.layers = nn.ModuleList([Layer(pre_norm) for _ in range(LAYERS)])
        self.bias = nn.Parameter(torch.zeros(HEADS, tokens, tokens)) if tokens else None

    def forward(self, x):
        for layer in self.layers:
            x = layer(x, self.bias)
        return x.mean(1)


class Speech(nn.Module):
    def __init__(self):
        super().__init__()
        shapes = [(1, 10, 5)] + 4 * [(512, 3, 2)] + 2 * [(512, 2, 2)]
        self.extractor = nn.Sequential(*(module for channels, kernel, stride in shapes
                                         for module in (nn.Conv1d(channels, 512, kernel, stride, bias=False), ChannelNorm(512))))
        self.projection = nn.Sequential(nn.LayerNorm(512), nn.Linear(512, HIDDEN))
        self.positions = nn.Sequential(*(module for _ in range(5)
                                         for module in (nn.Conv1d(HIDDEN, HIDDEN, 19, padding=9, groups=16), ChannelNorm(HIDDEN))))
        self.norm, self.encoder = nn.LayerNorm(HIDDEN), Encoder()

    def forward(self, waveforms):
        x = self.projection(self.extractor(waveforms[:, None]).transpose(1, 2))
        return self.encoder(self.norm(x + self.positions(x.transpose(1, 2)).transpose(1, 2)))


class Text(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(50_265, HIDDEN), nn.Embedding(514, HIDDEN)
        self.norm, self.encoder = nn.LayerNorm(HIDDEN), Encoder()

    def forward(self, ids):
        return self.encoder(self.norm(self.tokens(ids) + self.positions(torch.arange(2, ids.shape[1] + 2, device=ids.device))))


class Vision(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches, self.first = nn.Conv2d(3, HIDDEN, 16, 16), nn.Parameter(torch.zeros(1, 1, HIDDEN))
        self.encoder, self.norm = Encoder(pre_norm=True, tokens=197), nn.LayerNorm(HIDDEN)

    def forward(self, pixels):
        x = self.patches(pixels).flatten(2).transpose(1, 2)
        return self.norm(self.encoder(torch.cat([self.first.expand(x.shape[0], -1, -1), x], 1)))


def encoders():
    """Each kind of encoder, with its inputs of gpu-check by their names."""
    yield Speech(), {f"audio 10 s{f' x {count}' if count > 1 else ''}": noise(count, 160_000) for count in (1, 8, 64)}
    yield Text(), {f"text {count} x 128": torch.randint(4, 50_000, (count, 128), device="cuda") for count in (1, 32, 256)}
    yield Vision(), {f"vision {count}": noise(count, 3, 224, 224) for count in (1, 32, 256)}


def measure_encoders():
    for model, inputs in encoders():
        model = model.cuda().eval()
        for kind in ("f32", "bf16", "bf16 compiled"):
            if kind == "bf16":
                model = model.bfloat16()
            if kind == "bf16 compiled":
                if not hasattr(torch, "compile"):
                    continue
                model = torch.compile(model)
            for name, x in inputs.items():
                if kind != "f32" and x.is_floating_point():
                    x = x.bfloat16()
                try:
                    print(f"| encoder | {name}, {kind} | {1e3 * seconds(lambda: model(x)):.4g} | | |", flush=True)
                except Exception as problem:  # what a card or a version cannot do is a row of the table too
                    print(f"| encoder | {name}, {kind} | {type(problem).__name__} | | |", flush=True)


print("| what | sizes | ms | TFLOP/s | GB/s |\n| --- | --- | --- | --- | --- |")
with torch.inference_mode():
    for rows in (128, 512, 4096, 16384):
        for inputs, outputs in ((768, 2304), (768, 768), (768, 3072), (3072, 768)):
            x, w, b = noise(rows, inputs), noise(outputs, inputs), noise(outputs)
            taken = seconds(lambda: functional.linear(x, w, b))
            print(f"| product | {rows} x {inputs} x {outputs} | {1e3 * taken:.4g} | {2e-12 * rows * inputs * outputs / taken:.2f} | |")
    for sequences, length in ((1, 499), (32, 197), (256, 128), (8, 1500)):
        q = noise(sequences, 12, length, 64)
        taken = seconds(lambda: functional.scaled_dot_product_attention(q, q, q))
        print(f"| attention | {sequences} x {length}, 12 heads of 64 | {1e3 * taken:.4g} | {4e-12 * sequences * length * length * 768 / taken:.2f} | |")
    x = noise(32768, 768)
    y = torch.empty_like(x)
    for name, operation in (
        ("copy", lambda: y.copy_(x)),
        ("layer norm", lambda: functional.layer_norm(x, (768,))),
        ("layer norm + GELU", lambda: functional.gelu(functional.layer_norm(x, (768,)))),
    ):
        taken = seconds(operation)
        print(f"| memory | {name} 32768 x 768 | {1e3 * taken:.4g} | | {2e-9 * 4 * x.numel() / taken:.0f} |")
    measure_encoders()
