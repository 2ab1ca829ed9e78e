"""Writes wordpiece_vocab.txt, a small vocabulary, and wordpiece.json: texts with their ids by BERT's algorithm.

A plain implementation of the algorithm in the paper's code (Devlin et al. 2018): text is cleaned, each Chinese character is a word, words
end at white space and punctuation, and each word is split greedily from the left into the longest known pieces.
"""
import json
import os
import random
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))
random.seed(5)
SPECIAL = ["[PAD]", "[unused1]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = ("the of and to in is was for that on as with by he at from his it an were which are also or be this has had one their "
         "first after its new who not have her two school people time hate love meme image straße größe über el niño año même été "
         "İstanbul ısı дом мир привет слово μέρα λόγος שלום كتاب").split()
PIECES = "un able ing ed er est ly ness able tion s es re ation ment a e i o u en el la ñ é ü ß т и ра ние α ος ום اب".split()
ALPHABET = (list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:!?'\"()[]{}<>@#$%^&*+-=/\\_~|`")
            + list("äöüßéèêñçåøİıйцукенгшщзхфывапролджэячсмитьбюαβγδεζλμνξοπρστυφχψωάέίόςאבגדשםוןابتثجكلمن中文字日本語のかなカナ한국어€£§«»–—…¿¡")
            + ["\u0301", "\u0308", "😀", "👍", "𠀀", "\u200d", "e\u0301"])


def vocabulary():
    tokens = dict.fromkeys(SPECIAL + WORDS + [w.lower() for w in WORDS])
    for word in WORDS:
        tokens[unicodedata.normalize("NFD", word.lower()).translate({0x301: None, 0x303: None, 0x302: None, 0x308: None})] = None
    for piece in PIECES + ALPHABET:
        tokens["##" + piece] = None
        if piece not in ("e\u0301",):
            tokens[piece] = None
    return list(tokens)


def is_control(c):
    return c not in "\t\n\r" and unicodedata.category(c).startswith("C")


def is_space(c):
    return c in " \t\n\r" or unicodedata.category(c) == "Zs"


def is_punctuation(c):
    n = ord(c)
    return 33 <= n <= 47 or 58 <= n <= 64 or 91 <= n <= 96 or 123 <= n <= 126 or unicodedata.category(c).startswith("P")


def is_chinese(c):
    n = ord(c)
    return any(a <= n <= b for a, b in (
        (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F), (0x2B820, 0x2CEAF),
        (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)))


def words(text, lower, chinese=True):
    cleaned = ""
    for c in text:
        if ord(c) in (0, 0xFFFD) or is_control(c):
            continue
        cleaned += " " if is_space(c) else f" {c} " if chinese and is_chinese(c) else c
    for word in cleaned.split():
        if lower:
            # Character by character, like the tokenizers in use, so a final sigma is not special.
            word = "".join(c for c in unicodedata.normalize("NFD", "".join(c.lower() for c in word)) if unicodedata.category(c) != "Mn")
        part = ""
        for c in word:
            if is_punctuation(c):
                if part:
                    yield part
                yield c
                part = ""
            else:
                part += c
        if part:
            yield part


def pieces(word, ids):
    if len(word) > 100:
        return [ids["[UNK]"]]
    found, start = [], 0
    while start < len(word):
        end = len(word)
        while end > start and ("##" if start else "") + word[start:end] not in ids:
            end -= 1
        if end == start:
            return [ids["[UNK]"]]
        found.append(ids[("##" if start else "") + word[start:end]])
        start = end
    return found


def encode(text, ids, lower):
    return [i for word in words(text, lower) for i in pieces(word, ids)]


def texts():
    yield from ["", " ", "the", "The people hate the meme!", "unable, able-ness; reloving", "niño año (même) été ÉTÉ", "e\u0301te\u0301 nin\u0303o",
                "Größe STRASSE straße", "İstanbul ISI ısı", "привет, Мир: слово", "μέρα λόγος ΛΌΓΟΣ", "שלום كتاب", "中文字 and日本語のカナ", "한국어 people",
                "a\tb\nc\r\nd\u00a0e\u2003f", "zero\u200bwidth\u200djoin\u00adsoft", "nul\x00l and \x07bell \x7f del \ufffd gone", "😀 👍the😀",
                "𠀀𠀀 the 𠀀x", "a" * 100, "a" * 101, "é" * 100, "é" * 101, "😀" * 60, "[CLS] [MASK] [SEP] in a text", "[UNK] [PAD] [unused1]", "##ing ing##",
                "$5.00 + 3^2 = ~14 `code` a_b", "«quoted» – dash — … ¿qué? ¡sí! §5", "price €5 £6", "combining a\u0301\u0308b", "\u0301", "x\u2028y\u2029z\x85w",
                "\ud7ff\ue000\uf8ff private", "tag \U000e0041", "１２３ ＡＢＣ", "ﬁ ligature", "Ⅷ roman", "half\u3000width"]
    alphabet = [c for c in ALPHABET if len(c) == 1] + [" "] * 30 + ["\u00a0", "\t", "\u0302", "ẞ", "Ω", "Ñ"]
    for _ in range(150):
        yield "".join(random.choice(alphabet) for _ in range(random.randint(1, 60)))
    for _ in range(60):
        yield " ".join(random.choice(WORDS) + random.choice(PIECES + [""] * 9) + random.choice([",", "", "", "!"]) for _ in range(random.randint(1, 12)))


tokens = vocabulary()
ids = {token: i for i, token in enumerate(tokens)}
with open(os.path.join(HERE, "wordpiece_vocab.txt"), "w", encoding="utf-8", newline="\n") as file:
    file.write("\n".join(tokens) + "\n")
cases = [{"text": t, "cased": encode(t, ids, False), "uncased": encode(t, ids, True)} for t in texts()]
with open(os.path.join(HERE, "wordpiece.json"), "w", encoding="utf-8", newline="\n") as file:
    json.dump(cases, file, ensure_ascii=True, separators=(",", ":"))
print(len(tokens), len(cases))
