"""/seen: who has what somebody said in a channel. In numbers for whoever said it; by name only for those who may know who has what.

Rooms of partners that the asking room may not know of are in no number.
"""

from __future__ import annotations

from collections.abc import Mapping

from handlers import signs
from handlers.case import Case
from handlers.which import case_of
from handlers.world import circumstances, sight_room
from playbooks import sight
from playbooks.cleared import Cleared, clock, glue, listed, name
from playbooks.selection import Event
from storage.effects import Effect
from storage.incident import Incident
from storage.store import Utterance

_STATES = ("sent", "pending", "refused", "unknown", "left_out", "removed", "remains")


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/seen`` as an answer to what was said, or alone for the last that was said here."""
    said = case.request.answers
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
            found["pending" if row.state == "inflight" else row.state].append(row.partner)
    beside = {
        "left_out": said.left_out,
        "removed": [partner for _, partner in said.removed],
        "remains": [partner for partner in stays.values() if partner is not None],
    }
    for state, partners in beside.items():
        found[state] = [partner for partner in partners if listed(case.book, case.reader, partner)]
    return found


def _line(case: Case, state: str, whose: list[str]) -> Cleared:
    count = len(whose)
    match state:
        case "sent":
            return case.says("👌 {count} room has it.", "👌 {count} rooms have it.", count)
        case "pending":
            return case.says("… {count} room is still to get it.", "… {count} rooms are still to get it.", count)
        case "refused":
            return case.says("✗ {count} room could not be reached.", "✗ {count} rooms could not be reached.", count)
        case "unknown":
            return case.says("? Of {count} room I do not know.", "? Of {count} rooms I do not know.", count)
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
