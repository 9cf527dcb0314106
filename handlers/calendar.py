"""What decisions may ask of a calendar: when a clock time comes next. The calendar itself belongs to those who run things."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from playbooks.schema import Cron


class Calendar(Protocol):
    """When clock times recur, where they are read on the wall."""

    def next(self, cron: Cron, zone: ZoneInfo, after: datetime) -> datetime | None:
        """The first of its times later than this one, in UTC; None: it comes no more.

        A time that the clocks show twice is meant the first time. One that they leave out comes as soon as they go on.
        """
