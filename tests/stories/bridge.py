"""A town whose rooms talk: four partners, a Telegram group, a topic of a forum, a plain and an encrypted Matrix room, one channel.

The program runs in its own process, the homeserver is real, the Bot API is emulated. People wait for what they see, never for time.
"""

from __future__ import annotations

import contextlib
import itertools
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.emulators.forked import Forked
from tests.emulators.matrix_person import MatrixPerson
from tests.emulators.matrix_view import Shown
from tests.emulators.program import Program
from tests.emulators.synapse import SynapseServer
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_town import Message

ADMIN, CARL, DORA = 501, 603, 604
HALL, FORUM, TOPIC = -1001000000201, -1001000000202, 4
SECONDS = 20.0
_COUNT = itertools.count(1)

BOOK = """\
playbook: bridge
version: 1
title: A bridge
languages: [en]
timezone: Europe/Brussels
hazards: [flood]
networks:
  telegram: {ceiling: amber}
  matrix: {ceiling: amber, encrypted: red}
jurisdictions:
  be: {name: Belgium}
agreements:
  home: {title: At home, between: [be, be], purposes: [flood-control]}
danger: {by: lead, lasts: 2h, tell: [hall]}
areas:
  town: {name: Town, jurisdiction: be, circle: [50.6, 5.6, 2]}
activate: {by: {kind: municipality}}
partners:
  hall:
    name: Hall
    kind: municipality
    level: local
    jurisdiction: be
    clearance: {tlp: amber}
    phone_24h: "+3210"
    languages: [en]
    rooms: [{telegram: HALL, for: [alerts, checkins, ops]}]
  ships:
    name: Ships
    kind: other
    level: local
    jurisdiction: be
    clearance: {tlp: amber}
    phone_24h: "+3211"
    languages: [en]
    rooms: [{telegram: FORUM, topic: 4, for: [alerts, checkins, ops]}]
  fire:
    name: Fire
    kind: fire
    level: local
    jurisdiction: be
    competences: [rescue]
    clearance: {tlp: amber}
    phone_24h: "+3212"
    languages: [en]
    rooms: [{matrix: "#plain-MARK:localhost", for: [alerts, checkins, ops]}]
  police:
    name: Police
    kind: police
    level: local
    jurisdiction: be
    clearance: {tlp: red}
    phone_24h: "+3213"
    languages: [en]
    rooms: [{matrix: "#sealed-MARK:localhost", for: [alerts, checkins, ops]}]
phases: [watch, response]
leads:
  - {tier: operational, jurisdiction: be, lead: fire, deputies: [hall]}
  - {tier: strategic, lead: hall}
fields:
  action: {type: choice, tlp: clear, options: {leave: Leave now, stay: Stay inside}}
  where: {type: place, tlp: PLACES}
sharing:
  - {permit: [action], to: everyone, purpose: life-safety}
alerts:
  evacuation:
    title: Evacuate
    cap: {category: Safety, event: Flood, urgency: Immediate, severity: Extreme, certainty: Observed}
    by: {kind: municipality}
    fields: {action: required}
    text: {en: ["{action}."]}
    to: everyone
    confirm: no
    expires: 12h
channels:
  ops:
    title: Operations
    members: everyone
    label: {tlp: amber}
    purpose: flood-control
    under: home
    speaker: person
log: {in: {kind: military}}
"""
"""Nobody is posted the log's state: it would stand between what people say."""


@dataclass
class Bridge:
    """A town whose rooms talk. ``plain`` and ``sealed`` are the Matrix rooms' ids; ``hall`` is the Telegram group's."""

    telegram: TelegramEmulator
    program: Program
    ada: MatrixPerson
    ben: MatrixPerson
    bot: str
    plain: str
    sealed: str
    hall: int = HALL
    ahead: Path = Path()

    def later(self, seconds: float) -> None:
        """From now on the program's clock is ahead by so much."""
        self.ahead.write_text(str(seconds))

    async def start(self) -> None:
        """Start the program; it is in both Matrix rooms."""
        await self.program.start(AHEAD=str(self.ahead))
        for room in (self.plain, self.sealed):
            await self.ada.wait_member(room, self.bot)

    async def begin(self) -> None:
        """Begin an incident: from now on the rooms talk."""
        await self.telegram.say(self.hall, CARL, "/activate bridge")
        for room in (self.plain, self.sealed):
            await self.ada.wait_message(room, "I-1", SECONDS)
        await self.telegram.wait_message(FORUM, "I-1", SECONDS)
        await self.program.at_rest()

    async def restart(self) -> None:
        """Kill the program when nothing waits, and start it again."""
        await self.program.at_rest()
        await self.program.kill()
        await self.start()

    # -- what people see of the bot's ------------------------------------------------------------------------------

    async def on_telegram(self, words: str, chat: int | None = None, *, after: int = 0) -> Message:
        """The bot's message with these words in a Telegram chat (the hall's), once it stands there."""
        return await self.telegram.wait_message(chat or self.hall, words, SECONDS, after=after)

    async def on_matrix(self, room: str, words: str) -> Shown:
        """The bot's message with these words in a Matrix room, once it stands there."""
        return await self.sees(room, lambda shown: words in shown.text)

    async def sees(self, room: str, test: Callable[[Shown], bool], person: MatrixPerson | None = None) -> Shown:
        """The bot's first message that stands in a Matrix room as ``test`` wants it; waits for it."""
        return await (person or self.ada).wait_shown(room, lambda one: one.sender == self.bot and test(one))

    def standing(self, room: str) -> list[str]:
        """What the bot's messages in a Matrix room say now."""
        return [one.text for one in self.ada.view(room) if one.sender == self.bot]

    async def sign(self, room: str, event: str, *emoji: str) -> None:
        """Wait until the bot's reactions on a message are exactly these."""

        def so(shown: Shown) -> bool:
            return {one.rstrip("\ufe0f") for one, who in shown.reactions.items() if self.bot in who} == set(emoji)

        await self.ada.wait_shown(room, lambda one: one.event_id == event and so(one))

    async def telegram_sign(self, chat: int, message: int, emoji: str | None) -> None:
        """Wait until the bot's reaction on a Telegram message is this one."""
        await self.telegram.wait_sign(chat, message, emoji, SECONDS)


@asynccontextmanager
async def bridge(
    synapse: SynapseServer,
    folder: Path,
    *,
    hall: int = HALL,
    places: str = "amber",
    begun: bool = True,
    **settings: str,
) -> AsyncIterator[Bridge]:
    """The town, its program running and an incident begun. ``places``: how closely exact places are held; the channel is amber."""
    mark = f"{next(_COUNT)}{secrets.token_hex(3)}"
    folder.mkdir(parents=True, exist_ok=True)
    book = folder / "bridge.yaml"
    text = BOOK.replace("MARK", mark).replace("HALL", str(hall)).replace("FORUM", str(FORUM))
    book.write_text(text.replace("PLACES", places))
    bot = synapse.register(f"tocsin-{mark}", "bot-password")
    async with contextlib.AsyncExitStack() as stack:
        telegram = await stack.enter_async_context(TelegramEmulator())
        ada = await stack.enter_async_context(MatrixPerson(synapse, f"ada-{mark}"))
        ben = await stack.enter_async_context(MatrixPerson(synapse, f"ben-{mark}"))
        rooms = {}
        for alias in ("plain", "sealed"):
            rooms[alias] = await ada.create_room(
                alias, alias=f"{alias}-{mark}", encrypted=alias == "sealed", invite=(bot, ben.user)
            )
            await ben.join(rooms[alias])
        for user, name in ((ADMIN, "Adam"), (CARL, "Carl"), (DORA, "Dora")):
            telegram.user(user, name, "en")
        telegram.group(hall, "Hall", admin=True)
        telegram.group(FORUM, "Ships", forum=True, admin=True)
        telegram.topic(FORUM, TOPIC, "ops")
        program = Forked(
            folder,
            {
                "PLAYBOOKS": str(book),
                "NAME": "bridge",
                "ADMINS": f"telegram:{ADMIN}",
                "TELEGRAM_TOKEN": telegram.token,
                "TELEGRAM_BASE_URL": telegram.url,
                "TELEGRAM_LIMITS": "off",
                "MATRIX_HOMESERVER": synapse.url,
                "MATRIX_USER": bot,
                "MATRIX_PASSWORD": "bot-password",
                **settings,
            },
            ["-m", "tests.stories.ahead"],
        )
        stack.push_async_callback(program.kill)
        town = Bridge(telegram, program, ada, ben, bot, rooms["plain"], rooms["sealed"], hall, folder / "ahead")
        if begun:
            await town.start()
            await town.begin()
        yield town
