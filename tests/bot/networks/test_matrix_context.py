"""What is noted of polls and live places is whose they are, in the room they are in, and the same when it is noted again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.networks.matrix_context import context_of, live_place
from bot.networks.matrix_memory import Memory
from bot.networks.matrix_rooms import Room
from tests.emulators.matrix_speech import poll

START, RESPONSE = "org.matrix.msc3381.poll.start", "org.matrix.msc3381.poll.response"
INFO, BEACON = "org.matrix.msc3672.beacon_info", "org.matrix.msc3672.beacon"
HERE = {"org.matrix.msc3488.location": {"uri": "geo:1,2"}}
ROOM, OTHER = Room("!x"), Room("!y")


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    memory = Memory(tmp_path)
    yield memory
    memory.close()


def event(kind: str, content: dict[str, Any], name: str = "$1", sender: str = "@ada:x", **more: Any) -> dict[str, Any]:
    return {"event_id": name, "type": kind, "sender": sender, "origin_server_ts": 1_000, "content": content, **more}


def about(name: str, how: str = "m.reference") -> dict[str, Any]:
    return {"m.relates_to": {"rel_type": how, "event_id": name}}


def ballot(memory: Memory, room: Room = ROOM) -> Any:
    """What is kept with a vote in the poll ``$1``."""
    context = context_of(event(RESPONSE, about("$1"), "$2"), room, memory)
    assert context is not None
    return context["ballot"]


def test_a_ballot_is_its_polls(memory: Memory) -> None:
    """A poll that was never seen has none; one that its author changed has the new one; nobody else changes it."""
    assert ballot(memory) is None
    for _ in range(2):
        assert context_of(event(START, poll("?", "a", "b")), ROOM, memory) == {}
    assert ballot(memory) == {"ids": ("id-0", "id-1"), "most": 1}
    assert ballot(memory, OTHER) is None
    fresh = {**about("$1", "m.replace"), "m.new_content": poll("?", "c", ids=("new",), most=2)}
    context_of(event(START, fresh, "$3", "@eve:x"), ROOM, memory)
    context_of(event(START, fresh, "$3"), OTHER, memory)
    assert ballot(memory)["ids"] == ("id-0", "id-1")
    context_of(event(START, fresh, "$3"), ROOM, memory)
    assert ballot(memory) == {"ids": ("new",), "most": 2}


def test_only_an_author_or_whoever_may_remove_ends_a_poll(memory: Memory) -> None:
    """Of a poll of ours, nobody but those who may remove messages."""
    room = Room("!x", powers={"users": {"@bo:x": 50}})
    context_of(event(START, poll("?", "a")), room, memory)
    end = about("$1")
    assert context_of(event("m.poll.end", end), room, memory) == {}
    assert context_of(event("m.poll.end", end, sender="@eve:x"), room, memory) is None
    assert context_of(event("m.poll.end", end, sender="@bo:x"), room, memory) == {}
    assert context_of(event("m.poll.end", about("$ours")), room, memory) is None
    assert context_of(event("m.poll.end", about("$ours"), sender="@bo:x"), room, memory) == {}


def test_a_live_place_is_its_beginners(memory: Memory) -> None:
    """The first step is the first however often it comes; of another person, in another room or of nothing it is no step."""
    begun = {"live": True, "timeout": 5_000, "description": " là\ud800 "}
    for _ in range(2):
        assert live_place(event(INFO, begun, "$live", state_key="@ada:x"), ROOM, memory) is None
    first, second = event(BEACON, HERE | about("$live"), "$2"), event(BEACON, HERE | about("$live"), "$3")
    live = {"of": "$live", "until": 6_000, "words": "là\ufffd", "point": None}
    assert context_of(first, ROOM, memory) == {"live": live | {"first": True}}
    assert context_of(second, ROOM, memory) == {"live": live | {"first": False}}
    assert context_of(first, ROOM, memory) == {"live": live | {"first": True}}
    assert context_of(first, OTHER, memory) is None
    assert context_of({**first, "sender": "@eve:x"}, ROOM, memory) is None
    assert context_of(event(BEACON, about("$live")), ROOM, memory) is None
    assert context_of(event(BEACON, HERE | about("$other")), ROOM, memory) is None

    end = {"live": False, "timeout": 5_000}
    assert live_place(event(INFO, end, "$9", "@eve:x", state_key="@ada:x"), ROOM, memory) is None
    assert live_place(event(INFO, end, "$9", state_key="@ada:x"), OTHER, memory) is None
    ended = {"of": "$live", "until": None, "words": "là\ufffd", "first": False, "point": (1_000_000, 2_000_000)}
    assert live_place(event(INFO, end, "$9", state_key="@ada:x"), ROOM, memory) == {"live": ended}


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"live": True},
        {"live": True, "timeout": 10**30},
        {"live": True, "timeout": -9_000},
        {"live": 1, "timeout": 5},
    ],
)
def test_a_live_place_without_an_end_is_none(memory: Memory, content: dict[str, Any]) -> None:
    """A place that moves says until when; what cannot be kept is not begun."""
    with contextlib.suppress(KeyError):  # left out like any event that is not what it says
        assert live_place(event(INFO, content, "$live", state_key="@ada:x"), ROOM, memory) is None
    assert memory.live("$live") is None
