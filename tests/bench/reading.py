"""How fast policy is decided and a bundle verified; for information, without targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bot.clock import SystemClock
from playbooks import sight
from playbooks.load import Book
from playbooks.places import areas_named
from playbooks.selection import Circumstances, Event
from playbooks.values import Choice, Number, Place, Text, Value
from storage.export.bundle import bundle
from storage.export.for_whom import AUDITOR
from storage.export.making import Asked, make
from storage.verify import verify_bytes
from tests.bench.desk import STREAM, desk
from tests.bench.measure import now
from tests.bench.towns import SPEAKER, TEMPLATE, WORDS, town

CELLS = 30_000


def cells() -> str:
    """Decide as many cells (a field of an event in a room), each by itself as a question of its own would be."""
    partners = 200
    book = town([[f"telegram: {-1001000000000 - number}"] for number in range(partners)])
    rooms = [sight.Room(who.rooms[0].ref, name) for name, who in book.playbook.partners.items()]
    fields = tuple(book.playbook.alerts[TEMPLATE].fields)
    so = Circumstances(datetime(2026, 11, 22, 14, tzinfo=UTC), "watch", frozenset(book.playbook.partners))
    said: dict[str, Value | None] = {
        "action": Choice("leave"),
        "what": Text("L'Ourthe monte vite"),
        "where": Place("Chênée", areas=tuple(areas_named(book.playbook, "Chênée"))),
        "people": Number(12),
    }
    each, together = [], []
    for _ in range(3):
        each.append(
            _seconds(lambda event, room, field: sight.decide(book, so, event, room, field), said, rooms, fields)
        )
        together.append(_seconds(_asking(book, so), said, rooms, fields))
    return (
        f"sight: {CELLS / median(together):,.0f} cells a second where an event is decided for {len(rooms)} rooms at once,"
        f" {CELLS / median(each):,.0f} where each is a question of its own ({CELLS} cells of {len(fields)} fields)"
    )


def _asking(book: Book, so: Circumstances) -> Callable[[Event, sight.Room, str], object]:
    questions: dict[int, sight.Question] = {}

    def decide(event: Event, room: sight.Room, field: str) -> object:
        if id(event) not in questions:
            questions.clear()
            questions[id(event)] = sight.Question(book, so, event)
        return questions[id(event)].decide(room, field)

    return decide


def _seconds(
    decide: Callable[[Event, sight.Room, str], object],
    said: Mapping[str, Value | None],
    rooms: list[sight.Room],
    fields: tuple[str, ...],
) -> float:
    """For as many cells as there are to be."""
    done = 0
    start = now()
    while done < CELLS:
        event = Event(SPEAKER, frozenset({"be"}), said, place="where")
        for room in rooms:
            for field in fields:
                decide(event, room, field)
                done += 1
    return (now() - start) * CELLS / done


async def entries(folder: Path) -> str:
    """Verify the bundle of an incident with some thousand entries."""
    groups = [-1001000000000 - number for number in range(500)]
    book = town([[f"telegram: {group}"] for group in groups])
    async with desk(folder, book) as ours:
        await ours.say(groups[0], "/activate meuse-flood")
        for _ in range(4):
            await ours.tap(groups[0], f"/draft {await ours.draft(groups[0], WORDS)} send")
        path = folder / "bundle.zip"
        asked = Asked(STREAM, AUDITOR, "bench", "bench", "bundle")
        about = await make(ours.store, asked, bundle, path, now=SystemClock().now())
    raw = path.read_bytes()
    took = []
    for _ in range(3):
        start = now()
        verdict = verify_bytes(raw)
        took.append(now() - start)
        if verdict.code != 0:
            raise RuntimeError("the bundle is not intact")
    each = about.checkpoint.size / sorted(took)[1]
    return f"verify: {each:,.0f} entries a second ({about.checkpoint.size} entries, {len(raw) / 1e6:.1f} MB)"
