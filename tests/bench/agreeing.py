"""How long people wait who read, test and change a very big playbook."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from playbooks.load import Book, parse
from playbooks.mandate import leads
from playbooks.selection import Circumstances, Event
from playbooks.sight import Question, Room
from playbooks.values import Place
from tests.bench.big import big
from tests.bench.measure import Figure, now

PARTNERS, FIELDS = 1000, 30
FEWER, ALERTS = 200, 20
ROUNDS = 5
TOCSIN = Path(sys.executable).with_name("tocsin")


def cells() -> Figure:
    """Decide every field for a room of every partner, of a playbook that nobody has asked anything yet."""
    figure = Figure(
        f"Deciding {PARTNERS * FIELDS} cells of {PARTNERS} partners × {FIELDS} fields",
        "as many look-ups in a dictionary",
        seconds_within=0.15,
    )
    source = big(PARTNERS, FIELDS).encode()
    for _ in range(ROUNDS):
        book = parse(source, "big.yaml")
        rooms = [Room(who.rooms[0].ref, name, encrypted=True) for name, who in book.playbook.partners.items()]
        fields = tuple(book.playbook.fields)
        start = now()
        answers = _decided(book, rooms, fields)
        figure.ours_took.append(now() - start)
        known = {(room.partner, field): True for room in rooms for field in fields}
        start = now()
        for room in rooms:
            for field in fields:
                known[room.partner, field]
        figure.bare_took.append(now() - start)
        if answers != PARTNERS * FIELDS:
            raise RuntimeError(f"{answers} cells were decided")
    return figure


def _decided(book: Book, rooms: list[Room], fields: tuple[str, ...]) -> int:
    so = Circumstances(
        datetime(2026, 11, 22, 14, tzinfo=UTC),
        "watch",
        frozenset(book.playbook.partners),
        leads=leads(book, "watch", None),
    )
    where = Place("there", None, ("area7",))
    question = Question(book, so, Event("partner1", frozenset({"be"}), {"field1": where}, place="field1"))
    return sum(len(question.view(room, fields).answers) for room in rooms)


def commands(folder: Path) -> list[Figure]:
    """The commands as they are typed, the start of the program included."""
    whole, old, new = folder / "whole.yaml", folder / "old.yaml", folder / "new.yaml"
    whole.write_text(big(PARTNERS, FIELDS))
    before = big(FEWER, FIELDS, ALERTS)
    old.write_text(before)
    new.write_text(_revised(before))
    size = f"{FEWER} partners, {FIELDS} fields and {ALERTS} alerts"
    return [
        _timed(f"tocsin who-sees of {PARTNERS} partners × {FIELDS} fields", ["who-sees", whole, "alert0"], 1.0),
        _timed(f"tocsin check of {size}", ["check", old], 5.0),
        _timed(f"tocsin diff of two playbooks of {size}", ["diff", old, new], 5.0),
    ]


def _revised(text: str) -> str:
    """Changes as people make them: a clearance, a permit, a label, an agreement's end, a partner's ground."""
    for old, new in (
        ("permit: [field7], to: {kind: [medical,", "permit: [field7], to: {kind: [ngo, medical,"),
        ("  field4: {type: text, tlp: green}", "  field4: {type: text, tlp: amber}"),
        ("until: 2099-12-31", "until: 2098-12-31"),
        ("    covers: [area5]\n", "    covers: [area5, area6]\n"),
        ("clearance: {tlp: amber+strict}", "clearance: {tlp: amber}"),
        ("  - {forbid: [field3], to: {network: telegram}}\n", ""),
    ):
        if old not in text:
            raise RuntimeError(f"not in the big playbook: {old}")
        text = text.replace(old, new)
    return text


def _timed(title: str, words: list[str | Path], within: float) -> Figure:
    figure = Figure(title, "an empty Python program", seconds_within=within)
    for _ in range(ROUNDS):
        start = now()
        done = subprocess.run([TOCSIN, *words], capture_output=True, check=False, text=True)
        figure.ours_took.append(now() - start)
        if done.returncode not in (0, 1) or not done.stdout:
            raise RuntimeError(f"{title}: {done.stderr}")
        start = now()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        figure.bare_took.append(now() - start)
    return figure
