"""One thing that was said in a channel, as each of the channel's other rooms may be told it now.

The channel is the field (``#ops``), membership the permit, the label the channel's or what the speaker raised it to. Everything that goes with
the words, who speaks, a file and its name, a place, a poll, passes with them or not at all. Each room is decided alone: who is told nothing is
on record with the reason, and said to nobody who may not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from handlers.case import room_reader
from handlers.channels import Seat, out, seats
from handlers.known_again import known_as
from handlers.people import ROLE_WORDS
from handlers.raised import higher
from handlers.texts import say
from handlers.world import World, circumstances, sight_room
from playbooks import sight
from playbooks.answers import cleared_until
from playbooks.calling import called
from playbooks.cleared import Cleared, Reader, attached, clock, figure, glue, name, speaker, spoken, word
from playbooks.labels import Label, Tlp, join
from playbooks.load import Book
from playbooks.restricted import plain
from playbooks.rooms import RoomRef
from playbooks.selection import Circumstances, Event
from playbooks.spoken import File, Spoken, card
from playbooks.values import Text
from storage.effects import Carried, Send, Urgency
from storage.incident import Incident
from storage.store import Utterance

_TODAY = timedelta(hours=20)
"""A place that moves for longer has no end that a time of day could name."""


@dataclass(frozen=True)
class Told:
    """What comes of telling a channel's rooms: the messages, and for each room that is told nothing why, as the log says it."""

    sends: tuple[Send, ...] = ()
    left_out: Mapping[str, Any] = field(default_factory=dict)

    @property
    def partners_left_out(self) -> tuple[str, ...]:
        """Whose rooms are told nothing."""
        return tuple(dict.fromkeys(str(one["partner"]) for one in self.left_out.values()))


def tell(
    world: World,
    incident: Incident,
    said: Utterance,
    now: datetime,
    *,
    only: Iterable[RoomRef] | None = None,
    amends: bool = False,
    never: str | None = None,
) -> Told:
    """Tell each room of the channels, except where it was said. ``only``: none but these rooms. ``never``: no room may be told, and why."""
    wanted = None if only is None else frozenset(only)
    own = home(world, incident, said)
    sends: dict[RoomRef, Send] = {}
    left_out: dict[str, Any] = {}
    for channel in said.channels:
        if channel not in world.book_of(incident).playbook.channels:
            continue
        bridge = _Bridge(world, incident, said, channel, now)
        for seat in seats(world, incident, channel, now):
            here = seat.room
            if here in (own, said.room) or here in sends or (wanted is not None and here not in wanted):
                continue
            found = bridge.to(seat, amends=amends) if never is None else _why(seat, never)
            if isinstance(found, Send):
                sends[here] = found
                left_out.pop(str(here), None)
            else:
                left_out.setdefault(str(here), found)
    return Told(tuple(sends.values()), left_out)


def home(world: World, incident: Incident, said: Utterance) -> RoomRef:
    """The bound room in which it was said: of a chat that is bound whole, the chat, whatever the topic."""
    binding = world.who.binding(incident.playbook, said.room)
    return binding.room if binding is not None else said.room


def content(said: Utterance) -> dict[str, Any]:
    """What was said, as the log has it: words and what goes with them, never where a file is to be had."""
    what = said.spoken or Spoken()
    file, poll, contact = what.file, what.poll, what.contact
    return {
        "name": said.name,
        "words": plain(what.html),
        "file": None if file is None else _file(file),
        "point": None if what.point is None else list(what.point),
        "poll": None
        if poll is None
        else {"question": poll.question, "options": list(poll.options), "several": poll.several},
        "contact": None if contact is None else {"name": contact.name, "phone": contact.phone},
    }


def labels(book: Book, channels: Iterable[str]) -> dict[str, Any]:
    """How closely what is said in these channels is held now, as the log has it."""
    known = {name: book.playbook.channels[name].label.label for name in channels if name in book.playbook.channels}
    return {
        name: {"tlp": one.tlp.word, "compartments": sorted(one.compartments), "personal": one.personal}
        for name, one in known.items()
    }


def raised_then(book: Book, channel: str, raised: str | None, then: Label | None) -> str | None:
    """The colour to which something is raised that was said under another version of the playbook: what it was stays, though the channel's is lower now."""
    now = book.playbook.channels[channel].label.label
    return higher(raised, then.tlp.word if then is not None and then.tlp > now.tlp else None)


def closed_now(book: Book, channel: str, then: Label | None) -> bool:
    """Whether something was said in a compartment, or as personal, that the channel is not any more: nobody new is told of it."""
    now = book.playbook.channels[channel].label.label
    return then is not None and (not then.compartments <= now.compartments or (then.personal and not now.personal))


def compartments(book: Book, channels: Iterable[str]) -> frozenset[str]:
    """The playbook's compartments that somebody may mean to put words into who speaks in these channels: those that not all of them are in."""
    playbook = book.playbook
    known = {one for who in playbook.partners.values() for one in who.clearance.compartments}
    inside = [playbook.channels[name].label.label.compartments for name in channels if name in playbook.channels]
    return frozenset(known).difference(frozenset.intersection(*inside) if inside else ())


def event_of(book: Book, said: Utterance, channel: str) -> Event:
    """What was said, as the rule of sight knows it."""
    whose = book.playbook.partners.get(said.partner)
    through = whose.jurisdiction if whose is not None and said.onward else None
    fields = {f"#{channel}": Text(_described(said)), "_speaker": Text(said.name)}
    return Event(
        said.partner, frozenset(said.origins), fields, said.raised, through=through, held=held(book, said.channels)
    )


def held(book: Book, channels: Iterable[str]) -> Label:
    """How closely something is held that is said in all of these channels at once: nobody knows of which of them it speaks, so as closely as all."""
    return join(book.playbook.channels[name].label.label for name in channels if name in book.playbook.channels)


def head(world: World, book: Book, view: sight.View, channel: str, said: Utterance, reader: Reader) -> Cleared:
    """Who speaks, as the channel shows it: by name where this room may know who is on duty, by role, or as the partner."""
    partner = name(book, reader, said.partner)
    how = book.playbook.channels[channel].speaker
    if how == "person" and said.name and _named(book, view):
        who = say((), "▸ <b>{person}</b> · {partner}", person=speaker(view, said.name), partner=partner)
    elif how == "role" and said.person:
        person = world.who.people.get(said.person)
        role = person.role if person is not None and person.partner in (said.partner, None) else "responder"
        who = say((), "▸ <b>{partner}</b> · {role}", partner=partner, role=say(reader.languages, ROLE_WORDS[role]))
    else:
        who = say((), "▸ <b>{partner}</b>", partner=partner)
    own, all_of_them = book.playbook.channels[channel].label.label.tlp, held(book, said.channels).tlp
    shown = max(own, all_of_them, *([Tlp.parse(said.raised)] if said.raised is not None else []))
    return glue([who, word(str(shown))], " · ") if said.raised is not None or shown > own else who


def taken_back(world: World, incident: Incident, said: Utterance, room: RoomRef, partner: str) -> Send:
    """What takes the place of a copy that its network does not remove any more: that there was one, and nothing of it."""
    reader = room_reader(world, world.book_of(incident), room, partner)
    who = say((), "▸ <b>{partner}</b>", partner=name(world.book_of(incident), reader, said.partner))
    words = say(reader.languages, "<i>(taken back)</i>")
    carried = Carried(who, words, said.at, clock(world.book_of(incident), said.at))
    return Send(
        incident.id,
        room,
        glue([who, words]),
        Urgency.CHATTER,
        about=said.id,
        partner=partner,
        language=next(iter(reader.languages), ""),
        carries=carried,
        thread=said.thread,
        amends=True,
    )


class _Bridge:
    """One thing that was said, in one channel; what does not depend on the room is worked out once."""

    def __init__(self, world: World, incident: Incident, said: Utterance, channel: str, now: datetime) -> None:
        self.world, self.incident, self.said, self.channel, self.now = world, incident, said, channel, now
        self.book = world.book_of(incident)
        so: Circumstances = circumstances(world, incident, now)
        self.question = sight.Question(self.book, so, event_of(self.book, said, channel))
        self.place_told = _tells_place(self.book, channel)

    def to(self, seat: Seat, *, amends: bool) -> Send | dict[str, Any]:
        """The message to one room; or why there is none."""
        field_, book, said = f"#{self.channel}", self.book, self.said
        reason = out(self.world, seat.room)
        if reason is not None:
            return _why(seat, reason)
        view = self.question.view(sight_room(self.world, seat.binding), [field_, "_speaker"])
        answer = view.answers[field_]
        if isinstance(answer, sight.Withheld):
            return _why(seat, answer.why, answer.line, answer.detail)
        what = said.spoken or Spoken()
        reader = room_reader(self.world, book, seat.room, seat.partner)
        words = self._words(view, what, reader)
        goes_with = attached(view, field_, what, place=self.place_told)
        who = head(self.world, book, view, self.channel, said, reader)
        carried = Carried(
            who,
            words,
            said.at,
            clock(book, said.at),
            goes_with if what.live_until is None or goes_with is None or what.point is None else None,
            _instead(reader, view, what.file) if what.file is not None else None,
            self._called(seat, what.html),
            said.person,
        )
        return Send(
            self.incident.id,
            seat.room,
            glue([who, words]) if words.html else glue([who, words], ""),
            Urgency.CHATTER,
            about=said.id,
            partner=seat.partner,
            language=next(iter(reader.languages), ""),
            not_after=cleared_until(book, [answer]),
            carries=carried,
            answers=None if amends else said.answers,
            thread=said.thread,
            amends=amends,
        )

    def _words(self, view: sight.View, what: Spoken, reader: Reader) -> Cleared:
        """The words, and as words what has no other form."""
        field_ = f"#{self.channel}"
        html = [what.html] if what.html else []
        if what.live_until is not None and what.point is not None:
            html.append(_map(what.point))
        if what.contact is not None:
            html.append(card(what.contact))
        words = spoken(self.book, view, field_, "\n".join(html))
        assert words is not None  # the caller has seen that it may be seen
        if what.live_until is not None and what.point is not None and what.live_until - self.said.at <= _TODAY:
            until = say(reader.languages, "until {time}", time=clock(self.book, what.live_until))
            words = glue([words, until], " · ")
        if self.said.forwarded:
            return glue([say(reader.languages, "<i>Forwarded:</i>"), words])
        return words

    def _called(self, seat: Seat, html: str) -> tuple[tuple[str, str], ...]:
        """The accounts, on the room's network, of its own people whom the words call by name: ``@Ada``. Of others nobody learns that they are there."""
        if "@" not in html:
            return ()
        people = [one for one in self.world.who.people.values() if one.partner == seat.partner and one.name]
        names = called(html, (one.name for one in people))
        return tuple(
            (identity, one.name)
            for one in people
            if one.name in names
            for identity in one.identities
            if identity.startswith(f"{seat.room.network}:") and not self.world.who.withdrawn(identity)
        )


def _named(book: Book, view: sight.View) -> bool:
    """Whether this room may read who speaks: by the rule, or because the channel itself shows it and nothing stands against it."""
    answer = view.answers["_speaker"]
    if isinstance(answer, sight.Seen):
        return True
    spec = book.playbook.field("_speaker")
    return answer.why in ("no-permit", "agreement") and spec is not None and not spec.personal


def _tells_place(book: Book, channel: str) -> bool:
    """Whether whoever may read the channel may know exact places: its label is at least that of every place in the playbook."""
    label = book.playbook.channels[channel].label.label
    places = [spec.label_of("exact") for spec in book.playbook.fields.values() if spec.type == "place"]
    return bool(places) and all(
        one.tlp <= label.tlp and one.compartments <= label.compartments and (label.personal or not one.personal)
        for one in places
    )


def _instead(reader: Reader, view: sight.View, file: File) -> Cleared:
    """What stands where a file cannot be carried: that there was one, and whom to ask."""
    called = speaker(view, file.name) if file.name else say(reader.languages, "a file")
    if file.size is None:
        return say(reader.languages, "📎 {file} could not be carried here. Please ask whoever sent it.", file=called)
    size = figure(max(1, round(file.size / 1_000_000)))
    return say(
        reader.languages,
        "📎 {file} ({size} MB) could not be carried here. Please ask whoever sent it.",
        file=called,
        size=size,
    )


def _why(seat: Seat, why: str, line: int = 0, detail: str = "") -> dict[str, Any]:
    return {"partner": seat.partner, "why": why, "rule": line, "detail": detail}


def _described(said: Utterance) -> str:
    what = said.spoken or Spoken()
    parts = [plain(what.html)]
    if what.file is not None:
        parts.append(f"[{what.file.kind} {what.file.name}]")
    if what.point is not None:
        parts.append(_degrees(what.point))
    if what.poll is not None:
        parts += [what.poll.question, *what.poll.options]
    if what.contact is not None:
        parts.append(f"{what.contact.name} {what.contact.phone}")
    return "\n".join(part for part in parts if part)


def _file(file: File) -> dict[str, Any]:
    return {
        "kind": file.kind,
        "name": file.name,
        "type": file.type,
        "size": file.size,
        "album": file.album,
        "known_as": known_as(file),
    }


def _degrees(point: tuple[int, int]) -> str:
    return f"{point[0] / 1_000_000:.5f}, {point[1] / 1_000_000:.5f}"


def _map(point: tuple[int, int]) -> str:
    """A place that moves, as words that can be edited: no network lets us move what it shows as a map."""
    latitude, longitude = (f"{part / 1_000_000:.5f}" for part in point)
    where = f"https://www.openstreetmap.org/?mlat={latitude}&amp;mlon={longitude}#map=16/{latitude}/{longitude}"
    return f'📍 <a href="{where}">{latitude}, {longitude}</a>'
