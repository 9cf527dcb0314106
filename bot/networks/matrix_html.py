"""From the HTML that Matrix clients write to restricted HTML. Pure.

Blocks become lines, lists get bullets and numbers, cells of tables are set apart by bars, and the tags that restricted HTML has no
equal for leave their words. Links to people and rooms (matrix.to) lead nowhere on another network: a person's name has ``@`` in front, as if it had
been typed, and a room's stands alone.

Written for the worst a stranger can send: one pass, nothing looked for twice, elements nested deeper than ``DEEPEST`` are as if they were
not there. A parser after the book is quadratic in some of that (``nh3`` took 0.7 s for one event).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape, unescape

from playbooks.phrasing import legible
from playbooks.restricted import in_language, restricted

LONGEST = 100_000
"""Characters that are read; an event holds 64 KiB."""
DEEPEST = 100
"""Elements inside each other that count, as the Matrix specification advises."""

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)([^<>]*)>")
_ATTRIBUTE = re.compile(
    r"(?<![\w:-])([a-zA-Z][\w:-]{0,40})(?:[ \t\n]{0,9}=[ \t\n]{0,9}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?"
)
_LANGUAGE = re.compile(r"(?:^|\s)language-(\S+)")
_SPACES = re.compile(r"[ \t\n\r\f]+")
_MENTION = re.compile(r"(?:https?://(?:www\.)?matrix\.to/|matrix:)", re.IGNORECASE)
_PERSON = re.compile(r"(?:https?://(?:www\.)?matrix\.to/#/(?:@|%40)|matrix:u/)", re.IGNORECASE)
_LINK = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)
_OTHER_LINK = re.compile(r"(?:ftps?|sftp|magnet|geo|sips?|sms|xmpp):\S+", re.IGNORECASE)
_MARKS = {
    "b": "b", "strong": "b", "th": "b", "summary": "b", "h1": "b", "h2": "b", "h3": "b", "h4": "b", "h5": "b", "h6": "b",
    "i": "i", "em": "i", "cite": "i", "var": "i", "dfn": "i", "caption": "i",
    "u": "u", "ins": "u", "s": "s", "del": "s", "strike": "s",
    "code": "code", "tt": "code", "kbd": "code", "samp": "code", "pre": "pre", "blockquote": "blockquote",
}  # fmt: skip
# How many line breaks stand before and after a block.
_BLOCKS = dict.fromkeys(("p", "h1", "h2", "h3", "h4", "h5", "h6"), 2) | dict.fromkeys(
    ("div", "ul", "ol", "li", "dl", "dt", "dd", "blockquote", "pre", "table", "caption", "tr", "details", "summary", "section", "article"), 1
)  # fmt: skip
_UNHEARD = frozenset({"mx-reply", "script", "style", "head", "title"})


@dataclass(frozen=True, slots=True, eq=False)
class _Mark:
    """Markup of one element; two of the same kind are two."""

    name: str
    opening: str
    ending: str


@dataclass(slots=True)
class _Element:
    tag: str
    marked: bool = False
    after: str = ""  # words that follow it
    unheard: bool = False


@dataclass(slots=True)
class _List:
    number: int | None  # of the next item; None: bullets


@dataclass(slots=True)
class _Writer:
    """What was written so far. Breaks, spaces and bullets wait for the words that follow, so that none is left over."""

    made: list[str] = field(default_factory=list)
    written: list[_Mark] = field(default_factory=list)
    wanted: list[_Mark] = field(default_factory=list)
    breaks: int = 0
    space: bool = False
    bullet: str = ""
    bullet_marks: list[_Mark] = field(default_factory=list)
    begun: bool = False
    calls: bool = False  # what follows is the name of somebody who is called upon

    def words(self, text: str) -> None:
        """Write ``text`` (never empty) under the marks that are wanted now."""
        if self.calls:
            self.calls = False
            text = text if text.startswith("@") else f"@{text}"
        if self.bullet:
            bullet, self.bullet = self.bullet, ""
            self._put(bullet, self.bullet_marks)
        self._put(text, self.wanted)

    def end(self) -> str:
        self._close(0)
        return "".join(self.made)

    def _put(self, text: str, wanted: list[_Mark]) -> None:
        shared = 0
        while shared < min(len(wanted), len(self.written)) and wanted[shared] is self.written[shared]:
            shared += 1
        self._close(shared)
        if self.begun:
            self.made.append("\n" * self.breaks if self.breaks else " " if self.space else "")
        self.breaks, self.space, self.begun = 0, False, True
        for mark in wanted[shared:]:
            self.made.append(mark.opening)
            self.written.append(mark)
        self.made.append(escape(text, quote=False))

    def _close(self, shared: int) -> None:
        while len(self.written) > shared:
            self.made.append(self.written.pop().ending)


class _Reader:
    """Reads one formatted body."""

    def __init__(self) -> None:
        self.writer = _Writer()
        self.open: list[_Element] = []
        self.deeper = 0
        self.unheard = 0
        self.lists: list[_List] = []
        self.pre_begins = False

    def read(self, source: str) -> str:
        at = 0
        for tag in _TAG.finditer(source):
            self._text(source[at : tag.start()])
            at = tag.end()
            name = tag[2].lower()
            if tag[1]:
                self._ends(name)
            else:
                self._begins(name, tag[3])
        self._text(source[at:])
        return self.writer.end()

    def _text(self, raw: str) -> None:
        if not raw or self.unheard:
            return
        text = legible(unescape(raw))
        writer = self.writer
        if any(mark.name == "pre" for mark in writer.wanted):
            if self.pre_begins:
                text, self.pre_begins = text.removeprefix("\n"), False
            for number, line in enumerate(text.split("\n")):
                writer.breaks += number > 0
                if line:
                    writer.words(line)
            return
        text = _SPACES.sub(" ", text)
        writer.space |= text.startswith(" ")
        if words := text.strip(" "):
            writer.words(words)
            writer.space = text.endswith(" ")

    def _begins(self, name: str, attributes: str) -> None:
        if name in ("br", "hr", "img"):
            if not self.unheard:
                self._stands_alone(name, attributes)
            return
        if len(self.open) >= DEEPEST:
            self.deeper += 1
            return
        element = _Element(name, unheard=name in _UNHEARD)
        self.open.append(element)
        self.unheard += element.unheard
        if not self.unheard:
            self._block(name)
            self._list(name, attributes)
            self._marks(element, attributes)

    def _ends(self, name: str) -> None:
        if self.deeper:
            self.deeper -= 1
            return
        if not any(element.tag == name for element in self.open):
            return
        while True:
            element = self.open.pop()
            if element.marked:
                self.writer.wanted.pop()
            if element.tag == "a":
                self.writer.calls = False
            if element.after:
                self.writer.words(element.after)
            if not self.unheard:
                if element.tag in ("ul", "ol") and self.lists:
                    self.lists.pop()
                if element.tag == "li":
                    self.writer.bullet = ""
                self._block(element.tag)
            self.unheard -= element.unheard
            if element.tag == name:
                return

    def _stands_alone(self, name: str, attributes: str) -> None:
        writer = self.writer
        if name == "br":
            writer.breaks += 1
        elif name == "hr":
            writer.breaks = max(writer.breaks, 1)
            writer.words("———")
            writer.breaks = 1
        else:
            found = _attributes(attributes)
            if words := legible(found.get("alt") or found.get("title") or "").strip():
                writer.words(words)

    def _block(self, name: str) -> None:
        # What follows a bullet stands beside it, also where it is a paragraph.
        if (breaks := _BLOCKS.get(name)) and not self.writer.bullet:
            self.writer.breaks = max(self.writer.breaks, 1 if self.lists else breaks)

    def _list(self, name: str, attributes: str) -> None:
        writer = self.writer
        if name == "ul":
            self.lists.append(_List(None))
        elif name == "ol":
            start = _attributes(attributes).get("start", "1")
            self.lists.append(_List(int(start) if re.fullmatch(r"\d{1,6}", start, re.ASCII) else 1))
        elif name == "li":
            inner = self.lists[-1] if self.lists else _List(None)
            writer.bullet = (
                "\u2003" * (len(self.lists) - 1) + ("•" if inner.number is None else f"{inner.number}.") + " "
            )
            writer.bullet_marks = list(writer.wanted)
            if inner.number is not None:
                inner.number += 1
        elif name in ("td", "th") and writer.begun and not writer.breaks:
            writer.space = True
            writer.words("|")
            writer.space = True

    def _marks(self, element: _Element, attributes: str) -> None:
        wanted = self.writer.wanted
        name = _MARKS.get(element.tag, "")
        opening, ending = f"<{name}>", f"</{name}>"
        if element.tag == "a":
            link = legible(_attributes(attributes).get("href", "")).strip()
            if _LINK.match(link) and not _MENTION.match(link):
                name, opening, ending = "a", f'<a href="{escape(link)}">', "</a>"
            elif _PERSON.match(link):
                self.writer.calls = True
            elif _OTHER_LINK.fullmatch(link):
                element.after = f" ({link})"
        elif element.tag == "span" and "data-mx-spoiler" in (found := _attributes(attributes)):
            if reason := legible(found["data-mx-spoiler"]).strip():
                self.writer.words(f"({reason})")
                self.writer.space = True
            name, opening, ending = "tg-spoiler", "<tg-spoiler>", "</tg-spoiler>"
        elif (
            name == "code"
            and wanted
            and wanted[-1].name == "pre"
            and not any(one is wanted[-1] for one in self.writer.written)
        ):
            language = _LANGUAGE.search(_attributes(attributes).get("class", ""))
            wanted[-1] = _Mark("pre", *in_language(language[1] if language else ""))
        # Within code nothing else is marked, and nothing is marked twice.
        if name and not any(mark.name in (name, "code", "pre") for mark in wanted):
            wanted.append(_Mark(name, opening, ending))
            element.marked = True
            self.pre_begins = name == "pre"


def from_matrix(source: str) -> str:
    """``source``, a ``formatted_body``, as restricted HTML; empty where it says nothing or is too long to be an event's."""
    return "" if len(source) > LONGEST else restricted(_Reader().read(_without_comments(source)))


def from_plain(text: str) -> str:
    """Plain words as restricted HTML."""
    return escape(legible(text), quote=False)


def _without_comments(source: str) -> str:
    kept: list[str] = []
    at = 0
    while (begins := source.find("<!--", at)) >= 0 and (ends := source.find("-->", begins)) >= 0:
        kept.append(source[at:begins])
        at = ends + 3
    return "".join([*kept, source[at:]])


def _attributes(source: str) -> dict[str, str]:
    """An element's attributes, the first of each name, those without a value empty."""
    found: dict[str, str] = {}
    for attribute in _ATTRIBUTE.finditer(source):
        found.setdefault(attribute[1].lower(), unescape(attribute[2] or attribute[3] or attribute[4] or ""))
    return found
