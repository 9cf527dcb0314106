"""Runs the program, and kills it with SIGKILL at a named point: ``python -m tests.faults.dying run``, with DIE_AT=name.

A point is a call of one of the program's own functions, before or after it has done its work. Nothing is counted before the file that
DIE_ARMED names exists, so that a test chooses the moment. Nothing of this is in the program.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True)
class Point:
    """``place`` is ``module:function`` or ``module:Class.method``; the ``nth`` call counts, or the nth whose first word matches."""

    name: str
    place: str
    when: Literal["before", "after"]
    nth: int = 1
    saying: str = ""


POINTS = (
    Point("poll returned", "bot.networks.telegram:Telegram._updates", "after", saying="callback_query"),
    Point("before what is heard is kept", "storage.inbox:add", "before", saying="callback_query"),
    Point("after what is heard is kept", "storage.inbox:add", "after", saying="callback_query"),
    Point("before the tap is answered", "bot.networks.telegram:Telegram._answer", "before"),
    Point("after the tap is answered", "bot.networks.telegram:Telegram._answer", "after"),
    Point("before the decision", "handlers:hear", "before"),
    Point("after the decision", "handlers:hear", "after"),
    Point("while facts are sealed", "storage.log:seal", "after", nth=7),
    Point("after the log append", "storage.log:append", "after"),
    Point("after the outbox insert", "storage.outbox:add", "after"),
    Point("before the deciding commit", "storage.database:SqliteStore.commit", "before"),
    Point("after the deciding commit", "storage.database:SqliteStore.commit", "after"),
    Point("before the claim", "storage.database:SqliteStore.claim", "before"),
    Point("after the claim", "storage.database:SqliteStore.claim", "after"),
    Point("before a Telegram write", "bot.networks.telegram:Telegram.send", "before", nth=2),
    Point(
        "after a Telegram response", "bot.networks.telegram_http:Wire.do_request", "after", nth=3, saying="sendMessage"
    ),
    Point("after a Telegram outcome", "bot.networks.telegram:Telegram.send", "after", nth=2),
    Point("before a Matrix message is encrypted", "bot.networks.matrix_sharing:Sharing.encrypt", "before"),
    Point("after a Matrix message is encrypted", "bot.networks.matrix_sharing:Sharing.encrypt", "after"),
    Point("before a Matrix write", "bot.networks.matrix:Matrix.send", "before"),
    Point("after a Matrix response", "bot.networks.matrix:Matrix.send", "after"),
    Point("before an outcome is committed", "storage.outbox:settle", "before", nth=2),
    Point("after an outcome is committed", "storage.database:SqliteStore.commit", "after", nth=2),
    Point("before a checkpoint is signed", "storage.database:SqliteStore.sign", "before"),
    Point("between a checkpoint's file and its row", "storage.checkpoints:_remember", "after"),
)
"""Points on the way of an alert, armed when the second person confirms it."""

LISTENING = (
    Point("before a sync is kept", "storage.database:SqliteStore.keep_batch", "before"),
    Point("after a sync is kept", "storage.database:SqliteStore.keep_batch", "after"),
    Point("before keys are taken in", "bot.networks.matrix_keys:Keys.take_in", "before"),
    Point("after keys are taken in", "bot.networks.matrix_keys:Keys.take_in", "after"),
    Point("before a sync is settled", "storage.database:SqliteStore.settle_batch", "before"),
    Point("after a sync is settled", "storage.database:SqliteStore.settle_batch", "after"),
)
"""Points on the way of an answer from an encrypted room, armed when it is said."""

ROTATION = (
    Point("before the new key is made", "storage.keys:make_following", "before"),
    Point("after the new key is made", "storage.keys:make_following", "after"),
    Point("before both keys sign the link", "storage.rotation:link", "before"),
    Point("before the replacement is recorded", "storage.database:SqliteStore.commit", "before"),
    Point("after the replacement is recorded", "storage.database:SqliteStore.commit", "after"),
    Point("before the new key is put in its place", "storage.keys:adopt", "before"),
    Point("while the old key is kept aside", "storage.keys:sync_folder", "before", nth=2),
    Point("after the new key is in its place", "storage.keys:adopt", "after"),
    Point("after all is signed anew", "storage.checkpoints:sign", "after", nth=2),
)
"""Points of ``tocsin rotate-key``."""

POSTING = (
    Point("before a post is signed", "bot.deciding:Turn._signed", "before"),
    Point("after a post is signed", "bot.deciding:Turn._signed", "after"),
    Point("after a post is decided", "handlers.posting:posted", "after"),
    Point("before a post is committed", "storage.database:SqliteStore.commit", "before", saying="CheckpointPosted"),
    Point("after a post is committed", "storage.database:SqliteStore.commit", "after", saying="CheckpointPosted"),
    Point("before a post is written to Matrix", "bot.networks.matrix:Matrix.send", "before", saying="\u2014 story "),
    Point("after a post is written to Matrix", "bot.networks.matrix:Matrix.send", "after", saying="\u2014 story "),
    Point(
        "after a post is written to Telegram", "bot.networks.telegram:Telegram.send", "after", saying="\u2014 story "
    ),
)
"""Points on the way of the log's state into the partners' rooms."""


def arm(point: Point, armed: Path, die: Callable[[], None]) -> None:
    """Put the point in the program's place."""
    module_name, _, path = point.place.partition(":")
    owner: Any = importlib.import_module(module_name)
    *classes, name = path.split(".")
    for each in classes:
        owner = getattr(owner, each)
    inner = getattr(owner, name)
    left = [point.nth]

    def counts(*seen: object) -> bool:
        if not armed.exists() or (point.saying and point.saying not in repr(seen)):
            return False
        left[0] -= 1
        return left[0] == 0

    @functools.wraps(inner)
    async def asynchronous(*args: Any, **kwargs: Any) -> Any:
        if point.when == "before" and counts(args, kwargs):
            die()
        result = await inner(*args, **kwargs)
        if point.when == "after" and counts(args, kwargs, result):
            die()
        return result

    @functools.wraps(inner)
    def synchronous(*args: Any, **kwargs: Any) -> Any:
        if point.when == "before" and counts(args, kwargs):
            die()
        result = inner(*args, **kwargs)
        if point.when == "after" and counts(args, kwargs, result):
            die()
        return result

    outer = asynchronous if inspect.iscoroutinefunction(inner) else synchronous
    # Whoever has imported it by its name already shall call this one too.
    for place in [owner] if classes else [*sys.modules.values()]:
        if vars(place).get(name) is inner:
            setattr(place, name, outer)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    wanted = os.environ.get("DIE_AT")
    if wanted:
        arm(
            next(p for p in (*POINTS, *LISTENING, *ROTATION, *POSTING) if p.name == wanted),
            Path(os.environ["DIE_ARMED"]),
            _die,
        )
    from bot.cli import main

    main()
