"""What the running program holds of a fact is what a restart reads."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from playbooks.rooms import RoomRef
from storage import canonical
from storage.facts import DeadlinePassed, Disclosed, Fact, IncidentOpened, LeadTaken
from storage.facts.codec import as_read, from_parts, parts

ROOM = RoomRef("telegram", "-1001", "4")
SHOWN = {"form": "area", "value": ("che\u0302ne\u0301e",), "rule": 7}
FACTS = (
    Disclosed("t", "A-1", None, ROOM, "fr", "TLP:AMBER", 3, {"where": SHOWN, "what": SHOWN, "e\u0301": None}),
    IncidentOpened("I-1", "small", 1, "Che\u0302ne\ud83d", "P-1", None, ROOM, "watch", False, False, "small:1"),
    LeadTaken("operational", None, ("b", "a"), "b", (), None, "small:4"),
    DeadlinePassed("expires:A-1", datetime(2026, 3, 1, 9, 0, 0, 123456, tzinfo=UTC), 2),
)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_a_fact_as_read_is_the_one_that_a_restart_reads(fact: Fact) -> None:
    """Texts, times, rooms and lists are what the bytes of the log give back, and a shared value is composed only once."""
    compose = canonical.Once(canonical.composed)
    written = json.loads(canonical.write(canonical.composed(parts(fact))))
    again = from_parts(type(fact).__name__, fact.V, written)
    assert as_read(fact, compose) == again
    assert parts(as_read(fact, compose)) == parts(again)
