"""Who leads, who may do what, and on which basis. Sources: the playbook language, *Mandate* and *Lead*.

An alert is somebody's prerogative: that of the partners whom its ``by`` names (the lead, where it names none), on their own
ground. No role overrides it. Where the law has such a power, ``in_danger`` names others who may act while danger is declared.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from playbooks.load import Book
from playbooks.schema import Alert, Lead, LeadRule, Selector
from playbooks.selection import Circumstances, Leading, ground, matches
from playbooks.values import Place

ISSUERS = frozenset({"liaison", "official", "coordinator"})
"""The roles whose people may issue for their partner."""

_LEAD = Selector((Lead(),))


def leads(book: Book, phase: str, hazard: str | None) -> tuple[Leading, ...]:
    """Who leads by the playbook's rules: for each tier and jurisdiction, the first rule that holds the phase and hazard."""
    rules = [
        (index, rule)
        for index, rule in enumerate(book.playbook.leads)
        if (rule.in_ is None or phase in rule.in_) and (rule.hazard is None or hazard in rule.hazard)
    ]
    tiers = dict.fromkeys(rule.tier for _, rule in rules)
    result: list[Leading] = []
    for tier in tiers:
        for jurisdiction in dict.fromkeys(rule.jurisdiction for _, rule in rules if rule.tier in (tier, None)):
            first = next(
                (
                    (index, rule)
                    for index, rule in rules
                    if rule.tier in (tier, None) and rule.jurisdiction in (jurisdiction, None)
                ),
                None,
            )
            if first is not None:
                result.append(_leading(book, *first, tier, jurisdiction))
    return tuple(dict.fromkeys(result))


def _leading(book: Book, index: int, rule: LeadRule, tier: str | None, jurisdiction: str | None) -> Leading:
    partners = rule.unified or (rule.accountable,)
    return Leading(tier, jurisdiction, partners, rule.accountable, rule.deputies, rule.basis, book.line("leads", index))


def accept_within(book: Book, leading: Leading) -> timedelta | None:
    """How long who is to lead by a rule has to accept before the coordinators are told; None: they are not told."""
    for index, rule in enumerate(book.playbook.leads):
        if (book.line("leads", index), rule.accountable) == (leading.rule, leading.decides):
            return rule.accept_within
    return None


@dataclass(frozen=True, slots=True)
class Mandated:
    """Yes: on this ground, by the rule on this line."""

    ground: Literal["by", "in_danger"]
    line: int
    basis: str | None = None


@dataclass(frozen=True, slots=True)
class NotMandated:
    """No, and whose it is (partner ids; empty when nobody's here), by the rule on this line.

    ``when_danger``: this partner could act if danger were declared.
    """

    why: Literal["not-theirs", "not-their-ground", "no-such-place"]
    whose: tuple[str, ...]
    line: int
    when_danger: bool = False


def may_issue(
    book: Book, circumstances: Circumstances, template: str, partner: str, place: Place | None
) -> Mandated | NotMandated:
    """May this partner issue this alert for this place? ``place`` is None when none is stated yet."""
    alert = book.playbook.alerts[template]
    line = book.line("alerts", template, "by") if alert.by is not None else book.line("alerts", template)
    foreseen = partner not in book.guests  # nothing is the prerogative of whom nobody foresaw
    theirs = foreseen and matches(book, alert.by or _LEAD, partner, circumstances, partner, frozenset(), None)
    here = on_ground(book, partner, place)
    if theirs and here:
        return Mandated("by", line)
    in_danger = alert.in_danger
    could = (
        foreseen
        and in_danger is not None
        and here
        and matches(book, in_danger.by, partner, circumstances, partner, frozenset(), None)
    )
    if could and in_danger is not None and circumstances.danger:
        return Mandated("in_danger", book.line("alerts", template, "in_danger"), in_danger.basis)
    whose = owners(book, circumstances, template, place)
    if place is not None and not place.areas:
        return NotMandated("no-such-place", whose, line, could)
    return NotMandated("not-their-ground" if theirs else "not-theirs", whose, line, could)


def owners(book: Book, circumstances: Circumstances, template: str, place: Place | None) -> tuple[str, ...]:
    """The partners whose prerogative this alert is for this place, in the playbook's order."""
    alert: Alert = book.playbook.alerts[template]
    return tuple(
        partner
        for partner in book.playbook.partners
        if partner in circumstances.active
        and partner not in book.guests
        and matches(book, alert.by or _LEAD, partner, circumstances, partner, frozenset(), None)
        and on_ground(book, partner, place)
    )


def on_ground(book: Book, partner: str, place: Place | None) -> bool:
    """Whether a place lies on a partner's ground. A point must lie in one of its areas; of areas named in words, all must be its own."""
    if place is None:
        return True
    own = ground(book, partner)
    areas = frozenset(place.areas)
    return bool(areas & own) if place.point is not None else bool(areas) and areas <= own


def may_activate(book: Book, partner: str | None) -> int | None:
    """The line of the rule by which this partner's people may start an incident, or None."""
    rule = book.playbook.activate
    if rule is None or partner is None or partner not in book.playbook.partners:
        return None
    calm = calm_circumstances(book)
    return book.line("activate") if matches(book, rule.by, partner, calm, partner, frozenset(), None) else None


def may_declare_danger(book: Book, circumstances: Circumstances, partner: str) -> int | None:
    """The line of the rule by which this partner may declare imminent danger to life, or None."""
    rule = book.playbook.danger
    if rule is None or partner in book.guests:
        return None
    means = matches(book, rule.by, partner, circumstances, partner, frozenset(), None)
    return book.line("danger") if means else None


def declarers(book: Book, circumstances: Circumstances) -> tuple[str, ...]:
    """The partners who may declare danger now."""
    return tuple(
        partner for partner in book.playbook.partners if may_declare_danger(book, circumstances, partner) is not None
    )


def chosen(book: Book, selector: Selector | None, circumstances: Circumstances, origin: str) -> tuple[str, ...]:
    """The partners a selector means when no event is looked at, in the playbook's order. None means nobody."""
    if selector is None:
        return ()
    return tuple(
        partner
        for partner in book.playbook.partners
        if matches(book, selector, partner, circumstances, origin, frozenset(), None)
    )


def calm_circumstances(book: Book) -> Circumstances:
    """What holds before there is an incident: the first phase, its leads by rule, nobody active."""
    phase = book.playbook.phases[0]
    return Circumstances(
        now=datetime.min.replace(tzinfo=UTC), phase=phase, active=frozenset(), leads=leads(book, phase, None)
    )
