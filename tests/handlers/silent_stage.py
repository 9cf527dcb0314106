"""Silence on the stage: the border playbook with all that may come of it, and what networks accept and refuse."""

from __future__ import annotations

from datetime import timedelta

from handlers.events import Delivery
from playbooks.load import Book
from playbooks.rooms import RoomRef
from storage.effects import Send, Urgency
from storage.facts import Escalated
from storage.incident import Watch
from tests.handlers.border_stage import copies, issued, opened
from tests.handlers.stage import Stage
from tests.playbooks.border import border

ACK = "    ack: {choices: [acting, seen, cannot]}\n"
THEN = (
    "{after: 3m, do: remind}, {after: 5m, do: other_network}, {after: 6m, do: liaisons}, {after: 7m, do: call},"
    " {after: 9m, do: deputies}, {after: 10m, do: lead}, {after: 12m, do: coordinators}"
)


def silent(then: str = THEN, *changes: tuple[str, str], more: str = "") -> Book:
    """The border playbook, whose evacuation asks for an answer within five minutes and then does this."""
    ack = f"    ack: {{choices: [acting, seen, cannot], within: 5m, then: [{then}]{more}}}\n"
    return border((ACK, ack), *changes)


def asked(book: Book | None = None, *rooms: RoomRef, stage: Stage | None = None) -> Stage:
    """An evacuation, accepted by the networks for these rooms (none: for all of them)."""
    stage = stage if stage is not None else opened(book or silent())
    issued(stage)
    sent = [send for send in stage.sent if send.urgency == Urgency.ALERT and send.about == "A-1"]
    for send in sent:
        if not rooms or send.to in rooms:
            stage.accepted(send)
    stage.sent.clear()
    return stage


def answer(stage: Stage, room: RoomRef, words: str = "/ack A-1 acting", identity: str = "telegram:900") -> None:
    """Somebody in a room answers."""
    stage.say(room, words, identity)


def pass_time(stage: Stage, **delta: float) -> list[Send]:
    """Let time pass; what is said meanwhile."""
    before = len(stage.sent)
    stage.fall_due(stage.now + timedelta(**delta))
    return stage.sent[before:]


def outage(stage: Stage, **delta: float) -> list[Send]:
    """Nothing runs for a time; then everything that is due by then comes at once, as the earliest was due first."""
    from handlers import due
    from storage.store import Deadline

    stage.now += timedelta(**delta)
    before = len(stage.sent)
    while wakes := sorted((w for w in stage.pending.values() if w.at <= stage.now), key=lambda w: (w.at, w.key)):
        wake = wakes[0]
        del stage.pending[wake.key]
        deadline = Deadline(wake.key, wake.stream, wake.at, wake.kind, wake.about)
        stage.apply(due(stage.world, deadline, stage.now))
    return stage.sent[before:]


def refuse(stage: Stage, room: RoomRef, alert: str = "A-1") -> list[Send]:
    """The network refuses a room its copy for good; what is said because of it."""
    before = len(stage.sent)
    stage.happen(Delivery(copies(stage, alert)[room], "refused", reason="kicked"))
    return stage.sent[before:]


def watch(stage: Stage, partner: str, about: str = "A-1") -> Watch:
    """How it stands with one partner."""
    return stage.world.incidents["I-1"].alerts[about].watches[partner]


def steps(stage: Stage, partner: str) -> list[tuple[str, tuple[str, ...], int]]:
    """What was done about a partner: each step, where, and how late."""
    facts = [fact for fact in stage.of(Escalated) if isinstance(fact, Escalated) and fact.partner == partner]
    return [(fact.do, fact.rooms, fact.late) for fact in facts]
