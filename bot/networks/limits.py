"""How many messages a network lets through, as an operator writes it: ``30/s 1/s/chat 20/min/group``, or ``off``."""

from __future__ import annotations

import re

from bot.networks.port import Limits

TELEGRAM_DEFAULT = "30/s 1/s/chat 20/min/group"
_PERIODS = {"s": 1.0, "min": 60.0, "h": 3600.0}
_PART = re.compile(r"(?P<count>[1-9]\d{0,5})/(?P<period>s|min|h)(?:/(?P<scope>chat|group))?")


def parse_limits(text: str) -> Limits:
    """The limits, each as (messages, seconds) with a burst of its own size; a scope that is not named has none.

    Without a scope a limit holds for all rooms together, ``/chat`` for each room, ``/group`` for each group.
    Raises ValueError, in words for the operator, for anything else.
    """
    found: dict[str, tuple[int, float]] = {}
    if text.strip().lower() == "off":
        return Limits()
    for part in text.split():
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} is no limit; write for example {TELEGRAM_DEFAULT!r}, or 'off'")
        scope = match["scope"] or "overall"
        if scope in found:
            raise ValueError(f"{part!r} sets a second limit for the same scope; keep one of them")
        found[scope] = (int(match["count"]), _PERIODS[match["period"]])
    if not found:
        raise ValueError(f"no limit is given; write for example {TELEGRAM_DEFAULT!r}, or 'off'")
    return Limits(overall=found.get("overall"), room=found.get("chat"), group=found.get("group"))
