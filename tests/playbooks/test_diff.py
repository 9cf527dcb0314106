"""What a change of a playbook opens and closes: shown on small changes, and held against the rule asked again and again."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playbooks.diff import diff
from playbooks.diff_changes import Command, Difference, LeadChange, SightChange
from playbooks.diff_mandate import leading_for
from playbooks.load import Book, parse
from playbooks.mandate import leads, may_activate
from playbooks.selection import Circumstances
from tests.examples import examples
from tests.playbooks import dull_diff
from tests.playbooks.border import BORDER
from tests.playbooks.generated import MIDNIGHT, book_of, forbids, permits
from tests.playbooks.revised import books, revisions

NOW = MIDNIGHT - timedelta(days=3)
tried = settings(
    max_examples=examples(10), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)

few = settings(tried, max_examples=examples(6))


@tried
@given(revisions(), st.randoms(use_true_random=False))
def test_sight_is_what_the_rule_says_when_asked_again_and_again(
    revision: tuple[dict[str, Any], dict[str, Any]], random: random.Random
) -> None:
    """In circumstances picked at random, every cell opens and closes exactly as asking both playbooks there has it."""
    old, new = map(book_of, revision)
    _same_sight(diff(old, new, NOW), old, new, random, 12)


def _same_sight(found: Difference, old: Book, new: Book, random: random.Random, many: int) -> None:
    for point in dull_diff.points(found, old, new, random, many):
        told = dull_diff.said(found, old, new, point)
        plain = told if point.raised is None else dull_diff.said(found, old, new, replace(point, raised=None))
        for cell in _cells(old, new):
            before = dull_diff.seen(old, point, point.origin.old, *cell)
            after = dull_diff.seen(new, point, point.origin.new, *cell)
            finer = dull_diff.fineness(after) - dull_diff.fineness(before)
            for way, otherwise in (
                ("opens", finer > 0 and point.origin.new is not None),
                ("closes", finer < 0 and point.origin.old is not None),
            ):
                # What a raised label changes is said only where it is not so without.
                here = told.get((way, *cell), set())
                raised = plain.get((way, *cell), set()) & {(before, after)} if point.raised else set()
                assert not here & raised, "what is so without raising is said of raising too"
                assert here | raised == ({(before, after)} if otherwise else set()), (way, cell, point)


def _cells(old: Book, new: Book) -> list[tuple[str, str, str, str]]:
    partners = dict.fromkeys((*old.playbook.partners, *new.playbook.partners))
    alerts = dict.fromkeys((*old.playbook.alerts, *new.playbook.alerts))
    fields = dict.fromkeys((*old.playbook.fields, *new.playbook.fields))
    asked = [(alert, name) for alert in alerts for name in fields]
    asked += [("", "_note"), ("", "_delivery"), ("", "#ops")]
    return [(partner, *one, room) for partner in partners for one in asked for room in dull_diff.ROOMS]


@tried
@given(revisions(), st.randoms(use_true_random=False))
def test_receipt_is_what_the_audience_of_real_alerts_says(
    revision: tuple[dict[str, Any], dict[str, Any]], random: random.Random
) -> None:
    """Who receives an alert, or no longer, is whom the code that sends alerts would send it to, and would not."""
    old, new = map(book_of, revision)
    _same_receipts(diff(old, new, NOW), old, new, random, 8)


def _same_receipts(found: Difference, old: Book, new: Book, random: random.Random, many: int) -> None:
    for point in dull_diff.points(found, old, new, random, many):
        for kind in ("matrix:plain", "matrix:encrypted"):
            told = dull_diff.receiving(found, old, new, point, kind)
            if point.raised:
                told |= dull_diff.receiving(found, old, new, replace(point, raised=None), kind)
            wanted = set()
            for partner, alert in _partners_and_alerts(old, new):
                before = dull_diff.received(old, point, point.origin.old, partner, alert, kind.endswith("encrypted"))
                after = dull_diff.received(new, point, point.origin.new, partner, alert, kind.endswith("encrypted"))
                wanted |= {("opens", partner, alert)} if after and not before and point.origin.new else set()
                wanted |= {("closes", partner, alert)} if before and not after and point.origin.old else set()
            assert told == wanted if point.raised is None else told >= wanted, (point, kind)


@tried
@given(revisions(), st.randoms(use_true_random=False))
def test_powers_are_what_the_mandate_says(
    revision: tuple[dict[str, Any], dict[str, Any]], random: random.Random
) -> None:
    """Who may issue an alert for an area, start an incident or declare danger, or no longer, is what the mandate says of each."""
    old, new = map(book_of, revision)
    found = diff(old, new, NOW)
    areas = [None, *{**old.playbook.areas, **new.playbook.areas}]
    for point in dull_diff.points(found, old, new, random, 4):
        for area in areas:
            may = [
                {
                    (partner, alert)
                    for partner, alert in _partners_and_alerts(old, new)
                    if (area is None or dull_diff.placed(old, new, alert))
                    and dull_diff.issuable(book, point, partner, alert, area)
                }
                for book in (old, new)
            ]
            told = {
                one
                for one in dull_diff.empowered(found, old, new, point, "issue", area)
                if area is None or dull_diff.placed(old, new, one[2])
            }
            assert told == _turned(*may), (point, area)
        may = [{(p, "") for p in book.playbook.partners if may_activate(book, p)} for book in (old, new)]
        assert dull_diff.empowered(found, old, new, point, "activate", None) == _turned(*may)
        may = [{(p, "") for p in book.playbook.partners if dull_diff.declarable(book, point, p)} for book in (old, new)]
        assert dull_diff.empowered(found, old, new, point, "danger", None) == _turned(*may)


def _turned(before: set[tuple[str, str]], after: set[tuple[str, str]]) -> set[tuple[str, str, str]]:
    return {("opens", *one) for one in after - before} | {("closes", *one) for one in before - after}


def _partners_and_alerts(old: Book, new: Book) -> list[tuple[str, str]]:
    partners = dict.fromkeys((*old.playbook.partners, *new.playbook.partners))
    return [(partner, alert) for partner in partners for alert in {**old.playbook.alerts, **new.playbook.alerts}]


@few
@given(revisions())
def test_leads_are_what_the_rules_say_phase_by_phase(revision: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Another leads exactly where the first rule that holds names another, or other deputies."""
    old, new = map(book_of, revision)
    found = diff(old, new, NOW)
    for phase in found.domain.phases:
        for hazard in found.domain.hazards:
            for tier in ("strategic", "tactical", "operational"):
                for jurisdiction in old.playbook.jurisdictions:
                    at = (tier, jurisdiction, phase, hazard)
                    before, after = _lead(old, *at), _lead(new, *at)
                    told = [one for one in found.leads if _speaks_of(one, *at)]
                    assert len(told) == (before != after), at
                    for one in told:
                        assert one.before == before and one.after == after


def _lead(book: Book, tier: str, jurisdiction: str, phase: str, hazard: str | None) -> Command | None:
    if phase not in book.playbook.phases:
        return None
    known = leads(book, phase, hazard if hazard in book.playbook.hazards else None)
    found = leading_for(known, tier, jurisdiction)
    if tier == "operational":
        so = Circumstances(now=NOW, phase=phase, active=frozenset(), leads=known)
        assert so.lead_for(jurisdiction) == found
    return None if found is None else Command(found.partners, found.decides, found.deputies)


def _speaks_of(change: LeadChange, tier: str, jurisdiction: str, phase: str, hazard: str | None) -> bool:
    at = ((change.tiers, tier), (change.jurisdictions, jurisdiction), (change.phases, phase), (change.hazards, hazard))
    return all(some is None or one in some for some, one in at)


# --- one change of each kind --------------------------------------------------------------------------------------------

RICH = (
    BORDER.replace("[what], to: {jurisdiction: be}", "[what], to: {area: affected, jurisdiction: be}")
    .replace(
        "  - {permit: [secret]",
        """\
  - {permit: [what], to: {level: regional}, purpose: flood-control, under: three}
  - {forbid: [what], to: {area: affected, level: regional}, when: {danger: true}}
  - {permit: [what, where], to: [lead, deputies], purpose: flood-control, under: three, when: {phase: response}}
  - {permit: [people, what], as: exact, to: {area: affected, near: true}, purpose: flood-control, under: three}
  - {permit: [action], to: {not: {area: affected}}, purpose: flood-control, under: three, when: {hazard: dam}}
  - {forbid: [victims], to: {area: affected, kind: fire}, when: {danger: true}}
  - {permit: [secret]""",
    )
    .replace("fields: {what: optional, where: optional,", "fields: {what: optional, where: required,")
)
"""The border, where whom a rule means depends on who leads, and on places that only some may see."""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("lead: fire, deputies: [city]", "lead: aid, deputies: [fire]"),
        ("affected, near: true}, purpose", "affected}, purpose"),
        ("danger: {by: lead, lasts: 2h, tell: [city]}\n", ""),
        ("phases: [watch, response]", "phases: [watch, response, recovery]"),
        ("timezone: Europe/Brussels", "timezone: America/New_York"),
        ("    jurisdiction: de\n", "    jurisdiction: nl\n"),
        (
            "kind: ngo\n    level: national\n    jurisdiction: be",
            "kind: ngo\n    level: national\n    jurisdiction: nl",
        ),
        ("where: optional, people: optional, victims", "where: required, people: optional, victims"),
        ("near: [dorp]}", "near: [hill]}"),
        ("{permit: [where], as: area, to: {kind: ngo}", "{permit: [where], as: area, to: hilfe"),
        ("clearance: {tlp: amber, compartments: [medical]}", "clearance: {tlp: green, compartments: [medical]}"),
        ("rooms: [{telegram: -15}]\n", "rooms: []\n"),
    ],
)
def test_each_kind_of_change_is_what_asking_again_says(before: str, after: str) -> None:
    """Whatever part of a playbook is changed, in circumstances picked by number, sight and receipt are as asked anew there."""
    assert RICH.count(before) == 1
    old, new = parse(RICH.encode(), "old.yaml"), parse(RICH.replace(before, after).encode(), "new.yaml")
    now = datetime(2026, 1, 15, 12, tzinfo=UTC)
    found = diff(old, new, now)
    assert not found.nothing
    chosen = random.Random(1)
    _same_sight(found, old, new, chosen, 4)
    _same_receipts(found, old, new, chosen, 3)


# --- properties ---------------------------------------------------------------------------------------------------------


@tried
@given(books())
def test_nothing_is_otherwise_in_the_same_playbook(data: dict[str, Any]) -> None:
    """A playbook compared with itself, or with itself in other bytes and another order of rules, is in nothing otherwise."""
    book = book_of(data)
    assert diff(book, book, NOW).nothing
    other = book_of({**data, "sharing": list(reversed(data["sharing"]))})
    assert diff(book, other, NOW).nothing


@few
@given(revisions())
def test_what_opens_one_way_closes_the_other(revision: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """What opens from the first to the second playbook is what closes from the second to the first, and the reverse."""
    old, new = map(book_of, revision)
    there, back = diff(old, new, NOW), diff(new, old, NOW)
    assert bool(there.opens) == bool(back.closes)
    assert bool(there.closes) == bool(back.opens)
    for one, other in ((there.opens, back.closes), (there.closes, back.opens)):
        assert _cells_of(one, there) == _cells_of(other, back, turned=True)


def _cells_of(changes: tuple[object, ...], found: Difference, *, turned: bool = False) -> set[tuple[object, ...]]:
    """What a comparison says of sight, cell by cell, whichever way round it was made."""
    domain = found.domain
    result: set[tuple[object, ...]] = set()
    for change in changes:
        if not isinstance(change, SightChange):
            continue
        region = change.region
        forms = (change.after, change.before) if turned else (change.before, change.after)
        for partner, *cell in product(
            change.partners,
            change.fields,
            change.alerts or ("",),
            region.phases or domain.phases,
            region.hazards or domain.hazards,
            region.danger or domain.danger,
            region.spans or domain.spans,
            region.raised or ("",),
        ):
            for room in region.rooms or ("all",):
                for place in region.places or ("all",):
                    lies = "→".join(reversed(place.split("→"))) if turned else place
                    for one in dull_diff.origins_of(found, region, partner):
                        words = (one.new, one.old) if turned else (one.old, one.new)
                        result.add((partner, *cell, room, lies, *words, *forms))
    return result


@few
@given(books(), permits(), forbids())
def test_a_permit_only_opens_and_a_forbid_only_closes(
    data: dict[str, Any], permit: dict[str, Any], forbid: dict[str, Any]
) -> None:
    """With one more permit nothing closes in anyone's sight, and with one more forbid nothing opens."""
    book = book_of(data)
    more = diff(book, book_of({**data, "sharing": [*data["sharing"], permit]}), NOW)
    assert not [one for one in more.closes if isinstance(one, SightChange)]
    less = diff(book, book_of({**data, "sharing": [*data["sharing"], forbid]}), NOW)
    assert not [one for one in less.opens if isinstance(one, SightChange)]
