"""Of the log, what somebody may ask about in chat: the facts that they may see, from which alone their question is answered.

| who asks | of what |
|---|---|
| an auditor of the whole deployment, in a private chat | everything |
| a partner's people who may ask | what a copy of the log for that partner shows: what its rooms were told, what its people did, what is announced to everyone |
| the same, of an alert of which they may know who has it (``_delivery``) | who answered, was rung or was not reached; of one in their own words also who was shown which field |
| a coordinator of no partner, in a private chat | who answered, and who leads, of partners of whom everybody may know |
| everyone who may ask | when the incident was closed |

What is left out decides nothing: a question that is asked of less is answered from less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from handlers import leading
from handlers.case import Case
from handlers.coordinators import between_two
from handlers.standing import standing
from handlers.status import watching
from handlers.world import sight_room
from playbooks import sight
from playbooks.cleared import Cleared, code, echo, figure, glue, listed, short_id
from playbooks.labels import Tlp
from playbooks.rooms import RoomRef
from storage.deployment import Binding
from storage.export.for_whom import Recipient
from storage.export.view import View
from storage.facts import (
    Acknowledged,
    AlertAddressed,
    AlertCancelled,
    AlertExpired,
    AlertIssued,
    AlertRetracted,
    AlertSuperseded,
    AnswerUndone,
    CallReported,
    CallTaken,
    Disclosed,
    Fact,
    IncidentClosed,
    LeadEnded,
    LeadTaken,
    MessageDropped,
    MessageRefused,
    MessageSent,
    MessageUnknown,
    PartnerUnreachable,
)
from storage.facts.codec import from_parts, parts
from storage.store import Kept

Outcome = MessageSent | MessageRefused | MessageUnknown | MessageDropped


def may_ask(case: Case) -> Cleared | None:
    """Auditors, coordinators, and whoever may decide for the lead; of the whole deployment only in a private chat."""
    if sees_all(case) or "auditor" in case.actor.roles:
        return None
    if case.actor.coordinator or leading.may_decide(case):
        return None
    return case.say(
        "Only auditors, coordinators and the lead may ask the log. Of the whole log, only in a private chat."
    )


def sees_all(case: Case) -> bool:
    """Whether this is an auditor of the whole deployment, alone with us."""
    return case.actor.auditor and case.request.private and between_two(case.world, case.request.room)


def damaged(case: Case, entries: Sequence[int]) -> Cleared:
    """That the log cannot be relied on, as far as it is known where, and who must be told. How large a log is, is hidden from nobody."""
    assert case.incident is not None
    log = short_id(case.incident.id)
    what = (
        case.say(
            "Entry {entry} of the log of {incident} is damaged or missing.", entry=figure(entries[0]), incident=log
        )
        if entries
        else case.say("The log of {incident} is damaged.", incident=log)
    )
    todo = case.say(
        "I answer nothing from it. Tell whoever runs the server: {command} shows more, and a backup must be restored.",
        command=code(echo("tocsin doctor", case.request.room)),
    )
    return glue([what, todo])


@dataclass(frozen=True, slots=True)
class Part:
    """What of a log somebody may see: facts, each as far as they may, in order. ``whole``: all of it; else that which ``partner`` was told and did, and who
    answered the alerts that are ``watched``, by alert.
    """

    facts: Sequence[Kept]
    whole: bool
    partner: str | None = None
    watched: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def tells(self, alert: str, partner: str) -> bool:
        """Whether it would tell of an answer to an alert that a partner gave; where not, nobody can say from it that it gave none."""
        return self.whole or partner == self.partner or partner in self.watched.get(alert, ())


def part_for(case: Case, kept: Sequence[Kept]) -> Part:
    """What of these facts whoever asks may see."""
    if sees_all(case):
        return Part(kept, True)
    watched = _watched(case)
    found = _of_a_copy(case, kept, watched) if case.actor.partner is not None else {}
    for one in kept:
        more = _watched_fact(case, one, watched) if one.seq not in found else None
        if more is not None:
            found[one.seq] = more
    return Part([found[seq] for seq in sorted(found)], False, case.actor.partner, watched)


def may_carry(case: Case, most: Tlp, room: RoomRef) -> bool:
    """Whether a room may be sent words up to a level, as its network stands now."""
    ceiling = carried_at_most(case, room)
    return ceiling is not None and most <= ceiling


def carried_at_most(case: Case, room: RoomRef) -> Tlp | None:
    """The highest level that a room may be sent, as its network stands now; None where the playbook does not know its network."""
    assert case.book is not None
    binding = Binding(case.book.playbook.playbook, case.actor.partner or "", room, None, case.actor.person)
    return sight.ceiling_of(case.book, sight_room(case.world, binding))


def _watched(case: Case) -> Mapping[str, frozenset[str]]:
    """The alerts of which whoever asks may know who has them, each with the partners that count for them."""
    assert case.incident is not None and case.book is not None
    result: dict[str, frozenset[str]] = {}
    for alert, issued in case.incident.alerts.items():
        may, room = watching(case, alert)
        if may and issued.fact.template in case.book.playbook.alerts:
            stands = standing(case.world, case.incident, alert, case.reader, room, case.now)
            result[alert] = frozenset(stands.partners)
    return result


def _of_a_copy(case: Case, kept: Sequence[Kept], watched: Mapping[str, frozenset[str]]) -> dict[int, Kept]:
    """What a copy of the log for the partner would show; and who else was shown what, of its own alerts that it watches."""
    assert case.book is not None
    partner = str(case.actor.partner)
    knows = frozenset(p for p in case.book.playbook.partners if listed(case.book, case.reader, p)) | {partner}
    people = frozenset(person.id for person in case.world.who.people.values() if person.partner == partner)
    view = View(Recipient(partner, partner, knows, people))
    for one in kept:
        view.learn(one)
    found: dict[int, Kept] = {}
    declared = {f.alert: f.fields.keys() for one in kept if isinstance(f := one.fact, AlertIssued)}
    sends: set[str] = set()
    for one in kept:
        may = view.shows(one)
        if may:
            found[one.seq] = _as_far_as(one, may)
        elif isinstance(one.fact, Disclosed) and one.fact.about in view.words:
            f = one.fact
            fields = {name: how for name, how in f.fields.items() if name in declared.get(f.about, ())}
            if fields and f.partner in watched.get(f.about, ()):
                sends.add(f.send)
                found[one.seq] = replace(one, fact=replace(f, fields=fields, room=_elsewhere(f.room)))
        elif isinstance(one.fact, Outcome) and _whole(one.fact.send) in sends:
            found[one.seq] = replace(one, fact=_unnamed(one.fact))
    return found


def _as_far_as(one: Kept, may: frozenset[str]) -> Kept:
    fact = one.fact
    values = {path: value for path, value in parts(fact).items() if path in may}
    return replace(one, fact=from_parts(type(fact).__name__, fact.V, values))


def _whole(send: str) -> str:
    name, dash, part = send.rpartition("-")
    return f"{name}-1" if dash and part.isdecimal() else send


def _elsewhere(room: RoomRef) -> RoomRef:
    """Somebody else's room: its network, and not which one it is."""
    return RoomRef(room.network, "")


def _unnamed(fact: Outcome) -> Fact:
    """What became of a message in somebody else's room, without the network's names for it."""
    match fact:
        case MessageSent():
            return replace(fact, room=_elsewhere(fact.room), message="")
        case _:
            return replace(fact, room=_elsewhere(fact.room), reason="")


def _watched_fact(case: Case, one: Kept, watched: Mapping[str, frozenset[str]]) -> Kept | None:
    """A fact about who has an alert and who answered, of partners that count for whoever asks, and without the persons."""
    assert case.book is not None
    match one.fact:
        case AlertIssued() as f if f.alert in watched and listed(case.book, case.reader, f.partner):
            return replace(one, fact=replace(f, fields={}, person="", confirmed_by="", draft="", request=None))
        case AlertAddressed() as f if f.alert in watched:
            told = {p: {"status": how.get("status")} for p, how in f.partners.items() if p in watched[f.alert] and how}
            return replace(one, fact=replace(f, partners=told))
        case Acknowledged() as f if f.partner in watched.get(f.alert, ()):
            return replace(one, fact=replace(f, person=f.person, spoke_with=None, room=_elsewhere(f.room)))
        case AnswerUndone() as f if f.partner in watched.get(f.alert, ()):
            return one
        case CallTaken() | CallReported() | PartnerUnreachable() as f if f.partner in watched.get(f.about, ()):
            return one
        case AlertExpired() | AlertSuperseded() | AlertCancelled() | AlertRetracted() as f if f.alert in watched:
            return one
        case IncidentClosed() as f:
            return replace(one, fact=replace(f, person="", partner=None, reason=None))
        case LeadTaken() as f if case.actor.partner is None:
            return one if all(listed(case.book, case.reader, p) for p in f.partners) else None
        case LeadEnded() if case.actor.partner is None:
            return one
        case _:
            return None
