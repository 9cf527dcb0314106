"""What clocks on the wall show where they are put forward and back: some times never, others twice."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo


def instants(wall: datetime, zone: tzinfo) -> tuple[datetime, ...]:
    """When clocks show this, in UTC: once, twice where they are put back, never where they leave it out. ``wall`` has no zone.

    Raises OverflowError at the ends of the calendar.
    """
    meant = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return tuple(sorted({at for at in meant if _shown(at, zone) == wall}))


def written(at: datetime, zone: tzinfo) -> str:
    """A moment to the minute, as ISO 8601 has it and as it is read again; with its offset only where clocks show it twice."""
    wall = _shown(at, zone)
    shown = at.astimezone(zone) if len(instants(wall, zone)) > 1 else wall
    return shown.isoformat(sep=" ", timespec="minutes")


def _shown(at: datetime, zone: tzinfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)
