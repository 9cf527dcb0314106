"""The border playbook with check-ins, on the stage: who asks, who answers, and what each room reads."""

from __future__ import annotations

from collections.abc import Sequence

from handlers import cards
from playbooks.load import Book
from playbooks.rooms import RoomRef
from storage.effects import Send
from tests.handlers.border_stage import opened
from tests.handlers.stage import Stage
from tests.playbooks.border import border

CHECKINS = """\
checkins:
  hourly:
    every: 1h
    in: [watch]
    to: everyone
    ask: {en: Status?, fr: État ?}
    within: 15m
    then: [{after: 20m, do: remind}, {after: 25m, do: lead}]
    label: {tlp: green}
  morning:
    cron: "30 2 * * *"
    to: {kind: [fire, ngo]}
    ask: {en: Good morning?}
    answers: [ready, tired, help]
    label: {tlp: amber}
  secrets:
    in: [response]
    to: [city, fire]
    ask: {en: Anything?}
    label: {tlp: red}
alerts:
"""
CHIEF, MEDIC = "matrix:@chief:x.org", "telegram:14"


def with_checkins(*changes: tuple[str, str], text: str = CHECKINS, more: Sequence[tuple[str, str]] = ()) -> Book:
    """The border playbook with these check-ins, passages of which are replaced; ``more``: passages of the playbook."""
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return border(("alerts:\n", text), *more)


def begun(book: Book | None = None) -> Stage:
    """An incident from a playbook with check-ins, in its first phase."""
    stage = opened(book or with_checkins())
    stage.enrol(CHIEF, "official", "fire")
    stage.sent.clear()
    return stage


def prompts(stage: Stage, room: RoomRef | None = None) -> list[Send]:
    """The questions that were put, in all rooms or in one."""
    return [send for send in stage.sent if send.role == "prompt" and room in (None, send.to)]


def accepted(stage: Stage, sends: Sequence[Send]) -> None:
    """The networks accept these messages."""
    for number, send in enumerate(sends):
        stage.accepted(send, f"m{number}-")


def card(stage: Stage, about: str, room: RoomRef) -> str:
    """What a room's card says now, without its time."""
    incident = stage.world.incidents["I-1"]
    [watcher] = [one for one in cards.watchers(stage.world, incident, about, stage.now) if one.reader.room == room]
    said = cards.RENDER[about[0]](stage.world, incident, about, watcher.reader, watcher.room, stage.now)
    assert said is not None
    return said.text
