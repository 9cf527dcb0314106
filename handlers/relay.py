"""What people say in a channel's room is carried to the channel's other rooms.

Words that were for the bot (a command, an answer to a question of ours) are not talk. What a program says is never carried, nor what comes
back to us by another bridge. What cannot be carried for sure is not carried at all, and whoever said it sees that.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from difflib import get_close_matches

from handlers import signs
from handlers.carrying import content, home, tell
from handlers.channels import Seat, out, seat
from handlers.which import case_of
from handlers.world import Request, World
from playbooks.cleared import echo
from playbooks.labels import Tlp
from playbooks.load import Book
from playbooks.restricted import plain, restricted
from playbooks.spoken import Spoken
from storage.effects import Effect, Record, Remember
from storage.facts import Said
from storage.incident import Incident, Recent
from storage.store import Utterance

ECHO_WITHIN = timedelta(minutes=5)
"""For so long another bridge that shares a room with us may bring back what we carried."""

_COLOURS = {tlp.word: tlp for tlp in Tlp} | {"white": Tlp.CLEAR}
_COLOURS |= dict.fromkeys(("rouge", "rood", "rot", "rosso", "rojo"), Tlp.RED)
_COLOURS |= dict.fromkeys(("ambre", "ambra", "ámbar", "ambar"), Tlp.AMBER)
_COLOURS |= dict.fromkeys(("vert", "groen", "grün", "gruen", "verde"), Tlp.GREEN)
_RAISED = re.compile(
    r"((?:<[a-z][^<>]*>|\s)*)\[\s*(?:tlp\s*:\s*)?([^\W\d_]{3,12}(?:\s*\+\s*strict)?)\s*\]\s*", re.IGNORECASE
)


def heard(world: World, request: Request) -> list[Effect]:
    """What somebody said in a channel's room leads to. Nothing, where it is no channel's."""
    if request.private or request.spoken is None or request.message is None:
        return []
    if request.automatic and request.forwarded is None:
        return []
    found = seat(world, request.room, request.now)
    if found is None:
        return []
    incident, here = found
    book = world.book_of(incident)
    said = _utterance(world, incident, here, request)
    if said.spoken is None or said.spoken.empty or _comes_back(incident, said):
        return []
    html, raised, unknown = labelled(said.spoken.html)
    if unknown is not None:
        return _no_such_label(world, request, unknown)
    passed_on = _passed_on(world, book, incident, said, request)
    spoken = replace(said.spoken, html=html)
    said = replace(said, spoken=spoken, raised=_higher(raised, _of_album(incident, said), passed_on[0]))
    origins = {book.playbook.partners[said.partner].jurisdiction}
    onward = tuple(sorted(passed_on[1] - origins))
    said = replace(said, origins=tuple(sorted(origins | passed_on[1])), onward=onward)
    return _carry(world, incident, said, request, _never(world, request, here, passed_on[2]))


def labelled(html: str) -> tuple[str, str | None, str | None]:
    """The words without a leading ``[red]``, the TLP colour (its word) it names, and what stands there if it is nearly one.

    A colour may be said in the partners' languages. Where somebody meant to raise the label and mistyped it, nothing may be carried.
    """
    found = _RAISED.match(html)
    if found is None:
        return html, None, None
    typed = "".join(found[2].lower().split())
    rest = found[1] + html[found.end() :]
    if typed in _COLOURS:
        return rest, _COLOURS[typed].word, None
    return (html, None, found[2]) if get_close_matches(typed, _COLOURS, n=1, cutoff=0.7) else (html, None, None)


def _utterance(world: World, incident: Incident, here: Seat, request: Request) -> Utterance:
    person = world.who.person(request.identity) if request.identity is not None else None
    spoken = request.spoken or Spoken()
    answers = request.answers if request.answers is not None and request.answers.stream == incident.id else None
    return Utterance(
        incident.id,
        world.next_id("S"),
        request.room,
        request.message or "",
        here.channels,
        here.partner,
        person.id if person is not None else request.identity or "",
        person.name if person is not None else request.name,
        request.at or request.now,
        answers=answers.id if answers is not None else None,
        thread=_thread(world, incident, here, request),
        spoken=replace(spoken, html=restricted(spoken.html).strip("\n")),
        forwarded=request.forwarded is not None,
    )


def _thread(world: World, incident: Incident, here: Seat, request: Request) -> str | None:
    """What began the thread that it belongs to. There are no threads within threads.

    An answer belongs to the thread of what it answers, whatever its network says: not all have threads. A topic of a forum that is bound whole is a
    thread, and what is said there first begins it.
    """
    begun, answers = request.thread, request.answers
    if begun is not None and begun.stream == incident.id:
        return begun.thread or begun.id
    if (
        answers is None
        or answers.stream != incident.id
        or (request.room.topic is not None and here.room != request.room)
    ):
        return None
    in_topic = answers.room.topic is not None and home(world, incident, answers) != answers.room
    return answers.thread or (answers.id if in_topic else None)


def _carry(world: World, incident: Incident, said: Utterance, request: Request, never: str | None) -> list[Effect]:
    told = tell(world, incident, said, request.now, never=never)
    if not told.sends and not told.left_out:
        return []  # nobody else is in the channel
    said = replace(said, left_out=told.partners_left_out)
    fact = Said(
        said.id, said.channels, said.partner, said.person, said.room, said.message, said.at, said.raised, said.origins,
        said.onward, said.answers, said.thread, said.forwarded, content(said), told.left_out,
    )  # fmt: skip
    effects: list[Effect] = [Record(incident.id, fact), Remember(said), *told.sends]
    return [*effects, *signs.at_once(world, said, told.sends)]


def _never(world: World, request: Request, here: Seat, unknown: bool) -> str | None:
    """Why nothing of it may be carried anywhere, if so."""
    if request.identity is not None and world.who.withdrawn(request.identity):
        return "revoked"
    if unknown:
        return "unknown-origin"
    return out(world, here.room)


def _passed_on(
    world: World, book: Book, incident: Incident, said: Utterance, request: Request
) -> tuple[str | None, set[str], bool]:
    """What quoting, answering and forwarding add: a label, origins; and whether it cannot be known what the words carry."""
    origins: set[str] = set()
    if request.answers is not None:
        origins |= set(request.answers.origins)
    if request.forwarded is None:
        return None, origins, False
    words = plain(said.spoken.html).strip() if said.spoken is not None else ""
    same = [one for recent in incident.talk.values() for one in recent if one.words is not None and words == one.words]
    if same:
        return _higher(*(one.raised for one in same)), origins.union(*(one.origins for one in same)), False
    if request.forwarded == "us":
        return None, origins, True
    author = world.who.person(request.forwarded) if request.forwarded else None
    partner = book.playbook.partners.get(author.partner or "") if author is not None else None
    return None, origins | ({partner.jurisdiction} if partner is not None else set()), False


def _of_album(incident: Incident, said: Utterance) -> str | None:
    """The label that an earlier picture of the same album has: only one of them carries the words that raise it."""
    album = said.spoken.file.album if said.spoken is not None and said.spoken.file is not None else None
    if album is None:
        return None
    return _higher(*(one.raised for recent in incident.talk.values() for one in recent if one.album == album))


def _higher(*raised: str | None) -> str | None:
    found = [Tlp.parse(one) for one in raised if one is not None]
    return Tlp(max(found)).word if found else None


def _comes_back(incident: Incident, said: Utterance) -> bool:
    """Whether another bridge brings back what we have just carried: the same words, below the name of whoever said them, from another room."""
    words = plain(said.spoken.html) if said.spoken is not None else ""
    return any(_is_echo(one, said, words) for channel in said.channels for one in incident.talk.get(channel, ()))


def _is_echo(recent: Recent, said: Utterance, words: str) -> bool:
    if not recent.words or recent.room == said.room or not abs(said.at - recent.at) <= ECHO_WITHIN:
        return False
    before, found, after = words.partition(recent.words)
    return bool(found) and not after.strip() and "▸" in before


def _no_such_label(world: World, request: Request, typed: str) -> list[Effect]:
    """Somebody meant to say how closely their words are held, and nobody knows how: nothing is carried."""
    case = case_of(world, request, None)
    words = case.say(
        "Not carried to the other rooms: I do not know the label {typed}. Please write it again with [green], [amber], [amber+strict] or [red].",
        typed=echo(f"[{typed[:20]}]", request.room),
    )
    return [case.answer(words)]
