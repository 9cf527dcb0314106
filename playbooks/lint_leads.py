"""Lints of who leads and who may act: phases that nobody leads, leads that cannot be reached, alerts that are nobody's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from playbooks.audience import place_field
from playbooks.examined import Examined, named
from playbooks.mandate import leads
from playbooks.problems import Problem
from playbooks.schema import Alert, Lead, Matching
from playbooks.schema_words import quoted
from playbooks.selection import Circumstances


def without_lead(x: Examined) -> Iterator[Problem]:
    """A phase in which nobody leads the operation for what comes from a jurisdiction that has partners."""
    playbook = x.book.playbook
    lands = dict.fromkeys(who.jurisdiction for who in playbook.partners.values())
    for index, phase in enumerate(playbook.phases):
        missing: dict[str, list[str]] = {}
        for hazard in playbook.hazards or (None,):
            led = leads(x.book, phase, hazard)
            so = Circumstances(datetime.min.replace(tzinfo=UTC), phase, frozenset(), hazard=hazard, leads=led)
            for land in lands:
                if so.lead_for(land) is None:
                    missing.setdefault(land, []).append(hazard or "")
        if not missing:
            continue
        what = f"nobody leads the operation in {quoted(phase)}"
        if len(missing) < len(lands):
            what += f" for what comes from {named(missing)}"
        hazards = dict.fromkeys(hazard for each in missing.values() for hazard in each)
        if len(hazards) < len(playbook.hazards):
            what += f" when the hazard is {named(hazards, 'or')}"
        land = next(iter(missing))
        fix = f"add `{{in: {phase}, tier: operational, jurisdiction: {land}, lead: PARTNER}}` under `leads`"
        yield x.problem("phase-without-lead", ("phases", index), what, fix)


def never_first(x: Examined) -> Iterator[Problem]:
    """A rule about leads that others come before whenever it could hold."""
    playbook = x.book.playbook
    lines = [x.book.line("leads", index) for index in range(len(playbook.leads))]
    heard = {
        leading.rule
        for phase in playbook.phases
        for hazard in playbook.hazards or (None,)
        for leading in leads(x.book, phase, hazard)
    }
    for index, line in enumerate(lines):
        # Rules on one line cannot be told apart by their lines.
        if line not in heard and lines.count(line) == 1:
            what = "this rule is never the first that matches: the rules above it hold whenever it could"
            yield x.problem("lead-rule-never-used", ("leads", index), what, "put it before them, or narrow them")


def unreachable(x: Examined) -> Iterator[Problem]:
    """Leads and deputies without a room for alerts, or without a telephone number."""
    playbook = x.book.playbook
    told: set[tuple[str, str]] = set()
    for index, role, place, name in _roles(x):
        who = playbook.partners[name]
        at: tuple[str | int, ...] = ("leads", index, role, *place)
        if not any("alerts" in room.for_ and not room.exercises for room in who.rooms) and (name, "room") not in told:
            told.add((name, "room"))
            what = f"{quoted(name)} is to lead, and has no room for alerts"
            yield x.problem("lead-without-room", at, what, "name one under its `rooms`, or another partner here")
        if who.phone_24h is None and (name, "phone") not in told:
            told.add((name, "phone"))
            what = f"{quoted(name)} is to lead, and has no telephone number for when the networks fail"
            yield x.problem("lead-without-phone", at, what, "give it a `phone_24h`")
        if not who.listed and (name, "listed") not in told:
            told.add((name, "listed"))
            what = f"{quoted(name)} is to lead, and the partners may not know that it exists (`listed: false`)"
            yield x.problem("lead-unlisted", at, what, "list it, or name another partner here")


def own_deputy(x: Examined) -> Iterator[Problem]:
    """A lead that is named as its own deputy: where it is silent, nobody else is offered the lead."""
    for index, rule in enumerate(x.book.playbook.leads):
        for place, name in enumerate(rule.deputies):
            if name in (rule.lead, rule.decides):
                what = f"{quoted(name)} is the deputy of itself"
                yield x.problem("own-deputy", ("leads", index, "deputies", place), what, "name another partner")


def _roles(x: Examined) -> Iterator[tuple[int, str, tuple[int, ...], str]]:
    for index, rule in enumerate(x.book.playbook.leads):
        if rule.lead is not None:
            yield index, "lead", (), rule.lead
        for role, names in (("unified", rule.unified), ("deputies", rule.deputies)):
            for place, name in enumerate(names):
                yield index, role, (place,), name


def nobodys_alert(x: Examined) -> Iterator[Problem]:
    """An alert that no partner may ever issue; and areas for which nobody may issue one that somebody has to."""
    playbook, possible = x.book.playbook, x.possible
    claimed = frozenset[str]().union(*map(possible.alike.ground, playbook.partners))
    for name, alert in playbook.alerts.items():
        if place_field(x.book, alert) is None:
            continue
        at = ("alerts", name, "by") if alert.by is not None else ("alerts", name)
        sources = possible.sources(name)
        if not sources and possible.issuing(name):
            what = f"nobody may issue {quoted(name)}: it must say where, and those whose it is have no ground: {named(possible.issuing(name))}"
            fix = "give them `covers`, declare the areas of their jurisdiction, or make the place optional"
            yield x.problem("alert-nobody-may-issue", at, what, fix)
        theirs = frozenset[str]().union(*(source.areas for source in sources))
        # An area that is nobody's is there to be near, or to be seen.
        orphaned = [area for area in playbook.areas if area in claimed - theirs]
        if sources and orphaned and _is_a_duty(alert):
            whose = "the lead" if alert.by is None else "a partner that `by` names"
            what = f"nobody may issue {quoted(name)} for {named(orphaned)}: {whose} must have it on its ground"
            yield x.problem(
                "nobody-may-issue-there", at, what, "add the partner whose it is there, or extend its `covers`"
            )


def _is_a_duty(alert: Alert) -> bool:
    """Whether somebody has to be there for it everywhere: where it is the lead's, or asks for a competence, which belongs to its
    ground. Where it is one kind of partner's, as a plant's report, it is about what that partner has."""
    if alert.by is None:
        return True
    return any(isinstance(term, Lead) or (isinstance(term, Matching) and term.competence) for term in alert.by.terms)
