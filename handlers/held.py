"""Copies that are held back: whose matter they are, why, and what their partner could be told instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from handlers.addressing import address, event_of, issued_event
from handlers.case import Case
from handlers.coarser import coarser
from handlers.drafting import values_of
from handlers.issuing import reason_held
from handlers.world import rooms_for, sight_room
from playbooks import sight
from playbooks.audience import Addressee
from playbooks.cleared import Cleared, listed
from playbooks.guests import present
from playbooks.schema import Alert
from playbooks.selection import Event, ground
from playbooks.values import FORMS, Place, Value
from storage.incident import Issued


@dataclass(frozen=True, slots=True)
class Held:
    """A copy that is held: of which alert, for whom."""

    id: str
    issued: Issued
    partner: str


def theirs(case: Case) -> list[str]:
    """The alerts whose held copies are this person's matter: of their own partner, or of those whom it leads."""
    assert case.book is not None and case.incident is not None
    partner = case.actor.partner
    if partner is None or not case.actor.may_issue:
        return []
    found = []
    for identifier, issued in case.incident.alerts.items():
        leading = case.so.lead_for(case.book.playbook.partners[issued.fact.partner].jurisdiction)
        if issued.fact.partner == partner or (leading is not None and partner in leading.partners):
            found.append(identifier)
    return found


def held_of(case: Case, alerts: list[str]) -> list[Held]:
    """The copies that are held of alerts that still run, for partners that this reader may know."""
    assert case.book is not None and case.incident is not None
    return [
        Held(identifier, issued, partner)
        for identifier in alerts
        if not (issued := case.incident.alerts[identifier]).expired
        for partner in issued.held
        if listed(case.book, case.reader, partner) and present(case.book, partner)
    ]


def reason_now(case: Case, found: Addressee, event: Event) -> Cleared:
    if found.status == "shown":
        return case.say("nothing stands against it now")
    if found.status == "roomless":
        return case.say("no room of theirs is bound")
    if found.status == "unselected":
        return case.say("it is not for them there")
    return reason_held(case, case.reader, found, event)


def supplies(case: Case, one: Held) -> bool:
    """Whether this person may give other values: they must come from where the alert comes from."""
    assert case.book is not None and case.actor.partner is not None
    return case.book.playbook.partners[case.actor.partner].jurisdiction in one.issued.fact.origins


def stands(case: Case, one: Held, supplied: Mapping[str, Value]) -> tuple[Event, Addressee]:
    """How the partner stands now, with these values supplied for it."""
    assert case.book is not None and case.incident is not None
    fact = one.issued.fact
    before = issued_event(case.book, one.issued, one.partner)
    fields = {**before.fields, **supplied}
    event = event_of(case.book, fact.template, fact.partner, fields, fact.raised, fact.expires, fact.origins)
    found = address(case.world, case.incident, fact.template, event, case.now, partners=(one.partner,))
    return event, found.addressees.get(one.partner) or Addressee(one.partner, "unselected")


def _own_rooms(case: Case, partner: str) -> list[sight.Room]:
    assert case.incident is not None
    return [sight_room(case.world, b) for b in rooms_for(case.world, case.incident, partner, "alerts")]


def areas_instead(case: Case, one: Held, alert: Alert) -> list[tuple[str, str]]:
    """For a place that lies in no area: the areas that the partner might be told instead, of the ground of who issued it."""
    assert case.book is not None
    values = values_of(one.issued.fact.fields)
    found = []
    for field in alert.fields:
        value, spec = values.get(field), case.book.playbook.field(field)
        if spec is None or spec.type != "place" or (isinstance(value, Place) and value.areas):
            continue
        if alert.fields[field] == "required" and sees(case, one, field) and _could_see(case, one, field, "area"):
            found += [(field, area) for area in sorted(ground(case.book, one.issued.fact.partner))[:6]]
    return found


def forms_instead(case: Case, one: Held, alert: Alert, event: Event) -> list[tuple[str, str]]:
    """Coarser forms of what the alert says that the partner could see now, and is not shown."""
    assert case.book is not None
    found = []
    for field in alert.fields:
        spec, value = case.book.playbook.field(field), event.fields.get(field)
        if spec is None or value is None or alert.fields[field] != "required" or not sees(case, one, field):
            continue
        for form in FORMS[spec.type][1:]:
            if coarser(case.book, spec, value, form) is not None and _could_see(case, one, field, form):
                seen = any(
                    sight.view(case.book, case.so, event, room, (field,)).shape(case.book, field)
                    for room in _own_rooms(case, one.partner)
                )
                if not seen:
                    found.append((field, form))
    return found


def sees(case: Case, one: Held, field: str) -> bool:
    """Whether the room where this is asked sees what the alert says there: what could be said instead tells something of it."""
    assert case.book is not None and case.incident is not None
    binding = case.world.who.binding(case.incident.playbook, case.request.room)
    if binding is None:
        return False
    view = sight.view(
        case.book, case.so, issued_event(case.book, one.issued), sight_room(case.world, binding), (field,)
    )
    return view.shape(case.book, field) is not None


def _could_see(case: Case, one: Held, field: str, form: str) -> bool:
    assert case.book is not None
    question = sight.Question(case.book, case.so, issued_event(case.book, one.issued, one.partner))
    rooms = _own_rooms(case, one.partner)
    return any(isinstance(question.decide_form(room, field, form), sight.Seen) for room in rooms)
