"""``tocsin rehearse``, and ``tocsin run`` without a network: the exercise on the screen. Then there is a seat (``cli_seat``)."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from bot import logs, rehearsal, wiring
from bot.checking import exercise
from bot.cli_ending import BAD, UNANSWERED, Stop, complain
from bot.cli_transcript import Transcript, console
from bot.clock import SystemClock
from bot.lines import Told, as_json
from bot.program import program
from bot.rehearsal import Misplayed, Stage
from bot.script import Player, Script, load_script
from bot.settings import Settings
from playbooks.load import Book, PlaybookErrors, load

Form = Literal["text", "json"]


def rehearse(settings: Settings, playbook: Path, script: Path | None, form: Form) -> None:
    """Play a script for a playbook."""
    book = _book(playbook)
    beside = playbook.with_name(f"{playbook.stem}.script.yaml")
    if script is None and not beside.is_file():
        raise Stop(UNANSWERED, f"{playbook}: there is no script {beside.name} beside it; name one with --script FILE")
    complain(*wiring.unsound([book], SystemClock().now()))
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
    transcript = Transcript(console(), names(book))
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
        f"The log of all this is on file as {incident}. Read it (that you do is recorded, with your reason):",
        f'  {tocsin} log {incident} --reason "Exercise review"',
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


def names(book: Book) -> dict[str, str]:
    """The partners' full names by their ids."""
    return {key: partner.name for key, partner in book.playbook.partners.items()}
