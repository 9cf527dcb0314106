"""What was edited before it could be heard: as it is now, as closely held as any version of it, and on record as it came about."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from playbooks.spoken import Spoken, Version
from storage.facts import SaidAnew
from tests.handlers.border_stage import BRANDWEER, CITY, MAYOR
from tests.handlers.talk_stage import TalkStage, rooms_of, talking
from tests.playbooks.border import NOON


def versions(*words: str) -> tuple[Version, ...]:
    """A minute after each other."""
    return tuple(Version(NOON + timedelta(minutes=number), Spoken(one)) for number, one in enumerate(words))


def spoken(stage: TalkStage, *words: str) -> set[str]:
    """What is sent once the mayor has said this, edited to that."""
    sent = stage.speak(CITY, words[-1], MAYOR, versions=versions(*words))
    return {send.body.text.partition("\n")[2] for send in sent}


def test_it_is_told_as_it_is_now() -> None:
    """Each room reads it once, by the newest words; later edits find them."""
    stage = talking()
    assert spoken(stage, "The bridge is shut", "The bridge is open") == {"The bridge is open"}
    said = stage.last()
    assert (said.changed, said.versions) == (NOON + timedelta(minutes=1), 2)
    sent = stage.befalls("edited", said, spoken=Spoken("The bridge is gone"))
    assert BRANDWEER in rooms_of(sent) and stage.last().versions == 3


@pytest.mark.parametrize("words", [("[red] Names", "Names"), ("Names", "[red] Names"), ("Names", "[red] A", "Names")])
def test_the_highest_label_of_all_versions_holds(words: tuple[str, ...]) -> None:
    """As if each edit had been heard in its turn."""
    stage, other = talking(), talking()
    assert not spoken(stage, *words)
    other.speak(CITY, words[0], MAYOR)
    for one in words[1:]:
        other.befalls("edited", other.last(), spoken=Spoken(one))
    assert stage.last().raised == other.last().raised == "red"


@pytest.mark.parametrize(
    ("words", "raised", "told"),
    [
        (("[rde] Names", "[amber] Names"), "amber", True),
        (("Names", "[rde] Names"), "red", False),
        (("Names", "[rde] Names", "Names"), "red", False),
        (("[rde] A", "[rde] B"), None, False),
    ],
)
def test_a_slip_in_a_version_counts_as_in_an_edit(words: tuple[str, ...], raised: str | None, told: bool) -> None:
    """Put right before anything was told it is forgotten; after that it holds what was said as closely as can be."""
    stage = talking()
    sent = spoken(stage, *words)
    assert stage.last().raised == raised and any("Names" in one for one in sent) == told


def test_the_log_has_every_version() -> None:
    """As it was said, and each change with its time, all as closely held; the words told in between are known again where somebody forwards them."""
    stage = talking()
    spoken(stage, "One", "[amber+strict] Two", "Three")
    assert (stage.fact().content["words"], stage.fact().raised) == ("One", "amber+strict")
    changes = [one for one in stage.of(SaidAnew) if isinstance(one, SaidAnew)]
    assert [(one.content["words"], one.at) for one in changes] == [
        ("Two", NOON + timedelta(minutes=1)),
        ("Three", NOON + timedelta(minutes=2)),
    ]
    assert {one.raised for one in changes} == {"amber+strict"}
    [recent] = stage.world.incidents["I-1"].talk["ops"]
    assert (recent.words, recent.former, recent.raised) == ("Three", ("One", "Two"), "amber+strict")


def test_an_overtaken_edit_changes_the_label_alone() -> None:
    """The words are newer; what they are held by is the highest of all."""
    stage = talking()
    stage.speak(CITY, "New", MAYOR)
    stage.all_become(stage.last().id)
    assert not stage.befalls("edited", stage.last(), spoken=Spoken("Old"), overtaken=True)
    assert stage.last().spoken == Spoken("New") and not stage.of(SaidAnew)
    stage.befalls("edited", stage.last(), spoken=Spoken("[red] Old"), overtaken=True)
    assert (stage.last().spoken, stage.last().raised) == (Spoken("New"), "red")
    assert {one.room for one in stage.removes} == {row.to for row in stage.rows[stage.last().id]}


def test_an_overtaken_edit_of_what_waits_for_a_label_is_told_to_nobody() -> None:
    """It may raise what is told once the label is put right."""
    stage = talking()
    stage.speak(CITY, "[rde] Names", MAYOR)
    assert not stage.befalls("edited", stage.last(), spoken=Spoken("[amber+strict] Names"), overtaken=True)
    assert (stage.last().versions, stage.last().raised) == (0, "amber+strict")
    sent = stage.befalls("edited", replace(stage.last()), spoken=Spoken("[amber] Names"))
    assert stage.last().raised == "amber+strict" and all("STRICT" in send.body.text for send in sent)
