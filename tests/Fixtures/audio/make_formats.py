"""Writes the recordings of tests/Data2Vec.Tests/Fixtures/formats and tests/Data2Vec.Audio.Codecs.Tests/Fixtures, and what other programs decode from them.

Needs sox 14.4, flac 1.4, lame 3.100, vorbis-tools 1.4, opus-tools 0.2, ffmpeg 5.1 with libopus, and python3-soundfile with libsndfile 1.2:
    /usr/bin/python3 tests/Fixtures/audio/make_formats.py
NAME.s16 has the samples of NAME: channels averaged, 16 bits, little-endian. It is left out where they are those of base.wav. They come
from libsndfile; those of GSM from ffmpeg, as libsndfile decodes the padding of the chunk too; those of Opus from libopus (through ffmpeg) at 48 kHz.
"""
import os
import subprocess

import numpy as np
import soundfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
SOURCE = os.path.join(ROOT, "engine", "samples", "four-two.wav")
CORE = os.path.join(ROOT, "tests", "Data2Vec.Tests", "Fixtures", "formats")
CODECS = os.path.join(ROOT, "tests", "Data2Vec.Audio.Codecs.Tests", "Fixtures")


def run(command, **names):
    subprocess.run(["bash", "-c", "set -euo pipefail; " + command.format(**names)], check=True)


def reference(folder, name, opus=False):
    path = os.path.join(folder, name)
    if opus or name == "gsm.wav":
        info = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=channels", "-of", "default=nk=1:nw=1", path], capture_output=True, check=True)
        decoded = subprocess.run(["ffmpeg", "-v", "error", *(["-c:a", "libopus"] if opus else []), "-i", path, "-f", "f32le", "-"], capture_output=True, check=True)
        samples = np.frombuffer(decoded.stdout, "<f4").reshape(-1, int(info.stdout.split()[0]))
    else:
        samples = soundfile.read(path, dtype="float32", always_2d=True)[0]
    mono = np.clip(np.rint(samples.astype("f8").mean(1) * 32768), -32768, 32767).astype("<i2")
    base = soundfile.read(os.path.join(folder, "base.wav"), dtype="int16")[0]
    if not np.array_equal(mono, base):
        mono.tofile(path + ".s16")


def core():
    os.makedirs(CORE, exist_ok=True)
    os.chdir(CORE)
    run("sox -D {source} base.wav trim 4000s 4000s; sox -D -M base.wav -v 0.5 base.wav stereo.wav; sox -D stereo.wav -b 24 stereo24.wav gain -1", source=SOURCE)
    run("sox -D base.wav int16.aiff; sox -D stereo24.wav int24.aiff; sox -D base.wav -t aiff - | cat > piped.aiff")
    for name, codec in (("sowt", "pcm_s16le"), ("fl32", "pcm_f32be"), ("fl64", "pcm_f64be"), ("ulaw", "pcm_mulaw"), ("alaw", "pcm_alaw")):
        run("ffmpeg -v error -y -i base.wav -c:a {codec} -f aiff {name}.aifc", name=name, codec=codec)
    run("sox -D -B base.wav rifx.wav; sox -D stereo24.wav int24.w64; ffmpeg -v error -y -i base.wav -f w64 - | cat > piped.w64")
    run("sox -D base.wav int16.au; sox -D base.wav -e float -b 32 float32.au; sox -D base.wav -e mu-law ulaw.au; sox -D base.wav -t au - | cat > piped.au")
    run("sox -D base.wav little.sph; sox -D -B base.wav big.sph; sox -D base.wav -e mu-law ulaw.sph")
    run("sox -D base.wav -e ima-adpcm ima.wav; sox -D stereo.wav -e ima-adpcm ima-stereo.wav; ffmpeg -v error -y -i base.wav -c:a adpcm_ima_wav ima-ffmpeg.wav")
    run("sox -D base.wav -e ms-adpcm ms.wav; sox -D stereo.wav -e ms-adpcm ms-stereo.wav")
    run("ffmpeg -v error -y -i {source} -t 1 -ar 8000 -c:a libgsm_ms gsm.wav || sox -D {source} -r 8000 -e gsm-full-rate gsm.wav", source=SOURCE)
    for name in sorted(os.listdir(".")):
        if not name.endswith(".s16") and name not in ("base.wav", "stereo.wav", "stereo24.wav"):
            reference(CORE, name)
    run("rm stereo.wav stereo24.wav")


def codecs():
    os.makedirs(CODECS, exist_ok=True)
    os.chdir(CODECS)
    run("sox -D {source} base.wav trim 4000s 4000s; sox -D -M base.wav -v 0.5 base.wav stereo.wav; sox -D stereo.wav -b 24 stereo24.wav gain -1", source=SOURCE)
    run("flac -s -f -8 -o lpc.flac base.wav; flac -s -f -0 -b 512 -o fixed.flac base.wav; flac -s -f -8 -e -p -m --lax -l 32 -o stereo24.flac stereo24.wav")
    run("sox -D base.wav -b 8 -e unsigned 8.wav; flac -s -f -o int8.flac 8.wav; sox -D base.wav -b 24 w.wav; flac -s -f -o wasted.flac w.wav")
    run("sox -D stereo.wav -b 32 32.wav gain -0.5 trim 0 1000s; flac -s -f -o int32.flac 32.wav; flac -s -f -b 16 -r 0,2 -o short-blocks.flac base.wav")
    run("sox -D base.wav 5.wav remix 1 1v0.5 1v-0.3 1v0.2 0; flac -s -f --channel-map=none -o five.flac 5.wav; flac -s -f --ogg -o flac.oga stereo.wav")
    run("ffmpeg -v error -y -i stereo.wav -f flac - | cat > unknown-length.flac")
    run("lame -S -V 4 base.wav mono.mp3; lame -S -V 4 --resample 32 stereo.wav stereo.mp3; lame -S -t -b 24 base.wav no-tag.mp3; lame -S -p -b 24 base.wav checksum.mp3")
    run("ffmpeg -v error -y -i base.wav -c:a libmp3lame -b:a 24k ffmpeg.mp3; ffmpeg -v error -y -i base.wav -c:a mp2 -b:a 32k layer2.mp2")
    run("ffmpeg -v error -y -i base.wav -c:a libmp3lame -b:a 24k mp3.wav; lame -S --resample 8 -b 16 base.wav 8khz.mp3")
    run("oggenc -Q -q 2 -o mono.ogg base.wav; oggenc -Q -q 10 -o best.ogg stereo.wav; ffmpeg -v error -y -i 5.wav -af aformat=channel_layouts=5.0 -c:a libvorbis five.ogg")
    run("sox -D base.wav 2.wav remix 1 0; oggenc -Q -q 2 -o one-sided.ogg 2.wav; oggenc -Q --advanced-encode-option disable_coupling=1 -q 2 -o uncoupled.ogg 2.wav")
    run("ffmpeg -v error -y -f lavfi -i testsrc=d=0.2:s=32x32:r=5 -i base.wav -c:v libtheora -c:a libvorbis video.ogv")
    run("opusenc --quiet --bitrate 24 base.wav mono.opus; opusenc --quiet --bitrate 64 stereo.wav stereo.opus; opusenc --quiet --framesize 60 --bitrate 12 base.wav long-frames.opus")
    run("ffmpeg -v error -y -i 5.wav -af aformat=channel_layouts=5.0 -c:a libopus five.opus")
    run("rm -f 2.wav 8.wav w.wav 32.wav 5.wav stereo.wav stereo24.wav")
    for name in sorted(os.listdir(".")):
        if name.endswith(".opus"):
            reference(CODECS, name, opus=True)
        elif name.endswith((".mp3", ".mp2", ".ogg")) and name not in ("five.ogg", "uncoupled.ogg", "8khz.mp3") or name == "mp3.wav":
            reference(CODECS, name)
    samples = subprocess.run(["ffmpeg", "-v", "error", "-i", "video.ogv", "-map", "0:a", "-f", "s16le", "-"], capture_output=True, check=True)
    length = os.path.getsize("base.wav") - 44  # ffmpeg does not apply the last position
    open("video.ogv.s16", "wb").write(samples.stdout[:length])


core()
codecs()
