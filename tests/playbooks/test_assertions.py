"""A playbook's own tests: what holds holds, and what does not is told with the line that decided it."""

from __future__ import annotations

from datetime import datetime

import pytest

from playbooks.assertions import Outcome, holds, outcome, run, unexercised
from playbooks.load import Book
from tests.playbooks.border import BORDER, BRUSSELS, NOON, border

LINES = BORDER.splitlines()


def asserting(*tests: str, then: tuple[tuple[str, str], ...] = ()) -> Book:
    """The border with these tests, each without its name."""
    listed = "".join(f"  - {{name: Number {number}, {test}}}\n" for number, test in enumerate(tests))
    last = "    confirm: {two-person: {alone_after: 2m}}\n"
    return border((last, f"{last}tests:\n{listed}"), *then)


def tried(test: str, now: datetime = NOON, *then: tuple[str, str]) -> Outcome:
    """What becomes of one test."""
    return outcome(asserting(test, then=then), 0, now)


def line(passage: str) -> int:
    """The line of the border on which this first stands."""
    return next(number for number, text in enumerate(LINES, 1) if passage in text)


CITY = "alert: evacuation, given: {from: city, area: town}"
AID = "{action: exact, what: exact, where: area}"


def test_what_is_as_it_says_holds() -> None:
    """Each listed field in its form and every other withheld; exactly the receivers; exactly the issuers."""
    found = tried(
        f"{CITY}, sees: {{aid: {AID}}}, receives: [city, fire, brandweer, aid, hilfe, watchers], may_issue: [city]"
    )
    assert found.holds
    assert (found.differences, found.remark) == ((), None)


@pytest.mark.parametrize(
    ("sees", "field", "wanted", "seen", "decided", "because"),
    [
        ("aid: {action: exact, where: area}", "what", None, "exact", "permit: [what], to: {jurisdiction", "permit on line"),
        ("aid: {action: exact, what: exact, where: exact}", "where", "exact", "area", "clearance: {tlp: green}", "amber"),
        ("aid: {action: exact, what: exact, where: area, people: range}", "people", "range", None, "forbid: [people]", "forbids"),
        ("hilfe: {action: exact, what: exact}", "what", "exact", None, "when: {danger", "other circumstances"),
        ("hilfe: {action: exact, where: area}", "where", "area", None, "as: area", "no agreement is in force be→de"),
        ("brandweer: {}", "action", None, "exact", "permit: [action]", "permit on line"),
        ("aid: {action: area, what: exact, where: area}", "action", "area", "exact", "  action:", "only exact"),
        ("watchers: {action: exact, _note: exact, what: exact}", "_note", "exact", None, "", "no permit"),
    ],
)  # fmt: skip
def test_a_cell_that_is_otherwise_is_told_with_what_decided_it(
    sees: str, field: str, wanted: str | None, seen: str | None, decided: str, because: str
) -> None:
    """Seen and not listed, seen in another form, listed and withheld: each with the form, the reason and the reason's line."""
    differs = next(one for one in tried(f"{CITY}, sees: {{{sees}}}").differences if one.field == field)
    assert (differs.about, differs.wanted, differs.found) == ("sees", wanted, seen)
    assert differs.line == (line(decided) if decided else 0)
    assert because in differs.why


def test_a_difference_stands_where_the_test_says_what_is_not_so() -> None:
    """At the field where it is listed, else at its partner; at the listed receiver, else at the list."""
    book = asserting(f"{CITY}, sees: {{aid: {{action: exact, what: exact, where: exact}}, watchers: {{}}}}, receives: [nobody]".replace("nobody", "aid"))  # fmt: skip
    text = book.source.decode().splitlines()[len(LINES) + 1]
    assert {text[one.mark.column - 1 :].partition(":")[0] for one in outcome(book, 0, NOON).differences} == {
        "where", "watchers", "receives",
    }  # fmt: skip
    assert {one.mark.line for one in outcome(book, 0, NOON).differences} == {len(LINES) + 2}


def test_who_does_not_get_the_alert_sees_nothing_of_it() -> None:
    """One whom it is not for and one from whom it is held, though the rule would show them fields; the reason is said."""
    there = "given: {from: city, area: town}"
    assert tried(f"alert: affected, {there}, sees: {{watchers: {{}}, hilfe: {{}}}}").holds
    [missed] = tried(f"alert: affected, {there}, sees: {{watchers: {{what: exact}}}}").differences
    assert "may not see the area" in missed.why
    held = "alert: count, given: {from: city, network: telegram}"
    assert tried(f"{held}, sees: {{fire: {{}}}}, receives: []").holds
    [kept] = tried(f"{held}, sees: {{fire: {{what: exact}}}}").differences
    assert kept.line == line("forbid: [people]")
    assert "held" in kept.why
    [roomless] = tried(f"{held}, sees: {{brandweer: {{what: exact}}}}").differences
    assert "no room for alerts on telegram" in roomless.why


def test_receivers_and_issuers_are_told_one_by_one() -> None:
    """Who is missing and who is too many, with the line of `to`, of `by` and of `in_danger`."""
    [more, less] = tried(
        "alert: affected, given: {from: city, area: town}, receives: [city, fire, brandweer, hilfe]"
    ).differences
    assert (more.partner, more.wanted, more.found) == ("aid", None, "yes")
    assert (less.partner, less.wanted, less.found) == ("hilfe", "yes", None)
    assert more.line == less.line == line("to: {area: affected, near: true}")
    [fire] = tried(f"{CITY}, may_issue: [city, fire]").differences
    assert "only while danger is declared" in fire.why
    in_danger = tried("alert: evacuation, given: {from: city, area: town, danger: true}, may_issue: [city]")
    assert [(one.partner, one.line) for one in in_danger.differences] == [("fire", line("in_danger:"))]
    [hill] = tried("alert: evacuation, given: {from: city, area: hill}, may_issue: [city]").differences
    assert "hill is not its ground" in hill.why
    led = tried(
        "alert: count, given: {from: fire}, may_issue: [city]",
        NOON,
        ("by: [city, fire]\n    fields: {people: req", "fields: {people: req"),
    )
    assert [one.partner for one in led.differences] == ["city", "fire", "brandweer"]
    assert "does not lead" in led.differences[0].why


def test_it_is_asked_now_unless_it_says_when() -> None:
    """A test without `at` fails once the agreement has ended; one with `at` says the same whenever it is asked."""
    now, then = "alert: talk, given: {from: city}", "alert: talk, given: {from: city, at: 2026-07-01}"
    july = datetime(2026, 7, 1, tzinfo=BRUSSELS)
    for test, at, sees in ((now, NOON, "{what: exact}"), (now, july, "{}"), (then, NOON, "{}"), (then, july, "{}")):
        assert tried(f"{test}, sees: {{brandweer: {sees}}}", at).holds, (test, at)
        assert not tried(f"{test}, sees: {{brandweer: {'{}' if 'what' in sees else '{what: exact}'}}}", at).holds


def test_rooms_are_plain_unless_said_and_all_networks_count_unless_one_is_named() -> None:
    """Secrets need `encrypted: true`; people are seen where one of two networks lets them be, and not on the other alone."""
    city = "action: exact, what: exact, where: exact, people: exact, victims: exact"
    for given, more in (("", ""), (", encrypted: false", ""), (", encrypted: true", ", secret: exact")):
        assert tried(
            f"alert: evacuation, given: {{from: city, area: town{given}}}, sees: {{city: {{{city}{more}}}}}"
        ).holds
    telegram = city.replace(", people: exact", "")
    assert tried(
        f"alert: evacuation, given: {{from: city, area: town, network: telegram}}, sees: {{city: {{{telegram}}}}}"
    ).holds


def test_a_built_in_field_is_asked_of_everybody_where_one_lists_it() -> None:
    """Said or not, whomever the alert is for; and where nobody lists it, it is not asked."""
    note = ("  - {forbid: [people]", "  - {permit: [_note], to: fire, purpose: life-safety}\n  - {forbid: [people]")
    talk = "alert: talk, given: {from: city}"
    assert tried(f"{talk}, sees: {{fire: {{what: exact}}}}", NOON, note).holds
    assert tried(f"{talk}, sees: {{fire: {{what: exact, _note: exact}}, aid: {{what: exact}}}}", NOON, note).holds
    wrong = tried(
        f"{talk}, sees: {{fire: {{what: exact, _note: exact}}, city: {{what: exact, _note: exact}}}}", NOON, note
    )
    assert [(one.partner, one.field) for one in wrong.differences] == [("city", "_note")]


def test_a_rule_is_exercised_where_it_decides_a_cell() -> None:
    """A permit by what is seen, a forbid by what is withheld, and nothing else."""
    count = "alert: count, given: {from: city, network: telegram}, sees: {fire: {}}"
    book = asserting(f"{CITY}, sees: {{aid: {AID}}}", count)
    ngo, held = run(book, NOON)
    rules = [number for number, text in enumerate(LINES, 1) if text.startswith(("  - {permit", "  - {forbid"))]
    assert {rules[index] for index in ngo.exercised} == {
        line("permit: [action]"), line("permit: [what], to: {jurisdiction"), line("as: area"),
    }  # fmt: skip
    assert {rules[index] for index in held.exercised} == {line("forbid: [people]")}
    assert set(unexercised(book, (ngo, held))) == set(range(len(rules))) - ngo.exercised - held.exercised
    assert unexercised(book, ()) == tuple(range(len(rules)))


def test_rules_on_one_line_are_told_apart() -> None:
    """Where the whole section stands on a line, a rule is not exercised by the test of another."""
    start, end = BORDER.index("sharing:"), BORDER.index("alerts:")
    flow = """sharing: [{permit: [action, what], to: everyone, purpose: relief, under: pact}, \
{forbid: [what], to: {kind: ngo}}, {permit: [what], to: aid, purpose: relief}]
"""
    book = asserting(f"{CITY}, sees: {{aid: {{action: exact}}}}", then=((BORDER[start:end], flow),))
    assert len({book.line("sharing", index) for index in range(3)}) == 1
    (found,) = run(book, NOON)
    assert (found.exercised, unexercised(book, [found])) == ({0, 1}, (2,))


def test_an_alert_that_its_origin_could_not_issue_is_remarked_upon() -> None:
    """It holds, and it is said that it could not happen."""
    found = tried("alert: evacuation, given: {from: aid, area: town}, sees: {hilfe: {action: exact}}")
    assert found.holds
    assert found.remark is not None
    assert "could not happen: aid may not issue" in found.remark


def test_whether_it_holds_is_the_same_with_and_without_words() -> None:
    """For tests that hold and tests that do not, also for some partners alone."""
    tests = [
        f"{CITY}, sees: {{aid: {AID}}}",
        f"{CITY}, sees: {{aid: {{}}, hilfe: {{action: exact}}}}",
        f"{CITY}, receives: [city, aid]",
        f"{CITY}, may_issue: [fire]",
    ]
    book = asserting(*tests)
    for test, found in zip(book.playbook.tests, run(book, NOON), strict=True):
        assert holds(book, test, NOON) == found.holds, found.differences
        if test.may_issue is None:
            for partner in book.playbook.partners:
                alone = partner not in {one.partner for one in found.differences}
                assert holds(book, test, NOON, {partner}) == alone, (test.name, partner)
