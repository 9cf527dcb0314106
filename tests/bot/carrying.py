"""Carried speech for the courier's tests: what somebody said, as a handler would send it on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.networks.port import Limits, Outgoing
from handlers.world import Request, World
from playbooks.cleared import Attached
from playbooks.rooms import RoomRef
from playbooks.spoken import File
from storage.effects import Carried, Effect, Send, Urgency
from storage.facts import DEPLOYMENT
from tests.bot.floor import START, FakeDecisions, FakeNetwork, Floor, room, words

GROUP = Limits(overall=(30, 1.0), room=(1, 1.0), group=(20, 60.0))
"""What Telegram lets through."""


def photo(number: int = 1, *, album: str | None = None, size: int | None = 1000, caption: str = "") -> File:
    """A photo of Matrix."""
    return File("matrix", f"mxc://{number}", "photo", f"{number}.jpg", "image/jpeg", size, album=album)


def speech(
    text: str,
    about: str = "S-1",
    to: RoomRef | None = None,
    *,
    who: str = "Ada",
    at: datetime = START,
    file: File | None = None,
    answers: str | None = None,
    thread: str | None = None,
    amends: bool = False,
) -> Send:
    """What somebody said, on its way to a room."""
    to = to or room(2)
    attached = Attached(file) if file is not None else None
    instead = words(f"[no {file.name}]") if file is not None else None
    carried = Carried(words(f"<b>{who}</b>"), words(text), at, words(f"{at:%H:%M}"), attached, instead)
    return Send(
        DEPLOYMENT,
        to,
        words(f"<b>{who}</b>\n{text}"),
        Urgency.CHATTER,
        about=about,
        carries=carried,
        answers=answers,
        thread=thread,
        amends=amends,
    )


@dataclass
class Says:
    """Decisions that send whatever a test wants next."""

    effects: list[Effect] = field(default_factory=list)

    def hear(self, world: World, request: Request) -> list[Effect]:
        effects, self.effects[:] = list(self.effects), []
        return effects

    @property
    def decisions(self) -> FakeDecisions:
        return FakeDecisions(on_hear=self.hear)


async def send(on: Floor, says: Says, *effects: Effect) -> None:
    """Somebody writes, which leads to these effects, and all that can leave does."""
    says.effects += effects
    await on.hear("go", room(1, next(iter(on.networks))))
    await on.settled()


def many(count: int, *, text: str = "word", first: int = 1, **more: object) -> list[Effect]:
    """So many things said, one after the other."""
    return [speech(f"{text}{number}", f"S-{number}", **more) for number in range(first, first + count)]  # type: ignore[arg-type]


def telegram(**more: object) -> FakeNetwork:
    """Telegram with its limits."""
    return FakeNetwork(limits=GROUP, longest=4096, **more)  # type: ignore[arg-type]


def texts(sent: Sequence[Outgoing], where: RoomRef | None = None) -> list[str]:
    """What was said in a room."""
    return [out.text for out in sent if out.room == (where or room(2))]
