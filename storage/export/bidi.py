"""In which direction each character of a line runs: the Unicode Bidirectional Algorithm (UAX #9), for lines without explicit embeddings.

What people type is shown without explicit changes of direction (``playbooks.phrasing.legible``), so rules X1 to X8 have nothing to do; isolates and
pairs of brackets (N0) are treated as other neutral signs are. Names of the rules are the annex's.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_STRONG = frozenset({"L", "R", "AL"})
_LEFT_OVER = frozenset({"B", "S", "WS", "ON", "BN", "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
_NUMBERS = frozenset({"EN", "AN"})


def needed(text: str) -> bool:
    """Whether anything in a text may run from right to left."""
    return not text.isascii() and any(unicodedata.bidirectional(one) in ("R", "AL", "AN") for one in text)


def base(text: str) -> int:
    """The level of a paragraph: 1 where its first strong character runs from right to left, else 0 (P2, P3)."""
    for one in text:
        kind = unicodedata.bidirectional(one)
        if kind in _STRONG:
            return int(kind != "L")
    return 0


def levels(text: str, paragraph: int) -> list[int]:
    """The level of each character: even from left to right, odd from right to left."""
    edge = "R" if paragraph else "L"
    kinds = _weak([unicodedata.bidirectional(one) or "L" for one in text], edge)
    _neutral(kinds, edge)
    found = []
    for kind in kinds:
        if paragraph:
            found.append(2 if kind in ("L", "EN", "AN") else 1)  # I2
        else:
            found.append(1 if kind == "R" else 2 if kind in _NUMBERS else 0)  # I1
    for at in range(len(text) - 1, -1, -1):  # L1
        if not text[at].isspace():
            break
        found[at] = paragraph
    return found


def order(levels_: Sequence[int]) -> list[int]:
    """The places of these runs (or characters) as they stand on the line, from the left (L2)."""
    places = list(range(len(levels_)))
    odd = [one for one in levels_ if one % 2]
    for level in range(max(levels_, default=0), min(odd, default=1) - 1, -1):
        at = 0
        while at < len(places):
            end = at
            while end < len(places) and levels_[places[end]] >= level:
                end += 1
            if end > at:
                places[at:end] = places[at:end][::-1]
            at = max(end, at + 1)
    return places


def _weak(kinds: list[str], edge: str) -> list[str]:
    before, strong = edge, edge
    for at, kind in enumerate(kinds):
        if kind == "NSM":  # W1
            kind = before
        before = kind
        if kind in _STRONG:
            strong = kind
        elif kind == "EN" and strong == "AL":  # W2
            kind = "AN"
        kinds[at] = kind
    kinds = ["R" if kind == "AL" else kind for kind in kinds]  # W3
    for at in range(1, len(kinds) - 1):  # W4
        here, left, right = kinds[at], kinds[at - 1], kinds[at + 1]
        if left == right and ((here == "ES" and left == "EN") or (here == "CS" and left in _NUMBERS)):
            kinds[at] = left
    at = 0
    while at < len(kinds):  # W5
        end = at
        while end < len(kinds) and kinds[end] == "ET":
            end += 1
        if end > at and ((at and kinds[at - 1] == "EN") or (end < len(kinds) and kinds[end] == "EN")):
            kinds[at:end] = ["EN"] * (end - at)
        at = max(end, at + 1)
    strong = edge
    for at, kind in enumerate(kinds):
        if kind in ("ES", "ET", "CS"):  # W6
            kinds[at] = "ON"
        elif kind in ("L", "R"):
            strong = kind
        elif kind == "EN" and strong == "L":  # W7
            kinds[at] = "L"
    return kinds


def _neutral(kinds: list[str], edge: str) -> None:
    at = 0
    while at < len(kinds):
        end = at
        while end < len(kinds) and kinds[end] in _LEFT_OVER:
            end += 1
        if end > at:
            left = _side(kinds[at - 1]) if at else edge
            right = _side(kinds[end]) if end < len(kinds) else edge
            kinds[at:end] = [left if left == right else edge] * (end - at)  # N1, N2
        at = max(end, at + 1)


def _side(kind: str) -> str:
    return "R" if kind in _NUMBERS else kind
