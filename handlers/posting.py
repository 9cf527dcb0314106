"""The log's signed state, posted silently into a room of each partner, so that nobody can change later what was known then.

It comes soon after an incident begins, soon after it is closed, and in between at the hours of the playbook's ``log.post``, whether
anything happened or not: a post that an entry set off would betray the tempo. What fell due while nothing ran is posted once, late; the
next comes when it would have come anyway. A bot can edit what it posted on Telegram, so a partner's Matrix room comes first.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from handlers import pausing
from handlers.case import room_reader
from handlers.events import Signed
from handlers.texts import says
from handlers.world import World, circumstances, played_in
from playbooks.cleared import checkpoint, glue, short_id
from playbooks.load import Book
from playbooks.selection import matches
from storage.deployment import Binding
from storage.effects import Effect, Send, Stamp, Urgency, Wake
from storage.incident import Incident
from storage.notes import Checkpoint, parse_checkpoint, split_note
from storage.store import Deadline

KIND = "post"

SOON = timedelta(minutes=1)
"""How long after its begin or its end an incident's log is posted, at most: then it holds what everybody was told first."""

AGAIN = timedelta(minutes=5)
"""When a post that could not be signed is tried again."""

LONGEST = timedelta(days=1)
"""How long a post is tried, and may wait for its network, after the incident is closed."""


def soon(world: World, book: Book, incident: str, now: datetime) -> list[Effect]:
    """The state is posted soon: an incident begins, or is closed. In a rehearsal nobody is there to keep it."""
    return [] if world.rehearsal else [_set(incident, now + min(book.playbook.log.sign, SOON))]


def scheduled(world: World, incident: Incident, now: datetime) -> list[Effect]:
    """The next post is set anew, where the playbook is another by now; the first and the last come when they would have come."""
    if world.rehearsal or incident.closed_at is not None or now < incident.opened_at + SOON:
        return []
    return [_set(incident.id, _on_grid(world, incident, now))]


def posted(world: World, event: Signed, now: datetime) -> list[Effect]:
    """What was signed goes to a room of each partner that the playbook names, and to whoever stamps it with the time; the next post is set."""
    deadline = event.deadline
    incident = world.incidents.get(deadline.stream)
    if incident is None:
        return []
    if incident.paused is not None and incident.closed_at is None:
        return pausing.held(incident, deadline)
    if event.note is None:
        over = incident.closed_at is not None and now >= incident.closed_at + LONGEST
        return [] if over else [_set(incident.id, now + AGAIN)]
    next_one = _next(world, incident, deadline, now)
    lasts = next_one if next_one is not None else now + LONGEST
    effects: list[Effect] = [Stamp(incident.id, event.note), *_sends(world, incident, event.note, now, lasts)]
    return effects if next_one is None else [*effects, _set(incident.id, next_one)]


def _set(incident: str, at: datetime) -> Wake:
    return Wake(f"{KIND}:{incident}", incident, at, KIND, "")


def _next(world: World, incident: Incident, deadline: Deadline, now: datetime) -> datetime | None:
    """The next of those that are counted from the incident's begin; None: it is closed."""
    if incident.closed_at is not None:
        return None
    return _on_grid(world, incident, max(now, deadline.at))


def _on_grid(world: World, incident: Incident, after: datetime) -> datetime:
    every, since = world.book_of(incident).playbook.log.post, incident.opened_at
    return since + ((after - since) // every + 1) * every


def _sends(world: World, incident: Incident, note: str, now: datetime, lasts: datetime) -> Iterator[Send]:
    book, so = world.book_of(incident), circumstances(world, incident, now)
    said = parse_checkpoint(split_note(note)[0])
    for partner in book.playbook.partners:
        if not matches(book, book.playbook.log.in_, partner, so, partner, frozenset(), None):
            continue
        binding = _room(world, incident, partner)
        if binding is not None:
            yield _send(world, incident, binding, note, said, lasts)


def _send(world: World, incident: Incident, binding: Binding, note: str, said: Checkpoint, lasts: datetime) -> Send:
    reader = room_reader(world, world.book_of(incident), binding.room, binding.partner)
    line = says(
        reader.languages,
        "Log of {incident}: {count} entry. Keep this: it proves the log later.",
        "Log of {incident}: {count} entries. Keep this: it proves the log later.",
        said.size,
        incident=short_id(incident.id),
    )
    return Send(
        incident.id,
        binding.room,
        glue([line, checkpoint(note)]),
        Urgency.CHATTER,
        partner=binding.partner,
        language=next(iter(reader.languages), ""),
        not_after=lasts,
        checkpoint=said,
    )


def _room(world: World, incident: Incident, partner: str) -> Binding | None:
    """The one room in which a partner keeps it: one that is there, on a network that works, Matrix before Telegram."""
    book, who = world.book_of(incident), world.who

    def rank(binding: Binding) -> tuple[bool, bool, bool]:
        network = binding.room.network
        return (binding.room.chat in who.lost, network in who.down, network != "matrix")

    theirs = [one for one in played_in(world, book, exercise=incident.opened.exercise) if one.partner == partner]
    return min(theirs, key=rank, default=None)
