"""Each field that some message showed to a room, or was decided to withhold from it: what every other answer is counted from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from playbooks.rooms import RoomRef
from storage.facts import Disclosed
from storage.inquiry.erased import Erased, Erasures
from storage.inquiry.fates import Fate, Fates
from storage.store import Kept

_SHORT = re.compile(r"[A-Z]-\d{1,9}")


@dataclass(frozen=True, slots=True)
class Sight:
    """One field of one thing, as one message showed it to one room, or withheld it (``form`` is None; ``why``, ``detail``: the reason).

    ``about``: the thing (``A-17``); ``of``: whose words it is, where a message shows the same field of several. ``decided_at``: when the message was written;
    ``fate``: what became of it. ``value``: what was shown, None where there was nothing, or it is ``gone``: erased since, and ``erased`` says when and why as far as
    the facts do. ``rule``: the line of the playbook ``playbook_sha256``
    that decided it (0: none). ``agreements``, ``basis``: by which right. ``entry`` decided it.
    """

    about: str
    field: str
    of: str | None
    partner: str | None
    room: RoomRef
    send: str
    entry: int
    decided_at: datetime
    form: str | None
    value: Any
    rule: int
    playbook_sha256: str | None
    agreements: tuple[str, ...]
    basis: str | None
    why: str | None
    detail: str | None
    fate: Fate
    gone: bool = False
    erased: Erased | None = None

    @property
    def held(self) -> bool:
        """Whether it was shown with something in it, whether or not that was erased since."""
        return self.form is not None and (self.gone or self.value is not None)

    @property
    def entries(self) -> tuple[int, ...]:
        """The entries that prove it: the decision, and what became of the message."""
        return (self.entry, *self.fate.entries)


def sights(
    kept: Iterable[Kept], fates: Fates, only: Callable[[Disclosed], bool] = lambda fact: True
) -> Iterator[Sight]:
    """Every field of every message (or of some ``only``), shown or withheld, in the order of the log."""
    kept = list(kept)
    erasures = Erasures(kept)
    for one in kept:
        if isinstance(one.fact, Disclosed) and only(one.fact):
            yield from _of(one, one.fact, fates, erasures)


def _of(one: Kept, fact: Disclosed, fates: Fates, erasures: Erasures) -> Iterator[Sight]:
    fate = fates.of(fact.send)
    for key, how in fact.fields.items():
        if not isinstance(how, Mapping):
            continue
        about, field, of = named(fact.about, key)
        shown = "withheld" not in how
        gone = shown and "value" not in how
        yield Sight(
            about,
            field,
            of,
            fact.partner,
            fact.room,
            fact.send,
            one.seq,
            one.at,
            str(how.get("form")) if shown else None,
            how.get("value") if shown else None,
            int(how.get("rule") or 0),
            one.playbook_sha256,
            tuple(how.get("agreements") or ()),
            how.get("basis"),
            None if shown else str(how["withheld"]),
            None if shown else how.get("detail") or None,
            fate,
            gone,
            erasures.of(one.seq, f"values/{key}", fact.of) if gone else None,
        )


def named(about: str, key: str) -> tuple[str, str, str | None]:
    """Of what a message shows, and which field: ``A-17/where`` is of A-17, ``#ops:S-3`` of S-3, ``_answer:fire`` of the fire service's."""
    if "/" not in key and ":" not in key:
        return about, key, None
    thing, slash, field = key.partition("/")
    if not slash:
        thing, field = about, key
    field, colon, of = field.partition(":")
    if colon and _SHORT.fullmatch(of):
        return of, field, None
    return thing, field, of if colon else None
