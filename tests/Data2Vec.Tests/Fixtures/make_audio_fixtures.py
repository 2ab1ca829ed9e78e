"""Writes Fixtures/audio and Fixtures/npy. Run it in this folder.

Needs sox 14.4, and Python 3.11 or 3.12 with numpy and scipy (audioop left the standard library in 3.13).
sox, scipy or audioop decode the expected samples, never the code under test.
"""
import audioop
import io
import subprocess

import numpy as np
import scipy.io.wavfile
import scipy.signal


def sox(*arguments, stdin=None):
    return subprocess.run(["sox", "-D", *arguments], input=stdin, stdout=subprocess.PIPE, check=True).stdout


def raw(channels, rate):
    return ["-t", "f64", "-r", str(rate), "-c", str(channels), "-"]


def sound(frames, channels, rate):
    t = np.arange(frames) / rate
    random = np.random.default_rng(frames + channels)
    return np.stack(
        [0.6 * np.sin(2 * np.pi * 300 * (c + 1) * t) + 0.1 * random.standard_normal(frames) for c in range(channels)],
        axis=1,
    ).clip(-1, 0.999)


def expect(name, interleaved):
    np.save(f"audio/{name}.npy", np.asarray(interleaved, np.float64).mean(axis=1).astype(np.float32))


def with_sox(name, encoding, channels=1, rate=16000, frames=301):
    data = sox(*raw(channels, rate), "-t", "wav", *encoding, f"audio/{name}.wav", stdin=sound(frames, channels, rate).tobytes())
    assert not data
    expect(name, np.frombuffer(sox(f"audio/{name}.wav", "-t", "f64", "-"), np.float64).reshape(-1, channels))


def with_scipy(name, dtype, channels=1, rate=16000, frames=301):
    data = sound(frames, channels, rate).astype(dtype)
    scipy.io.wavfile.write(f"audio/{name}.wav", rate, data)
    expect(name, data.astype(np.float32))


with_sox("pcm8", ["-e", "unsigned", "-b", "8"])
with_sox("pcm16", ["-e", "signed", "-b", "16"])
with_sox("pcm24", ["-e", "signed", "-b", "24"], rate=22050)
with_sox("pcm32", ["-e", "signed", "-b", "32"], rate=48000)
with_sox("alaw", ["-e", "a-law"], rate=8000)
with_sox("mulaw", ["-e", "mu-law"], rate=8000)
with_sox("stereo16", ["-e", "signed", "-b", "16"], channels=2, rate=44100)
with_sox("stereo8", ["-e", "unsigned", "-b", "8"], channels=2, rate=11025)
with_sox("five24", ["-e", "signed", "-b", "24"], channels=5, rate=96000, frames=101)
with_scipy("float32", np.float32)
with_scipy("float64", np.float64)
with_scipy("stereofloat", np.float32, channels=2)

# sox cannot fill in the sizes when it writes to a pipe.
samples = sound(301, 1, 16000)
streamed = sox(*raw(1, 16000), "-t", "wav", "-e", "signed", "-b", "16", "-", stdin=samples.tobytes())
open("audio/streamed.wav", "wb").write(streamed)
expect("streamed", np.fromfile("audio/pcm16.wav", np.int16)[22:].reshape(-1, 1) / 32768)

# All codes of G.711.
codes = bytes(range(256))
np.save("audio/alaw-codes.npy", (np.frombuffer(audioop.alaw2lin(codes, 2), np.int16) / 32768).astype(np.float32))
np.save("audio/mulaw-codes.npy", (np.frombuffer(audioop.ulaw2lin(codes, 2), np.int16) / 32768).astype(np.float32))

# Tones below 6.5 kHz, resampled with a longer filter and another window than the code under test. They fade in and out because a sudden
# edge has frequencies in the transition band, where two filters may differ.
for rate, up, down in [(44100, 160, 441), (48000, 1, 3), (22050, 320, 441), (8000, 2, 1)]:
    t = np.arange(rate // 25 + 7) / rate
    top = min(6500, 0.43 * rate)
    tones = sum(np.sin(2 * np.pi * f * t + i) for i, f in enumerate(np.linspace(0.05, 1, 6) * top)) / 8
    tones = (tones * np.hanning(len(t))).astype(np.float32)
    cutoff = 0.95 / max(up, down)
    taps = scipy.signal.firwin(2 * 400 * max(up, down) + 1, cutoff, window=("chebwin", 110))
    np.save(f"audio/tones-{rate}.npy", tones)
    np.save(f"audio/tones-{rate}-to-16000.npy", scipy.signal.resample_poly(tones.astype(np.float64), up, down, window=taps).astype(np.float32))

# npy files of every type and version. The tests repeat the formulas.
grid = np.arange(12).reshape(3, 4)
for dtype in ["f4", "f8", "i8", "i4", "u1"]:
    np.save(f"npy/{dtype}.npy", (grid / 8 - 0.5 if dtype[0] == "f" else grid).astype(dtype))
np.save("npy/b1.npy", grid % 3 == 0)
np.save("npy/f2.npy", (grid / 8 - 0.5).astype("f2"))
np.save("npy/big-endian.npy", grid.astype(">f4"))
np.save("npy/fortran.npy", np.asfortranarray(grid.astype("f4")))
np.save("npy/fortran3.npy", np.asfortranarray(np.arange(24, dtype="<f8").reshape(2, 3, 4) / 8))
np.save("npy/scalar.npy", np.float32(2.5))
np.save("npy/empty.npy", np.zeros((0, 5), "f4"))
np.save("npy/axis.npy", np.arange(5, dtype="i8"))
np.save("npy/structured.npy", np.zeros(2, [("a", "f4"), ("b", "i4")]))
np.savez("npy/archive.npz", grid)
for version in [(2, 0), (3, 0)]:
    with open(f"npy/version{version[0]}.npy", "wb") as file:
        np.lib.format.write_array(file, grid.astype("f4"), version=version)

# The normalization of fairseq on a waveform far from mean 0, in double precision.
offset = (0.3 + 0.01 * np.random.default_rng(5).standard_normal(2000)).astype(np.float32)
wide = offset.astype(np.float64)
np.save("audio/offset.npy", offset)
np.save("audio/offset-normalized.npy", ((wide - wide.mean()) / np.sqrt(wide.var() + 1e-5)).astype(np.float32))

# This script does not write utterance.wav, utterance-raw.npy and utterance-source.npy. They are an input for which fairseq's activations
# were recorded: the file, its samples, and the samples as normalized by fairseq.
