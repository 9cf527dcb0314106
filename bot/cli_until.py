"""A moment as a person types it, in the incident's own time: ``14:05``, ``2026-11-22 14:05``, or with an offset."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from bot.cli_ending import UNANSWERED, Stop
from playbooks.load import Book
from playbooks.wall import instants, written
from storage.store import Kept

_SHOWN = timedelta(days=2)
"""As far from the first and the last moment that a calendar has, a time can be shown in every zone."""

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")


def moment_of(typed: str, kept: Sequence[Kept], book: Book | None) -> datetime:
    """The moment meant. A time of day alone is that of the one day of the log that has it. Raises Stop with what would be right."""
    zone: tzinfo = book.playbook.timezone if book is not None else UTC
    clock = _CLOCK.fullmatch(typed.strip())
    try:
        if clock is None:
            found = datetime.fromisoformat(typed.strip())
            found = found if found.tzinfo is not None else found.replace(tzinfo=zone)
            _ = (found - _SHOWN, found + _SHOWN)  # raises for one that cannot be shown
            return found
        hour, minute, second = (int(part or 0) for part in clock.groups())
        return _on_its_day(typed, hour, minute, second, kept, zone)
    except (ValueError, OverflowError):
        raise Stop(UNANSWERED, f'--until {typed}: write a time like 14:05 or "2026-11-22 14:05", in {zone}') from None


def _on_its_day(typed: str, hour: int, minute: int, second: int, kept: Sequence[Kept], zone: tzinfo) -> datetime:
    """A time of day, on the day on which the log has it."""
    if not kept:
        return datetime.min.replace(tzinfo=UTC)
    first, last = (kept[end].at.astimezone(zone) for end in (0, -1))
    day = first.replace(hour=hour, minute=minute, second=second, microsecond=0, tzinfo=None)
    days = [day]
    while (day := days[-1] + timedelta(days=1)) <= last.replace(tzinfo=None):
        days.append(day)
    inside = [at for one in days for at in instants(one, zone) if kept[0].at <= at <= kept[-1].at]
    if len(inside) > 1:
        several = " or ".join(f'"{written(at, zone)}"' for at in inside[:2])
        often = "twice" if len(inside) == 2 else f"{len(inside)} times"
        raise Stop(UNANSWERED, f"--until {typed}: the log has it {often}; write {several}")
    return inside[0] if inside else days[0].replace(tzinfo=zone)
