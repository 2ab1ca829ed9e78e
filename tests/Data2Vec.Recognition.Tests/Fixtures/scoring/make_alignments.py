"""Makes alignments.json: for word lists that were drawn at random, the moves of an independent aligner with unit costs and with sclite's.

    python3 make_alignments.py wer.py

wer.py has align(reference, hypothesis, sub, ins, dele, ties): a plain table of costs. It equals sclite on the texts of make_scoring.py.
"""
import importlib.util, json, os, random, sys

spec = importlib.util.spec_from_file_location("wer", sys.argv[1])
wer = importlib.util.module_from_spec(spec)
spec.loader.exec_module(wer)
random.seed(5)
cases = []
for n in range(120):
    longest = 8 if n < 100 else 60 if n < 118 else 300
    letters = "ab" if n % 3 == 0 else "abcd" if n % 3 == 1 else "abcdefghijkl"
    reference = "".join(random.choices(letters, k=random.randint(0, longest)))
    hypothesis = "".join(random.choices(letters, k=random.randint(0, longest)))
    if n % 2:
        hypothesis = "".join(c if random.random() < 0.7 else random.choice(["", random.choice(letters), c + random.choice(letters)]) for c in reference)
    moves = ["".join(kind for kind, _, _ in wer.align(reference, hypothesis, *costs)) for costs in ((1, 1, 1), (4, 3, 3))]
    cases.append([reference, hypothesis, *moves])
json.dump(cases, open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "alignments.json"), "w"), indent=0)
