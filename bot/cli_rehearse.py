"""``tocsin rehearse``, and ``tocsin run`` without a network: the exercise on the screen, then a seat in every room."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Literal

from bot import logs, rehearsal, wiring
from bot.checking import exercise
from bot.cli import BAD, UNANSWERED, Stop, complain
from bot.cli_transcript import Transcript, console
from bot.clock import SystemClock, VirtualClock
from bot.lines import Told, as_json
from bot.program import program
from bot.rehearsal import Misplayed, Stage
from bot.script import Player, Script, Step, load_script
from bot.settings import Settings
from playbooks import mandate
from playbooks.load import Book, PlaybookErrors, load

Form = Literal["text", "json"]

TICK = 0.25
"""Seconds between two looks at the real clock while somebody types."""

PROMPT = "> "
OVER = "The rehearsal is over."


def rehearse(settings: Settings, playbook: Path, script: Path | None, form: Form) -> None:
    """Play a script for a playbook."""
    book = _book(playbook)
    beside = playbook.with_name(f"{playbook.stem}.script.yaml")
    if script is None and not beside.is_file():
        raise Stop(UNANSWERED, f"{playbook}: there is no script {beside.name} beside it; name one with --script FILE")
    logs.start(settings.log_format, settings.secrets, logging.WARNING)
    asyncio.run(_rehearse(settings, book, _script(script or beside, book), form))


def _book(path: Path) -> Book:
    if (words := exercise(path)) is not None:
        raise Stop(UNANSWERED, f"{path}: {words}")
    try:
        return load(path)
    except PlaybookErrors as wrong:
        raise Stop(BAD, *map(str, wrong.errors)) from None


def _script(path: Path, book: Book) -> Script:
    try:
        return load_script(path, book)
    except PlaybookErrors as wrong:
        raise Stop(BAD, *map(str, wrong.errors)) from None


async def _rehearse(settings: Settings, book: Book, script: Script, form: Form) -> None:
    async with wiring.rehearsal(settings, {book.playbook.playbook: book}, book) as (stage, _):
        await play(stage, book, script, form)


async def play(stage: Stage, book: Book, script: Script, form: Form) -> None:
    """Play a script on a stage, and show it. Raises Stop where it cannot be played."""
    transcript = Transcript(console(), _names(book))
    pace = rehearsal.pause(len(script.steps)).total_seconds() if form == "text" and sys.stdout.isatty() else 0.0
    clock = SystemClock()
    waiting: list[Told] = []
    try:
        for player in await stage.enrol(script.people):
            if form == "text":
                print(player)
        async for told in stage.play(script):
            if form == "json":
                print(json.dumps(as_json(told), ensure_ascii=False), flush=True)
                continue
            if told.direction != "out" and waiting:
                transcript.show(waiting)
                waiting.clear()
                await clock.sleep(pace)
            if told.direction == "out":
                waiting.append(told)
            else:
                transcript.show([told])
    except Misplayed as wrong:
        transcript.show(waiting)
        raise Stop(BAD, f"the script for {book.playbook.playbook}: {wrong}") from None
    transcript.show(waiting)
    if form == "text" and stage.incident is not None:
        for line in afterwards(stage.incident):
            print(line)


def afterwards(incident: str) -> tuple[str, ...]:
    """What can be done with the log that a rehearsal leaves."""
    tocsin = program()
    return (
        "",
        f"The log of all this is on file as {incident}. Read it:  {tocsin} log {incident}",
        "Take a copy that anyone can verify, and verify it:",
        f'  {tocsin} export {incident} -o {incident}.zip --reason "Exercise review"',
        f"  {tocsin} verify {incident}.zip",
    )


def script_beside(book: Book) -> Script | None:
    """The exercise that lies beside a playbook, if one does. Raises Stop where it is wrong."""
    path = script_file(book)
    return _script(path, book) if path.is_file() else None


def script_file(book: Book) -> Path:
    """Where the exercise of a playbook lies, if it has one."""
    return Path(book.file).with_name(f"{Path(book.file).stem}.script.yaml")


def people_of(script: Script | None) -> Mapping[str, Player]:
    """Who takes part."""
    return script.people if script is not None else {}


def _names(book: Book) -> dict[str, str]:
    return {key: partner.name for key, partner in book.playbook.partners.items()}


# -- at the keyboard -------------------------------------------------------------------------------------------------


async def converse(stage: Stage, book: Book, people: Mapping[str, Player]) -> None:
    """Take lines from the terminal until it ends. Time goes on as it does outside."""
    transcript = Transcript(console(), _names(book))
    seat = Seat(stage, people)
    print(f"\nNow you. {_example(stage, book)}")
    for line in in_english(stage, people):
        print(line)
    print(usage(stage), flush=True)
    flow = asyncio.create_task(_flow(stage.clock))
    try:
        _prompt()
        async for line in lines():
            if line.strip().lower() in ("exit", "quit"):
                break
            transcript.show([told async for told in stage.news()])
            try:
                transcript.show([told async for told in seat.take(line)])
            except LookupError as error:
                complain(str(error.args[0]))
            _prompt()
        else:
            print()
        print(OVER, flush=True)
    finally:
        flow.cancel()
        await asyncio.gather(flow, return_exceptions=True)


def _prompt() -> None:
    print(PROMPT, end="", flush=True)


def usage(stage: Stage) -> str:
    """What can be typed, with rooms and an alert that there are."""
    room, partner = stage.rooms[0], stage.rooms[0].partition("/")[0]
    first = f"/ack {stage.alert}" if stage.alert is not None else "/status"
    rows = (
        (f"{room}> {first}", "say something in a room; ROOM/telegram and ROOM/matrix, where a partner has both"),
        (f"{room}> tap LABEL", "tap a button under the bot's messages there, by its label or how that begins"),
        (f"{room}> reply WORDS", "answer the bot's last message there; `react 👍` puts a reaction to it"),
        (f"{room}> edit WORDS", "change what you said there last; `delete` takes it back, `picture WORDS` sends one"),
        ("as NAME", f"be another person, as in `as {rehearsal.COORDINATOR}`, who may do most; `people` lists them"),
        (f"{partner}> /lang room en", "have a room spoken to in English"),
        ("wait 5m", "let time pass"),
        ("rooms, people, help", "what there is"),
        ("exit", "the end, as Ctrl-D is"),
    )
    width = max(len(what) for what, _ in rows)
    return "\n".join(f"  {what:<{width}}  {means}" for what, means in rows)


def in_english(stage: Stage, people: Mapping[str, Player]) -> tuple[str, ...]:
    """How to have the answers in English: rooms are spoken to in their partners' languages."""
    person = next(iter(people), None)
    if person is None:
        return (f"Rooms are spoken to in their own language; for English:  {stage.rooms[0]}> /lang room en",)
    room = people[person].partner
    return (
        f"Rooms are spoken to in their own language. For English, be somebody:  as {person}",
        f"then ask there:  {room}> /lang en  (for yourself), or  {room}> /lang room en  (for everybody there)",
    )


def _example(stage: Stage, book: Book) -> str:
    """A line that anyone can type first, as somebody who may."""
    if stage.alert is not None:
        return f"The incident is still open; be any room:  {stage.rooms[-1]}> /ack {stage.alert}"
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
                print("\n".join(self._stage.rooms))
            case "people":
                for key, player in self._people.items():
                    print(f"{key:<12} {player.name}, {player.role} of {player.partner}")
                print(f"{rehearsal.COORDINATOR:<12} the deployment's coordinator")
            case "help" | "?":
                print(usage(self._stage))
            case _:
                room = self._stage.rooms[0]
                raise LookupError(f"Write ROOM> WORDS, for example  {room}> /status ; `help` says what else")

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
        key = self._as or next((one for one, player in self._people.items() if player.partner == partner), None)
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
