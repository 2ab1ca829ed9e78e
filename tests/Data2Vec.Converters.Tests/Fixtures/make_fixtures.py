"""Writes the PyTorch fixtures of the tests, and what torch itself reads in them (expected.json).

Run in this folder with Python 3 and PyTorch (1.13 wrote the files that stand here): python3 make_fixtures.py
"""

import argparse
import collections
import decimal
import enum
import json
import math
import os
import zipfile

import numpy
import torch

torch.manual_seed(1)


class Colour(enum.Enum):
    RED = 1


class Settings:
    def __init__(self):
        self.rate = 16000
        self.nested = {"depth": [1, 2, (3, 4)]}


class Words(dict):
    pass


class Names(list):
    pass


def tensors():
    base = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4) * 0.5 - 3
    shared = torch.randn(40)
    specials = torch.tensor([math.inf, -math.inf, math.nan, 0.0, -0.0, 1e-45, 3.4028234663852886e38])
    return collections.OrderedDict(
        f64=torch.tensor([1.1, -2.2, 1e300, 1e-310], dtype=torch.float64),
        f32=torch.randn(2, 3),
        f16=torch.tensor([0.1, -65504.0, 6e-8, math.inf], dtype=torch.float16),
        bf16=torch.tensor([0.1, -3e38, 1e-40, math.nan], dtype=torch.bfloat16),
        i64=torch.tensor([[0, -1], [2**53, -(2**62)]]),
        i32=torch.tensor([-(2**31), 2**31 - 1, 7], dtype=torch.int32),
        i16=torch.tensor([-32768, 32767, 5], dtype=torch.int16),
        i8=torch.tensor([-128, 127, 3], dtype=torch.int8),
        u8=torch.tensor([0, 255, 128], dtype=torch.uint8),
        bool=torch.tensor([[True, False, True]]),
        specials=specials,
        scalar=torch.tensor(2.5),
        empty=torch.zeros(0),
        empty_matrix=torch.zeros(3, 0, 2),
        transposed=base.transpose(0, 2),
        permuted=base.permute(1, 2, 0),
        sliced=base[:, 1:, ::2],
        last_row=base[1, 2],
        expanded=torch.tensor([[1.0], [2.0]]).expand(2, 5),
        expanded_scalar=torch.tensor(7.0).expand(3, 2),
        overlapping=torch.as_strided(shared, (5, 4), (2, 1), 3),
        reversed_strides=torch.as_strided(shared, (2, 3, 2), (1, 2, 11), 1),
        shared_first=shared[:10],
        shared_rest=shared[10:],
        parameter=torch.nn.Parameter(torch.randn(3, 2)),
        parameter_transposed=torch.nn.Parameter(torch.randn(3, 2).t()),
        sliced_i64=torch.arange(20).reshape(4, 5)[1:, ::3],
        sliced_f16=torch.arange(20, dtype=torch.float16).reshape(4, 5).t(),
        large=torch.arange(3000, dtype=torch.int16).reshape(50, 60).t(),
    )


def values():
    shared = [1, 2]
    metadata = collections.OrderedDict(b=1, a=2)
    metadata._metadata = {"version": 2}
    counted = collections.Counter("aab")
    defaults = collections.defaultdict(list, x=[1])
    return {
        "none": None,
        "true": True,
        "false": False,
        "integers": [0, 1, -1, 255, 256, 65535, 65536, -(2**31), 2**31, 2**62, -(2**63), 2**63, -(2**63) - 1, 10**40],
        "floats": (0.1, -1.5e300, math.inf, math.nan),
        "texts": ["", "plain", "Grüße, 世界 🎧", "line\nbreak \\u0041 \\"],
        "bytes": b"\x00\xff text",
        "no_bytes": b"",
        "bytearray": bytearray(b"\x01\x80"),
        "complex": 1.5 - 2j,
        "set": {5},
        "frozenset": frozenset([6]),
        "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
        "keys": {1: "one", None: "none", (1, 2): "pair", 2.5: "half", "yes": "y"},
        "shared": [shared, shared],
        "ordered": metadata,
        "counter": counted,
        "defaults": defaults,
        "namespace": argparse.Namespace(arch="data2vec_audio", layers=12, flags=["a", "b"]),
        "settings": Settings(),
        "colour": Colour.RED,
        "words": Words(hello=1),
        "names": Names(["x", "y"]),
        "decimal": decimal.Decimal("1.25"),
        "dtype": torch.float16,
        "size": torch.Size([2, 3]),
        "device": torch.device("cpu"),
        "numpy_scalar": numpy.float64(0.25),
        "numpy_array": numpy.arange(4, dtype=numpy.int32),
        "tensor": torch.tensor([1.0, 2.0]),
        "long_list": list(range(2500)),
    }


def unsupported():
    return {
        "complex": torch.ones(2, dtype=torch.complex64),
        "quantized": torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8),
        "sparse": torch.eye(2).to_sparse(),
        "readable": torch.tensor([4.0]),
    }


def number(value):
    return value if math.isfinite(value) else str(value)


def expectation(tensor):
    return {
        "dtype": str(tensor.dtype).replace("torch.", ""),
        "shape": list(tensor.shape),
        "contiguous": tensor.is_contiguous(),
        "values": [number(v) for v in tensor.detach().to(torch.float32).contiguous().flatten().tolist()],
    }


def deflate(source, target):
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename.replace("tensors", "any name"), old.read(info))


def zip64(source, target):
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            with new.open(info.filename, "w", force_zip64=True) as part:
                part.write(old.read(info))


def main():
    torch.save(tensors(), "tensors.pt")
    torch.save(tensors(), "tensors_legacy.pt", _use_new_zipfile_serialization=False)
    deflate("tensors.pt", "tensors_deflated.pt")
    zip64("tensors.pt", "tensors_zip64.pt")
    for protocol in 2, 3, 4, 5:
        torch.save(values(), f"values_protocol{protocol}.pt", pickle_protocol=protocol)
    torch.save(values(), "values_legacy.pt", _use_new_zipfile_serialization=False, pickle_protocol=2)
    torch.save(unsupported(), "unsupported.pt")
    torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), "torchscript.pt")
    expected = {}
    for name in "tensors.pt", "tensors_legacy.pt":
        expected[name] = {key: expectation(tensor) for key, tensor in torch.load(name).items()}
    with open("expected.json", "w") as file:
        json.dump(expected, file)


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    main()
