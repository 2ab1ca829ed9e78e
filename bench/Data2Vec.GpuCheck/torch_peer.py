"""The operations and encoders of gpu-check in PyTorch, on the same sizes: a table on stdout; exits with 1 where torch finds no card.

The encoders are data2vec's base models written plainly, with random weights: in bf16, in bf16 compiled where the card's PyTorch can, in f16, and in f32
with and without tf32.
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

SAMPLES, LEAST_SECONDS = 5, 0.02


def taken(operation, runs):
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(runs):
        operation()
    torch.cuda.synchronize()
    return time.perf_counter() - start


def seconds(operation):
    """Of one run: the median of samples that each take long enough to be measured, as gpu-check does it."""
    taken(operation, 3)
    runs = 1
    while taken(operation, runs) < LEAST_SECONDS:
        runs *= 2
    return sorted(taken(operation, runs) for _ in range(SAMPLES))[SAMPLES // 2] / runs


def row(group, name, operation, flops=0, size=0):
    """Prints a line of the table; what a card or a version cannot do is one too."""
    try:
        time_of_one = seconds(operation)
        rate = f"{1e-12 * flops / time_of_one:.2f}" if flops else ""
        print(f"| {group} | {name} | {1e3 * time_of_one:.4g} | {rate} | {f'{1e-9 * size / time_of_one:.0f}' if size else ''} |", flush=True)
    except Exception as problem:
        print(f"| {group} | {name} | {type(problem).__name__} | | |", flush=True)


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


def products(kind, end):
    for rows in (128, 8192):
        for inputs, outputs in ((768, 2304), (768, 768), (768, 3072), (3072, 768)):
            x, w, b = noise(rows, inputs).to(kind), noise(outputs, inputs).to(kind), noise(outputs).to(kind)
            row("product", f"{rows} x {inputs} x {outputs}{end}", lambda: functional.linear(x, w, b), 2 * rows * inputs * outputs)


def operations(kind):
    """Products, attention and norms on the sizes of gpu-check."""
    end = {torch.float32: "", torch.float16: ", f16", torch.bfloat16: ", bf16"}[kind]
    products(kind, end)
    for sequences, length in ((1, 499), (32, 197), (32, 500), (8, 1500), (32, 1500)):
        q, k, v = (noise(sequences, HEADS, length, 64).to(kind) for _ in range(3))
        row("attention", f"{sequences} x {length}, 12 heads of 64{end}",
            lambda: functional.scaled_dot_product_attention(q, k, v), 4 * sequences * length * length * HIDDEN)
    x = noise(32768, HIDDEN).to(kind)
    y = torch.empty_like(x)
    size = 2 * x.numel() * x.element_size()
    row("memory", f"copy 32768 x 768{end}", lambda: y.copy_(x), size=size)
    row("memory", f"layer norm 32768 x 768{end}", lambda: functional.layer_norm(x, (HIDDEN,)), size=size)
    row("memory", f"layer norm + GELU 32768 x 768{end}", lambda: functional.gelu(functional.layer_norm(x, (HIDDEN,))), size=size)


def encoders():
    """Each kind of encoder, with inputs in the host's memory, alone and many, by gpu-check's names."""
    yield Speech, {"audio 10 s": torch.rand(1, 160_000) - 0.5, "audio 10 s x 64": torch.rand(64, 160_000) - 0.5}
    yield Text, {"text 1 x 128": torch.randint(4, 50_000, (1, 128)), "text 256 x 128": torch.randint(4, 50_000, (256, 128))}
    yield Vision, {"vision 1": torch.rand(1, 3, 224, 224) - 0.5, "vision 256": torch.rand(256, 3, 224, 224) - 0.5}


def run(model, x, kind):
    """From an input in the host's memory to vectors in it, as gpu-check runs the encoders."""
    x = x.cuda()
    return model(x.to(kind) if x.is_floating_point() else x).float().cpu()


def eager_encoders():
    for encoder, inputs in encoders():
        model = encoder().cuda().eval().bfloat16()
        for name, x in inputs.items():
            row("encoder", f"{name}, bf16", lambda: run(model, x, torch.bfloat16))
            there = x.cuda().bfloat16() if x.is_floating_point() else x.cuda()
            row("encoder", f"{name}, bf16, input on the card", lambda: model(there))


def compiled_encoders():
    """Compiled for each of its sizes."""
    for encoder, inputs in encoders():
        model = torch.compile(encoder().cuda().eval().bfloat16(), dynamic=False)
        for name, x in inputs.items():
            row("encoder", f"{name}, bf16 compiled", lambda: run(model, x, torch.bfloat16))


def many_encoders(kind, end):
    for encoder, inputs in encoders():
        model = encoder().cuda().eval().to(kind)
        name, x = list(inputs.items())[-1]
        row("encoder", name + end, lambda: run(model, x, kind))


def use_tf32(wanted):
    torch.backends.cuda.matmul.allow_tf32 = wanted
    torch.backends.cudnn.allow_tf32 = wanted


# What there are bounds of comes first; compiling takes long.
print("| what | sizes | ms | TFLOP/s | GB/s |\n| --- | --- | --- | --- | --- |")
use_tf32(False)
with torch.inference_mode():
    operations(torch.bfloat16)
    eager_encoders()
    if hasattr(torch, "compile"):
        compiled_encoders()
    operations(torch.float16)
    many_encoders(torch.float16, ", f16")
    use_tf32(True)
    products(torch.float32, ", tf32")
    many_encoders(torch.float32, ", tf32")
    use_tf32(False)
    operations(torch.float32)
    many_encoders(torch.float32, "")
