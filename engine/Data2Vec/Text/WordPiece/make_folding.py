"""Writes Folding.txt: what lower case without accents makes of characters, as far as it is not their simple lower case.

A line is a character and what becomes of it: its lower case, canonically decomposed (NFD), without marks that take no space (Mn).
Hangul syllables are not among them: their decomposition is arithmetic.
"""
import os
import sys
import unicodedata


def folded(c):
    return "".join(d for d in unicodedata.normalize("NFD", c.lower()) if unicodedata.category(d) != "Mn")


with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "Folding.txt"), "w", encoding="utf-8", newline="\n") as file:
    for n in range(0x80, sys.maxunicode + 1):
        c = chr(n)
        if unicodedata.category(c) in ("Cn", "Cs", "Co", "Mn") or 0xAC00 <= n <= 0xD7A3:
            continue
        if folded(c) != c.lower():
            file.write(c + folded(c) + "\n")
