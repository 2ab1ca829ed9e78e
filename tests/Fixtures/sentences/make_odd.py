"""Writes the ids of odd.json anew: sentencepiece 0.1.97 with xlmr_mean_prompts/sentencepiece.bpe.model, and Hugging Face's tokenizers with roberta_mean/tokenizer.json."""
import json
import pathlib

import sentencepiece
import tokenizers

FOLDER = pathlib.Path(__file__).parent
PIECES = sentencepiece.SentencePieceProcessor(model_file=str(FOLDER / "xlmr_mean_prompts" / "sentencepiece.bpe.model"))
BYTES = tokenizers.Tokenizer.from_file(str(FOLDER / "roberta_mean" / "tokenizer.json"))
FAIRSEQ = {0: 3, 1: 0, 2: 2}

texts = json.loads((FOLDER / "odd.json").read_text())
for item in texts:
    item["sentencepiece"] = [0, *(FAIRSEQ.get(i, i + 1) for i in PIECES.encode(item["text"])), 2]
    item["bytes"] = BYTES.encode(item["text"]).ids
(FOLDER / "odd.json").write_text(json.dumps(texts, separators=(",", ":")))
