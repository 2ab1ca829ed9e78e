"""Makes the fixtures of scoring: test-other.tsv.gz, test-clean.tsv.gz, sclite.json.

    python3 make_scoring.py FOLDER SCLITE

FOLDER holds the references and hypotheses of facebookresearch/fbai-speech (is21_deep_bias, MIT licence; transcripts of LibriSpeech, CC BY 4.0) and the counts that
were published with them (*.result). SCLITE is NIST's sclite 2.10. Each line of a table is an utterance: id, reference, rare words as JSON, hypothesis of each system.
sclite.json holds the published counts, and for each system the SHA-256 of all alignments that sclite prints (-i rm -o pralign, by id).
"""
import gzip, hashlib, json, os, re, subprocess, sys, tempfile

folder, sclite = sys.argv[1:]
here = os.path.dirname(os.path.abspath(__file__))


def read(name):
    rows = [line.rstrip("\n").split("\t") for line in open(os.path.join(folder, name), encoding="utf-8")]
    return {row[0]: (row[1:] + ["", ""])[:2] for row in rows}


def alignments(references, hypotheses):
    with tempfile.TemporaryDirectory() as work:
        for name, texts in (("ref", references), ("hyp", hypotheses)):
            with open(f"{work}/{name}.trn", "w") as file:
                file.writelines(f"{texts[key][0]} ({key})\n" for key in sorted(texts))
        subprocess.run([sclite, "-r", f"{work}/ref.trn", "trn", "-h", f"{work}/hyp.trn", "trn", "-i", "rm", "-o", "pralign", "-n", "out", "-O", work],
                       check=True, stdout=subprocess.DEVNULL)
        blocks = re.findall(r"^id: \((.*)\)\n(Scores: .*)\n(REF: .*)\n(HYP: .*)\n(Eval: .*)\n", open(f"{work}/out.pra").read(), re.M)
    assert len(blocks) == len(references)
    return hashlib.sha256("".join(f"id: ({block[0]})\n" + "\n".join(block[1:]) + "\n" for block in sorted(blocks)).encode()).hexdigest()


expected = []
for test, systems in {"test-clean": ["b1.rnnt_baseline", "b2.b1+nnlm"], "test-other": ["b1.rnnt_baseline"]}.items():
    references = read(f"{test}.ref.tsv")
    hypotheses = [read(f"{test}.{system}.hyp.tsv") for system in systems]
    with gzip.GzipFile(f"{here}/{test}.tsv.gz", "wb", 9, mtime=0) as file:
        for key in sorted(references):
            file.write(("\t".join([key, *references[key], *(texts[key][0] for texts in hypotheses)]) + "\n").encode())
    for system, texts in zip(systems, hypotheses):
        counts = {}
        for line in open(os.path.join(folder, f"{test}.{system}.result")):
            name, values = line.strip().split(": ")
            counts[name] = {key: json.loads(value) for key, value in (pair.split("=") for pair in values.split(", "))}
        expected.append({"test": test, "system": system, "counts": counts, "alignments": alignments(references, texts)})
json.dump(expected, open(f"{here}/sclite.json", "w"), indent=1)
