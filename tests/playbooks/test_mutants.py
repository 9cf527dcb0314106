"""Every slip of the pen is made, each alone, at its place, in a book of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from playbooks.labels import Tlp
from playbooks.load import Book
from playbooks.mutants import Mutant, mutants
from playbooks.schema import EVERYONE, Forbid, Permit, Playbook
from playbooks.sight import Question, Seen
from tests.playbooks.border import BOOK, BORDER, border, room, said, so

MADE = mutants(BOOK)
SECTIONS = tuple(Playbook.model_fields)
LINES = BORDER.splitlines()


def changes(section: str, book: Book = BOOK) -> list[str]:
    """What is said of the mutants of one section."""
    return [one.change for one in mutants(book) if one.path[0] == section]


@pytest.mark.parametrize("mutant", MADE, ids=lambda one: one.change)
def test_a_mutant_is_another_book_with_one_section_changed_at_a_place_in_the_file(mutant: Mutant) -> None:
    """Its path is in the file, or just above in an entry that is; every other section is the very same."""
    assert mutant.book is not BOOK
    differ = [name for name in SECTIONS if getattr(mutant.book.playbook, name) != getattr(BOOK.playbook, name)]
    assert differ == [mutant.path[0]]
    assert mutant.path in BOOK.marks or mutant.path[:-1] in BOOK.marks


def test_the_book_stays_as_it_was() -> None:
    """Making all mutants changes nothing in the book they are made from."""
    fresh = border()
    mutants(fresh)
    assert fresh.playbook == BOOK.playbook


def test_networks_agreements_and_partners_are_opened_one_step() -> None:
    """Ceilings rise by one and never above red; an agreement loses each date it has; a partner is cleared one level higher, and
    for each compartment that it lacks."""
    assert changes("networks") == [
        "telegram trusted with amber+strict instead of amber",
        "matrix trusted with amber+strict instead of amber",
    ]
    assert changes("agreements") == ["pact without its end, 2026-06-30", "pact without its beginning, 2021-01-01"]
    assert changes("partners") == [
        "fire cleared for red instead of amber+strict",
        "brandweer cleared for amber+strict instead of amber",
        "aid cleared for amber instead of green",
        "aid cleared for the compartment medical",
        "hilfe cleared for amber instead of green",
        "hilfe cleared for the compartment medical",
        "watchers cleared for amber+strict instead of amber",
        "watchers cleared for the compartment medical",
    ]


def test_labels_are_lowered_one_step_field_and_form() -> None:
    """Each level that is not clear, each compartment, and what is personal."""
    assert changes("fields") == [
        "`what` labelled clear instead of green",
        "`where` labelled green instead of amber",
        "`where` as area labelled clear instead of green",
        "`people` labelled green instead of amber",
        "`people` outside the compartment medical",
        "`people` as range labelled clear instead of green",
        "`victims` labelled green instead of amber",
        "`victims` not personal",
        "`victims` as count labelled clear instead of green",
        "`secret` labelled amber+strict instead of red",
    ]


def test_rules_lose_a_field_a_form_a_condition_or_whom_they_mean() -> None:
    """Each permit and forbid field by field; each permit for everyone, without `as`, without each key of `when`."""
    assert [one.change for one in MADE if one.rule == 0] == ["without this permit of `action` to everyone"]
    assert [one.change for one in MADE if one.rule == 1] == [
        "`what` dropped from this permit",
        "`where` dropped from this permit",
        "`people` dropped from this permit",
        "this permit of `what`, `where`, `people` for everyone instead of {kind: [fire, municipality]}",
        "this permit of `what`, `where`, `people` no longer under pact",
    ]
    assert [one.change for one in MADE if one.rule == 3][1:] == [
        "this permit of `where` for everyone instead of {kind: ngo}",
        "this permit of `where` without `as: area`",
    ]
    assert [one.change for one in MADE if one.rule == 4][2:] == ["this permit of `what` without `when: {danger: true}`"]
    assert [one.change for one in MADE if one.rule == 7] == ["without this forbid of `people` to {network: telegram}"]
    two = border(("when: {danger: true}", "when: {danger: true, phase: [watch, response]}"))
    assert [one for one in changes("sharing", two) if "without `when" in one] == [
        "this permit of `what` without `when: {phase: [watch, response]}`",
        "this permit of `what` without `when: {danger: true}`",
    ]


def test_a_permit_loses_each_of_its_agreements() -> None:
    """Each alone, the others stay; the other ways in which the rule could change keep them all."""
    cut = Permit(permit=("what",), to=EVERYONE, purpose="relief", under=("pact", "other"))
    book = replace(BOOK, playbook=BOOK.playbook.model_copy(update={"sharing": (cut,)}))
    found = [one for one in mutants(book) if one.path == ("sharing", 0, "under")]
    assert [one.change for one in found] == [
        "this permit of `what` no longer under pact",
        "this permit of `what` no longer under other",
    ]
    left = [rule.under for one in found for rule in one.book.playbook.sharing if isinstance(rule, Permit)]
    assert left == [("other",), ("pact",)]
    assert [one.rule for one in found] == [0, 0]


def test_alerts_are_issued_by_everyone_and_go_to_everyone() -> None:
    """`by`, the lead where there is none, `in_danger`, `in_danger` without danger, and `to`."""
    assert [one.change for one in MADE if one.path[:2] == ("alerts", "evacuation")] == [
        "`evacuation` issued by everyone instead of {competence: order-evacuation}",
        "`evacuation` issued in danger by everyone instead of {competence: rescue}",
        "`evacuation` issued by {competence: rescue} without danger",
    ]
    assert changes("alerts")[3:5] == [
        "`affected` issued by everyone instead of [city, fire]",
        "`affected` for everyone instead of {area: [affected], near: true}".replace("[affected]", "affected"),
    ]
    led = border(("    by: {competence: order-evacuation}\n", ""))
    assert changes("alerts", led)[:3] == [
        "`evacuation` issued by everyone instead of the lead",
        "`evacuation` issued in danger by everyone instead of {competence: rescue}",
        "`evacuation` issued by {competence: rescue} without danger",
    ]


def test_the_change_is_the_one_that_is_said() -> None:
    """What a few mutants hold is what their words say."""
    by_change = {one.change: one.book.playbook for one in MADE}
    assert by_change["aid cleared for amber instead of green"].partners["aid"].clearance.tlp is Tlp.AMBER
    assert by_change["`people` outside the compartment medical"].fields["people"].compartments == ()
    assert by_change["`where` as area labelled clear instead of green"].fields["where"].forms["area"].tlp is Tlp.CLEAR
    assert by_change["matrix trusted with amber+strict instead of amber"].networks["matrix"].encrypted is Tlp.RED
    dropped = by_change["`where` dropped from this permit"].sharing[1]
    assert isinstance(dropped, Permit)
    assert dropped.permit == ("what", "people")
    assert not any(
        isinstance(rule, Forbid) for rule in by_change["without this forbid of `people` to {network: telegram}"].sharing
    )
    assert by_change["`evacuation` issued by everyone instead of {competence: order-evacuation}"].alerts[
        "evacuation"
    ].by == EVERYONE  # fmt: skip


def test_a_mutant_is_asked_anew() -> None:
    """What was worked out for the book is not taken for the mutant's: the rule gives another answer."""
    mine = room("city", "telegram")
    assert not isinstance(Question(BOOK, so(), said()).decide(mine, "people"), Seen)
    mutant = next(one for one in MADE if one.rule == 7)
    assert isinstance(Question(mutant.book, so(), said()).decide(mine, "people"), Seen)


@pytest.mark.parametrize("mutant", MADE, ids=lambda one: one.change)
def test_a_mutant_changes_no_sight_but_of_the_fields_and_for_the_partners_it_names(mutant: Mutant) -> None:
    """What it says that it may change, it bounds: of an alert, in danger and not, in every room."""
    for circumstances in (so(), so(danger=True), so(now=so().now.replace(year=2027))):
        for event in (said(), said("brandweer")):
            one, other = (Question(book, circumstances, event) for book in (BOOK, mutant.book))
            for partner in BOOK.playbook.partners:
                concerned = mutant.partners is None or partner in mutant.partners
                for where in (room(partner), room(partner, encrypted=False), room(partner, "telegram")):
                    for field in [*event.fields, "_title"]:
                        if not concerned or field not in mutant.fields:
                            before, after = one.decide(where, field), other.decide(where, field)
                            assert getattr(before, "form", None) == getattr(after, "form", None), (partner, field)
