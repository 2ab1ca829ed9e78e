"""Makes cases for the decoders: emissions that look like those of a letter model, and what independent programs find in them.

The programs are plain Python. ctc_lexicon.py was compared with flashlight-text and ctc_prefix.py with pyctcdecode, except that it does not charge an empty last
word. fix.arpa is a 3-gram model with absolute discounting of 260 transcripts of LibriSpeech dev-clean (CC BY 4.0), fix.lex has its words and half of those of the
8 other transcripts of which the emissions are made.

usage: python3 cases.py ORACLE ARPA LEXICON TEXTS COUNT WORDS OUT
ORACLE is the folder of those programs, TEXTS has a text in each line of which the first WORDS words are taken. Writes OUT.npy, float16 [frames, 32] of
all utterances one after another, and OUT.jsonl, a line of settings and results for each search.
"""
import json
import sys
import time

import numpy as np

oracle, arpa_path, lexicon_path, texts_path, count, words, out = sys.argv[1:]
sys.path.insert(0, oracle)
import ctc_lexicon
import ctc_prefix
from arpa import Arpa
from synthetic import LABELS, emissions

lm = Arpa(arpa_path)
index = {c: i for i, c in enumerate(LABELS)}
lexicon = {}
for line in open(lexicon_path):
    word, *spelling = line.split()
    lexicon.setdefault(word, []).append(spelling)
trie = ctc_lexicon.lexicon_trie(lexicon, index, lm)
vocabulary = ctc_prefix.Vocabulary(g[0] for g in lm.grams if len(g) == 1)
texts = [" ".join(line.split()[:int(words)]) for line in open(texts_path)][:int(count)]
prefix_labels = ["", "", "", "", " "] + LABELS[5:]
hot = sorted({w for t in texts for w in t.split() if len(w) > 5})[:40]

LEXICON = [dict(beam=b, recombine=r) for b in (5, 50, 500) for r in (False, True)] + [
    dict(beam=50, recombine=False, log_add=True),
    dict(beam=40, recombine=True, log_add=True, threshold=12.0),
    dict(beam=50, recombine=False, beam_tokens=6, threshold=15.0, lm_weight=1.2, word_score=0.7, sil_score=-0.4),
    dict(beam=30, recombine=True, threshold=25.0, lm_weight=0.0, word_score=-3.0),
]
PREFIX = [dict(width=w, model=m) for w in (5, 50, 500) for m in (True, False)] + [
    dict(width=50, model=True, hot=True, alpha=0.9, beta=0.3),
    dict(width=50, model=False, hot=True),
    dict(width=60, model=True, boundary=False, prune_history=True, unk_offset=-5.0, prune=-14.0, token_min=-7.0),
    dict(width=50, model=True, vocabulary=False),
]

rows, lines = [], []
started = time.time()
for i, text in enumerate(texts):
    e = (emissions(text, i, 0.35, 6.0) if i % 2 else emissions(text, i)).astype("<f2")  # every other one is hard
    rows.append(e)
    for s in LEXICON:
        best = ctc_lexicon.decode(e.astype(float), trie, lm, 0, 4, **s)[0]
        path = "".join("_" if n == 0 else LABELS[n] for n in best[2])
        lines.append(dict(utterance=i, frames=len(e), search="lexicon", settings=s, text=" ".join(best[1]), score=round(best[0], 5), path=path))
    for s in PREFIX:
        o = dict(s)
        use = o.pop("model")
        known = vocabulary if use and o.pop("vocabulary", True) else None
        names = hot if o.pop("hot", False) else ()
        best = ctc_prefix.decode(e.astype(float).tolist(), prefix_labels, lm if use else None, known, hot_words=names, **o)[0]
        lines.append(dict(utterance=i, frames=len(e), search="open", settings=s, text=best[0], score=round(best[2], 5), words=[list(f) for f in best[3]]))
    if i % 10 == 0:
        print(i, len(e), round(time.time() - started), flush=True)
np.save(out + ".npy", np.concatenate(rows))
with open(out + ".jsonl", "w") as f:
    json.dump(dict(hot=hot), f)
    f.write("\n")
    for line in lines:
        f.write(json.dumps(line, separators=(",", ":")) + "\n")
