"""What people say in a channel's room is carried to the channel's other rooms.

Words that were for the bot (a command, an answer to a question of ours) are not talk. What a program says is never carried, nor what comes
back to us by another bridge. What cannot be carried for sure, or only looks as if it came back, is not carried, and whoever said it sees that.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from unicodedata import category

from handlers import reactions, signs
from handlers.anew import NO_SUCH_LABEL, held_together, raised_together
from handlers.carrying import compartments, content, home, labels, tell
from handlers.channels import Seat, out, seat
from handlers.events import Came, Talk
from handlers.passing_on import OTHER_CHANNEL, passed_on, within
from handlers.raised import higher, marked
from handlers.reworded import marked_now
from handlers.which import case_of
from handlers.world import Request, World
from playbooks.cleared import echo
from playbooks.restricted import plain, restricted
from playbooks.rooms import RoomRef
from playbooks.spoken import Spoken
from storage.effects import Effect, Record, Remember, Send
from storage.facts import Said
from storage.incident import Incident, Recent
from storage.store import Utterance

ECHO_WITHIN = timedelta(minutes=5)
"""For so long another bridge that shares a room with us may bring back what we carried."""

COMES_BACK = "comes-back"
"""Why something is carried nowhere: another bridge seems to bring back what we carried."""

_NAMED = re.compile(r"[^\w\s,.!?'\"-]|\n")
"""Without one of these a name before words is how people call each other."""
_OWN_WORDS = re.compile(r"\w[^\n]*\n|\w[^\n]{40}")
"""Other bridges put no more before what they bring back than who said it, on the same line; a line of its own somebody wrote."""


def heard(world: World, request: Request) -> list[Effect]:
    """What somebody said in a channel's room leads to. Nothing, where it is no channel's."""
    if request.private or request.spoken is None or request.message is None:
        return []
    notice = request.automatic and request.as_notice and not _enrolled(world, request)
    if request.automatic and not (notice or _enrolled(world, request) or _passes_on(world, request)):
        return []
    concerns = request.answers or request.thread
    found = seat(world, request.room, request.now, prefer=concerns.stream if concerns is not None else None)
    if found is None:
        return []
    incident, here = found
    said = _utterance(world, incident, here, request)
    if said.spoken is None or _says_nothing(said.spoken):
        return []
    again = _brought_back(world, incident, said)
    # No other bridge speaks as one of our people: theirs is what somebody reads back.
    comes_back = bool(again) and said.person not in world.who.people
    if comes_back and request.automatic and not notice:
        return []  # a program's for sure, and no person waits for a sign
    closed = compartments(world.book_of(incident), here.channels)
    spoken, raised, unknown = marked_now(said.spoken, request.versions, partial(marked, compartments=closed))
    if _says_nothing(spoken) and raised is not None:
        return _nothing_to_hold(world, request)
    passed = passed_on(world, incident, said, spoken, request)
    channels = within(here.channels, passed.channels)
    said = replace(said, channels=channels or here.channels)
    beside = [one for one in request.album if one.said.stream == incident.id]
    colours = (passed.raised, *(one.said.raised for one in beside), *(one.raised for one in again))
    said = replace(said, spoken=spoken, raised=higher(raised, *colours))
    origins = {world.book_of(incident).playbook.partners[said.partner].jurisdiction}
    joined = passed.origins.union(*(one.origins for one in again))
    said = replace(said, origins=tuple(sorted(origins | joined)), onward=tuple(sorted(joined - origins)))
    never = _never(world, request.identity, here.room, passed.unknown) or (None if channels else OTHER_CHANNEL)
    never = "notice" if notice else never or (COMES_BACK if comes_back else None)
    # Of what was sent together only one carries the words that raise it, and not always the first.
    if never is not None or (unknown is None and all(one.said.versions for one in beside)):
        effects = raised_together(world, incident, beside, said.raised, said.at, request.now, never)
        return [*effects, *_carry(world, incident, said, request.now, never)]
    # Remembered, as never carried: whoever wrote it may put the label right by an edit.
    effects = held_together(world, incident, beside, said.at, request.now)
    effects += _carry(world, incident, replace(said, versions=0), request.now, NO_SUCH_LABEL)
    return [*effects, *(_no_such_label(world, request, unknown, closed) if unknown is not None else [])]


def mended(world: World, incident: Incident, event: Talk, came: Came, never: str | None) -> list[Effect]:
    """What had a label that nobody knows was written anew: it is decided as if it had been said just now. ``never``: why nobody may be told of it."""
    if event.spoken is None:
        return []
    before, now = event.said, came.now
    file = event.spoken.file or (before.spoken.file if before.spoken is not None else None)
    written = replace(event.spoken, html=restricted(event.spoken.html).strip("\n"), file=file)
    closed = compartments(world.book_of(incident), before.channels)
    spoken, raised, unknown = marked(written, closed)
    if _says_nothing(spoken) or spoken == before.spoken:
        return []
    said = replace(before, spoken=spoken, raised=higher(before.raised, raised), changed=event.at)
    others = [one.said for one in event.album if one.said.stream == incident.id and not one.said.versions]
    if unknown is None and any(marked(one.spoken or Spoken(), closed)[2] for one in others):
        return [Remember(said)]  # another of the same album has a label that nobody knows
    if unknown is not None:
        request = Request(now, came.seed, before.room, False, event.identity, before.name, "", message=before.message)
        return [Remember(said), *_no_such_label(world, request, unknown, closed)]
    effects = _carried_again(world, incident, replace(said, versions=1), now, never)
    for one in others:
        # What waited for this label goes with it.
        other = replace(one, raised=higher(one.raised, said.raised), versions=1, changed=event.at)
        effects += _carried_again(world, incident, other, now, never)
    return [*effects, *raised_together(world, incident, event.album, said.raised, event.at, now, never)]


def _carried_again(world: World, incident: Incident, said: Utterance, now: datetime, never: str | None) -> list[Effect]:
    """Carried as if it had been said just now, with the reactions that somebody gave while it stood before."""
    effects = _carry(world, incident, said, now, never)
    rooms = {one.to for one in effects if isinstance(one, Send) and one.about == said.id}
    return [*effects, *reactions.again(world, incident, said, rooms, now)]


def _enrolled(world: World, request: Request) -> bool:
    """Whether somebody whom we know says it in the form that bots use."""
    return request.as_notice and request.identity is not None and world.who.person(request.identity) is not None


def _passes_on(world: World, request: Request) -> bool:
    """Whether what a program said counts as somebody's: it passes words on, and of ours only a person of the playbook's can mean to.

    Another bot like this one in the room says ours too, which is nobody's.
    """
    if request.forwarded == "us":
        return request.identity is not None and world.who.person(request.identity) is not None
    return request.forwarded is not None


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


def _carry(world: World, incident: Incident, said: Utterance, now: datetime, never: str | None) -> list[Effect]:
    told = tell(world, incident, said, now, never=never)
    if not told.sends and not told.left_out:
        return []  # nobody else is in the channel
    said = replace(said, left_out=told.partners_left_out)
    fact = Said(
        said.id, said.channels, said.partner, said.person, said.room, said.message, said.at, said.raised, said.origins,
        said.onward, said.answers, said.thread, said.forwarded, content(said), told.left_out, never,
        labels(world.book_of(incident), said.channels),
    )  # fmt: skip
    effects: list[Effect] = [Record(incident.id, fact), Remember(said), *told.sends]
    return [*effects, *signs.at_once(world, said, told.sends)]


def _never(world: World, identity: str | None, room: RoomRef, unknown: bool) -> str | None:
    """Why nothing of it may be carried anywhere, if so."""
    if identity is not None and world.who.withdrawn(identity):
        return "revoked"
    if unknown:
        return "unknown-origin"
    return out(world, room)


def _brought_back(world: World, incident: Incident, said: Utterance) -> list[Recent]:
    """What we have just carried and this says again, from another room: the same words, after the name of whoever said them or the head of our copies.

    So do bridges, and people who read back what they read; whoever it is, it is held as what it says again.
    """
    words = plain(said.spoken.html).strip() if said.spoken is not None else ""
    partners = world.book_of(incident).playbook.partners
    us = {_letters(one.removeprefix("@").partition(":")[0]) for one in world.usernames.values()}
    found: list[Recent] = []
    for recent in dict.fromkeys(one for channel in said.channels for one in incident.talk.get(channel, ())):
        before = _before(recent, said, words)
        if before is None or _own_words(before, us):
            continue
        whose = partners.get(recent.partner)
        headed = _under_our_head(before, recent.name, whose.name if whose is not None else "")
        if headed or (recent.person != said.person and _after_a_name(before, recent.name)):
            found.append(recent)
    return found


def _before(recent: Recent, said: Utterance, words: str) -> str | None:
    """What stands before somebody's recent words, where these come from another room, soon, and end with them; else None."""
    if recent.room == said.room or not abs(said.at - recent.at) <= ECHO_WITHIN:
        return None
    theirs = (recent.words or "").strip()
    return words[: -len(theirs)] if theirs and words.endswith(theirs) else None


def _under_our_head(before: str, *names: str) -> bool:
    """Whether that is the head of our copies, ``▸ Ada · Fire``, with one of these names; whoever may not know the partner reads ``▸ …``."""
    _, ours, head = before.rpartition("▸")
    shown = _letters(head)
    return bool(ours) and (not shown or any(name and name in shown for name in map(_letters, names)))


def _own_words(before: str, us: set[str]) -> bool:
    """Whether somebody wrote something of their own before what looks like a copy of ours."""
    lead, ours, _ = before.rpartition("▸")
    written = _letters(lead)
    return bool(ours and written) and written not in us and _OWN_WORDS.search(lead) is not None


def _after_a_name(before: str, name: str) -> bool:
    """Whether that is how other bridges say who spoke: ``<Ada>``, ``Ada:``, ``**Ada**``, a network's name in front or behind at most."""
    if not name.strip() or _NAMED.search(before) is None:
        return False
    tag = r"(?:[\[(][\w -]{1,20}[\])]\W*)?"
    return re.fullmatch(rf"\W*{tag}{re.escape(name.strip())}\W*{tag}", before[:300], re.IGNORECASE) is not None


def _letters(words: str) -> str:
    return "".join(letter for letter in words.casefold() if letter.isalnum())


def _says_nothing(spoken: Spoken) -> bool:
    """Whether there is nothing in it that anybody could see: spaces alone are nothing."""
    seen = any(not letter.isspace() and category(letter) != "Cf" for letter in plain(spoken.html))
    return not seen and replace(spoken, html="").empty


def _nothing_to_hold(world: World, request: Request) -> list[Effect]:
    """Somebody wrote a label and nothing else: it holds for nothing."""
    case = case_of(world, request, None)
    words = case.say(
        "Nothing was carried: a label holds for the words in the same message. Please write both in one message."
    )
    return [case.answer(words)]


def _no_such_label(world: World, request: Request, typed: str, closed: frozenset[str]) -> list[Effect]:
    """Somebody meant to say how closely their words are held, and nobody knows how: nothing is carried."""
    case = case_of(world, request, None)
    shown = echo(typed[:24], request.room)
    if typed.strip("[]【】〔〕「」 ").casefold() in closed:
        words = case.say(
            "Not carried to the other rooms: {typed} names a circle of partners, and no label puts a single message into one. Say it in a channel of that circle, or write it without the brackets.",
            typed=shown,
        )
        return [case.answer(words)]
    words = case.say(
        "Not carried to the other rooms: I do not know the label {typed}. Please write it again with [green], [amber], [amber+strict] or [red].",
        typed=shown,
    )
    return [case.answer(words)]
