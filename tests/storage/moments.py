"""Clocks that stand still."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime


def at(moment: datetime) -> Callable[[], Awaitable[datetime]]:
    """Tells this time, whenever it is asked."""

    async def now() -> datetime:
        return moment

    return now
