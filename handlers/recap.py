"""The last that was said in a channel, for a room that comes into it, or comes back: it can follow, and has not all of the history.

Every line is decided anew, as the room may see it now. What was said in the room itself it has already.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from html import escape

from handlers.afterwards import after_all
from handlers.carrying import closed_now, event_of, head, raised_then
from handlers.case import room_reader
from handlers.channels import Seat, out, seat
from handlers.events import Came, Stale
from handlers.texts import say
from handlers.world import World, circumstances, sight_room
from playbooks import sight
from playbooks.answers import cleared_until
from playbooks.cleared import Cleared, Reader, clock, glue, one_of_many, quote, spoken
from playbooks.load import Book
from playbooks.rooms import RoomRef
from playbooks.spoken import Spoken
from storage.deployment import Binding
from storage.effects import Drop, Effect, Record, RemoveBeside, Send, Urgency
from storage.facts import MessageDropped, SaidAnew, TakenBack
from storage.incident import Incident, Recent
from storage.store import OutboxRow, Utterance

MOST_LINES = 5
LONGEST = 120
"""Characters of one line's words."""
LOOKS_BACK = timedelta(hours=6)
AWAY = timedelta(minutes=10)
"""A room that was away for longer than this is told what it missed; before that, people still remember, if it was not refused."""
LASTS = timedelta(hours=1)
GONE = "what it shows was taken back or changed"
_CHANGES = (SaidAnew, TakenBack)

KINDS = {
    "photo": "photo",
    "video": "video",
    "animation": "video",
    "audio": "sound",
    "voice": "voice message",
    "sticker": "sticker",
    "file": "file",
    "place": "place",
    "poll": "poll",
    "contact": "contact",
}
"""What was said without words, or with them."""


@dataclass(frozen=True, slots=True)
class Missed:
    """What of a channel a room has missed: since a time, or from one thing that was said on (``S-7``), up to another that did reach it.

    ``again``: just these, of what it was told before.
    """

    since: datetime | None = None
    first: str | None = None
    before: str | None = None
    again: tuple[str, ...] = ()

    def has(self, recent: Recent) -> bool:
        """Whether this is of it."""
        if self.again:
            return recent.said in self.again
        if self.before is not None and number(recent.said) >= number(self.before):
            return False
        if self.first is not None:
            return number(recent.said) >= number(self.first)
        return self.since is None or recent.at >= self.since


def came_in(before: World, after: World, rooms: Iterable[RoomRef], now: datetime) -> list[Effect]:
    """For rooms that have just been bound, or whose partner has just been admitted: what was said so far in the channels new to them."""
    effects: list[Effect] = []
    for room in dict.fromkeys(rooms):
        found = seat(after, room, now)
        if found is None or out(after, room) is not None:
            continue
        incident, here = found
        was = seat(before, room, now)
        same = was is not None and was[0].id == incident.id and was[1].partner == here.partner
        known = was[1].channels if was is not None and same else ()
        effects += _recaps(after, incident, here, [one for one in here.channels if one not in known], now)
    return effects


def came_back(world: World, room: RoomRef, since: datetime, now: datetime) -> list[Effect]:
    """For a room, with all its topics, that takes part again: what was said meanwhile. After a short while no more than what was refused there."""
    effects: list[Effect] = []
    for bound in rooms_in(world, room):
        found = seat(world, bound, now)
        if found is None or out(world, bound) is not None:
            continue
        incident, here = found
        stopped = incident.talk_stopped.get(bound)
        if stopped is not None and stopped.reason == "not-in" and stopped.said is not None:
            effects += _recaps(world, incident, here, here.channels, now, Missed(first=stopped.said))
        elif now - since > AWAY:
            effects += _recaps(world, incident, here, here.channels, now, Missed(since=since))
    return effects


def caught_up(world: World, incident: Incident, here: Seat, missed: Missed, now: datetime) -> list[Effect]:
    """For a room that was not reached: what it missed."""
    return _recaps(world, incident, here, here.channels, now, missed) if out(world, here.room) is None else []


def stale(world: World, came: Came, event: Stale) -> list[Effect]:
    """A recap whose clearance is too old is decided again, unless its time is over or its beginning was shown already."""
    row = event.row
    why = "too late" if event.over else "decided again: what may be seen has changed"
    effects: list[Effect] = [Drop(row.token, why), Record(row.stream, MessageDropped(row.token, row.to, why))]
    found, channel = seat(world, row.to, came.now), _channel(row)
    if event.over or event.begun or found is None or found[0].id != row.stream or channel not in found[1].channels:
        return effects
    again = _recaps(world, *found, [channel], came.now) if out(world, row.to) is None else []
    return [*effects, *(replace(one, place=row.order) if isinstance(one, Send) else one for one in again)]


def is_recap(row: OutboxRow) -> bool:
    """Whether an outbox row is one of these."""
    return row.about is not None and row.about.startswith("#")


def followed(
    world: World,
    said: Utterance,
    recaps: Iterable[OutboxRow],
    effects: list[Effect],
    now: datetime,
    apart: Collection[tuple[str, RoomRef]] = (),
) -> list[Effect]:
    """Something that recaps show was taken back or changed, with these effects: one that may not be read any more goes, one that waits does not
    leave, and what else it told is told again; but not what was changed since, and so told there by itself (``apart``: the ids and rooms), or is now.
    """
    fact = next((one.fact for one in effects if isinstance(one, Record) and isinstance(one.fact, _CHANGES)), None)
    if fact is None:
        return effects
    later = after_all(world, said.stream, effects, now)
    incident, result = later.incidents[said.stream], list(effects)
    alone = {*apart, *((one.about, one.to) for one in effects if isinstance(one, Send) and one.carries is not None)}
    raised = isinstance(fact, TakenBack) or fact.raised != said.raised
    for row in {one.send: one for one in recaps}.values():
        found, channel = seat(later, row.to, now), _channel(row)
        here = found[1] if found is not None and found[0].id == incident.id and channel in found[1].channels else None
        seen = here is not None and any(
            one.said == said.id and sees(later, incident, channel, one, here.binding, now)
            for one in incident.talk.get(channel, ())
        )
        if row.state != "pending" and (seen or not raised):
            continue
        result += [Drop(row.send, GONE), RemoveBeside(row.stream, row.send, row.to, str(row.about), row.partner)]
        again = tuple(one for one in shown_in(row) if (one, row.to) not in alone)
        if again and here is not None and incident.paused is None and out(later, row.to) is None:
            result += _recaps(later, incident, here, [channel], now, Missed(again=again))
    return result


def _channel(row: OutboxRow) -> str:
    return (row.about or "").partition(" ")[0].removeprefix("#")


def shown_in(row: OutboxRow) -> tuple[str, ...]:
    """What a recap told, by the ids."""
    return tuple((row.about or "").split()[1:])


def rooms_in(world: World, room: RoomRef) -> list[RoomRef]:
    """The bound rooms that are this chat, or topics in it."""
    return list(dict.fromkeys(ref for _, ref in world.who.bindings if ref.chat == room.chat))


def _recaps(
    world: World,
    incident: Incident,
    here: Seat,
    channels: Iterable[str],
    now: datetime,
    missed: Missed | None = None,
) -> list[Effect]:
    made = (told(world, incident, one, here.binding, now, missed) for one in channels)
    return [one for one in made if one is not None]


def told(
    world: World,
    incident: Incident,
    channel: str,
    binding: Binding,
    now: datetime,
    missed: Missed | None = None,
) -> Send | None:
    """The last of a channel for one of its rooms, or of what it missed; None where there is nothing."""
    book = world.book_of(incident)
    reader = room_reader(world, book, binding.room, binding.partner)
    lines: list[Cleared] = []
    shown: list[str] = []
    answers: list[sight.Answer] = []
    for recent in reversed(incident.talk.get(channel, ())):
        if len(lines) == MOST_LINES:
            break
        long_ago = recent.at < now - LOOKS_BACK and not (missed is not None and missed.again)
        if recent.room == binding.room or long_ago or not (missed is None or missed.has(recent)):
            continue
        if closed_now(book, channel, recent.label):
            continue
        said = _said(book, incident, channel, recent)
        view = _view(world, incident, channel, said, binding, now)
        line = _line(world, book, view, channel, recent, said, reader)
        if line is not None:
            lines.insert(0, line)
            shown.insert(0, recent.said)
            answers.append(view.answers[f"#{channel}"])
    if not lines:
        return None
    title = quote(book, reader, book.playbook.channels[channel].title)
    heading = (
        say(reader.languages, "<b>{channel}, so far:</b>", channel=title)
        if missed is None or missed.again
        else say(reader.languages, "<b>{channel}, meanwhile:</b>", channel=title)
    )
    ends = cleared_until(book, answers)
    return Send(
        incident.id,
        binding.room,
        glue([heading, *lines]),
        Urgency.CHATTER,
        about=" ".join((f"#{channel}", *shown)),
        partner=binding.partner,
        language=next(iter(reader.languages), ""),
        not_after=min(now + LASTS, ends) if ends is not None else now + LASTS,
    )


def sees(world: World, incident: Incident, channel: str, recent: Recent, binding: Binding, now: datetime) -> bool:
    """Whether a room may see now what was said."""
    book = world.book_of(incident)
    view = _view(world, incident, channel, _said(book, incident, channel, recent), binding, now)
    return not closed_now(book, channel, recent.label) and isinstance(view.answers[f"#{channel}"], sight.Seen)


def _view(
    world: World, incident: Incident, channel: str, said: Utterance, binding: Binding, now: datetime
) -> sight.View:
    book, so = world.book_of(incident), circumstances(world, incident, now)
    event = event_of(book, said, channel)
    return sight.view(book, so, event, sight_room(world, binding), [f"#{channel}", "_speaker"])


def number(said: str) -> int:
    """The place of something said among all that was: 12 of ``S-12``."""
    number = said.partition("-")[2]
    return int(number) if number.isdigit() else 0


def _said(book: Book, incident: Incident, channel: str, recent: Recent) -> Utterance:
    """What is remembered of it, as something that was said: no more than a line of it can show."""
    words = shortened(recent.words or "")
    shown = f"[{recent.kind}] {words}".rstrip() if recent.kind else words
    return Utterance(
        incident.id,
        recent.said,
        recent.room,
        "",
        recent.channels or (channel,),
        recent.partner,
        recent.person,
        recent.name,
        recent.at,
        recent.origins,
        raised_then(book, channel, recent.raised, recent.label),
        spoken=Spoken(escape(shown, quote=False)),
        onward=recent.onward,
    )


def _line(
    world: World, book: Book, view: sight.View, channel: str, recent: Recent, said: Utterance, reader: Reader
) -> Cleared | None:
    """When, who, and the beginning of what; None where the room may not see it, or nothing is left of it."""
    words = shortened(recent.words or "")
    what = spoken(book, view, f"#{channel}", escape(words, quote=False))
    if what is None or not (words or recent.kind):
        return None
    if recent.kind in KINDS:
        kind = say((), "[{kind}]", kind=say(reader.languages, KINDS[recent.kind]))
        what = glue([kind, what], " " if words else "")
    who = glue([clock(book, recent.at), head(world, book, view, channel, said, reader)], " ")
    return glue([who, one_of_many(what, recent.said)], " — ")


def shortened(words: str) -> str:
    """The beginning of it, on one line, cut between words where that is possible."""
    words = " ".join(words.split())
    if len(words) <= LONGEST:
        return words
    cut = words[:LONGEST].rpartition(" ")[0]
    return (cut if len(cut) > LONGEST // 2 else words[: LONGEST - 1]).rstrip(" ,;:") + "…"
