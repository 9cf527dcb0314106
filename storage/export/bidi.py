"""In which direction each character of a line runs: the Unicode Bidirectional Algorithm (UAX #9), for lines without explicit embeddings.

What people type is shown without explicit changes of direction (``playbooks.phrasing.legible``), so rules X1 to X8 have nothing to do, and isolates are
treated as other neutral signs are. Levels are those of a whole paragraph (P1), also of the parts of it that stand on several lines. Names of the rules are
the annex's.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_STRONG = frozenset({"L", "R", "AL"})
_LEFT_OVER = frozenset({"B", "S", "WS", "ON", "BN", "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
_NUMBERS = frozenset({"EN", "AN"})

_BRACKETS = ("()", "[]", "{}", "\u2045\u2046", "\u207d\u207e", "\u208d\u208e", "\u2329\u232a", "\u27e6\u27e7", "\u27e8\u27e9", "\u27ea\u27eb",
             "\u3008\u3009", "\u300a\u300b", "\u300c\u300d", "\u300e\u300f", "\u3010\u3011", "\u3014\u3015", "\u3016\u3017", "\uff08\uff09", "\uff3b\uff3d",
             "\uff5b\uff5d", "\uff5f\uff60", "\uff62\uff63")  # fmt: skip
_CLOSED_BY = {pair[0]: pair[1] for pair in _BRACKETS}
"""Brackets that stand in pairs (Unicode's BidiBrackets), as far as people type them."""

_MOST_OPEN = 63
"""Brackets in each other that are looked at (BD16)."""

MIRRORED = {
    pair[at]: pair[1 - at]
    for pair in (*_BRACKETS, "<>", "\u00ab\u00bb", "\u2039\u203a", "\u2264\u2265", "\u226a\u226b", "\uff1c\uff1e")
    for at in (0, 1)
}
"""The sign whose shape a sign takes where it runs from right to left (L4), as far as people type them."""


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
    """The level of each character of a paragraph: even from left to right, odd from right to left. Of a line of it, see ``ended``."""
    edge = "R" if paragraph else "L"
    kinds = _weak([unicodedata.bidirectional(one) or "L" for one in text], edge)
    _brackets(text, kinds, edge)
    _neutral(kinds, edge)
    found = []
    for kind in kinds:
        if paragraph:
            found.append(2 if kind in ("L", "EN", "AN") else 1)  # I2
        else:
            found.append(1 if kind == "R" else 2 if kind in _NUMBERS else 0)  # I1
    return ended(text, found, paragraph)


def ended(line: str, levels_: Sequence[int], paragraph: int) -> list[int]:
    """The levels of a line, whose last spaces run as the paragraph does (L1)."""
    kept = len(line.rstrip())
    return [*levels_[:kept], *[paragraph] * (len(line) - kept)]


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


def _brackets(text: str, kinds: list[str], edge: str) -> None:
    """Both of a pair run as what is in them does, if that is the paragraph's direction or what stands before them (N0)."""
    for first, last in _pairs(text, kinds):
        within = {_side(kind) for kind in kinds[first + 1 : last]} & {"L", "R"}
        if not within:
            continue
        way = edge
        if edge not in within:
            before = (_side(kind) for kind in reversed(kinds[:first]))
            way = next((kind for kind in before if kind in ("L", "R")), edge)
        kinds[first] = kinds[last] = way


def _pairs(text: str, kinds: list[str]) -> list[tuple[int, int]]:
    """The places of brackets that open and close, by where they open (BD16)."""
    opened: list[tuple[str, int]] = []
    found = []
    for at, one in enumerate(text):
        if kinds[at] != "ON":
            continue
        if one in _CLOSED_BY:
            if len(opened) == _MOST_OPEN:
                break
            opened.append((_CLOSED_BY[one], at))
        elif any(closing == one for closing, _ in opened):
            while (last := opened.pop())[0] != one:
                pass
            found.append((last[1], at))
    return sorted(found)


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
