"""An alert that leaves by a power for danger: who is told, and what of it is theirs."""

from __future__ import annotations

from tests.handlers.border_stage import AID, BRANDWEER, CITY, CITY_TELEGRAM, FIRE, LIAISON, opened
from tests.handlers.stage import Stage
from tests.handlers.test_alert import PLACE_IS_RED
from tests.playbooks.border import border

TELL = "tell: {competence: order-evacuation}}"
EVERYONE = (TELL, "tell: everyone}")
BOTH_RIVERSIDES = (
    "competences: [rescue]\n    covers: [dorp]",
    "competences: [rescue, order-evacuation]\n    covers: [dorp]",
)
"""Across the river too there is somebody who may order an evacuation."""


def told(stage: Stage, where: str) -> Stage:
    """The fire service evacuates a place in danger."""
    stage.say(FIRE, "/danger a dyke broke", LIAISON)
    stage.say(FIRE, f"/alert evacuation action=leave {where}", LIAISON)
    stage.say(FIRE, "/draft D-1 send", LIAISON)
    return stage


def words(stage: Stage, room: object) -> list[str]:
    """What a room was told of the power that was used."""
    return [send.body.text for send in stage.sent if send.to == room and send.body.text.startswith("In imminent")]


def test_only_those_on_whose_ground_it_lies_are_told_that_it_is_theirs() -> None:
    """Everyone whom the playbook tells is told; what is the town's is not said to be the aid's, nor the neighbours'."""
    stage = told(opened(border(EVERYONE, BOTH_RIVERSIDES)), "where=Town")
    [city], [neighbour], [aid] = (words(stage, room) for room in (CITY, BRANDWEER, AID))
    assert (
        city == "In imminent danger, Fire issued Evacuate (A-1, 12:00), which is yours to issue. Basis: Law of rescue."
    )
    assert neighbour == aid == "In imminent danger, Fire issued Evacuate (A-1, 12:00). Basis: Law of rescue."


def test_elsewhere_it_is_not_the_towns() -> None:
    """The town may order evacuations, and not on the hill."""
    [city] = words(told(opened(), "where=Hill"), CITY)
    assert "yours" not in city and "Law of rescue" in city


def test_of_no_place_it_is_that_of_whoever_may_order_it() -> None:
    """Where nobody said where, it may be anywhere."""
    [city] = words(told(opened(), ""), CITY)
    assert "which is yours to issue" in city


def test_a_room_that_may_not_see_where_is_told_the_same_wherever_it_is() -> None:
    """Whether it is theirs would say where it is; another room of the same partner, that sees it, is told."""
    heard = set()
    for where in ("where=Town", "where=Hill", ""):
        stage = told(opened(border(*PLACE_IS_RED[:2])), where)
        heard.add(tuple(words(stage, CITY_TELEGRAM)))
    assert heard == {("In imminent danger, Fire issued Evacuate (A-1, 12:00). Basis: Law of rescue.",)}
    assert "yours" in words(told(opened(border(*PLACE_IS_RED[:2])), "where=Town"), CITY)[0]
