"""One alert takes the place of others: which, from whose words, in which rooms as a reply, and what the others' rooms are told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers import correcting
from handlers.addressing import issued_event
from handlers.afterwards import after
from handlers.case import Case
from handlers.coordinators import private_room
from handlers.corrections import ended
from handlers.world import World, circumstances, sight_room
from playbooks import sight
from playbooks.audience import Audience, audience
from playbooks.cleared import Cleared, short_id, strong
from playbooks.rooms import RoomRef
from playbooks.selection import Event
from storage.deployment import Binding
from storage.effects import Effect, Send, Tap
from storage.facts import AlertDrafted, AlertIssued, AlertSuperseded, Fact
from storage.incident import Incident

MOST_ASKED = 3
"""How many open alerts a preview offers to replace; a phone shows no more."""


@dataclass(frozen=True, slots=True)
class Before:
    """What a room was shown last of what is replaced: which alert, and by which send."""

    alert: str
    send: str


def standing(incident: Incident, updates: Iterable[str]) -> tuple[str, ...]:
    """The alerts that these have become, as far as they are open: what was replaced meanwhile is followed to what replaced it."""
    found: dict[str, None] = {}
    for about in updates:
        while (issued := incident.alerts[about]).superseded_by is not None:
            about = issued.superseded_by
        if issued.state == "open":
            found[about] = None
    return tuple(found)


def origins(incident: Incident, updates: Iterable[str]) -> tuple[str, ...]:
    """Where the words of alerts come from: what takes their place has those origins too."""
    return tuple(dict.fromkeys(origin for about in updates for origin in incident.alerts[about].fact.origins))


def before(incident: Incident, updates: Iterable[str]) -> dict[RoomRef, Before]:
    """What each room was shown last of these alerts, and of those whose place they took."""
    found: dict[RoomRef, Before] = {}
    for about in updates:
        issued = incident.alerts[about]
        found |= before(incident, issued.fact.updates)
        for send, copy in issued.copies.items():
            if copy.state not in ("dropped", "refused", "removed"):
                found[copy.room] = Before(about, send)
    return found


def aside(
    world: World, incident: Incident, template: str, event: Event, updates: Iterable[str], now: datetime
) -> Audience:
    """Who was shown one of these alerts in a private chat of their own, and is still that partner's: they are shown the new one there."""
    book, so = world.book_of(incident), circumstances(world, incident, now)
    rooms: dict[str, list[sight.Room]] = {}
    shown = {copy.room: copy.partner for about in updates for copy in incident.alerts[about].copies.values()}
    for ref, partner in shown.items():
        if ref in before(incident, updates) and ref in _chats(world, partner):
            rooms.setdefault(partner, []).append(sight_room(world, Binding("", partner, ref, None, "")))
    danger = incident.danger.until if incident.danger is not None and so.danger else None
    return audience(sight.Question(book, so, event), template, rooms, danger)


def _chats(world: World, partner: str) -> set[RoomRef | None]:
    people = (p for p in world.who.people.values() if p.partner == partner and p.id not in world.who.revoked)
    return {private_room(world, identity) for person in people for identity in person.identities}


def replaced(case: Case, facts: Sequence[Fact], issued: AlertIssued, copies: Sequence[Effect]) -> list[Effect]:
    """What becomes of the alerts whose place this one takes: rooms that are shown nothing of it learn that theirs is over."""
    assert case.incident is not None
    over = [AlertSuperseded(about, issued.alert) for about in issued.updates]
    if not over:
        return []
    world = after(case.world, case.incident.id, [*facts, *over], case.now)
    shown = frozenset(one.to for one in copies if isinstance(one, Send))
    effects: list[Effect] = [case.record(fact) for fact in over]
    for fact in over:
        effects += ended(world, world.incidents[case.incident.id], fact.alert, case.now, besides=shown)
    return effects


# --- the question before it is sent ----------------------------------------------------------------------------------------


def question(case: Case, draft: AlertDrafted, event: Event) -> tuple[list[Cleared], list[list[Tap]]]:
    """Whether what is open in the same place is to be replaced: the lines of a preview, and their buttons."""
    assert case.incident is not None
    found = here(case, draft, event)[:MOST_ASKED]
    lines = [
        case.say(
            "{alert} {title} is open here: replace it with {new}?",
            alert=strong(short_id(about)),
            title=case.title(case.incident.alerts[about].fact.template),
            new=case.title(draft.template),
        )
        for about in found
    ]
    taps = [
        [case.tap("Replace {alert}", f"/draft {draft.draft} replace {about}", f"{number}️⃣", alert=short_id(about))]
        for number, about in enumerate(found, 1)
    ]
    return lines, taps


def here(case: Case, draft: AlertDrafted, event: Event) -> list[str]:
    """The open alerts of the same place that this partner may replace, as far as this room sees them and where they are."""
    assert case.book is not None and case.incident is not None
    binding = case.world.who.binding(case.incident.playbook, case.request.room)
    if binding is None or binding.partner != draft.partner or draft.updates:
        return []
    room = sight_room(case.world, binding)
    areas = sight.visible_areas(case.book, case.so, event, room)
    found = []
    for about in correcting.open_ones(case) if areas is not None else ():
        issued = case.incident.alerts[about]
        seen = issued.fact.partner == draft.partner or any(copy.room == room.ref for copy in issued.copies.values())
        theirs = sight.visible_areas(case.book, case.so, issued_event(case.book, issued), room)
        if seen and theirs is not None and (areas & theirs if areas else not theirs):
            found.append(about)
    return found
