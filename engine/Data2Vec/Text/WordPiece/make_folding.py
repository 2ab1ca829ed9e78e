"""Writes Folding.txt: the lower case without accents of each character for which it differs from the simple lower case.

A line has a character and its lower case, canonically decomposed (NFD), without nonspacing marks (Mn).
Hangul syllables are omitted because their decomposition is arithmetic.
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
