"""Lints of whom an alert reaches: who is selected and gets nothing, and when that is worth a word."""

from __future__ import annotations

from tests.playbooks.linted import RULE, codes, problems

FIELDS = "    fields: {what: required, where: optional, people: optional}\n"
EXTREME = "severity: Extreme"


def test_what_is_not_grave_may_stop_at_times() -> None:
    """Of a minor alert it is enough that those selected see it in some phase."""
    at_times = RULE.replace("under: pact", "under: pact, when: {phase: response}")
    assert codes((RULE, at_times)) == ["partner-gets-nothing"]
    assert codes((RULE, at_times), (EXTREME, "severity: Minor")) == []


def test_the_way_out_is_what_the_rule_says_stands_in_the_way() -> None:
    """An agreement, a clearance, a compartment, a network, a forbid: each names itself."""
    home = RULE.replace(", under: pact", "")
    for changes, fix in (
        ([(RULE, home)], "name `pact`, which is between `be` and `nl`, under the permit on line 50"),
        ([(RULE, RULE + "  - {forbid: [what], to: rescue}\n")], "narrow the forbid on line 51"),
        ([("what: {type: text, tlp: green}", "what: {type: text, tlp: green, compartments: [m]}"),
          ("    covers: [town]\n    clearance: {tlp: amber}", "    covers: [town]\n    clearance: {tlp: amber, compartments: [m]}")],
         "give them the compartment `m`, or a coarser form without it"),
        ([(RULE, RULE.replace("what, ", "") + "  - {permit: [what], to: city, purpose: life-safety, under: pact}\n")],
         "permit it to them"),
    ):  # fmt: skip
        found = [
            problem for problem in problems(*changes) if problem.code in ("partner-gets-nothing", "required-never-seen")
        ]
        assert [problem.fix.split(", or leave")[0].split(", make it")[0] for problem in found] == [fix], changes


def test_those_who_may_not_see_where_it_is_are_not_reached_either() -> None:
    """An alert for those affected does not reach whom it may not tell where it is; that is said with the way out."""
    (problem,) = problems(
        ("    to: everyone\n    ack:", "    to: {area: affected}\n    ack:"),
        (RULE, RULE.replace("where, ", "") + "  - {permit: [where], to: rescue, purpose: life-safety, under: pact}\n"),
    )
    assert problem.what == (
        "`city` is selected, and gets nothing of what comes from Belgium in `watch`: "
        "it may not see the area by which this selects"
    )
    assert problem.fix == "permit the place to them, if only as its area, or leave them out of `to`"


def test_encrypted_rooms_count_as_what_they_are_allowed_to_be() -> None:
    """What may travel only in an encrypted room is no reason for a warning where the partner has a Matrix room."""
    assert (
        codes(
            ("what: {type: text, tlp: green}", "what: {type: text, tlp: red}"),
            ("    covers: [town]\n    clearance: {tlp: amber}", "    covers: [town]\n    clearance: {tlp: red}"),
            ("order-evacuation]\n    clearance: {tlp: amber}", "order-evacuation]\n    clearance: {tlp: red}"),
        )
        == []
    )


def test_an_alert_of_optional_fields_is_held_where_no_clause_is_left() -> None:
    """Nothing is required, and still nothing comes through: that is found as well."""
    unnamed, problem = problems(
        (FIELDS, FIELDS.replace("required", "optional")), (RULE, RULE.replace(", under: pact", ""))
    )
    assert unnamed.code == "agreement-never-named"
    assert "may see nothing that its text says" in problem.what


def test_what_comes_from_the_first_that_may_issue_is_told_before_the_way_back() -> None:
    """Where nothing passes either way, it is the neighbour who gets nothing of what the city sends; the reverse comes after."""
    _, problem = problems((RULE, RULE.replace(", under: pact", "")))
    assert problem.what == (
        "`rescue` is selected, and gets nothing of what comes from Belgium in `watch`: it may not see `what` "
        "(at times, nothing reaches `city` either)"
    )


def test_an_agreement_that_is_named_as_the_way_out_says_for_what_it_is() -> None:
    """If the permit has another purpose than the agreement that is there, its purposes are told; one out of force is not named."""
    flood = RULE.replace("life-safety, under: pact", "flood-control")
    *_, problem = problems((RULE, flood))
    assert "name `pact`, which is between `be` and `nl`, under the permit on line 50, for `life-safety`" in problem.fix
    *_, problem = problems((RULE, flood), ("until: 2035-12-31", "until: 2025-12-31"))
    assert problem.fix.startswith("name an agreement between `be` and `nl` under the permit on line 50, or")
