"""What is wrong, in the program's own log: said once, once an hour while it stays so, and once when it is well again.

What is tried every few seconds would otherwise fill the log with one line, in which nobody finds the others.
"""

from __future__ import annotations

import logging

from bot.clock import Clock

AGAIN = 3600.0
"""Seconds after which what is still wrong is said again."""


class Once:
    """What one part of the program says of what it tries again and again."""

    def __init__(self, log: logging.Logger, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._said: dict[str, tuple[str, float]] = {}

    def wrong(self, of: str, what: str, level: int = logging.ERROR, **about: object) -> None:
        """``what`` is wrong with ``of``, where ``about`` says why and how."""
        now, words = self._clock.monotonic(), f"{what} {about}"
        said, at = self._said.get(of, ("", now))
        if said != words or now - at >= AGAIN:
            self._said[of] = (words, now)
            self._log.log(level, what, extra=about)

    def well(self, of: str, what: str, **about: object) -> None:
        """Nothing is wrong with ``of`` any more; said where something was."""
        if self._said.pop(of, None) is not None:
            self._log.info(what, extra=about)
