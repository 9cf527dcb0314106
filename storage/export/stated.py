"""What every form of a copy states of itself: for whom, by whom, why, on which basis, what is withheld, and the checkpoint it stands on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from storage.export.copy import About
from storage.tongue import ENGLISH, Tongue


class Stated(NamedTuple):
    """``exact``: it is compared letter by letter."""

    what: str
    words: str
    exact: bool = False


def stated(about: About, tongue: Tongue = ENGLISH) -> list[Stated]:
    """What is stated, in the order in which it is read. The signed note over the checkpoint is ``about.note``."""
    word = tongue.word
    rows = [
        Stated(tongue.say("Incident"), f"{about.stream}, {about.title}" if about.title else about.stream),
        Stated(word("forWhom"), whom(about, tongue)),
        Stated(word("byWhom"), word("operator") if about.by == "operator" else about.by),
        Stated(word("when"), tongue.moment(about.at.astimezone(ZoneInfo(about.zone)))),
        Stated(word("why"), about.reason),
        Stated(word("basis"), about.basis or word("notStated")),
        Stated(word("keeper"), about.deployment),
    ]
    if about.playbook:
        rows.append(Stated(word("playbook"), about.playbook))
    return [
        *rows,
        Stated(word("shownCount"), tongue.say("{count} fields", count=about.disclosed)),
        Stated(word("hiddenCount"), withheld(about.withheld, tongue)),
        Stated(word("size"), str(about.checkpoint.size)),
        Stated(word("root"), about.checkpoint.root.hex(), exact=True),
        Stated(word("keyLine"), about.vkey, exact=True),
        Stated(tongue.say("Times in"), about.zone),
    ]


def whom(about: About, tongue: Tongue = ENGLISH) -> str:
    """For whom the copy is made."""
    recipient = about.recipient
    if recipient.partner is None:
        return tongue.word("auditor")
    return recipient.name if recipient.name == recipient.id else f"{recipient.name} ({recipient.id})"


def withheld(counts: Mapping[str, int], tongue: Tongue = ENGLISH) -> str:
    """How many fields are not shown, in all and of each kind of entry."""
    counts = {kind: count for kind, count in counts.items() if count}
    total = sum(counts.values())
    if not total:
        return tongue.word("withheldNone")
    kinds = ", ".join(f"{tongue.kind(kind)} {count}" for kind, count in sorted(counts.items()))
    return f"{tongue.say('{count} fields', count=total)} ({kinds})"


def moment(at: datetime, zone: str, tongue: Tongue = ENGLISH) -> str:
    """A time for people, to the second: ``2026-07-01 14:00:05``."""
    return tongue.moment(at.astimezone(ZoneInfo(zone)))
