"""Restricted HTML, the one form of marked-up words inside the house: text, a few tags, nothing else.

``b i u s code pre blockquote tg-spoiler``, and ``a`` with an ``href`` that begins with ``https://``, ``http://``, ``mailto:`` or ``tel:``; newlines are
line breaks; ``& < > "`` are written as entities; every tag is ended, the innermost first. What people write comes through here whatever its network
made of it, so that nothing else can be in what is sent.
"""

from __future__ import annotations

import re
from html import escape, unescape

from playbooks.phrasing import legible

TAGS = frozenset({"b", "i", "u", "s", "code", "pre", "blockquote", "tg-spoiler"})
_TAG = re.compile(r"<(/?)([a-z][a-z-]*)(?: href=\"([^\"<>]*)\")?>")
_LINK = re.compile(r"(?:https?://|mailto:|tel:)[^\s\"<>]+", re.IGNORECASE)


def restricted(source: str) -> str:
    """``source`` as restricted HTML: what is no allowed tag is text, what is never ended is ended at the end."""
    made: list[str] = []
    opened: list[tuple[str, bool]] = []  # the tag, and whether it was written
    at = 0
    for tag in _TAG.finditer(source):
        ends, name, link = tag[1] == "/", tag[2], tag[3]
        if name not in TAGS and name != "a":
            continue
        made.append(_text(source[at : tag.start()]))
        at = tag.end()
        if not ends:
            kept = name != "a" or (link is not None and _LINK.fullmatch(unescape(link)) is not None)
            opened.append((name, kept))
            if kept:
                made.append(f'<a href="{escape(unescape(link))}">' if name == "a" and link is not None else f"<{name}>")
        elif any(name == one for one, _ in opened):
            while True:
                inner, kept = opened.pop()
                made.append(f"</{inner}>" if kept else "")
                if inner == name:
                    break
    made.append(_text(source[at:]))
    made += [f"</{name}>" for name, kept in reversed(opened) if kept]
    return "".join(made)


def plain(source: str) -> str:
    """The words of restricted HTML without markup."""
    return unescape(_TAG.sub("", source))


def _text(source: str) -> str:
    return escape(legible(unescape(source)), quote=False)
