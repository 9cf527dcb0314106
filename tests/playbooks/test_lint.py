"""Lints as a whole: they are asked of every playbook that can be read, whatever is in it, and point into the file.

What each of them finds is shown in CHECKS.md, whose examples test_checks runs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playbooks.codes import CODES, LINTS
from playbooks.lint import lint
from playbooks.load import load, parse
from playbooks.possible import Possible
from playbooks.problems import Problem
from tests.examples import examples
from tests.playbooks.generated import book_of, playbooks, selectors, some
from tests.playbooks.test_library import EXAMPLE, LIBRARY

TODAY = date(2026, 6, 1)
tried = settings(
    max_examples=examples(50), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None
)
steps = st.lists(
    st.sampled_from(("remind", "other_network", "liaisons", "call", "deputies", "lead", "coordinators")), max_size=3
).map(lambda names: [{"after": f"{index + 1}m", "do": name} for index, name in enumerate(names)])
texts = st.sampled_from(("Words", {"en": "Words"}, {"en": "Words", "fr": "Des mots"}, {"nl": "Woorden"}))


@st.composite
def alerts(draw: st.DrawFn) -> dict[str, Any]:
    """An alert with some of the fields, which its text says or not."""
    names = draw(some(("what", "where", "people", "victims", "peak")))
    clauses = st.lists(st.sampled_from(("Words.", "{what}", "{where} {people}", "{victims}", "{peak}")), min_size=1)
    entry: dict[str, Any] = {
        "title": draw(texts),
        "cap": {
            "category": "Safety",
            "event": "Flood",
            "urgency": "Immediate",
            "severity": draw(st.sampled_from(("Extreme", "Minor"))),
            "certainty": "Observed",
        },
        "fields": {name: draw(st.sampled_from(("required", "optional"))) for name in names},
        "text": draw(st.one_of(clauses, st.fixed_dictionaries({"en": clauses}, optional={"fr": clauses}))),
        "to": draw(selectors),
        "ack": {"then": draw(steps)},
    }
    entry |= {"main": names[0]} if draw(st.booleans()) else {}
    entry |= {"by": draw(selectors)} if draw(st.booleans()) else {}
    if draw(st.booleans()):
        entry["in_danger"] = {"by": draw(selectors), "basis": "The law", "tell": draw(selectors)}
    return entry


@st.composite
def wholes(draw: st.DrawFn) -> Mapping[str, Any]:
    """A whole playbook with all its sections, as data."""
    label = {"tlp": draw(st.sampled_from(("green", "amber", "red")))}
    reviewed = draw(st.sampled_from(("2020-01-01", "2026-05-31", "9999-12-31")))
    data: dict[str, Any] = {**draw(playbooks()), "languages": draw(st.sampled_from((["en"], ["en", "fr"])))}
    data["alerts"] = draw(st.dictionaries(st.sampled_from(("one", "two")), alerts(), max_size=2))
    data["checkins"] = {"hourly": {"to": draw(selectors), "ask": draw(texts), "then": draw(steps), "label": label}}
    data["channels"] = {"ops": {"title": "Operations", "members": draw(selectors), "label": label}}
    data["duties"] = [{"for": draw(selectors), "at": "watch", "text": draw(texts), "source": "The law"}]
    data["activate"] = {"by": draw(selectors)}
    data["means"] = {"boats": {"kind": "boat", "count": 1, "owner": "fire-be", "review": "200y", "reviewed": reviewed}}
    data["log"] = {"in": draw(selectors)}
    if draw(st.booleans()):
        data["danger"] = {"by": draw(selectors), "lasts": "2h", "tell": draw(selectors)}
    return data


@tried
@given(wholes(), st.sampled_from((TODAY, date.min, date.max)))
def test_linting_never_fails_and_points_into_the_file(data: Mapping[str, Any], today: date) -> None:
    """Whatever a playbook says, and on whatever day, each problem has a place that the file has, and stands once."""
    book = book_of(data)
    lines = book.source.decode().splitlines()
    problems = lint(book, today)
    assert list(problems) == sorted(set(problems))
    for problem in problems:
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
        assert problem.severity == CODES[problem.code].severity
        assert problem.what.strip()
        assert problem.fix.strip()
        assert problem.code in {code.code for code in LINTS}


def test_the_example_of_the_language_has_no_errors() -> None:
    """The language page's example may be warned of, and may be used."""
    assert [problem for problem in lint(load(EXAMPLE), TODAY) if problem.severity == "error"] == []


@pytest.mark.parametrize("name", ["meuse-flood", "strasbourg-attack", "rhine-chemical", "pandemic-greater-region"])
def test_there_is_nothing_to_find_in_what_ships(name: str) -> None:
    """The playbooks of the library are right, and free of warnings."""
    assert list(map(str, lint(load(LIBRARY / f"{name}.yaml"), TODAY))) == []


def test_a_thousand_partners_of_one_sort_are_asked_about_as_one() -> None:
    """How much is asked depends on what the rules tell apart, and not on how many partners there are."""
    book = parse(large(1000).encode(), "large.yaml")
    possible = Possible(book, TODAY)
    alerts = [possible.scope(name) for name in book.playbook.alerts]
    assert [len(scope.sample.stands_for) for scope in alerts] == [4]
    assert sum(len(names) for names in alerts[0].sample.stands_for.values()) == 1000
    assert codes(lint(book, TODAY)) == []


def large(many: int) -> str:
    """A playbook with so many partners: fire services and towns in two countries."""
    partners = {
        f"p{index}": {
            "name": f"Partner {index}",
            "kind": ("fire", "municipality")[index % 2],
            "level": "local",
            "jurisdiction": ("be", "nl")[index // 2 % 2],
            "covers": [("here", "there")[index // 2 % 2]],
            "competences": [f"skill-{index}"],
            "clearance": {"tlp": "amber"},
            "phone_24h": f"+32{index:08}",
            "rooms": [{"matrix": f"#p{index}:example.org"}],
        }
        for index in range(many)
    }
    sections = {
        "playbook": "large",
        "version": 1,
        "title": "Large",
        "languages": ["en"],
        "timezone": "Europe/Brussels",
        "networks": {"matrix": {"ceiling": "amber"}},
        "jurisdictions": {"be": {"name": "Belgium"}, "nl": {"name": "Netherlands"}},
        "agreements": {"pact": {"title": "A pact", "between": ["be", "nl"], "purposes": ["help"]}},
        "areas": {
            "here": {"name": "Here", "jurisdiction": "be", "circle": [50.6, 5.6, 1], "near": ["there"]},
            "there": {"name": "There", "jurisdiction": "nl", "circle": [50.8, 5.6, 1]},
        },
        "partners": partners,
        "phases": ["watch"],
        "leads": [{"lead": "p0", "deputies": ["p1"]}],
        "fields": {"what": {"type": "text", "tlp": "green"}, "where": {"type": "place", "tlp": "green"}},
        "sharing": [{"permit": ["what", "where"], "to": "everyone", "purpose": "help", "under": "pact"}],
        "alerts": {
            "flood": {
                "title": "Flood",
                "cap": {
                    "category": "Met",
                    "event": "Flood",
                    "urgency": "Immediate",
                    "severity": "Extreme",
                    "certainty": "Likely",
                },
                "by": {"kind": "fire"},
                "fields": {"what": "required", "where": "optional"},
                "text": ["{what}", "{where}"],
                "to": [{"area": "affected", "near": True}, {"kind": "fire"}],
            }
        },
    }
    return "\n".join(f"{name}: {json.dumps(section)}" for name, section in sections.items())


def codes(problems: tuple[Problem, ...]) -> list[str]:
    """The codes of these problems, in their order."""
    return [problem.code for problem in problems]
