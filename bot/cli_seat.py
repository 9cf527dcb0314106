"""A seat in every room of a rehearsal: lines that somebody types at a terminal, and what each leads to."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from bot import rehearsal
from bot.cli_ending import complain
from bot.cli_rehearse import names
from bot.cli_transcript import Transcript, console
from bot.clock import SystemClock, VirtualClock
from bot.lines import Told, answer_first
from bot.prose import fitted, rows
from bot.rehearsal import PRIVATE, Stage
from bot.script import Player, Step
from playbooks import mandate
from playbooks.load import Book
from playbooks.rooms import RoomRef

TICK = 0.25
"""Seconds between two looks at the real clock while somebody types."""

PROMPT = "> "
OVER = "The rehearsal is over."


async def converse(stage: Stage, book: Book, people: Mapping[str, Player], received: Path) -> None:
    """Take lines from the terminal until it ends. Time goes on as it does outside. ``received``: where files that come are kept."""
    stage.received = received
    transcript = Transcript(console(), names(book))
    seat = Seat(stage, people)
    print(f"\nNow you. {fitted(await _example(stage, book))}")
    for line in in_english(stage, people):
        print(fitted(line, 2))
    print(usage(stage, await first_words(stage)), flush=True)
    flow = asyncio.create_task(_flow(stage.clock))
    try:
        _prompt()
        async for line in lines():
            if line.strip().lower() in ("exit", "quit"):
                break
            earlier = [told async for told in stage.news()]
            found: list[Told] = []
            try:
                found = [told async for told in seat.take(line)]
            except LookupError as error:
                complain(str(error.args[0]))
            _show(transcript, earlier, found)
            _prompt()
        else:
            print()
        print(OVER, flush=True)
    finally:
        flow.cancel()
        await asyncio.gather(flow, return_exceptions=True)


def _show(transcript: Transcript, earlier: Sequence[Told], found: Sequence[Told]) -> None:
    """The answer to what was typed, then what else there is; of cards edited elsewhere, only where."""
    first, rest, edited = answer_first(earlier, found)
    transcript.show(first)
    transcript.show(rest)
    transcript.fold(edited)


def _prompt() -> None:
    print(PROMPT, end="", flush=True)


async def first_words(stage: Stage) -> tuple[str, str]:
    """A room, and what can be said there now: an answer to an alert that still waits for it, else a question that is always answered.

    The room is one that is spoken to in the reader's own language, where there is one.
    """
    waiting = await stage.waiting()
    for alert, partners in waiting:
        rooms = [room for room in stage.rooms if room.partition("/")[0] in partners]
        if rooms:
            return _nearest(stage, rooms), f"/ack {alert}"
    return _nearest(stage, stage.rooms), "/status"


def _nearest(stage: Stage, rooms: Sequence[str]) -> str:
    own = _own_language()
    return next((room for room in rooms if stage.language(room) == own), rooms[0])


def _own_language() -> str:
    """The language of whoever sits here, as their terminal says it."""
    said = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    word = said.partition("_")[0].partition(".")[0].lower()
    return word if word not in ("", "c", "posix") else "en"


def usage(stage: Stage, first: tuple[str, str]) -> str:
    """What can be typed, beginning with a room and the words ``first`` (see ``first_words``)."""
    room, words = first
    partner = room.partition("/")[0]
    auditing = stage.auditing if stage.incident is not None else None
    private = f"{auditing}> /export because WHY" if auditing is not None else f"{stage.private_chats[0]}> /help"
    return rows(
        (
            (f"{room}> {words}", "say something in a room; ROOM/telegram and ROOM/matrix, where a partner has both"),
            (private, "say something in somebody's private chat; a copy of the log comes there, and lies in a file"),
            (f"{room}> tap LABEL", "tap a button under the bot's messages there, by its label or how that begins"),
            (f"{room}> reply WORDS", "answer the bot's last message there; `react 👍` puts a reaction to it"),
            (
                f"{room}> edit WORDS",
                "change what you said there last; `delete` takes it back, `picture WORDS` sends one",
            ),
            ("as NAME", f"be another person, as in `as {rehearsal.COORDINATOR}`, who may do most; `people` lists them"),
            (f"{partner}> /lang room en", "have a room spoken to in English"),
            ("wait 5m", "let time pass"),
            ("rooms, people, help", "what there is"),
            ("exit", "the end, as Ctrl-D is"),
        )
    )


def in_english(stage: Stage, people: Mapping[str, Player]) -> tuple[str, ...]:
    """How to have the answers in English: rooms are spoken to in their partners' languages."""
    person = next(iter(people), None)
    if person is None:
        return (f"Rooms are spoken to in their own language; for English:  {stage.rooms[0]}> /lang room en",)
    room = people[person].partner
    return (
        f"Rooms are spoken to in their own language. For English, be somebody:  as {person}",
        f"then ask there:  {room}> /lang en  (for everybody there: /lang room en)",
    )


async def _example(stage: Stage, book: Book) -> str:
    """A line that anyone can type first, as somebody who may."""
    if stage.alert is not None:
        return "The incident is still open; be any room:  {}> {}".format(*await first_words(stage))
    who = next((name for name in book.playbook.partners if mandate.may_activate(book, name) is not None), "")
    return f"Begin an incident of your own:  {who or stage.rooms[0]}> /activate {book.playbook.playbook}"


async def _flow(clock: VirtualClock) -> None:
    real = SystemClock()
    before = real.monotonic()
    while True:
        await real.sleep(TICK)
        now = real.monotonic()
        clock.advance(now - before)
        before = now


async def lines() -> AsyncIterator[str]:
    """What is typed, line by line, without keeping anything else waiting."""
    loop = asyncio.get_running_loop()
    typed: asyncio.Queue[bytes] = asyncio.Queue()
    descriptor = sys.stdin.fileno()
    loop.add_reader(descriptor, lambda: typed.put_nowait(os.read(descriptor, 65536)))
    kept = b""
    try:
        while chunk := await typed.get():
            *whole, kept = (kept + chunk).split(b"\n")
            for line in whole:
                yield line.decode("utf-8", "replace")
        if kept:
            yield kept.decode("utf-8", "replace")
    finally:
        loop.remove_reader(descriptor)


class Seat:
    """Whoever sits at the keyboard, and as whom."""

    def __init__(self, stage: Stage, people: Mapping[str, Player]) -> None:
        self._stage = stage
        self._people = people
        self._as: str | None = None
        self._entered: set[RoomRef] = set()

    async def take(self, line: str) -> AsyncIterator[Told]:
        """Do what a line says, and tell what that leads to. Raises LookupError with what to write instead."""
        line = line.strip()
        room, sign, words = line.partition(">")
        if not line:
            return
        if sign:
            async for told in self._in(room.strip(), words.strip()):
                yield told
            return
        word, _, rest = line.partition(" ")
        match word.lower():
            case "as" if rest.strip():
                self._be(rest.strip())
            case "wait":
                async for told in self._stage.wait(rest.strip()):
                    yield told
            case "rooms":
                print("\n".join((*self._stage.rooms, *self._stage.private_chats)))
            case "people":
                for key, player in self._people.items():
                    print(f"{key:<12} {player.name}, {player.role} of {player.partner}")
                print(f"{rehearsal.COORDINATOR:<12} the deployment's coordinator")
            case "help" | "?":
                print(usage(self._stage, await first_words(self._stage)))
            case _:
                room, words = await first_words(self._stage)
                raise LookupError(f"Write ROOM> WORDS, for example  {room}> {words} ; `help` says what else")

    def _be(self, name: str) -> None:
        wanted = name.casefold()
        known = [*self._people, rehearsal.COORDINATOR]
        found = next((key for key in known if wanted in (key, self._called(key).casefold())), None)
        if found is None:
            raise LookupError(f"There is no {name}; `people` lists who there is, and there is `coordinator`")
        self._as = found
        print(f"You are {self._called(found)}.")

    def _called(self, key: str) -> str:
        return self._people[key].name if key in self._people else "the coordinator"

    async def _in(self, name: str, words: str) -> AsyncIterator[Told]:
        room = self._stage.room(name)
        if room is None:
            raise LookupError(f"There is no room {name}; `rooms` lists them")
        partner = name.partition("/")[0]
        # In a private chat there is nobody but the person whose it is.
        alone = partner.removeprefix(PRIVATE) if partner.startswith(PRIVATE) else None
        if alone is not None and room not in self._entered:
            await self._stage.enter(room)
            self._entered.add(room)
        there = next((one for one, player in self._people.items() if player.partner == partner), None)
        key = alone or self._as or there
        who = key or f"guest-{partner}"
        called = self._called(who) if key else f"Somebody of {partner}"
        identity = self._stage.identity(who, room.network)
        verb, _, rest = words.partition(" ")
        if verb.lower() == "tap" and rest.strip():
            told = self._stage.tap(room, identity, called, rest.strip())
        elif verb.lower() in ("reply", "react", "edit", "picture") and rest.strip():
            told = self._stage.do(room, identity, called, Step.model_validate({"as": who, verb.lower(): rest.strip()}))
        elif words.lower() == "delete":
            told = self._stage.do(room, identity, called, Step.model_validate({"as": who, "delete": True}))
        elif words:
            told = self._stage.say(room, identity, called, words)
        else:
            raise LookupError(f"Say something: {name}> /help")
        async for one in told:
            yield one
