"""Lints of partners, their rooms and their ground: what they find, and what they leave in peace."""

from __future__ import annotations

from tests.playbooks.linted import codes, problems

TOPIC = "      - {telegram: -1001000000002, topic: 4}\n"
TOWN = "  town: {name: Town, jurisdiction: be, circle: [50.6, 5.6, 2]}\n"


def test_a_partner_may_have_several_topics_of_its_own_chat() -> None:
    """One chat with two topics of one partner is that partner's."""
    assert codes((TOPIC, TOPIC + TOPIC.replace("topic: 4", "topic: 5, for: [checkins]"))) == []


def test_a_network_that_is_not_declared_is_told_of_once() -> None:
    """However many rooms are on it, at the first of them, with all whose they are."""
    city = '      - {matrix: "#city:example.org"}\n'
    found = [
        problem
        for problem in problems(("  telegram: {ceiling: green}\n", ""), (city, city + "      - {telegram: -1001}\n"))
        if problem.code == "network-not-declared"
    ]
    assert [(one.line, one.column) for one in found] == [(29, 10)]
    assert (
        found[0].what
        == "`telegram` is not among the `networks`: nothing is shown in the rooms that `city` and `rescue` have there"
    )


def test_numbers_are_compared_as_they_are_dialled() -> None:
    """Spaces, dots and brackets make no other number, and a plus does."""
    assert codes(('phone_24h: "+31430000002"', 'phone_24h: "+32 (4) 000.00-01"')) == ["same-phone"]
    assert codes(('phone_24h: "+31430000002"', 'phone_24h: "3240000001"')) == []


def test_areas_are_told_apart_by_name_and_by_ground() -> None:
    """A name that one has in some language counts, and the same circle does."""
    for twin in ("{fr: Ville, en: TOWN}", "Town"):
        other = f"  other: {{name: {twin}, jurisdiction: be, circle: [50.7, 5.6, 2]}}\n"
        assert codes((TOWN, TOWN + other), ("covers: [town]", "covers: [town, other]")) == ["same-area"]
    same = "  other: {name: Other, jurisdiction: be, circle: [50.6, 5.6, 2]}\n"
    (problem,) = problems((TOWN, TOWN + same), ("covers: [town]", "covers: [town, other]"))
    assert problem.what == "`other` is the same ground as `town`"
