"""A long conversation drawn from a seed: people of a Telegram group and of a Matrix room speak, answer, edit, take back and react."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from tests.emulators.matrix_view import Shown
from tests.emulators.telegram_town import Message
from tests.stories.bridge import CARL, DORA, Bridge

Side = Literal["T", "M"]
SIDES: tuple[Side, Side] = ("T", "M")
Deed = Literal["say", "edit", "take back", "react", "react no more"]

TAG = re.compile(r"\b[TM]\d{3}\b")
FIRE, THUMB = "🔥", "👍"
LOOKS_BACK = 25
"""People answer, change and take back what was said lately."""


@dataclass
class Line:
    """Something that was said: under which name, what it says in the end, and what was done to it.

    ``reaction``: the one that stands in the end, and of that ``given``: its name, or that of the copy under which it was set; ``reacted``: there was one.
    """

    tag: str
    message: str
    words: str
    answers: str | None = None
    gone: bool = False
    reaction: str | None = None
    given: str = ""
    reacted: bool = False


@dataclass
class Chatter:
    """``each`` messages from each side: the hall's group and a Matrix ``room``. ``said``: by tag, as it should stand in the end."""

    town: Bridge
    room: str
    draw: Random
    each: int
    said: dict[str, Line] = field(default_factory=dict)
    _may: int = 0
    _more: asyncio.Condition = field(default_factory=asyncio.Condition)
    _done: dict[Side, int] = field(default_factory=lambda: {"T": 0, "M": 0})

    async def let(self, many: int) -> None:
        """So many of each side may be said by now."""
        async with self._more:
            self._may = many
            self._more.notify_all()

    @property
    def over(self) -> bool:
        """Whether all that may be said was said."""
        return all(done >= min(self._may, self.each) for done in self._done.values())

    def of(self, side: Side) -> list[Line]:
        """What a side said, in order."""
        return [line for tag, line in self.said.items() if tag[0] == side]

    async def speak(self, side: Side) -> None:
        """One side says everything, as it is let."""
        draw = Random(self.draw.random())
        for number in range(self.each):
            async with self._more:
                await self._more.wait_for(lambda number=number: number < self._may)  # type: ignore[misc]
            await self._say(side, f"{side}{number:03}", draw)
            deed: Deed = draw.choices(("say", "edit", "take back", "react", "react no more"), (65, 12, 6, 12, 5))[0]
            await self._do(side, deed, draw)
            self._done[side] = number + 1

    async def _say(self, side: Side, tag: str, draw: Random) -> None:
        words = f"{tag} " + draw.choice(("the dike holds", "water at the gate", "send pumps & sand", "who is <there>?"))
        answers = self._answered(side, draw) if draw.random() < 0.2 else None
        to = self._standing(side, answers) if answers is not None else None
        town = self.town
        if side == "T":
            who = draw.choice((CARL, DORA))
            message = str((await town.telegram.say(town.hall, who, words, int(to) if to else None)).id)
        elif to is not None:
            message = await town.ada.reply(self.room, to, words)
        else:
            message = await town.ada.say(self.room, words)
        self.said[tag] = Line(tag, message, words, answers if to is not None else None)

    async def _do(self, side: Side, deed: Deed, draw: Random) -> None:
        town = self.town
        own = [line for line in self.of(side)[-LOOKS_BACK:] if not line.gone]
        line = draw.choice(own)
        if deed == "edit":
            line.words = f"{line.words}, corrected"
            if side == "T":
                await town.telegram.edit(town.hall, int(line.message), line.words)
            else:
                await town.ada.edit(self.room, line.message, line.words)
        elif deed == "take back" and side == "M":
            line.gone = True
            await town.ada.redact(self.room, line.message)
        elif deed == "react":
            await self._react(side, draw)
        elif deed == "react no more":
            await self._react_no_more(side, draw)

    async def _react(self, side: Side, draw: Random) -> None:
        found = [one for one in self._others(side) if not one.reacted]
        about = draw.choice(found) if found else None
        copy = self._standing(side, about.tag) if about is not None else None
        if about is None or copy is None:
            return
        about.reacted, about.given = True, copy
        about.reaction = THUMB if side == "T" else FIRE
        if side == "T":
            await self.town.telegram.react(self.town.hall, int(copy), CARL, THUMB)
        else:
            about.given = await self.town.ada.react(self.room, copy, FIRE)

    async def _react_no_more(self, side: Side, draw: Random) -> None:
        found = [one for one in self._others(side) if one.reaction is not None]
        if not found:
            return
        about = draw.choice(found)
        about.reaction = None
        if side == "T":
            await self.town.telegram.react(self.town.hall, int(about.given), CARL)
        else:
            await self.town.ada.redact(self.room, about.given)

    def _others(self, side: Side) -> list[Line]:
        """What the other side said lately, and still stands."""
        return [one for one in self.of("M" if side == "T" else "T")[-LOOKS_BACK:] if not one.gone]

    def _answered(self, side: Side, draw: Random) -> str | None:
        found = [line.tag for line in [*self.said.values()][-LOOKS_BACK:] if not line.gone]
        return draw.choice(found) if found else None

    def _standing(self, side: Side, tag: str) -> str | None:
        """Under which name it stands in a side's room now."""
        if tag[0] == side:
            return self.said[tag].message
        if side == "T":
            found = carried_to_telegram(self.town, self.town.hall)
            return next((str(one.id) for known, one in found if known == tag), None)
        return next((one.event_id for known, one in carried(self.town, self.room) if known == tag), None)


def carried(town: Bridge, room: str) -> list[tuple[str, Shown]]:
    """What the bot carried into a Matrix room and stands there, in order, with its tag."""
    shown = [one for one in town.ada.view(room) if one.sender == town.bot and "▸" in one.text]
    return [(tag, one) for one in shown if (tag := _tag(one.text)) is not None]


def carried_to_telegram(town: Bridge, chat: int) -> list[tuple[str, Message]]:
    """The same of a Telegram chat."""
    return [
        (tag, one) for one in town.telegram.messages(chat) if "▸" in one.text and (tag := _tag(one.text)) is not None
    ]


def _tag(text: str) -> str | None:
    """The tag of what a message says; fails where it says several things."""
    found = TAG.findall(text.partition("\n")[2])
    assert len(found) <= 1, text
    return found[0] if found else None
