"""The visibility rule a second time, as dull as it can be: the sentences of the language page, one after the other.

It shares no code with ``playbooks.sight``, ``playbooks.selection`` and ``playbooks.rules``; tests hold the two against each other.
Where the page leaves a choice, the choice is written down here: what a forbid says of an area that the partner may not see counts
as met, so that hiding the area never shows more; and of several things that stand in the way the first is told, of the finest form,
in the order of the page but for the permits, which come last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from playbooks.labels import Tlp
from playbooks.load import Book
from playbooks.schema import Permit
from playbooks.schema_selectors import Lead, Selector
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
BUILT_IN = {
    "_title": Tlp.GREEN,
    "_speaker": Tlp.GREEN,
    "_note": Tlp.AMBER,
    "_decision": Tlp.AMBER,
    "_report": Tlp.AMBER,
    "_delivery": Tlp.AMBER,
    "_presence": Tlp.AMBER,
    "_answer": Tlp.GREEN,
}
MAY_SEE = "may see"


@dataclass
class Declared:
    """What the playbook says of a field, of a channel, or nothing of a field that is built in."""

    type: str
    tlp: Tlp
    compartments: Any = ()
    personal: bool = False
    forms: Mapping[Any, Any] = field(default_factory=dict)
    ranges: Any = ()


@dataclass
class Unwritten:
    """A permit that stands in no file's `sharing`."""

    to: Any
    purpose: str | None = None
    under: Any = ()
    as_: None = None
    when: None = None


def declared(book: Book, field: str) -> Declared | None:
    """The channel is the field, under its label; the built-in fields carry what no playbook declares, and may be relabelled."""
    if field.startswith("#"):
        if field[1:] not in book.playbook.channels:
            return None
        label = book.playbook.channels[field[1:]].label
        return Declared("text", label.tlp, label.compartments, label.personal)
    if field.startswith("?"):
        if field[1:] not in book.playbook.checkins:
            return None
        label, more = book.playbook.checkins[field[1:]].label, book.playbook.fields.get("_answer")
        if more is None:
            return Declared("text", label.tlp, label.compartments, label.personal)
        together = {*label.compartments, *more.compartments}
        return Declared("text", max(label.tlp, more.tlp), together, label.personal or more.personal)
    if field in book.playbook.fields:
        spec = book.playbook.fields[field]
        return Declared(spec.type, spec.tlp, spec.compartments, spec.personal, spec.forms, spec.ranges)
    if field in BUILT_IN:
        return Declared("text", BUILT_IN[field])
    return None


def finest(book: Book, so: Circumstances, event: Event, room: Room, field: str) -> str | None:
    """The finest form that the room's partner may see of what this field says there now, or None."""
    form, why = answer(book, so, event, room, field)
    value = event.fields.get(field)
    if why != MAY_SEE or value is None:
        return None
    return None if form == "area" and isinstance(value, Place) and not value.areas else form


def answer(book: Book, so: Circumstances, event: Event, room: Room, field: str) -> tuple[str, str]:
    """The finest form that may be seen; else the finest form that there is, and what stands against it."""
    spec = declared(book, field)
    if spec is None:
        return "", "undeclared"
    forms = [form for form in FINEST_FIRST[spec.type] if form != "range" or spec.ranges]
    found = [(form, against(book, so, event, room, field, form)) for form in forms]
    for form, why in found:
        if why == MAY_SEE:
            return form, why
    return found[0]


def may_see(book: Book, so: Circumstances, event: Event, room: Room, field: str, form: str) -> bool:
    """May partner P see form G of field F of event E in room R at time T?"""
    return against(book, so, event, room, field, form) == MAY_SEE


def against(book: Book, so: Circumstances, event: Event, room: Room, field: str, form: str) -> str:
    """What stands against it, or that nothing does."""
    spec = declared(book, field)
    if spec is None:
        return "undeclared"
    if room.partner not in book.playbook.partners:
        return "inactive"
    if room.partner not in so.active:
        return "inactive"
    if event.expires is not None and event.expires <= so.now:
        return "expired"
    own = spec.forms.get(form)
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
        return "clearance"
    for compartment in compartments:
        if compartment not in partner.clearance.compartments:
            return "compartment"
    trust = book.playbook.networks.get(room.ref.network)
    if trust is None:
        return "ceiling"
    ceiling = trust.ceiling
    if room.ref.network == "matrix" and room.encrypted and not room.world_readable and not room.open_join:
        ceiling = trust.ceiling if trust.encrypted is None else trust.encrypted
    if tlp > ceiling:
        return "ceiling"
    sees_area = field != event.place and place_is_seen(book, so, event, room)
    for rule in book.playbook.sharing:
        if isinstance(rule, Permit) or written_as(field) not in rule.forbid:
            continue
        if holds(rule.when, so) and selects(book, rule.to, so, event, room, sees_area, "met"):
            return "forbidden"
    nearest = "no-permit"
    for rule in permits_of(book, field):
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
            return MAY_SEE
        nearest = "agreement"
    return nearest


def written_as(field: str) -> str:
    """How rules name it: what is answered to any check-in is `_answer`."""
    return "_answer" if field.startswith("?") else field


def permits_of(book: Book, field: str) -> list[Permit | Unwritten]:
    """The permits that are written; of a channel its membership; who has an alert and what is answered is for the lead by its nature."""
    found: list[Permit | Unwritten] = [
        rule for rule in book.playbook.sharing if isinstance(rule, Permit) and written_as(field) in rule.permit
    ]
    if field.startswith("#"):
        channel = book.playbook.channels[field[1:]]
        found.append(Unwritten(channel.members, channel.purpose, channel.under))
    if field == "_delivery" or field.startswith("?"):
        found.append(Unwritten(Selector((Lead(),))))
    return found


def place_is_seen(book: Book, so: Circumstances, event: Event, room: Room) -> bool:
    """Whether the partner may see the area of the event's place there; where no place is concerned, nothing is hidden."""
    spec = None if event.place is None else declared(book, event.place)
    if event.place is None or spec is None or spec.type != "place":
        return True
    return may_see(book, so, event, room, event.place, "area")


def agreed(book: Book, so: Circumstances, rule: Permit | Unwritten, origin: str, to: str) -> bool:
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
