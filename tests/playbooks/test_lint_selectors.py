"""Lints of selectors: whom they can never mean, wherever one stands."""

from __future__ import annotations

import pytest

from tests.playbooks.linted import RULE, codes, problems

END = "    label: {tlp: green}\n"
NOBODY = "{kind: police}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("phases:", f"danger: {{by: {NOBODY}, lasts: 2h}}\nphases:"),
        ("phases:", f"danger: {{by: lead, lasts: 2h, tell: {NOBODY}}}\nphases:"),
        ("phases:", f"activate: {{by: {NOBODY}}}\nphases:"),
        (RULE, f"{RULE}  - {{permit: [what], to: {NOBODY}, purpose: life-safety}}\n"),
        (RULE, f"{RULE}  - {{forbid: [what], to: {NOBODY}}}\n"),
        ("    by: {competence: order-evacuation}\n", f"    by: {NOBODY}\n"),
        ("    main: what\n", f"    main: what\n    in_danger: {{by: {NOBODY}, basis: Law}}\n"),
        ("    main: what\n", f"    main: what\n    in_danger: {{by: rescue, basis: Law, tell: {NOBODY}}}\n"),
        ("    to: everyone\n    ack:", f"    to: {NOBODY}\n    ack:"),
        ("    to: everyone\n    ask:", f"    to: {NOBODY}\n    ask:"),
        (END, f"{END}channels:\n  ops: {{title: Operations, members: {NOBODY}, label: {{tlp: green}}}}\n"),
        (END, f"{END}duties:\n  - {{for: {NOBODY}, at: watch, text: Watch, source: Law}}\n"),
        (END, f"{END}log: {{in: {NOBODY}}}\n"),
    ],
)
def test_a_selector_that_matches_nobody_is_found_wherever_it_stands(old: str, new: str) -> None:
    """In rules, alerts, check-ins, channels, duties, danger, activation and the log."""
    assert codes((old, new)) == ["selector-matches-nobody"]


def test_what_may_match_at_times_is_left_in_peace() -> None:
    """A lead of one phase, those affected, rooms on one network, and everyone but some are somebody."""
    for selector in (
        "lead",
        "deputies",
        "{area: affected}",
        "{network: telegram}",
        "{not: {kind: fire}}",
        "{area: town}",
    ):
        rule = f"  - {{permit: [people], to: {selector}, purpose: life-safety, under: pact}}\n"
        assert codes((RULE, RULE + rule)) == [], selector


def test_a_slip_in_a_competence_is_named() -> None:
    """Where it is all that is asked for, nobody is meant; the nearest word is offered."""
    (problem,) = problems((RULE, RULE + "  - {permit: [what], to: {competence: rescues}, purpose: life-safety}\n"))
    assert (problem.what, problem.fix) == (
        "`to` of this rule selects nobody: no partner has the competence `rescues`",
        "did you mean `rescue`?",
    )


def test_affected_is_told_of_where_it_stands_and_not_twice() -> None:
    """Also inside `not`, and in whom danger is told to."""
    (problem,) = problems(("phases:", "danger: {by: lead, lasts: 2h, tell: {not: {area: [town, affected]}}}\nphases:"))
    assert (problem.code, problem.line, problem.column) == ("affected-out-of-place", 42, 57)
