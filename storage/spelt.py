"""Texts as names are looked for in them: without accents, case, and what cannot be seen; with what an address hides in percent signs.

Every cost here grows as the text does, whatever it is made of: marks are dropped before Unicode's normal form is made, which sorts them in quadratic time.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from unicodedata import category, normalize
from urllib.parse import unquote

_WORD = re.compile(r"[^\W_]+")

_LETTERS = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "þ": "th"})
"""Letters that have no normal form without their stroke."""

_BLANK = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters, as Unicode has it, that show nothing."""


def plain(text: str) -> str:
    """A text without accents, case and invisible characters (Unicode's NFKD, case folding, and none of its categories M and Cf)."""
    if text.isascii():
        return text.casefold()
    return _seen(normalize("NFKD", _seen(text)).casefold()).translate(_LETTERS)


@lru_cache(maxsize=16)
def readings(text: str) -> tuple[str, ...]:
    """All that a text may say, each as ``plain`` has it: as it is; with its percent signs resolved, twice at most; and with a space for each invisible character, which
    may have stood inside of a word or between two."""
    found = {text: None}
    for _ in range(2):
        found[text := unquote(text)] = None
    return tuple(dict.fromkeys(reading for one in found for reading in (plain(one), plain(_spaced(one)))))


def words_of(reading: str) -> list[str]:
    """Its letters and figures, whatever stands between them."""
    return _WORD.findall(reading)


def near(said: list[str], words: Collection[str], apart: int) -> bool:
    """Whether all these words stand in ``said``, in any order, with at most ``apart`` others between them."""
    if not words or not set(words).issubset(said):
        return False
    last: dict[str, int] = {}
    for place, word in enumerate(said):
        if word in words:
            last[word] = place
            if len(last) == len(words) and place - min(last.values()) < len(words) + apart:
                return True
    return False


def _seen(text: str) -> str:
    return "".join(one for one in text if one not in _BLANK and not _hidden(one) and category(one)[0] != "M")


def _spaced(text: str) -> str:
    return text if text.isascii() else "".join(" " if _hidden(one) or one in _BLANK else one for one in text)


def _hidden(one: str) -> bool:
    return category(one) == "Cf"
