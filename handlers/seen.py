"""/seen: who has what somebody said in a channel. In numbers for whoever said it; by name only for those who may know who has what.

Rooms of partners that the asking room may not know of are in no number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from handlers import signs
from handlers.carrying import held
from handlers.case import Case
from handlers.which import case_of
from handlers.world import circumstances, sight_room
from playbooks import sight
from playbooks.cleared import Cleared, clock, glue, listed, name, word
from playbooks.labels import Tlp
from playbooks.selection import Event
from storage.effects import Effect
from storage.incident import Incident
from storage.store import OutboxRow, Utterance

_STATES = (
    "sent",
    "bare",
    "too_large",
    "pending",
    "refused",
    "unknown",
    "outdated",
    "digest",
    "left_out",
    "removed",
    "remains",
)


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/seen`` as an answer to what was said, or alone for the last that was said here."""
    said = case.request.answers
    if said is None and case.request.replies:
        words = case.say(
            "The message that you answer went to no other room. I do not carry commands, answers to me, what bots say, and what was said before this room was in a channel."
        )
        return [case.answer(words)]
    if said is None:
        return [case.answer(case.say("Answer a message with /seen, and I say which rooms have it."))]
    incident = case.world.incidents.get(said.stream)
    if incident is None or said.room.chat != case.request.room.chat:
        return [case.answer(case.say("Only the room where it was said is told who has it."))]
    case = case_of(case.world, case.request, incident)
    if case.actor.partner != said.partner:
        return [case.answer(case.say("Only the room where it was said is told who has it."))]
    by = _by_state(case, said)
    if not said.gone and not any(by.values()):
        return [case.answer(case.say("Nobody else is in this channel now."))]
    at = clock(case.book, said.at)
    lines = [case.say("It was taken back.") if said.gone else case.say("What was said at {time}:", time=at)]
    lines += [] if said.gone else _held(case, said)
    named = _may_know(case, incident, said)
    for state in ("remains",) if said.gone else _STATES:
        if by[state]:
            lines.append(_line(case, state, by[state]))
            if named and case.book is not None:
                lines.append(glue([name(case.book, case.reader, partner) for partner in by[state]], ", "))
    return [case.answer(glue(lines))]


def _by_state(case: Case, said: Utterance) -> Mapping[str, list[str]]:
    """The partners by what became of their copies; those unknown to whoever asks left out."""
    found: dict[str, list[str]] = {state: [] for state in _STATES}
    assert case.book is not None
    stays = {row.to: row.partner for row in signs.remaining(case.request.copies)}
    for row in signs.newest(case.request.copies, said.removed):
        if row.partner is not None and row.to not in stays and listed(case.book, case.reader, row.partner):
            found[_state(row, case.request.copies)].append(row.partner)
    beside = {
        "digest": [row.partner for row in signs.digested(case.request.copies) if row.partner is not None],
        "left_out": said.left_out,
        "removed": [partner for _, partner in said.removed],
        "remains": [partner for partner in stays.values() if partner is not None],
    }
    for state, partners in beside.items():
        found[state] = [partner for partner in partners if listed(case.book, case.reader, partner)]
    return found


def _state(row: OutboxRow, copies: Sequence[OutboxRow]) -> str:
    if row.kind == "edit" and any(one.token == row.amends and one.state == "unknown" for one in copies):
        return "outdated"  # it has no name by which it could be changed
    if row.state == "sent" and (why := signs.lacks(row)) is not None:
        return "too_large" if why == "too-large" else "bare"
    return "pending" if row.state == "inflight" else row.state


def _held(case: Case, said: Utterance) -> list[Cleared]:
    """How closely it is held, where that is not as whoever spoke wrote it, or as anybody would expect."""
    assert case.book is not None
    label = held(case.book, said.channels)
    lines = []
    if said.versions == 0:
        lines.append(case.say("It has a label that I do not know. Please put it right by an edit."))
    elif said.raised is not None and Tlp.parse(said.raised) < label.tlp:
        lines.append(case.say("Held as {label}: no label lowers that of the channel.", label=word(str(label.tlp))))
    own = {case.book.playbook.channels[one].label.label for one in said.channels if one in case.book.playbook.channels}
    if len(own) > 1:
        lines.append(
            case.say(
                "This room is in several channels, and this answers nothing: it is held as closely as all of them. To speak in one, answer what was said there."
            )
        )
    return lines


def _line(case: Case, state: str, whose: list[str]) -> Cleared:
    count = len(whose)
    match state:
        case "sent":
            return case.says("👌 {count} room has it.", "👌 {count} rooms have it.", count)
        case "too_large":
            return case.says(
                "📎 {count} room has it without the file, which is too large to be carried. Please send it smaller, or another way.",
                "📎 {count} rooms have it without the file, which is too large to be carried. Please send it smaller, or another way.",
                count,
            )
        case "bare":
            return case.says(
                "📎 {count} room has it without the file, which could not be carried. Please send it again, or another way.",
                "📎 {count} rooms have it without the file, which could not be carried. Please send it again, or another way.",
                count,
            )
        case "digest":
            return case.says(
                "– In {count} room it did not arrive; a digest there says that it was said.",
                "– In {count} rooms it did not arrive; a digest there says that it was said.",
                count,
            )
        case "pending":
            return case.says("… {count} room is still to get it.", "… {count} rooms are still to get it.", count)
        case "refused":
            return case.says("✗ {count} room could not be reached.", "✗ {count} rooms could not be reached.", count)
        case "unknown":
            return case.says("? Of {count} room I do not know.", "? Of {count} rooms I do not know.", count)
        case "outdated":
            return case.says(
                "? {count} room may have the old words: I do not know whether they arrived, so I cannot change them there.",
                "? {count} rooms may have the old words: I do not know whether they arrived, so I cannot change them there.",
                count,
            )
        case "removed":
            return case.says("✂ {count} room has removed it.", "✂ {count} rooms have removed it.", count)
        case "remains":
            return case.says(
                "❗ In {count} room it can still be read: its network does not remove it any more.",
                "❗ In {count} rooms it can still be read: their networks do not remove it any more.",
                count,
            )
        case _:
            return case.says("– {count} partner was not told.", "– {count} partners were not told.", count)


def _may_know(case: Case, incident: Incident, said: Utterance) -> bool:
    """Whether the room may know who has what: the built-in field ``_delivery``."""
    assert case.book is not None
    binding = case.world.who.binding(incident.playbook, case.request.room)
    if binding is None:
        return False
    so = circumstances(case.world, incident, case.now)
    event = Event(said.partner, frozenset({case.book.playbook.partners[said.partner].jurisdiction}))
    room = sight_room(case.world, binding)
    return isinstance(sight.decide(case.book, so, event, room, "_delivery"), sight.Seen)
