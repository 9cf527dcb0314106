"""A log told in lines for people at a terminal: when, what, who. ``--json`` and the export give the log itself."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from textwrap import wrap
from typing import Any, cast

from bot.pictures import why_left_out
from handlers.why import why
from playbooks.cleared import Reader
from playbooks.load import Book
from playbooks.phrasing import legible
from playbooks.rooms import RoomRef
from playbooks.selection import local_time
from playbooks.sight import Withheld
from storage import facts as f
from storage import gone
from storage.entry import unreal
from storage.sentences import Sentences
from storage.store import Kept, Summary
from storage.unseen import held, is_seen

WIDEST, NARROWEST = 100, 60
"""Columns at most, also where there is no terminal; and at least, since half of them stand before the words."""

TOGETHER = timedelta(minutes=1)
"""Messages about one thing that left within so long of the first are told in one line."""

_HEAD = 27
"""Columns before the words: the entry's number and time."""

_A_SECOND = timedelta(seconds=1)


class Telling:
    """A log as lines. ``book`` is the playbook it was decided under, None where there is none to be read."""

    def __init__(self, stream: str, summary: Summary | None, kept: Sequence[Kept], book: Book | None) -> None:
        self._stream = stream
        self._summary = summary
        self._gone = gone.of_entries(kept)
        self._kept = kept = [replace(one, fact=held(one.fact)) for one in kept]
        self._book = book
        self._shown = {one.fact.send: one.fact for one in kept if isinstance(one.fact, f.Disclosed)}
        self._words = _Informed(book) if book is not None else Sentences(lambda at: at.astimezone(UTC))
        self._width = max(min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST), NARROWEST)
        self._zone = str(book.playbook.timezone) if book is not None else "UTC"

    def heading(self) -> Iterator[str]:
        """What this is the log of, and what of it is gone."""
        yield from self._whose()
        yield from gone.of_all(self._kept)

    def _whose(self) -> Iterator[str]:
        many = f"{len(self._kept)} {'entry' if len(self._kept) == 1 else 'entries'}"
        if self._summary is None:
            yield f"The log of {self._stream}: who is who, rooms and networks. {many}; times in {self._zone}."
            return
        one = self._summary
        closed = f"closed {self._local(one.closed_at):%Y-%m-%d %H:%M}" if one.closed_at else "open"
        title = f", {legible(one.title)}" if one.title else ""
        if first := unreal(self._stream):
            yield first
        yield f"The log of {self._stream}: {one.playbook}{title}. {many}, {closed}; times in {self._zone}."
        digest = next((one.playbook_sha256 for one in self._kept if one.playbook_sha256), None)
        if digest:
            yield f"Playbook {digest}"

    def lines(self) -> Iterator[str]:
        """Each entry in a line or a few; messages that left together in one."""
        told: set[int] = set()
        for number, kept in enumerate(self._kept):
            self._words.heard(kept.fact)
            if kept.seq in told:
                continue
            if isinstance(kept.fact, f.MessageSent):
                group = self._together(number, told)
                told |= {one.seq for one in group}
                if len(group) > 1:
                    yield from self._folded(kept, self._sent(group))
                    continue
            yield from self._folded(kept, legible(self._words.sentence(kept.fact)))
            for line in (*self._words.below(kept.fact), *self._gone.get(kept.seq, ())):
                yield from wrap(
                    legible(line), self._width, initial_indent=" " * (_HEAD + 2), subsequent_indent=" " * (_HEAD + 4),
                    break_long_words=False, break_on_hyphens=False,
                )  # fmt: skip

    def _folded(self, kept: Kept, sentence: str) -> Iterator[str]:
        head = f"{kept.seq:>5} {self._local(kept.at):%Y-%m-%d %H:%M:%S}  "
        yield from wrap(
            sentence, self._width, initial_indent=head, subsequent_indent=" " * len(head),
            break_long_words=False, break_on_hyphens=False,
        ) or [head.rstrip()]  # fmt: skip

    def _local(self, at: datetime) -> datetime:
        return local_time(self._book, at) if self._book is not None else at.astimezone(UTC)

    # -- messages that left ----------------------------------------------------------------------------------------

    def _together(self, start: int, told: Set[int]) -> list[Kept]:
        """The sends about one thing that left with the one at this place."""
        first = self._kept[start]
        group: list[Kept] = []
        for kept in self._kept[start:]:
            if kept.at - first.at > TOGETHER:
                break
            if isinstance(kept.fact, f.MessageSent):
                if kept.seq not in told and self._about(kept.fact) == self._about(cast(f.MessageSent, first.fact)):
                    group.append(kept)
            elif self._about(cast(f.MessageSent, first.fact)) is None:
                break
        return group

    def _about(self, fact: f.MessageSent) -> str | None:
        shown = self._shown.get(fact.send)
        return shown.about if shown is not None else None

    def _sent(self, group: Sequence[Kept]) -> str:
        facts = [cast(f.MessageSent, one.fact) for one in group]
        about = self._about(facts[0])
        rooms = dict.fromkeys(fact.room for fact in facts if is_seen(fact.room))
        networks = Counter(room.network.capitalize() for room in rooms)
        counts = ", ".join(f"{count} on {network}" for network, count in networks.items())
        where = (
            f"{len(rooms)} {'room' if len(rooms) == 1 else 'rooms'}: {counts}" if rooms else "rooms that were erased"
        )
        often = f", in {len(group)} messages" if len(group) > len(rooms) else ""
        until = f", until {self._local(group[-1].at):%H:%M:%S}" if group[-1].at - group[0].at > _A_SECOND else ""
        return f"{about or 'Messages'} sent to {where}{often}{until} (the last is entry {group[-1].seq})"


class _Informed(Sentences):
    """Sentences of somebody who has the playbook at hand: it knows the reasons in full."""

    def __init__(self, book: Book) -> None:
        super().__init__(lambda at: local_time(book, at))
        self._book = book

    def why_left_out(self, room: RoomRef, partner: str, left: Mapping[str, Any]) -> str:
        return why_left_out(self._book, room, partner, left)

    def why_withheld(self, disclosed: f.Disclosed, said: Mapping[str, Any]) -> str:
        reader = Reader(disclosed.room, disclosed.partner, True, ("en",))
        withheld = Withheld(said["withheld"], said.get("rule") or 0, said.get("detail") or "")
        return why(self._book, reader, withheld).text
