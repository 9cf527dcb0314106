"""The lints of sharing rules: what they call useless can be taken away without anybody seeing more or less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playbooks.examined import Examined
from playbooks.lint import lint
from playbooks.load import Book
from playbooks.problems import Problem
from playbooks.sight import Question, Seen
from tests.examples import examples
from tests.playbooks.generated import FIELDS, Scene, book_of, events, playbooks, rooms_of, situations
from tests.playbooks.linted import RULE, problems

TODAY = date(2026, 6, 1)
IDLE = {
    "rule-never-applies",
    "personal-without-agreement",
    "permit-shadowed",
    "forbid-without-effect",
    "selector-matches-nobody",
}
ROOMS = rooms_of()
ALERT = {
    "title": "Alert",
    "cap": {"category": "Met", "event": "Flood", "urgency": "Future", "severity": "Minor", "certainty": "Likely"},
    "fields": dict.fromkeys(FIELDS, "optional"),
    "text": ["{what}"],
    "to": "everyone",
}


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Everything a decision looks at, where an alert has every field, and danger may be declared."""
    data = {**draw(playbooks()), "alerts": {"alert": ALERT}, "danger": {"by": "lead", "lasts": "2h"}}
    book = book_of(data)
    return Scene(data, draw(events()), draw(situations(book)), book)


def idle(book: Book) -> Iterator[tuple[int, str, Problem]]:
    """The rules, by index and field, of which a lint says that they do nothing."""
    examined = Examined(book, TODAY)
    for problem in lint(book, TODAY):
        if problem.code not in IDLE:
            continue
        for index, rule in enumerate(book.playbook.sharing):
            key = "permit" if hasattr(rule, "permit") else "forbid"
            names = getattr(rule, key)
            for place, name in enumerate(names):
                mark = examined.place("sharing", index, key, place)
                whole = {examined.place("sharing", index, other) for other in ("to", "as")}
                if (problem.line, problem.column) == mark:
                    yield from ((index, each, problem) for each in names if each == name or f"`{each}`" in problem.what)
                elif (problem.line, problem.column) in whole:
                    yield index, name, problem


def without(data: Mapping[str, Any], index: int, name: str) -> Book:
    """The playbook without what a rule says of a field."""
    sharing = [dict(rule) for rule in data["sharing"]]
    key = "permit" if "permit" in sharing[index] else "forbid"
    sharing[index][key] = [other for other in sharing[index][key] if other != name]
    return book_of({**data, "sharing": [rule for rule in sharing if rule.get("permit") or rule.get("forbid")]})


def seen(scene: Scene, book: Book) -> dict[tuple[Any, str], str]:
    """What is seen where, by room and field."""
    question = Question(book, scene.so, scene.event)
    answers = {(room, name): question.decide(room, name) for room in ROOMS for name in FIELDS}
    return {key: answer.form for key, answer in answers.items() if isinstance(answer, Seen)}


@settings(
    max_examples=examples(60),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    deadline=None,
)
@given(scenes())
def test_what_is_called_useless_can_be_taken_away(scene: Scene) -> None:
    """Without a rule that never applies, is shadowed, or has no effect, everyone sees the same in every room."""
    before = seen(scene, scene.book)
    for index, name, problem in idle(scene.book):
        assert seen(scene, without(scene.data, index, name)) == before, str(problem)


def found(old: str, new: str) -> list[str]:
    """What the lints say of the small playbook of CHECKS.md with one passage replaced."""
    return [str(problem) for problem in problems((old, new), today=TODAY)]


def test_a_guard_is_no_mistake() -> None:
    """A forbid of what no rule permits today, but one could, is left in peace; one that another does for is not."""
    guard = "  - {forbid: [_report], to: {jurisdiction: be}}\n"
    assert found(RULE, RULE + guard) == []
    assert found(RULE, RULE + guard + "  - {forbid: [_report], to: city}\n") == [
        "river.yaml:52:15: warning: this rule takes `_report` from nobody: a forbid above it does already; leave it out, or forbid what they could see [forbid-without-effect]"
    ]


def test_a_second_lock_beside_a_first_is_no_mistake() -> None:
    """A forbid that takes one of its fields from somebody may name others that they could not see anyhow; alone, those take nothing."""
    secret = ("fields:\n", "fields:\n  names: {type: text, tlp: red}\n")
    both = (RULE, RULE + "  - {forbid: [_report, names], to: city}\n")
    alone = (RULE, RULE + "  - {forbid: [names], to: city}\n")

    def said(*changes: tuple[str, str]) -> list[str]:
        return [one.what for one in problems(*changes, today=TODAY) if one.code == "forbid-without-effect"]

    assert said(secret, both) == []
    assert said(secret, alone) == [
        "this rule takes `names` from nobody: whom it means could not see it even if it were permitted"
    ]


def test_it_is_said_what_stands_in_the_way() -> None:
    """A rule that shows nothing to anybody says whether it is their clearance, a compartment, or a network."""
    for field, rule, why in (
        ("{tlp: red}", "to: everyone, purpose: life-safety", "nobody whom it means is cleared for what is red"),
        (
            "{tlp: green, compartments: medical}",
            "to: everyone, purpose: life-safety",
            "none of those it means has the compartment `medical`",
        ),
        (
            "{tlp: amber}",
            "to: {network: telegram}, purpose: life-safety",
            "no network on which those it means have rooms may carry what is amber",
        ),
    ):
        (problem,) = found(
            "sharing:\n" + RULE, f"  _report: {field}\nsharing:\n{RULE}  - {{permit: [_report], {rule}}}\n"
        )
        assert f"this rule shows `_report` to nobody: {why}; " in problem


def test_a_rule_about_the_place_cannot_look_at_the_place() -> None:
    """Who may know where it is cannot depend on where it is; what else is shared with those affected can."""
    rule = "  - {{permit: [{}], to: {{area: affected}}, purpose: life-safety, under: pact}}\n"
    assert found(RULE, RULE + rule.format("people")) == []
    (problem,) = found(RULE, RULE + rule.format("people, where"))
    assert problem.startswith(
        "river.yaml:51:23: this rule shows `where` to nobody: who may know where it is cannot depend"
    )


def test_an_agreement_that_has_ended_does_not_make_the_rule_an_error() -> None:
    """On the day after an agreement ends the playbook can still be used: warnings say that it ended, and who is left out."""
    ended, left_out = found("until: 2035-12-31", "until: 2026-05-31")
    assert ended.endswith("[agreement-ended]")
    assert left_out.endswith("[partner-gets-nothing]")
