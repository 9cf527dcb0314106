"""Lints of who leads and who may act: what they find, and what they leave in peace."""

from __future__ import annotations

from tests.playbooks.linted import codes, problems

LEADS = "  - {in: [watch, response], lead: city, deputies: [rescue], basis: Municipal law}\n"


def test_a_phase_is_led_where_a_rule_for_all_serves_every_country() -> None:
    """A rule without jurisdiction or tier leads the operation everywhere; a strategic lead alone does not."""
    assert codes((LEADS, LEADS.replace("in: [watch, response], ", ""))) == []
    (first, _) = problems((LEADS, LEADS.replace("lead: city", "tier: strategic, lead: city")))
    assert (first.line, first.column, first.what) == (42, 10, "nobody leads the operation in `watch`")


def test_a_phase_that_is_led_for_one_hazard_only_is_not_led() -> None:
    """The message names the countries and the hazards for which nobody leads."""
    (problem,) = problems(
        ("hazards: [flood]", "hazards: [flood, dam]"),
        (LEADS, LEADS + "  - {in: watch, lead: city}\n"),
        ("  - {in: [watch, response], lead: city,", "  - {in: response, hazard: flood, lead: city,"),
    )
    assert problem.what == "nobody leads the operation in `response` when the hazard is `dam`"


def test_what_only_a_plant_can_report_is_nobodys_duty_elsewhere() -> None:
    """An alert that asks for a kind of partner, and for no competence, is not missed where that kind has no ground."""
    island = "  island: {name: Island, jurisdiction: nl, circle: [50.8, 5.6, 2]}\n"
    area = "  town: {name: Town, jurisdiction: be, circle: [50.6, 5.6, 2]}\n"
    by = "    by: {competence: order-evacuation}\n"
    assert codes((area, area + island), (by, "    by: {kind: municipality}\n")) == []
    assert codes((area, area + island), (by, "    by: lead\n")) == ["nobody-may-issue-there"]


def test_a_lead_without_anything_is_told_of_once() -> None:
    """A partner that leads in several rules is warned of where it is first named, and not again as a partner."""
    rooms = '    phone_24h: "+3240000001"\n    rooms:\n      - {matrix: "#city:example.org"}\n'
    two = LEADS.replace("lead: city", "tier: operational, lead: city") + "  - {tier: strategic, lead: city}\n"
    found = problems((rooms, ""), (LEADS, two))
    assert [(one.line, one.code) for one in found] == [(41, "lead-without-room"), (41, "lead-without-phone")]


def test_a_rule_for_every_tier_leaves_nothing_to_one_for_a_tier() -> None:
    """A rule without a tier leads all of them, so a later one for a tier is never the first; before it, it is."""
    strategic = "  - {tier: strategic, lead: city}\n"
    assert codes((LEADS, LEADS + strategic)) == ["lead-rule-never-used"]
    assert codes((LEADS, strategic + LEADS)) == []
