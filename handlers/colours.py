"""The words for how closely something is held, a TLP colour in the partners' languages, and what is nearly one."""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import normalize

from playbooks.labels import Tlp

_COLOURS = {tlp.word: tlp for tlp in Tlp} | {"white": Tlp.CLEAR, "amberstrict": Tlp.AMBER_STRICT}
_COLOURS |= dict.fromkeys(("rouge", "rood", "rot", "rosso", "rojo"), Tlp.RED)
_COLOURS |= dict.fromkeys(("ambre", "ambra", "ámbar", "ambar"), Tlp.AMBER)
_COLOURS |= dict.fromkeys(("vert", "groen", "grün", "gruen", "verde"), Tlp.GREEN)
_MEANT = frozenset(
    (
        *("strict", "secret", "confidential", "restricted", "private", "classified", "internal", "yellow", "orange"),
        *("geheim", "vertraulich", "vertrouwelijk", "confidentiel", "confidencial", "secreto", "segreto", "riservato"),
        *("gelb", "jaune", "geel", "giallo", "amarillo"),
    )
)
"""Other words for how closely something is held, or of the same kind as the colours: whoever writes them means it to be held closely."""

_WORD = re.compile(r"[^\W_]+")


def read(inside: str, *, closed: bool, square: bool) -> tuple[str | None, bool]:
    """The colour that stands between brackets, exactly; else whether it was meant to be one."""
    words = _WORD.findall(normalize("NFC", inside).lower())
    joined = "".join(words)
    named = joined.startswith("tlp")
    joined = joined.removeprefix("tlp")
    if joined in _COLOURS and closed:
        exact = square and not inside.rstrip().endswith("+")
        return (_COLOURS[joined].word, False) if exact else (None, True)
    if not words or named:
        return None, named
    if not closed or not square:
        return None, square and words[0] in _COLOURS
    few = words if len(words) <= 3 else []
    meant = words[0] in _COLOURS or any(one in _MEANT or one in _COLOURS for one in few)
    return None, meant or near(joined) or any(near(one) for one in few if len(one) > 3)


def speaks_of(inside: str) -> bool:
    """Whether brackets within words hold a name or a phrase that has a colour in it (Red Cross, code red), and no label that somebody mistyped."""
    words = inside.lower().split()
    return len(words) > 1 and not set(inside) & set("+/:&") and not all(one in _MEANT or near(one) for one in words)


@lru_cache(4096)
def near(word: str) -> bool:
    """Whether a word is a colour, or one mistyped. Letters of other alphabets that look alike may stand in it."""
    seen = "".join(letter for letter in normalize("NFD", word) if letter.isascii())
    alike = {word, seen} if 0 < len(seen) >= len(word) - 2 else {word}
    return any(_slip(one, colour) for one in alike for colour in _COLOURS)


def _slip(word: str, colour: str) -> bool:
    if word == colour:
        return True
    short = len(colour) <= 4
    if abs(len(word) - len(colour)) > (1 if len(colour) <= 5 else 2):
        return False
    if len(word) == len(colour) and short:
        apart = [n for n, (a, b) in enumerate(zip(word, colour, strict=True)) if a != b]
        if len(apart) == 1:  # one letter for another: of short words that makes many ordinary ones
            return colour == "red" and (apart[0] > 0 or word[0] in "etdf45")
    most = 1 if len(colour) <= 5 else 2
    # Each letter that only one of them has is a slip of its own: of ordinary words that tells at once.
    if len(set(word).difference(colour)) > most or len(set(colour).difference(word)) > most:
        return False
    return _distance(word, colour) <= most


def _distance(one: str, other: str) -> int:
    """How many letters must be put in, left out, changed or swapped with the next (restricted Damerau-Levenshtein)."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]
