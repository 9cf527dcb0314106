"""What every form of a copy states of itself: for whom, by whom, why, on which basis, what is withheld, and the checkpoint it stands on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from storage.export.copy import About
from storage.plain import named

NO_BASIS = "none was named"


def stated(about: About) -> list[tuple[str, str]]:
    """(what, words), in the order in which they are read. The signed note over the checkpoint is ``about.note``."""
    recipient = about.recipient
    whom = recipient.name if recipient.name == recipient.id else f"{recipient.name} ({recipient.id})"
    rows = [
        ("Incident", f"{about.stream}, {about.title}" if about.title else about.stream),
        ("Made for", whom),
        ("Made by", about.by),
        ("Made at", moment(about.at, about.zone)),
        ("Reason", about.reason),
        ("Legal basis", about.basis or NO_BASIS),
        ("Log kept by", about.deployment),
    ]
    if about.playbook:
        rows.append(("Playbook", about.playbook))
    rows += [
        ("Shown", f"{about.disclosed} {_fields(about.disclosed)}"),
        ("Withheld", withheld(about.withheld)),
        ("Checkpoint", f"{about.checkpoint.size} {'entry' if about.checkpoint.size == 1 else 'entries'}, root {about.checkpoint.root.hex()}"),
        ("Signing key", about.vkey),
        ("Times in", about.zone),
    ]  # fmt: skip
    return rows


def withheld(counts: Mapping[str, int]) -> str:
    """How many fields are not shown, in all and of each kind of entry."""
    counts = {kind: count for kind, count in counts.items() if count}
    total = sum(counts.values())
    if not total:
        return "nothing"
    kinds = ", ".join(f"{named(kind)} {count}" for kind, count in sorted(counts.items()))
    return f"{total} {_fields(total)}: {kinds}"


def moment(at: datetime, zone: str) -> str:
    """A time for people, to the second: ``2026-07-01 14:00:05``."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"


def _fields(count: int) -> str:
    return "field" if count == 1 else "fields"
