"""Calling somebody by name in what is said: ``@Ada``.

Whatever the case of the letters, and the longest name that stands there: who says ``@Ada Smith`` does not call Ada. Never inside code or a link, nor
in the middle of a word, as in an address for mail.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape

from playbooks.phrasing import legible

_PIECE = re.compile(r"<(/?)([a-z][a-z-]*)[^<>]*>|[^<]+|<")
_SILENT = frozenset({"a", "code", "pre"})


def called(html: str, names: Iterable[str]) -> frozenset[str]:
    """Which of these names restricted HTML calls."""
    known = frozenset(names)
    found = {name for _, name in _calls(html, known) if name}
    return frozenset(name for name in known if _folded(name) in found)


def linked(html: str, links: Iterable[tuple[str, str]]) -> str:
    """Restricted HTML in which those who are called by name are links. ``links``: where each leads, and the name.

    Of several with the same name each has a place of its own, as far as there are such places.
    """
    waiting: dict[str, list[str]] = {}
    for link, name in links:
        waiting.setdefault(_folded(name), []).append(link)
    made = []
    for words, name in _calls(html, waiting):
        left = waiting.get(name) if name else None
        made.append(f'<a href="{escape(left.pop(0))}">{words}</a>' if left else words)
    return "".join(made)


def _calls(html: str, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """All of it in pieces, each with the name (folded) that it calls, or with none."""
    folded = sorted({_folded(name) for name in names if name}, key=len, reverse=True)
    if "@" not in html or not folded:
        yield html, ""
        return
    pattern = re.compile(rf"(?<![\w@])@(?:{'|'.join(f'({_written(name)})' for name in folded)})(?!\w)", re.IGNORECASE)
    silent = 0
    for piece in _PIECE.finditer(html):
        if piece[2] in _SILENT:
            silent += -1 if piece[1] else 1
        if piece[2] or silent > 0:
            yield piece[0], ""
            continue
        at = 0
        for call in pattern.finditer(piece[0]):
            yield piece[0][at : call.start()], ""
            yield call[0], folded[(call.lastindex or 1) - 1]
            at = call.end()
        yield piece[0][at:], ""


def _folded(name: str) -> str:
    """Names that are the same but for their letters' case."""
    return " ".join(legible(name).lower().split())


def _written(name: str) -> str:
    """The pattern of a name in restricted HTML."""
    return re.escape(escape(name, quote=False)).replace('"', '(?:"|&quot;)').replace("\\ ", r"\s+")
