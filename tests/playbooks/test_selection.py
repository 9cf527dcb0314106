"""Selectors: whom they mean, and whom they may not ask about."""

from __future__ import annotations

from dataclasses import replace

import pytest

from playbooks.mandate import leads
from playbooks.rooms import Network
from playbooks.selection import Event, Leading, ground, matches, might_match, near
from playbooks.values import Place, Text
from tests.playbooks.border import BOOK, border, so

TOWN = frozenset({"town"})
ALL = tuple(BOOK.playbook.partners)


def meant(
    to: str, areas: frozenset[str] | None = TOWN, network: Network | None = None, origin: str = "city"
) -> list[str]:
    """The partners that a selector means, by the alert's `to`."""
    book = border(("    to: {area: affected, near: true}\n", f"    to: {to}\n"))
    selector = book.playbook.alerts["affected"].to
    return [p for p in ALL if matches(book, selector, p, so(book), origin, areas, network)]


@pytest.mark.parametrize(
    ("to", "partners"),
    [
        ("everyone", list(ALL)),
        ("fire", ["fire"]),
        ("[fire, aid]", ["fire", "aid"]),
        ("lead", ["fire"]),
        ("deputies", ["city"]),
        ("[lead, {kind: ngo}]", ["fire", "aid", "hilfe"]),
        ("{kind: [fire, ngo]}", ["fire", "brandweer", "aid", "hilfe"]),
        ("{kind: fire, jurisdiction: nl}", ["brandweer"]),
        ("{level: local}", ["city"]),
        ("{competence: [rescue, order-evacuation]}", ["city", "fire", "brandweer"]),
        ("{partner: [city, fire], kind: fire}", ["fire"]),
        ("{network: matrix}", ["city", "fire", "brandweer"]),
        ("{area: hill}", ["fire", "watchers"]),
        ("{area: affected}", ["city", "fire", "aid", "watchers"]),
        ("{area: affected, near: true}", ["city", "fire", "brandweer", "aid", "watchers"]),
        ("{area: hill, near: true}", ["fire", "watchers"]),
        ("{area: affected, kind: ngo}", ["aid"]),
        ("{not: {area: affected}}", ["brandweer", "hilfe"]),
        ("{kind: ngo, not: aid}", ["hilfe"]),
        ("{not: [lead, {kind: [ngo, other]}]}", ["city", "brandweer"]),
    ],
)
def test_a_selector_means_these_partners(to: str, partners: list[str]) -> None:
    """All keys must match, of a list any; without `covers` a partner's ground is its whole country."""
    assert meant(to) == partners


def test_the_network_is_that_of_the_room_where_one_is_meant() -> None:
    """The city has rooms on both: in its Telegram room it is not on Matrix."""
    assert "city" not in meant("{network: matrix}", network="telegram")
    assert "city" in meant("{network: matrix}", network="matrix")


@pytest.mark.parametrize("to", ["{area: affected}", "{area: [hill, affected], near: true}", "{not: {area: affected}}"])
def test_what_looks_at_the_area_means_nobody_who_may_not_see_it(to: str) -> None:
    """Neither the affected nor the others; the other terms of a list still hold."""
    assert meant(to, areas=None) == []
    assert meant(f"[aid, {to}, {{kind: fire, not: lead}}]", areas=None) == ["brandweer", "aid"]


@pytest.mark.parametrize("to", ["{area: affected}", "{area: affected, near: true}", "{not: {area: affected}}"])
def test_where_it_forbids_it_counts_as_met(to: str) -> None:
    """Whatever the hidden area, a forbid that might mean a partner means it; its other keys still hold."""
    book = border(("    to: {area: affected, near: true}\n", f"    to: [{to[:-1]}, kind: ngo}}]\n"))
    selector = book.playbook.alerts["affected"].to
    assert [p for p in ALL if might_match(book, selector, p, so(book), "city", None, None)] == ["aid", "hilfe"]
    for areas in (frozenset[str](), TOWN, frozenset({"hill"}), frozenset({"dorp"})):
        for partner in ALL:
            asked = (book, selector, partner, so(book), "city")
            assert might_match(*asked, areas, None) == matches(*asked, areas, None)
            assert might_match(*asked, None, None) or not matches(*asked, areas, None)


def test_who_is_excluded_by_name_is_excluded_wherever_the_hidden_area_is() -> None:
    """A forbid of the affected but one does not mean that one, though it may not see the area."""
    book = border(("    to: {area: affected, near: true}\n", "    to: {area: affected, not: aid}\n"))
    selector = book.playbook.alerts["affected"].to
    found = [p for p in ALL if might_match(book, selector, p, so(book), "city", None, None)]
    assert found == [p for p in ALL if p != "aid"]


def test_who_leads_by_no_rule_leads_by_no_line() -> None:
    """A lead that was passed on by hand points at no line of the file."""
    assert Leading("operational", "be", ("aid",), "aid").rule == 0


def test_the_lead_is_that_of_the_events_origin() -> None:
    """The operational lead where the words come from, not where the reader is."""
    assert meant("lead", origin="brandweer") == ["brandweer"]
    assert meant("lead", origin="aid") == ["fire"]
    assert meant("lead", origin="hilfe") == ["brandweer"]


def test_a_lead_for_one_country_comes_before_the_lead_for_all() -> None:
    """Also after it was passed on by hand, and stands last."""
    everywhere = Leading("operational", None, ("brandweer",), "brandweer")
    handed = Leading("operational", "be", ("aid",), "aid")
    tierless = Leading(None, "be", ("city",), "city")
    now = so(leads=(tierless, everywhere, handed))
    found = [now.lead_for(land) for land in ("be", "nl")]
    assert found == [handed, everywhere]
    assert so(leads=(tierless,)).lead_for("be") == tierless
    assert so(leads=()).lead_for("be") is None


def test_without_a_lead_nobody_is_lead_or_deputy() -> None:
    """The selector matches nobody instead of failing."""
    selector = BOOK.playbook.danger
    assert selector is not None
    assert not any(matches(BOOK, selector.by, p, so(leads=()), "city", TOWN, None) for p in ALL)


def test_the_ground_of_a_partner() -> None:
    """What it covers, else every area of its country, which may be none."""
    assert ground(BOOK, "city") == {"town"}
    assert ground(BOOK, "fire") == {"town", "hill"}
    assert ground(BOOK, "hilfe") == frozenset()


def test_near_is_one_step_and_keeps_the_areas_themselves() -> None:
    """As the playbook lists it, in the direction in which it lists it."""
    assert near(BOOK, TOWN) == {"town", "dorp"}
    assert near(BOOK, frozenset({"hill"})) == {"hill"}
    assert near(BOOK, frozenset({"nowhere"})) == {"nowhere"}


def test_an_events_areas_are_those_of_its_place() -> None:
    """No place, no areas; a field that is no place has none."""
    fields = {"where": Place("x", None, ("town",)), "what": Text("y")}
    assert Event("city", frozenset({"be"}), fields, place="where").areas == TOWN
    assert Event("city", frozenset({"be"}), fields, place="what").areas == frozenset()
    assert Event("city", frozenset({"be"}), fields).areas == frozenset()


def test_leads_follow_phase_and_hazard() -> None:
    """For each tier and country the first rule that holds both; one without tier or country serves all."""
    book = border(
        (
            "  - {tier: operational, lead: brandweer}\n",
            "  - {in: response, hazard: dam, tier: operational, jurisdiction: nl, lead: city}\n  - {lead: brandweer}\n",
        )
    )
    for phase, hazard, lead in (
        ("response", "dam", "city"),
        ("response", None, "brandweer"),
        ("watch", "dam", "brandweer"),
    ):
        found = so(book, leads=leads(book, phase, hazard)).lead_for("nl")
        assert found is not None and found.partners == (lead,)
        assert book.playbook.leads  # the rule that made it so can be shown
        assert found.rule in [book.line("leads", index) for index in range(len(book.playbook.leads))]


def test_whoever_has_departed_is_meant_by_nothing() -> None:
    """A guest whose time is over, or a partner that a new version lacks, is in the playbook by name alone."""
    book = border(("    to: {area: affected, near: true}\n", "    to: [everyone, aid]\n"))
    selector = book.playbook.alerts["affected"].to
    left = replace(book, departed=frozenset({"aid"}))
    assert matches(book, selector, "aid", so(book), "city", TOWN, None)
    assert not matches(left, selector, "aid", so(left), "city", TOWN, None)
    assert not might_match(left, selector, "aid", so(left), "city", TOWN, None)
    assert matches(left, selector, "fire", so(left), "city", TOWN, None)
