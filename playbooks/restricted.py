"""Restricted HTML, the one form of marked-up words inside the house: text, a few tags, nothing else.

``b i u s code pre blockquote tg-spoiler``, and ``a`` with an ``href`` that begins with ``https://``, ``http://``, ``mailto:`` or ``tel:``; newlines are
line breaks; ``& < > "`` are written as entities; every tag is ended, the innermost first. What people write comes through here whatever its network
made of it, so that nothing else can be in what is sent.

Two tags may say more, as the Bot API writes it: ``<blockquote expandable>`` is shown in part until somebody opens it, and
``<pre><code class="language-python">`` names the language of the code in it.
"""

from __future__ import annotations

import re
from html import escape, unescape

from playbooks.phrasing import legible

TAGS = frozenset({"b", "i", "u", "s", "code", "pre", "blockquote", "tg-spoiler"})
_LANGUAGE = r"[A-Za-z0-9+#._-]{1,32}"
_TAG = re.compile(rf"<(/?)([a-z][a-z-]*)(?: href=\"([^\"<>]*)\"| class=\"language-({_LANGUAGE})\"| (expandable))?>")
_LINK = re.compile(r"(?:https?://|mailto:|tel:)[^\s\"<>]+", re.IGNORECASE)


def restricted(source: str) -> str:
    """``source`` as restricted HTML: what is no allowed tag is text, what is never ended is ended at the end."""
    made: list[str] = []
    opened: list[tuple[str, bool]] = []  # the tag, and whether it was written
    at = 0
    for tag in _TAG.finditer(source):
        ends, name, link = tag[1] == "/", tag[2], tag[3]
        within = opened[-1][0] if opened else ""
        if name not in TAGS and name != "a":
            continue
        made.append(_text(source[at : tag.start()]))
        at = tag.end()
        if not ends:
            kept = name != "a" or (link is not None and _LINK.fullmatch(unescape(link)) is not None)
            opened.append((name, kept))
            if kept:
                made.append(_opening(tag, within))
        elif any(name == one for one, _ in opened):
            while True:
                inner, kept = opened.pop()
                made.append(f"</{inner}>" if kept else "")
                if inner == name:
                    break
    made.append(_text(source[at:]))
    made += [f"</{name}>" for name, kept in reversed(opened) if kept]
    return "".join(made)


def in_language(language: str) -> tuple[str, str]:
    """What begins and what ends a block of code. ``language``: what its speaker calls the language; left out where it is empty or is no name."""
    if re.fullmatch(_LANGUAGE, language) is None:
        return "<pre>", "</pre>"
    return f'<pre><code class="language-{language}">', "</code></pre>"


def plain(source: str) -> str:
    """The words of restricted HTML without markup."""
    return unescape(_TAG.sub("", source))


def _opening(tag: re.Match[str], within: str) -> str:
    """A tag with what it may say more; of code its language, where it is a block (``within``: the tag around it)."""
    _, name, link, language, _ = tag.groups()
    if name == "a":
        return f'<a href="{escape(unescape(link))}">'
    if name == "code" and within == "pre" and language is not None:
        return f'<code class="language-{language}">'
    return "<blockquote expandable>" if name == "blockquote" and tag[5] else f"<{name}>"


def _text(source: str) -> str:
    return escape(legible(unescape(source)), quote=False)
