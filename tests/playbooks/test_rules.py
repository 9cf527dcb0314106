"""The rules of a playbook made ready: which name a field, on which line, and whom they mean whatever happens."""

from __future__ import annotations

import pytest

from playbooks.load import Book
from playbooks.rules import Ready, named, rules_of, standing
from tests.playbooks.border import BOOK, border

CHANNEL = (
    "alerts:\n  evacuation:",
    "channels:\n  ops:\n    title: Ops\n    members: city\n    label: {tlp: amber}\nalerts:\n  evacuation:",
)


def to(selector: str) -> tuple[Book, Ready]:
    """A playbook in which the secret is permitted to these, and that permit."""
    book = border(("{permit: [secret], to: city", f"{{permit: [secret], to: {selector}"))
    return book, rules_of(book, "secret")[0][0]


def test_the_rules_of_a_field_are_those_that_name_it_with_their_lines() -> None:
    """Permits and forbids apart; who has an alert is for the lead by a permit that stands on no line."""
    permits, forbids = rules_of(BOOK, "people")
    assert [ready.line for ready in permits] == [BOOK.line("sharing", 1)]
    assert [ready.line for ready in forbids] == [BOOK.line("sharing", 7)]
    assert [named(ready.rule) for ready in forbids] == [("people",)]
    assert [ready.line for ready in rules_of(BOOK, "_delivery")[0]] == [0]
    assert rules_of(BOOK, "gossip") == ((), ())


def test_answers_to_a_check_in_are_for_the_lead_and_whom_the_answers_are_permitted() -> None:
    """The rules that name `_answer`, and a permit for the lead that stands on no line."""
    checkins = "checkins: {hourly: {to: everyone, ask: Well?}}\nalerts:\n"
    book = border(
        ("alerts:\n", checkins),
        ("{permit: [secret], to: city", "{permit: [secret, _answer], to: city"),
        ("{forbid: [people]", "{forbid: [people, _answer]"),
    )
    permits, forbids = rules_of(book, "?hourly")
    assert [ready.line for ready in permits] == [book.line("sharing", 6), 0]
    assert [ready.line for ready in forbids] == [book.line("sharing", 7)]
    assert permits[-1].rule.to == rules_of(book, "_delivery")[0][0].rule.to
    assert rules_of(book, "?weekly") == ((), ())


def test_the_membership_of_a_channel_is_a_permit_on_its_line() -> None:
    """The line of `members`, so that a no can point at it."""
    book = border(CHANNEL)
    (membership,), forbids = rules_of(book, "#ops")
    members = next(number for number, line in enumerate(book.source.decode().splitlines(), 1) if "members:" in line)
    assert membership.line == members == book.line("channels", "ops", "members") and forbids == ()


@pytest.mark.parametrize(
    ("selector", "telegram", "matrix"),
    [
        ("everyone", ["aid", "brandweer", "city", "fire", "hilfe", "watchers"], None),
        ("city", ["city"], None),
        ("{kind: fire}", ["brandweer", "fire"], None),
        ("{kind: ngo, not: aid}", ["hilfe"], None),
        ("{kind: fire, network: telegram}", ["brandweer", "fire"], []),
        ("{kind: fire, not: {network: telegram}}", [], ["brandweer", "fire"]),
        ("{kind: fire, not: [fire, {network: telegram}]}", [], ["brandweer"]),
        ("[aid, {kind: fire, network: telegram}]", ["aid", "brandweer", "fire"], ["aid"]),
    ],
)
def test_whom_a_rule_means_whatever_happens_is_known_beforehand(
    selector: str, telegram: list[str], matrix: list[str] | None
) -> None:
    """By the network of the room, where the selector looks at it, also in a `not`."""
    book, ready = to(selector)
    assert ready.always is not None
    assert {network: sorted(names) for network, names in ready.always.items()} == {
        "telegram": telegram,
        "matrix": telegram if matrix is None else matrix,
    }
    assert [name for name in book.playbook.partners if ready.always_means(name, "telegram")] == [
        name for name in book.playbook.partners if name in telegram
    ]


@pytest.mark.parametrize(
    "selector",
    [
        "lead", "deputies", "[city, lead]", "{area: affected}", "{kind: fire, area: [hill, affected]}",
        "{not: lead}", "{not: deputies}", "{not: [city, lead]}", "{not: {area: affected}}", "{not: {not: lead}}",
    ],
)  # fmt: skip
def test_whom_a_rule_means_is_asked_each_time_where_it_depends_on_the_event_or_the_lead(selector: str) -> None:
    """Nobody is said to be meant beforehand, a `not` included."""
    book, ready = to(selector)
    assert ready.always is None
    assert not any(ready.always_means(name, "matrix") for name in book.playbook.partners)


def test_partners_stand_alike_whom_no_rule_tells_apart() -> None:
    """Jurisdiction, clearance and the rules tell partners apart, and networks where a rule looks at them; names do not."""
    twin = BOOK.source.decode().partition("  aid:\n")[2].partition("  hilfe:\n")[0]
    book = border(("  hilfe:\n", f"  twin:\n{twin.replace('-14', '-24')}  hilfe:\n"))
    assert standing(book, "aid", "telegram") == standing(book, "twin", "telegram")
    assert standing(book, "aid", "telegram") != standing(book, "aid", "matrix")
    others = [standing(book, name, "telegram") for name in book.playbook.partners if name != "twin"]
    assert len(set(others)) == len(others) and None not in others
    assert standing(book, "stranger", "telegram") is None
    for old, new in (
        ("clearance: {tlp: green}", "clearance: {tlp: amber}"),
        ("clearance: {tlp: green}", "clearance: {tlp: green, compartments: [medical]}"),
        ("jurisdiction: be", "jurisdiction: nl"),
        ("kind: ngo", "kind: fire"),
    ):
        other = border(("  hilfe:\n", f"  twin:\n{twin.replace('-14', '-24').replace(old, new)}  hilfe:\n"))
        assert standing(other, "aid", "telegram") != standing(other, "twin", "telegram"), new
