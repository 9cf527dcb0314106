"""How carried speech looks: who speaks on a line of its own, the words below, and perhaps when it was said in front.

Pure text. Several that are carried in one message name each speaker once in turn, with an empty line between speakers. What is too long for one
message is cut here, so that every part says who speaks and leaves room for the time, which is put there only where a message arrives late.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import unescape

from storage.effects import Carried

Split = Callable[[str], Sequence[str]]
"""Cut restricted HTML into parts that each fit one message."""

CAPTIONS = 1024
"""UTF-16 units that can stand under a file where nobody says otherwise: as on Telegram."""

PLACE_UNITS = 240
"""UTF-16 units that can stand on a place: its name and address, and who shows it. So many Telegram shows as an address; on Matrix there is no bound."""

MORE = " …"
"""After the name of whoever speaks on."""

_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Line:
    """What one row says, all of it restricted HTML. ``clock``: empty where it came in time. ``mark`` stands over the whole message."""

    head: str
    words: str
    clock: str = ""
    mark: str = ""


def plain(html: str) -> str:
    """Without markup."""
    return unescape(_TAG.sub("", html))


def shown(lines: Sequence[Line]) -> str:
    """One message that says these, in their order. They have the same mark."""
    runs: list[list[str]] = []
    before: str | None = None
    for line in lines:
        if line.head != before:
            runs.append([f"<i>{line.clock}</i> {line.head}" if line.clock else line.head])
        before = line.head
        if line.words:
            runs[-1].append(line.words)
    whole = "\n\n".join("\n".join(run) for run in runs)
    return "\n".join(part for part in (lines[0].mark, whole) if part)


def cut(mark: str, carried: Carried, split: Split, captions: int) -> list[Line]:
    """What is carried, as one message each; a file, a place or a poll goes with the first.

    Words that are too long to stand under a file or on a place follow it, as do those beside a poll. Later parts say who speaks on.
    """
    head, words, clock = carried.head.html, carried.words.html, carried.clock.html
    instead = carried.instead.html if carried.instead is not None else ""
    goes_with = carried.attached
    under = goes_with is not None and goes_with.file is not None
    alone = goes_with is not None and not under and goes_with.contact is None
    first = shown([Line(head, words, clock, mark)])
    on_place = goes_with is not None and goes_with.point is not None and _units(first) <= PLACE_UNITS
    if words and ((alone and not on_place) or (under and _units(first) > captions)):
        return [Line(head, "", mark=mark), *cut_words(mark, head + MORE, words, clock, split)]
    return cut_words(mark, head, words, clock, split, instead)


def cut_words(mark: str, head: str, words: str, clock: str, split: Split, instead: str = "") -> list[Line]:
    """Words of one speaker, with room left above for everything else that may stand there."""
    lines: list[Line] = []
    left = words
    if not words:
        return [Line(head, "", mark=mark)]
    while True:
        above = _above(mark, head, clock, instead)
        first, *others = split(f"{above}\n{left}")
        said = first.removeprefix(above).removeprefix("\n") if first.startswith(above) else ""
        if others and not said:  # a network with room for nothing: better too long than never
            said, *others = split(left)
        elif not others:
            said = left
        lines.append(Line(head, said, mark=mark))
        if not others:
            return lines
        left = _joined(plain(left), said, others)
        head = head if head.endswith(MORE) else head + MORE
        instead = ""


def _above(mark: str, head: str, clock: str, instead: str) -> str:
    """Letters that take at least as much room, however a network measures, as what stands around the words."""
    around = shown([Line(head, instead, clock, mark)])
    return "x" * len(around.encode())


def _joined(whole: str, said: str, others: Sequence[str]) -> str:
    """Parts as one again, with the white space between them that was dropped where they were cut."""
    at = len(plain(said)) if whole.startswith(plain(said)) else 0
    made: list[str] = []
    for part in others:
        bare = plain(part)
        place = whole.find(bare, at)
        if made:
            made.append(whole[at:place] if place >= 0 and not whole[at:place].strip() else "\n")
        made.append(part)
        at = place + len(bare) if place >= 0 else at
    return "".join(made)


def _units(html: str) -> int:
    """UTF-16 code units of the words, as Telegram counts them."""
    return len(plain(html).encode("utf-16-le", "surrogatepass")) // 2
