"""The visibility rule a second time, as dull as it can be: the sentences of the language page, one after the other.

It shares no code with ``playbooks.sight`` and ``playbooks.selection``; tests hold the two against each other. Where the page
leaves a choice, the choice is written down here: what a forbid says of an area that the partner may not see counts as met, so
that hiding the area never shows more.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from playbooks.labels import Tlp
from playbooks.load import Book
from playbooks.schema import Permit
from playbooks.selection import Circumstances, Event
from playbooks.sight import Room
from playbooks.values import Place

FINEST_FIRST = {
    "text": ["exact"],
    "choice": ["exact"],
    "place": ["exact", "area"],
    "number": ["exact", "range"],
    "person": ["exact", "initials", "count"],
    "time": ["exact", "day"],
}


def finest(book: Book, so: Circumstances, event: Event, room: Room, field: str) -> str | None:
    """The finest form that the room's partner may see of this field there now, or None."""
    spec = book.playbook.field(field)
    value = event.fields.get(field)
    if spec is None or value is None:
        return None
    for form in FINEST_FIRST[spec.type]:
        if form == "range" and not spec.ranges:
            continue
        if form == "area" and isinstance(value, Place) and not value.areas:
            continue
        if may_see(book, so, event, room, field, form):
            return form
    return None


def may_see(book: Book, so: Circumstances, event: Event, room: Room, field: str, form: str) -> bool:
    """May partner P see form G of field F of event E in room R at time T?"""
    spec = book.playbook.field(field)
    if spec is None:
        return False
    if room.partner not in book.playbook.partners:
        return False
    if room.partner not in so.active:
        return False
    if event.expires is not None and event.expires <= so.now:
        return False
    own = spec.forms.get(form)  # type: ignore[call-overload]
    tlp = spec.tlp if own is None else own.tlp
    compartments = spec.compartments if own is None else own.compartments
    if own is None:
        form_is_personal = spec.personal
    elif own.personal is not None:
        form_is_personal = own.personal
    else:
        form_is_personal = spec.personal if form == "initials" else False
    if event.raised is not None and Tlp.parse(event.raised) > tlp:
        tlp = Tlp.parse(event.raised)
    partner = book.playbook.partners[room.partner]
    if tlp > partner.clearance.tlp:
        return False
    for compartment in compartments:
        if compartment not in partner.clearance.compartments:
            return False
    trust = book.playbook.networks.get(room.ref.network)
    if trust is None:
        return False
    ceiling = trust.ceiling
    if room.ref.network == "matrix" and room.encrypted and not room.world_readable and not room.open_join:
        ceiling = trust.ceiling if trust.encrypted is None else trust.encrypted
    if tlp > ceiling:
        return False
    sees_area = field != event.place and place_is_seen(book, so, event, room)
    for rule in book.playbook.sharing:
        if isinstance(rule, Permit) or field not in rule.forbid:
            continue
        if holds(rule.when, so) and selects(book, rule.to, so, event, room, sees_area, "met"):
            return False
    for rule in book.playbook.sharing:
        if not isinstance(rule, Permit) or field not in rule.permit:
            continue
        if not holds(rule.when, so) or not selects(book, rule.to, so, event, room, sees_area, "not met"):
            continue
        forms = FINEST_FIRST[spec.type]
        if rule.as_ is not None and (rule.as_ not in forms or forms.index(rule.as_) > forms.index(form)):
            continue
        everywhere = True
        for origin in event.origins:
            if tlp == Tlp.CLEAR and not form_is_personal:
                continue
            if origin == partner.jurisdiction and not spec.personal:
                continue
            if agreed(book, so, rule, origin, partner.jurisdiction):
                continue
            if rule.when is not None and rule.when.danger is True and rule.basis is not None and so.danger:
                continue
            everywhere = False
        if everywhere:
            return True
    return False


def place_is_seen(book: Book, so: Circumstances, event: Event, room: Room) -> bool:
    """Whether the partner may see the area of the event's place there; where no place is concerned, nothing is hidden."""
    spec = None if event.place is None else book.playbook.field(event.place)
    if event.place is None or spec is None or spec.type != "place":
        return True
    return may_see(book, so, event, room, event.place, "area")


def agreed(book: Book, so: Circumstances, rule: Permit, origin: str, to: str) -> bool:
    """The permit names an agreement between the two, in force at T, that lists the permit's purpose."""
    today: date = so.now.astimezone(book.playbook.timezone).date()
    for name in rule.under:
        agreement = book.playbook.agreements[name]
        parties = list(agreement.between)
        if origin not in parties:
            continue
        parties.remove(origin)
        if to not in parties:
            continue
        if agreement.from_ is not None and today < agreement.from_:
            continue
        if agreement.until is not None and today > agreement.until:
            continue
        if rule.purpose in agreement.purposes:
            return True
    return False


def holds(when: Any, so: Circumstances) -> bool:
    """Every key of `when` holds."""
    if when is None:
        return True
    if when.phase is not None and so.phase not in when.phase:
        return False
    if when.hazard is not None and so.hazard not in when.hazard:
        return False
    return not (when.danger is not None and when.danger is not so.danger)


def selects(
    book: Book, selector: Any, so: Circumstances, event: Event, room: Room, sees_area: bool, unseen: str
) -> bool:
    """Whether a selector means the room's partner; `unseen` says how a condition counts that it may not look at."""
    partners = book.playbook.partners
    me = partners[room.partner]
    for term in selector.terms:
        kind = type(term).__name__
        if kind == "Everyone":
            return True
        if kind == "One" and term.partner == room.partner:
            return True
        if kind in ("Lead", "Deputies"):
            lead = leading(so, partners[event.origin].jurisdiction)
            if lead is not None and room.partner in (lead.partners if kind == "Lead" else lead.deputies):
                return True
        if kind != "Matching":
            continue
        about_area = "affected" in (term.area or ())
        about_not = term.not_ is not None and any(mentions_affected(inner) for inner in term.not_.terms)
        if (about_area or about_not) and not sees_area and unseen == "not met":
            continue
        if term.partner is not None and room.partner not in term.partner:
            continue
        if term.kind is not None and me.kind not in term.kind:
            continue
        if term.level is not None and me.level not in term.level:
            continue
        if term.jurisdiction is not None and me.jurisdiction not in term.jurisdiction:
            continue
        if term.competence is not None and not any(each in me.competences for each in term.competence):
            continue
        if term.network is not None and room.ref.network not in term.network:
            continue
        if term.area is not None and not (about_area and not sees_area):
            areas = [area for area in term.area if area != "affected"]
            if about_area:
                place = event.fields.get(event.place) if event.place is not None else None
                areas += list(place.areas) if isinstance(place, Place) else []
            if term.near:
                areas += [beside for area in areas for beside in book.playbook.areas[area].near]
            mine = me.covers or [a for a, area in book.playbook.areas.items() if area.jurisdiction == me.jurisdiction]
            if not any(area in mine for area in areas):
                continue
        if (
            term.not_ is not None
            and not (about_not and not sees_area)
            and selects(book, term.not_, so, event, room, sees_area, unseen)
        ):
            continue
        return True
    return False


def mentions_affected(term: Any) -> bool:
    """Whether a term, or anything it excludes, looks at where the event is."""
    if type(term).__name__ != "Matching":
        return False
    return "affected" in (term.area or ()) or (
        term.not_ is not None and any(mentions_affected(inner) for inner in term.not_.terms)
    )


def leading(so: Circumstances, jurisdiction: str) -> Any:
    """The operational lead there: of that tier before all tiers, of that jurisdiction before all jurisdictions."""
    for tier in ("operational", None):
        for where in (jurisdiction, None):
            for lead in so.leads:
                if lead.tier == tier and lead.jurisdiction == where:
                    return lead
    return None
