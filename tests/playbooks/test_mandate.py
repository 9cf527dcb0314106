"""Whose alert it is: by the playbook's rule, on one's own ground, or in declared danger where the law has such a power."""

from __future__ import annotations

import pytest

from playbooks.mandate import (
    Mandated,
    NotMandated,
    calm_circumstances,
    chosen,
    declarers,
    may_activate,
    may_declare_danger,
    may_issue,
    on_ground,
    owners,
)  # fmt: skip
from playbooks.values import Place
from tests.playbooks.border import BOOK, border, so

TOWN, HILL, DORP = (Place(area, None, (area,)) for area in ("town", "hill", "dorp"))
LINE = BOOK.line("alerts", "evacuation", "by")


def test_those_whom_by_names_may_issue_on_their_ground() -> None:
    """And the answer names the rule's line."""
    assert may_issue(BOOK, so(), "evacuation", "city", TOWN) == Mandated("by", LINE)
    assert may_issue(BOOK, so(), "evacuation", "city", None) == Mandated("by", LINE)


def test_elsewhere_it_is_not_theirs() -> None:
    """The hill is no ground of the city's, though the alert is its own; nobody's, here."""
    assert may_issue(BOOK, so(), "evacuation", "city", HILL) == NotMandated("not-their-ground", (), LINE)


def test_others_are_told_whose_it_is_and_whether_danger_would_change_it() -> None:
    """Fire could act in danger; the NGO could not."""
    assert may_issue(BOOK, so(), "evacuation", "fire", TOWN) == NotMandated("not-theirs", ("city",), LINE, True)
    assert may_issue(BOOK, so(), "evacuation", "aid", TOWN) == NotMandated("not-theirs", ("city",), LINE, False)


def test_in_declared_danger_those_whom_the_law_names_may_act_on_their_ground_with_its_basis() -> None:
    """Only while it is declared, only they, and only there."""
    danger = so(danger=True)
    line = BOOK.line("alerts", "evacuation", "in_danger")
    assert may_issue(BOOK, danger, "evacuation", "fire", TOWN) == Mandated("in_danger", line, "Law of rescue")
    assert isinstance(may_issue(BOOK, danger, "evacuation", "brandweer", TOWN), NotMandated)
    assert isinstance(may_issue(BOOK, danger, "evacuation", "aid", TOWN), NotMandated)
    assert may_issue(BOOK, danger, "evacuation", "city", TOWN) == Mandated("by", LINE)


def test_an_alert_that_names_nobody_is_the_leads() -> None:
    """The operational lead of one's own country."""
    book = border(("    by: {competence: order-evacuation}\n    in_danger", "    in_danger"))
    assert isinstance(may_issue(book, so(book), "evacuation", "fire", TOWN), Mandated)
    assert isinstance(may_issue(book, so(book), "evacuation", "brandweer", DORP), Mandated)
    refused = may_issue(book, so(book), "evacuation", "city", TOWN)
    assert refused == NotMandated("not-theirs", ("fire",), book.line("alerts", "evacuation"), False)


def test_a_place_outside_every_area_is_nobodys() -> None:
    """Words that name no area, and a point in none."""
    for place in (Place("somewhere"), Place("at sea", (0, 0), ())):
        refused = may_issue(BOOK, so(), "evacuation", "city", place)
        assert isinstance(refused, NotMandated) and refused.why == "no-such-place" and refused.whose == ()


def test_a_point_needs_one_area_of_ones_own_and_named_areas_must_all_be() -> None:
    """A point where two grounds overlap is on both; an evacuation of town and hill is not the city's alone."""
    both = ("hill", "town")
    assert on_ground(BOOK, "city", Place("50.6, 5.6", (50_600_000, 5_600_000), both))
    assert not on_ground(BOOK, "city", Place("town and hill", None, both))
    assert on_ground(BOOK, "fire", Place("town and hill", None, both))
    assert not on_ground(BOOK, "city", Place("50.4, 5.6", (50_400_000, 5_600_000), ("hill",)))


def test_owners_take_part() -> None:
    """A partner without a bound room here cannot be asked."""
    assert owners(BOOK, so(), "evacuation", TOWN) == ("city",)
    assert owners(BOOK, so(active=frozenset({"fire"})), "evacuation", TOWN) == ()


def test_who_may_activate_and_who_may_declare_danger() -> None:
    """As their rules say, with the line; where there is no rule, nobody."""
    assert may_activate(BOOK, "city") == BOOK.line("activate")
    assert [may_activate(BOOK, partner) for partner in ("fire", None, "nobody")] == [None] * 3
    assert declarers(BOOK, so()) == ("fire", "brandweer")
    assert may_declare_danger(BOOK, so(), "city") is None
    without = border(
        ("danger: {by: lead, lasts: 2h, tell: [city]}\n", ""), ("activate: {by: {kind: municipality}}\n", "")
    )
    assert may_activate(without, "city") is None
    assert declarers(without, so(without)) == ()


def test_before_an_incident_the_first_phase_holds_and_nobody_is_active() -> None:
    """Selectors such as `lead` can be asked then, too."""
    calm = calm_circumstances(BOOK)
    assert (calm.phase, calm.active) == ("watch", frozenset())
    lead = calm.lead_for("be")
    assert lead is not None and lead.partners == ("fire",)


def test_nobody_is_chosen_where_nothing_is_said() -> None:
    """No selector, no partner; else in the playbook's order."""
    assert chosen(BOOK, None, so(), "city") == ()
    in_danger = BOOK.playbook.alerts["evacuation"].in_danger
    assert in_danger is not None
    assert chosen(BOOK, in_danger.tell, so(), "fire") == ("city",)


@pytest.mark.parametrize("partner", BOOK.playbook.partners)
def test_no_partner_may_issue_for_ground_that_is_not_its_own(partner: str) -> None:
    """Whatever its competences, in danger or not."""
    for circumstances in (so(), so(danger=True)):
        for place in (TOWN, HILL, DORP):
            if isinstance(may_issue(BOOK, circumstances, "evacuation", partner, place), Mandated):
                assert on_ground(BOOK, partner, place)
