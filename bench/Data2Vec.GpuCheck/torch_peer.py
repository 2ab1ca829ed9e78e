"""The operations of gpu-check in PyTorch, on the same sizes: a table on stdout; exits with 1 where torch finds no card."""
import sys
import time

try:
    import torch
    import torch.nn.functional as functional
except ImportError:
    sys.exit(1)
if not torch.cuda.is_available():
    sys.exit(1)

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
