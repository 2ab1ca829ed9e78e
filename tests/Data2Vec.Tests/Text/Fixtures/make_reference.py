#!/usr/bin/env python3
"""Writes reference.jsonl.gz: 10,000 strings of mixed scripts with their ids for a data2vec text model.

Implements GPT-2's byte-level BPE and fairseq's dictionary from their definitions, independently of the library under test. The `regex`
module runs the published pattern, and merging follows the definition: find the pair of the lowest rank, merge all its occurrences, repeat.
The script reads only the files in its folder, and the seed is fixed. Needs python3-regex.
"""
import functools
import gzip
import json
import pathlib
import random
import unicodedata

import regex

HERE = pathlib.Path(__file__).parent
PATTERN = regex.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")


def byte_characters():
    visible = [b for b in range(256) if 0x21 <= b <= 0x7E or 0xA1 <= b <= 0xAC or 0xAE <= b <= 0xFF]
    table = {b: chr(b) for b in visible}
    for b in range(256):
        table.setdefault(b, chr(256 + len(table) - len(visible)))
    return table


BYTES = byte_characters()
ENCODER = json.loads((HERE / "encoder.json").read_text("utf-8"))
MERGES = [tuple(line.split(" ")) for line in (HERE / "vocab.bpe").read_text("utf-8").split("\n")[1:] if line]
RANKS = {pair: rank for rank, pair in enumerate(MERGES)}
WORDS = ["<s>", "<pad>", "</s>", "<unk>"]
WORDS += [line.rsplit(" ", 1)[0] for line in (HERE / "dict.txt").read_text("utf-8").splitlines()] + ["<mask>"]
DICTIONARY = {word: i for i, word in enumerate(WORDS)}


@functools.lru_cache(None)
def merge(piece):
    symbols = [BYTES[b] for b in piece.encode("utf-8")]
    while True:
        known = [(RANKS[pair], pair) for pair in zip(symbols, symbols[1:]) if pair in RANKS]
        if not known:
            return symbols
        left, right = min(known)[1]
        merged, i = [], 0
        while i < len(symbols):
            if symbols[i:i + 2] == [left, right]:
                merged.append(left + right)
                i += 2
            else:
                merged.append(symbols[i])
                i += 1
        symbols = merged


def encode(text):
    bpe = [ENCODER[symbol] for piece in PATTERN.findall(text) for symbol in merge(piece)]
    return [0] + [DICTIONARY.get(str(token), 3) for token in bpe] + [2]


# ---- strings ----

RANDOM = random.Random(20240607)
SCRIPTS = [
    (0x41, 0x7A), (0xC0, 0x17F), (0x1E00, 0x1EFF), (0x370, 0x3FF), (0x400, 0x4FF), (0x531, 0x58F), (0x5D0, 0x5EA), (0x620, 0x6FF),
    (0x700, 0x74F), (0x900, 0x97F), (0x980, 0x9FF), (0xB80, 0xBFF), (0xC00, 0xC7F), (0xE01, 0xE5B), (0xE80, 0xEDF), (0xF00, 0xFDA),
    (0x1000, 0x109F), (0x10A0, 0x10FF), (0x1200, 0x137F), (0x13A0, 0x13FF), (0x1400, 0x167F), (0x1780, 0x17F9), (0x1800, 0x18AA),
    (0x3041, 0x309F), (0x30A0, 0x30FF), (0x3105, 0x312F), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xA000, 0xA48C), (0xFB50, 0xFDFF),
    (0xFF01, 0xFFDC), (0x10330, 0x1034A), (0x10400, 0x1044F), (0x12000, 0x12399), (0x13000, 0x1342E), (0x1D400, 0x1D7FF),
    (0x1E900, 0x1E943), (0x20000, 0x2A6DF), (0x2F800, 0x2FA1D),
]
SPACES = [chr(c) for c in [9, 10, 11, 12, 13, 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]]
NEAR_SPACES = [chr(c) for c in [0x1C, 0x1D, 0x1E, 0x1F, 0x180E, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF, 0xAD]]
CONTRACTIONS = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'LL", "'r", "'v", "'l", "'", "''", "’s", "'x", "'dd", "'est"]
MARKS = [chr(c) for c in [*range(0x300, 0x36F), 0x20DD, 0x20E3, 0xFE0E, 0xFE0F, 0x1DC4, 0x3099]]
EMOJI = ["😀", "👩‍👩‍👧‍👦", "👍🏽", "🏳️‍🌈", "🇩🇪🇯🇵", "1️⃣", "❤️", "🧑🏿‍🚀", "©", "™", "🫠", "☃", "🀄"]
NUMBERS = ["0", "7", "42", "1234567890", "3.14159", "1,000,000", "٠١٢٣", "१२३", "２０２４", "½", "²³", "Ⅷ", "①②", "𝟘𝟙𝟚", "一二三", "0x1F", "1e-5", "〇"]
WEB = [
    "https://example.org/a/b?q=1&r=%20#top", "me@mail.example", "www.x.y", "192.168.0.1", "C:\\dir\\file.txt", "/usr/lib/x.so.1", "#tag", "@user",
    "for (int i = 0; i < n; i++) { sum += a[i]; }", "def f(x):\n    return x**2\n", "{\"key\": [1, 2.5, null]}", "SELECT * FROM t;", "<div class=\"a\">",
    "x->y && !z || ~w ^ 0b11", "a_b__c", "camelCaseName", "\t\tif\t(x)\t{\r\n\t}\r\n", "// TODO: ???", "$x = `cmd`;", "\\u0041\\n", "==========", "....", "!?!?",
]
SPECIAL = ["<s>", "</s>", "<mask>", "<pad>", "<unk>", "<|endoftext|>", " <mask>", "<mask> ", "Ġ", "Ċ", "madeupword0000"]
ENGLISH = [w for w in ("".join(k).replace("Ġ", "") for k in ENCODER) if w.isascii() and w.isalpha()]
ASSIGNED = [c for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co")]
CONTROL = [chr(c) for c in [*range(0, 32), *range(127, 160)]]


def pick(items, low, high):
    return [RANDOM.choice(items) for _ in range(RANDOM.randint(low, high))]


def script_word():
    low, high = RANDOM.choice(SCRIPTS)
    word = []
    for _ in range(RANDOM.randint(1, 6)):
        c = chr(RANDOM.randint(low, high))
        if unicodedata.category(c) != "Cn":
            word.append(c)
            if RANDOM.random() < 0.05:
                word.extend(pick(MARKS, 1, 2))
    return "".join(word)


def english_word():
    word = RANDOM.choice(ENGLISH) + (RANDOM.choice(ENGLISH) if RANDOM.random() < 0.2 else "")
    word = RANDOM.choice([word, word, word, word.capitalize(), word.upper()])
    return word + (RANDOM.choice(CONTRACTIONS) if RANDOM.random() < 0.2 else "")


def spaces():
    return "".join(pick(SPACES if RANDOM.random() < 0.5 else [" "], 0, 4))


KINDS = [
    english_word, english_word, script_word, script_word, spaces,
    lambda: RANDOM.choice(EMOJI), lambda: RANDOM.choice(NUMBERS), lambda: RANDOM.choice(WEB), lambda: RANDOM.choice(CONTRACTIONS),
    lambda: RANDOM.choice(SPECIAL), lambda: "".join(pick(NEAR_SPACES, 1, 2)), lambda: "".join(pick(CONTROL, 1, 3)),
    lambda: "".join(chr(c) for c in pick(ASSIGNED, 1, 4)), lambda: "".join(chr(c) for c in pick(range(32, 127), 1, 8)),
]


def text():
    style = RANDOM.random()
    if style < 0.25:
        return " ".join(english_word() for _ in range(RANDOM.randint(1, 12))) + RANDOM.choice([".", "!", "?", "...", "", " ", "\n"])
    if style < 0.40:
        return " ".join(script_word() for _ in range(RANDOM.randint(1, 5)))
    if style < 0.42:
        return RANDOM.choice(["a", "the", "ab", " ", "=", "9", "é", "東", "𝒜", "\n", "an", "ing"]) * RANDOM.randint(100, 400)
    return "".join(RANDOM.choice(KINDS)() + RANDOM.choice(["", " ", " ", "  "]) for _ in range(RANDOM.randint(1, 6)))


def main():
    texts = ["", " ", "  ", "\n", "\0", "a", "'", "'s", " 's", "a 's", "<s>"]
    while len(texts) < 10_000:
        texts.append(text())
    lines = "".join(json.dumps([t, encode(t)], ensure_ascii=False, separators=(",", ":")) + "\n" for t in texts)
    with open(HERE / "reference.jsonl.gz", "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
        file.write(lines.encode("utf-8"))


if __name__ == "__main__":
    main()
