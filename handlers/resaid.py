"""What befalls what was said in a channel: it is changed or taken back, somebody reacts, a copy arrives or does not.

An edit carries the join of the old label and the new: where the words may not be any more, the copy is taken away. What was said stays in
the log as it was said.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from handlers import dropping, polls, reactions, relay, signs
from handlers.anew import raised_together, told_anew
from handlers.carrying import compartments, home, taken_back, tell
from handlers.channels import out, seat
from handlers.events import Came, Delivery, Stale, Talk
from handlers.raised import higher, marked
from handlers.taking_back import away, removed_there, take_back
from handlers.world import World
from playbooks.labels import Tlp
from playbooks.restricted import restricted
from playbooks.spoken import File, Spoken
from storage.effects import Drop, Effect, Record, Remember, Unwake, Urgency, Wake
from storage.facts import (
    MessageDropped,
    MessageRefused,
    MessageRemains,
    MessageRemoved,
    MessageSent,
    MessageUnknown,
)
from storage.incident import Incident
from storage.store import OutboxRow, ThreadKept, Utterance

NO_ROOM = "it is too long for the message in which it stands with others"
"""Why an edit is refused that fits no more; see ``bot.addressing``."""

MOVES_EVERY = timedelta(seconds=60)
"""A place that moves is told anew no more often."""


def happened(world: World, came: Came, event: Talk) -> list[Effect]:
    """What to do about it; nothing once the incident is over, but what is taken back goes at any time."""
    incident = world.incidents.get(event.said.stream)
    if incident is None or event.said.gone:
        return []
    if event.kind == "deleted":
        its_own = event.room == event.said.room
        return (
            take_back(incident, event.said, event.room, event.copies)
            if its_own
            else removed_there(world, incident, event)
        )
    if incident.closed_at is not None or incident.paused is not None:
        return []
    match event.kind:
        case "edited":
            return _edited(world, incident, event, came)
        case "settled":
            never = _silenced(world, incident, event)
            said = event.said
            return (
                told_anew(world, incident, said, said, event.copies, event.at, came.now, None) if never is None else []
            )
        case "reacted":
            return reactions.given(world, incident, event, came)
        case "voted" | "tallied" | "ended":
            return polls.happened(world, incident, event, came)


# --- said anew ---------------------------------------------------------------------------------------------------------


def _edited(world: World, incident: Incident, event: Talk, came: Came) -> list[Effect]:
    """Only whoever said it can change it, and only where it was said. Not every homeserver sees to that."""
    before = event.said
    if event.spoken is None or event.room.chat != before.room.chat or not _theirs(world, event):
        return []
    if event.overtaken and before.spoken is not None:
        return _overtaken(world, incident, event, came)
    if before.versions == 0:
        return relay.mended(world, incident, event, came, _silenced(world, incident, event))
    written = replace(event.spoken, html=restricted(event.spoken.html).strip("\n"))
    closed = compartments(world.book_of(incident), before.channels)
    spoken, raised, unknown = marked(replace(written, file=_same_file(before.spoken, event.spoken)), closed)
    if unknown is not None:
        raised = Tlp.RED.word  # they meant to raise it: nobody is shown what nobody can name
    now_raised = higher(before.raised, raised)
    ends = _ends(before, spoken, event)
    if before.spoken is not None and _says_the_same(before.spoken, spoken) and now_raised == before.raised and not ends:
        return []
    never = _silenced(world, incident, event)
    if never is None and now_raised == before.raised and _moves_too_soon(before, spoken, event):
        # The last place it was told at must not be where it stays.
        later = (before.changed or before.at) + MOVES_EVERY
        return [
            Remember(replace(before, spoken=spoken)),
            Wake(f"place:{before.id}", incident.id, later, "place", before.id),
        ]
    if before.spoken is not None and before.spoken.live_until is not None and spoken.live_until is None:
        # Where it ended is told as it was told on the way, in words: no network lets us change them into a map.
        spoken = replace(spoken, live_until=event.at)
    said = replace(before, spoken=spoken, raised=now_raised)
    effects = told_anew(world, incident, before, said, event.copies, event.at, came.now, never)
    effects += raised_together(world, incident, event.album, now_raised, event.at, came.now, never)
    return [Unwake(f"place:{before.id}"), *effects] if ends else effects


def _overtaken(world: World, incident: Incident, event: Talk, came: Came) -> list[Effect]:
    """It says something later already: of this edit only the label counts."""
    before = event.said
    if event.spoken is None:
        return []
    written = replace(event.spoken, html=restricted(event.spoken.html).strip("\n"))
    _, raised, unknown = marked(written, compartments(world.book_of(incident), before.channels))
    now_raised = higher(before.raised, raised, Tlp.RED.word if unknown is not None and before.versions else None)
    if now_raised == before.raised:
        return []
    said = replace(before, raised=now_raised)
    if before.versions == 0:
        return [Remember(said)]
    never = _silenced(world, incident, event)
    effects = told_anew(world, incident, before, said, event.copies, before.changed or event.at, came.now, never)
    return [*effects, *raised_together(world, incident, event.album, now_raised, event.at, came.now, never)]


def _silenced(world: World, incident: Incident, event: Talk) -> str | None:
    """Why nothing that whoever changes this says now may be carried, if so: the same that holds for new words."""
    speaker = event.said.person
    if speaker in world.who.revoked or any(world.who.withdrawn(one) for one in (event.identity, speaker) if one):
        return "revoked"
    own = home(world, incident, event.said)
    found = seat(world, own, event.at, prefer=incident.id)
    if found is None or found[0].id != incident.id or not set(found[1].channels) & set(event.said.channels):
        return "inactive"
    return out(world, own)


def _theirs(world: World, event: Talk) -> bool:
    """Whether whoever changes something is whoever said it."""
    person = world.who.person(event.identity) if event.identity is not None else None
    return event.said.person in (event.identity or "", person.id if person is not None else "-")


def _same_file(before: Spoken | None, now: Spoken) -> File | None:
    """Some networks name only the caption of an edit: the file is then the one that was."""
    return now.file if now.file is not None or before is None else before.file


def _says_the_same(before: Spoken, now: Spoken) -> bool:
    """Networks tell of edits that change nothing anybody reads: a preview, a button, where a file is to be had."""

    def read(one: Spoken) -> tuple[object, ...]:
        file = one.file
        return (one.html, file and (file.kind, file.name, file.size), one.point, one.poll, one.contact)

    return read(before) == read(now)


def _ends(before: Utterance, now: Spoken, event: Talk) -> bool:
    """Whether a place that moved comes to rest before its time: then it is told where, though that may be known here already, and only here."""
    until = before.spoken.live_until if before.spoken is not None else None
    return until is not None and now.live_until is None and now.point is not None and event.at < until


def _moves_too_soon(before: Utterance, now: Spoken, event: Talk) -> bool:
    if before.spoken is None or before.spoken.live_until is None or now.point is None:
        return False
    last = before.changed or before.at
    ends = now.live_until is None
    return not ends and event.at - last < MOVES_EVERY


# --- copies ------------------------------------------------------------------------------------------------------------


def is_said(about: str | None) -> bool:
    """Whether a short id is that of something said in a channel."""
    return about is not None and about.startswith("S-")


def is_talk(row: OutboxRow) -> bool:
    """Whether a message carries what was said in a channel, or is a change, a removal or a reaction to it."""
    return is_said(row.about) and row.urgency >= Urgency.CHATTER


def delivered(world: World, came: Came, event: Delivery) -> list[Effect]:
    """What became of a copy, of its edit or removal, or of a reaction. A copy of unknown fate is not sent again: whoever spoke sees it."""
    row = event.row
    if event.became == "delayed":
        return dropping.refused(world, came, event)
    if event.became == "moved":
        return _place_of_thread(event)
    if row.kind in ("react", "end"):
        return []
    if row.kind == "delete":
        sign = signs.of(world, event.said, event.copies) if event.said is not None else []
        gone = row.amends or row.token
        if event.became == "sent":
            return [Record(row.stream, MessageRemoved(gone, row.to)), *sign]
        return [Record(row.stream, MessageRemains(gone, row.to, event.reason)), *(_emptied(world, event) or sign)]
    fact: MessageSent | MessageRefused | MessageUnknown
    if event.became == "sent":
        fact = MessageSent(row.token, row.to, event.message or "")
        told = dropping.reached(world, came, event)
    else:
        refused = event.became == "refused"
        fact = (
            MessageRefused(row.token, row.to, event.reason)
            if refused
            else MessageUnknown(row.token, row.to, event.reason, None)
        )
        told = dropping.refused(world, came, event)
    sign = signs.of(world, event.said, event.copies) if event.said is not None else []
    return [Record(row.stream, fact), *told, *sign, *_said_apart(world, came, event)]


def _place_of_thread(event: Delivery) -> list[Effect]:
    """The thread that this copy belongs to has a place of its own in the room from now on."""
    thread = event.said.thread if event.said is not None else None
    return [Remember(ThreadKept(event.row.stream, thread, event.place))] if thread and event.place is not None else []


def _said_apart(world: World, came: Came, event: Delivery) -> list[Effect]:
    """What it says now has no room in the message where it stands with others: the old words go from there, the new ones are said by themselves."""
    row, said = event.row, event.said
    incident = world.incidents.get(row.stream)
    if event.became != "refused" or event.reason != NO_ROOM or row.kind != "edit":
        return []
    if incident is None or incident.closed_at is not None or said is None or said.gone or said.spoken is None:
        return []
    told = tell(world, incident, said, came.now, only=[row.to]).sends
    stood = reactions.again(world, incident, said, {send.to for send in told}, came.now)
    return [*away(said, row.to, event.copies), *told, *stood]


def _emptied(world: World, event: Delivery) -> list[Effect]:
    """A copy that its network does not remove any more is emptied instead, once, where it is one message; not in a room that has moved since, where
    nothing can be changed any more.
    """
    row, said = event.row, event.said
    incident = world.incidents.get(row.stream)
    here = [one for one in event.copies if one.to == row.to]
    alone = [one.state for one in here if one.kind == "message"] == ["sent"]
    tried = sum(one.kind == "delete" and one.state == "refused" for one in here) > 1
    if incident is None or said is None or event.gone or row.partner is None or tried or not alone:
        return []
    if world.who.now_at(row.to) != row.to:
        return []
    return [taken_back(world, incident, said, row.to, row.partner)]


def stale(world: World, came: Came, event: Stale) -> list[Effect]:
    """A waiting copy whose clearance is too old is decided again; its place in the order stays, so that nothing said later is read before it."""
    row, said = event.row, event.said
    incident = world.incidents.get(row.stream)
    effects: list[Effect] = [
        Drop(row.token, "decided again"),
        Record(row.stream, MessageDropped(row.token, row.to, "decided again: what may be seen has changed")),
    ]
    if incident is None or incident.closed_at is not None or said is None or said.gone or said.spoken is None:
        return effects
    if row.kind not in ("message", "edit") or event.begun:
        return effects
    told = tell(world, incident, said, came.now, only=[row.to], amends=row.kind == "edit")
    return [*effects, *(replace(send, place=row.order) for send in told.sends)]
