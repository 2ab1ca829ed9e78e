"""Makes the n-gram models of the tests from made-up sentences, and their scores.

Usage: make.py KENLM, with the folder of KenLM's build_binary and query, and of rest, a program of three lines that builds a
lm::ngram::RestProbingModel. The ARPA file has a 4-gram model with absolute discounting. Some n-grams are left out that end longer ones,
as SRILM's pruning does. Every KenLM file is built from it, and every score is that of KenLM's query: log10 of the sentence with <s> and </s>,
and the number of unknown words.
"""
import collections, gzip, math, os, random, subprocess, sys

random.seed(7)
kenlm, here = sys.argv[1], os.path.dirname(os.path.abspath(__file__))
words = ["".join(random.choice(["ba", "ke", "lo", "mi", "tu", "ra", "né"]) for _ in range(random.choice([1, 2, 2, 3]))) for _ in range(260)]
words = sorted(set(words))
follow = {w: random.sample(words, 6) for w in words}


def sentence():
    s = [random.choice(words[:40])]
    while random.random() < 0.88 and len(s) < 14:
        s.append(random.choice(follow[s[-1]][: random.choice([2, 6])]))
    return s


N, D = 4, 0.6
counts = [collections.Counter() for _ in range(N)]
for _ in range(160):
    s = ["<s>"] + sentence() + ["</s>"]
    for n in range(1, N + 1):
        for i in range(len(s) - n + 1):
            counts[n - 1][tuple(s[i : i + n])] += 1
del counts[0][("<s>",)]

# Absolute discounting, interpolated.
total = sum(counts[0].values())
p = {g: 0.95 * c / total for g, c in counts[0].items()}
p[("<unk>",)] = 0.05
backoff = {}
for n in range(2, N + 1):
    sums, types = collections.Counter(), collections.Counter()
    for g, c in counts[n - 1].items():
        sums[g[:-1]] += c
        types[g[:-1]] += 1
    for c in sums:
        backoff[c] = D * types[c] / sums[c]
    for g, c in counts[n - 1].items():
        p[g] = (c - D) / sums[g[:-1]] + backoff[g[:-1]] * p[g[1:]]

contexts = {g[:-1] for g in p}
for g in list(p):
    if len(g) in (2, 3) and g not in contexts and random.random() < 0.4:
        del p[g]
grams = [sorted(g for g in p if len(g) == n) for n in range(1, N + 1)]
grams[0].insert(0, ("<s>",))
lines = ["\\data\\"] + [f"ngram {n + 1}={len(g)}" for n, g in enumerate(grams)]
for n, g in enumerate(grams, 1):
    lines += ["", f"\\{n}-grams:"]
    for w in g:
        line = f"{math.log10(p[w]) if w in p else -99:.6f}\t{' '.join(w)}"
        lines.append(line + (f"\t{math.log10(backoff[w]):.6f}" if w in backoff else ""))
text = "\n".join(lines + ["", "\\end\\", ""])
with open("/tmp/model.arpa", "w") as f:
    f.write(text)
with gzip.GzipFile(os.path.join(here, "model.arpa.gz"), "wb", mtime=0) as f:
    f.write(text.encode())

tests = [sentence() for _ in range(18)]
for t in tests[::3]:
    t[random.randrange(len(t))] = "unheard"
tests += [random.sample(words, 7) for _ in range(5)] + [[], ["<unk>", "<UNK>"], ["<s>", "</s>"]]
with open(os.path.join(here, "sentences.txt"), "w") as f:
    f.writelines(" ".join(t) + "\n" for t in tests)


def score(path):
    out = subprocess.run([f"{kenlm}/query", "-v", "sentence", path], stdin=open(os.path.join(here, "sentences.txt")), capture_output=True, text=True, check=True).stdout
    return [line.split()[1::2] for line in out.splitlines()]


kinds = {"trie": ["trie"], "probing": ["-p", "1.2", "probing"], "array": ["-a", "64", "trie"], "quantized": ["-q", "6", "-b", "5", "trie"],
         "quantized-array": ["-q", "7", "-b", "6", "-a", "3", "trie"], "no-words": ["-v", "trie"], "rest": None}
rows = [("arpa", score("/tmp/model.arpa"))]
for name, options in kinds.items():
    path = os.path.join(here, f"{name}.bin")
    if options is None:
        subprocess.run([f"{kenlm}/rest", "/tmp/model.arpa", path], check=True, capture_output=True)
    else:
        kind = options.pop()
        subprocess.run([f"{kenlm}/build_binary", *options, kind, "/tmp/model.arpa", path], check=True, capture_output=True)
    rows.append((name, score(path)))
with open(os.path.join(here, "scores.tsv"), "w") as f:
    f.write("\t".join([name for name, _ in rows] + ["unknown"]) + "\n")
    for i in range(len(tests)):
        f.write("\t".join([s[i][0] for _, s in rows] + [rows[0][1][i][1]]) + "\n")
