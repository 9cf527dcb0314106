"""Labels: the colours as people write them, and what a text made from several pieces carries. The laws of the join: test_sight_properties."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from playbooks.labels import PUBLIC, Label, Tlp, join

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_the_colours_ascend_from_clear_to_red() -> None:
    """TLP 2.0: clear < green < amber < amber+strict < red."""
    assert [tlp.word for tlp in sorted(Tlp)] == ["clear", "green", "amber", "amber+strict", "red"]


@pytest.mark.parametrize("written", ["amber+strict", "TLP:AMBER+STRICT", " Amber+Strict "])
def test_a_colour_is_read_as_people_write_it(written: str) -> None:
    """In any case, with or without its prefix; and it is written back as the standard has it."""
    assert Tlp.parse(written) is Tlp.AMBER_STRICT
    assert str(Tlp.parse(written)) == "TLP:AMBER+STRICT"


def test_white_is_the_old_name_of_clear() -> None:
    """TLP 1.0's white is read as clear."""
    assert Tlp.parse("TLP:WHITE") is Tlp.CLEAR


@pytest.mark.parametrize("written", ["", "yellow", "amber strict", "AMBER_STRICT", "1"])
def test_what_is_no_colour_is_refused(written: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="not a TLP colour"):
        Tlp.parse(written)


def test_a_join_takes_the_stricter_of_each_part() -> None:
    """Highest colour, all compartments, personal if either is, all origins, earliest expiry."""
    one = Label(Tlp.GREEN, frozenset({"medical"}), True, frozenset({"be"}), NOON + timedelta(hours=1))
    other = Label(Tlp.AMBER, frozenset({"police"}), False, frozenset({"nl"}), NOON)
    assert one.join(other) == Label(Tlp.AMBER, frozenset({"medical", "police"}), True, frozenset({"be", "nl"}), NOON)


def test_a_label_without_expiry_takes_the_others() -> None:
    """What never expires does not prolong what does."""
    assert PUBLIC.join(Label(Tlp.CLEAR, expires=NOON)).expires == NOON
    assert Label(Tlp.CLEAR, expires=NOON).join(PUBLIC).expires == NOON


def test_nothing_joined_is_public() -> None:
    """The neutral element is what anyone may know."""
    assert join([]) == PUBLIC
    assert join([PUBLIC, Label(Tlp.RED)]) == Label(Tlp.RED)
