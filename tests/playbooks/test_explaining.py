"""Why a partner sees a field or not, and the nearest change that would open it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from playbooks.explaining import explain
from playbooks.load import Book, parse
from playbooks.sight import Seen, Withheld
from playbooks.supposing import Supposition, fill_in, suppose
from tests.examples import examples
from tests.playbooks.border import BOOK, NOON, border
from tests.playbooks.generated import FIELDS, PARTNERS, Scene, book_of, scenes
from tests.playbooks.test_who_sees import ALERT

NOW = replace(suppose(BOOK, "evacuation", NOON), phase="response", encrypted=False)


def ways(book: Book, field: str, partner: str, supposed: Supposition = NOW) -> dict[str, list[str]]:
    """The changes by the form that they would show, in the partner's first room."""
    [first, *_] = explain(book, supposed, field, partner)
    return {way.form: [change.words for change in way.changes] for way in first.ways}


def test_what_is_seen_is_explained_by_its_answer_and_what_stands_against_finer_forms() -> None:
    """An NGO sees where as an area, for it is cleared no further; nothing is finer than the exact."""
    [there] = explain(BOOK, NOW, "where", "aid")
    assert isinstance(there.answer, Seen) and there.answer.form == "area"
    assert {form: obstacle.why for form, obstacle in there.finer.items()} == {"exact": "clearance"}
    [room, _] = explain(BOOK, NOW, "what", "city")
    assert (room.finer, room.ways) == ({}, ())


@pytest.mark.parametrize(
    ("field", "partner", "form", "changes"),
    [
        ("where", "aid", "exact", ["raise the clearance of aid from green to amber",
                                   "let the permit on line {as_area} share it as exact, not only as area"]),
        ("secret", "city", "exact", ["have its Matrix room encrypted (and keep it closed)"]),
        ("what", "hilfe", "exact", ["declare danger: then the permit on line {danger} holds"]),
        ("people", "aid", "range", ["take aid out of the forbid on line {forbid}",
                                    "permit people to aid (the permit on line {pact} is for others)"]),
        ("victims", "brandweer", "exact", ["permit victims to brandweer (the permit on line {home} is for others)",
                                           "name the agreement pact in that permit (`under: pact`)"]),
    ],
)  # fmt: skip
def test_the_nearest_change_is_said_step_by_step(field: str, partner: str, form: str, changes: list[str]) -> None:
    """Whatever stands in the way, in the order in which the rule would find it."""
    lines = {
        "as_area": BOOK.line("sharing", 3),
        "danger": BOOK.line("sharing", 4),
        "forbid": BOOK.line("sharing", 7),
        "pact": BOOK.line("sharing", 1),
        "home": BOOK.line("sharing", 5),
    }
    found = ways(BOOK, field, partner)[form]
    assert found == [change.format(**lines) for change in changes]


def test_an_agreement_that_has_ended_would_have_to_be_prolonged() -> None:
    """Said with the day on which it ended; one that has not begun is waited for, one for another purpose is widened."""
    late = replace(NOW, at=NOON.replace(year=2027))
    line = BOOK.line("sharing", 1)
    assert ways(BOOK, "what", "brandweer", late)["exact"] == ["prolong the agreement pact, which ended on 2026-06-30"]
    early = replace(NOW, at=NOON.replace(year=2020))
    assert ways(BOOK, "what", "brandweer", early)["exact"] == [
        "wait for the agreement pact, which begins on 2021-01-01"
    ]
    book = border(("{permit: [what, where, people], to: {kind: [fire, municipality]}, purpose: life-safety, under: pact}",
                   "{permit: [what, where, people], to: {kind: [fire, municipality]}, purpose: life-safety}"))  # fmt: skip
    assert ways(book, "what", "brandweer")["exact"] == [
        f"name the agreement pact in the permit on line {line} (`under: pact`)"
    ]


def test_the_change_that_is_named_opens_it_when_it_is_made() -> None:
    """The words are taken at their word: made in the file, they show the field."""
    assert ways(BOOK, "what", "brandweer", replace(NOW, at=NOON.replace(year=2027)))["exact"] == [
        "prolong the agreement pact, which ended on 2026-06-30"
    ]
    longer = parse(BOOK.source.replace(b"until: 2026-06-30", b"until: 2028-06-30"), "longer.yaml")
    [there, *_] = explain(longer, replace(NOW, at=NOON.replace(year=2027)), "what", "brandweer")
    assert isinstance(there.answer, Seen)


def test_who_has_no_room_there_gets_no_explanation() -> None:
    """Only rooms are shown anything."""
    assert explain(BOOK, replace(NOW, network="matrix"), "what", "aid") == ()


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(scenes())
def test_whatever_is_withheld_has_a_way_unless_no_change_of_the_playbook_would_do(scene: Scene) -> None:
    """A way is short, says nothing twice, and is missing only where a network is not declared or the value has no such form."""
    book = book_of({**scene.data, "alerts": {"all": ALERT}})
    supposed = fill_in(book, "all", scene.so.now, phase=scene.so.phase, danger=scene.so.danger)
    for partner in PARTNERS:
        for field in FIELDS:
            for each in explain(book, supposed, field, partner):
                if isinstance(each.answer, Withheld) and each.room.ref.network in book.playbook.networks:
                    assert each.ways, (partner, field, each)
                for way in each.ways:
                    assert 0 < len(way.changes) == len(set(way.changes))
