"""The floor's statements by name, read from ``queries.sql`` so that SQL lives apart from Python bodies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib.resources import files

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _load() -> Mapping[str, str]:
    text = files("storage").joinpath("queries.sql").read_text(encoding="utf-8")
    named: dict[str, str] = {}
    for block in text.split("-- name: ")[1:]:
        name, _, body = block.partition("\n")
        if name.strip() in named:
            raise ValueError(f"two queries are called {name.strip()}")
        named[name.strip()] = body.strip().removesuffix(";")
    return named


SQL: Mapping[str, str] = _load()


def micros(at: datetime) -> int:
    """A time as the tables keep it: whole microseconds since 1970 in UTC. Raises ValueError if it is not aware."""
    if at.tzinfo is None:
        raise ValueError(f"a time without a zone: {at}")
    return (at - _EPOCH) // _MICROSECOND


def micros_or_none(at: datetime | None) -> int | None:
    """``micros``, where a time may be absent."""
    return None if at is None else micros(at)


def instant(value: int) -> datetime:
    """Read what ``micros`` wrote: an aware time in UTC."""
    return _EPOCH + timedelta(microseconds=value)


def instant_or_none(value: int | None) -> datetime | None:
    """``instant``, where a time may be absent."""
    return None if value is None else instant(value)
