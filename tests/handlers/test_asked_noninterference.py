"""What is asked for, released and reported shows each partner the same, whatever is said in what it may not see."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.handlers.stage import Stage
from tests.handlers.test_noninterference import (
    LIAISON,
    MAYOR,
    OTHERWISE,
    ROOMS,
    asked,
    decided_again,
    fields,
    otherwise,
    settled,
    shown,
)
from tests.playbooks.border import BOOK, NOON, border

CITY, FIRE = ROOMS["city"][0], ROOMS["fire"][0]


def played(typed: Mapping[str, str | None]) -> Stage:
    """The fire service asks for an order and gets it; another alert is held for some and released; a report is made and changed."""
    stage = Stage.set(BOOK)
    stage.now = NOON
    stage.enrol(MAYOR, "official", "city")
    stage.enrol(LIAISON, "liaison", "fire")
    stage.say(CITY, "/activate border High water", MAYOR)
    stage.say("telegram:501", "/admit yes MSF as ngo for 9h in be", private=True)
    given = " ".join(f'{n}="{typed[n]}"' for n in ("what", "where", "people", "victims", "secret") if typed[n])
    stage.say(FIRE, f"/alert evacuation action=leave {given}", LIAISON)
    stage.say(FIRE, "/ask D-1", LIAISON, via="button")
    asked(stage)
    stage.say(CITY, "/ask Q-1 yes", MAYOR, via="button")
    alerts = list(stage.world.incidents["I-1"].alerts)
    stage.say(CITY, f"/alert count people={typed['people'] or 7} Mind the numbers", MAYOR)
    latest = list(stage.world.incidents["I-1"].alerts)[-1]
    for partner in ("hilfe", "aid", "brandweer"):
        for what in ("", "people=range", "people=3", "now", "ring"):
            stage.say(CITY, f"/release {latest} {partner} {what}".strip(), MAYOR)
    stage.say(CITY, f'/report E="{typed["spot"]}" T="{typed["what"] or "smoke"}"', MAYOR)
    stage.say(CITY, f"/report M-1 N={typed['people'] or 1}", MAYOR)
    for partner, rooms in ROOMS.items():
        for command in ("/release", f"/release {latest}", "/ask Q-1", "/report M-1", "/admit"):
            stage.say(rooms[-1], command, f"matrix:@{partner}:x.org")
    stage.say(FIRE, "/danger a dyke broke", LIAISON)
    for alert in (*alerts, latest):
        decided_again(stage, alert)
    stage.fall_due(stage.now + timedelta(hours=10))
    asked(stage)
    return stage


def test_something_is_asked_for_released_and_reported() -> None:
    """Else the property below would hold for nothing's sake."""
    stage = played({name: values[-1] for name, values in OTHERWISE.items()})
    kinds = {type(kept.fact).__name__ for kept in stage.facts}
    assert {
        "AlertRequested",
        "RequestAnswered",
        "CallAsked",
        "ReportMade",
        "PartnerAdmitted",
        "AdmissionEnded",
    } <= kinds


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(["brandweer", "aid", "hilfe", "watchers"]), fields, fields)
@example("aid", {name: values[-1] for name, values in OTHERWISE.items()}, dict.fromkeys(OTHERWISE) | {"spot": "Hill"})
@example("hilfe", {name: values[-1] for name, values in OTHERWISE.items()}, dict.fromkeys(OTHERWISE) | {"spot": "Hill"})
def test_what_is_hidden_from_a_partner_changes_nothing_that_it_is_shown(
    partner: str, one: dict[str, str | None], other: dict[str, str | None]
) -> None:
    """Two crises that differ in what is hidden from a partner are the same to it."""
    first, second = played(one), played(otherwise(partner, one, other))
    assert shown(first, partner) == shown(second, partner)


# --- the words of two countries ------------------------------------------------------------------------------------------

BRANDWEER, HOOFD = ROOMS["brandweer"][0], "matrix:@hoofd:x.org"
AT_HOME = border(
    (
        "to: {kind: [fire, municipality]}, purpose: life-safety, under: pact}",
        (
            "to: {kind: municipality}, purpose: life-safety, under: pact}\n"
            "  - {permit: [what, where, people], to: {kind: fire}, purpose: life-safety}"
        ),
    ),
    ("[order-evacuation]\n    covers: [town]", "[order-evacuation]\n    covers: [town, hill]"),
)
"""The city sees what the Dutch say, under the pact; the fire service, which leads, sees what is said at home alone."""


def approved(where: str, people: int | None) -> Stage:
    """The Dutch ask for an alert, the city sends it, some answer; the lead asks who has it, before and after it is over."""
    stage = Stage.set(AT_HOME)
    stage.now = NOON
    for identity, role, partner in ((MAYOR, "official", "city"), (HOOFD, "liaison", "brandweer")):
        stage.enrol(identity, role, partner)
    stage.enrol(LIAISON, "liaison", "fire")
    stage.say(CITY, "/activate border High water", MAYOR)
    count = f" people={people}" if people is not None else ""
    stage.say(BRANDWEER, f"/alert affected where={where}{count}", HOOFD)
    stage.say(BRANDWEER, "/ask D-1", HOOFD, via="button")
    stage.say(CITY, "/ask Q-1 yes", MAYOR, via="button")
    issued = stage.world.incidents["I-1"].alerts["A-1"]
    assert issued.fact.origins == ("be", "nl") and issued.fact.fields["where"] is not None
    settled(stage, "A-1")
    for command in ("/status A-1", "/board", "/briefing", "/cancel A-1", "/cancel"):
        stage.fall_due(stage.now + timedelta(seconds=30))
        stage.say(FIRE, command, LIAISON)
    stage.fall_due(stage.now + timedelta(hours=25))
    stage.say(FIRE, "/status A-1", LIAISON)
    return stage


def test_what_is_counted_over_an_alert_is_no_more_than_what_may_be_seen_of_both_countries() -> None:
    """Where it is, which the lead may not see, shows in no card, no list and no count; nor does what it says."""
    first = approved("Town", 12)
    assert any("A-1" in str(one) for one in shown(first, "fire"))
    for where, people in (("Hill", 12), ('"Town and Hill"', 12), ("Town", None), ("Hill", 500)):
        assert shown(approved(where, people), "fire") == shown(first, "fire")
