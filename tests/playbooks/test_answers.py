"""A whole view of an event, and how long what it shows may be shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from playbooks.answers import Room, Seen, View, Withheld, cleared_until
from playbooks.labels import PUBLIC
from playbooks.rooms import RoomRef
from playbooks.sight import view
from playbooks.values import Text
from tests.playbooks.border import BOOK, BRUSSELS, border, room, said, so


def test_a_room_is_trusted_with_nothing_that_nobody_said_of_it() -> None:
    """Plain, unless it is said to be encrypted; and nothing is said to stand open."""
    plain = Room(RoomRef("matrix", "!room"), "city")
    assert (plain.encrypted, plain.world_readable, plain.open_join) == (False, False, False)


def test_a_no_without_more_to_say_says_no_more() -> None:
    """No line, no detail."""
    assert (Withheld("inactive").line, Withheld("inactive").detail) == (0, "")


def test_a_view_shows_what_may_be_seen_and_is_there() -> None:
    """Neither what is withheld, nor what the event does not have, nor what was not asked, nor what nobody declared."""
    event = said(fields={**said().fields, "what": None})
    found = view(BOOK, so(), event, room("city", "telegram"), ("action", "what", "secret", "gossip"))
    shown = {field: found.shape(BOOK, field) is not None for field in ("action", "what", "secret", "people", "gossip")}
    assert shown == {"action": True, "what": False, "secret": False, "people": False, "gossip": False}
    assert isinstance(found.answers["what"], Seen) and isinstance(found.answers["secret"], Withheld)
    gossip = replace(event, fields={"gossip": Text("They say the dam broke")})
    assert View(room("city"), gossip, {"gossip": Seen("exact", PUBLIC, 1)}).shape(BOOK, "gossip") is None


def test_a_form_is_what_the_view_shows_of_a_value() -> None:
    """The area's name for the NGO, and not the quay."""
    found = view(BOOK, so(), said(), room("aid", "telegram"), ("where",)).shape(BOOK, "where")
    assert found is not None and found[0].form == "area" and found[1] == ("town",)


@pytest.mark.parametrize(
    ("agreements", "until"),
    [
        (((),), None),
        ((("home",),), None),
        ((("pact",),), datetime(2026, 7, 1, tzinfo=BRUSSELS)),
        ((("home", "pact"), ("later",)), datetime(2026, 7, 1, tzinfo=BRUSSELS)),
        ((("later",),), datetime(2027, 1, 1, tzinfo=BRUSSELS)),
    ],
)
def test_what_was_cleared_is_cleared_until_the_first_of_its_agreements_ends(
    agreements: tuple[tuple[str, ...], ...], until: datetime | None
) -> None:
    """The midnight after its last day, where the playbook lives; what is withheld relies on none."""
    later = "  later: {title: Later, between: [be, nl], purposes: [life-safety], until: 2026-12-31}\n"
    book = border(("  home: {title", later + "  home: {title"))
    answers = [Seen("exact", PUBLIC, 1, names) for names in agreements]
    assert cleared_until(book, [*answers, Withheld("agreement", 1, "pact")]) == until
    assert cleared_until(book, [replace(one, agreements=()) for one in answers]) is None
