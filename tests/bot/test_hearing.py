"""From what a network heard to a request or a room event."""

from __future__ import annotations

from typing import Any

import pytest

from bot.hearing import answered, shown_by, understood
from bot.networks.port import Heard, RoomTraits
from handlers.events import RoomEvent
from handlers.world import Request
from playbooks.rooms import RoomRef
from storage.facts import RoomObserved
from storage.store import Mentioned
from tests.bot.floor import START

TOPIC = RoomRef("telegram", "-1", "7")
ABOUT = Mentioned("t", "I-1", "A-1", "city", TOPIC, '{"buttons": [[{"label": "x", "command": "/ack", "emoji": "👁️"}]]}')


def of(kind: Any, about: Mentioned | None = None, **more: Any) -> Request | RoomEvent | None:
    return understood(Heard("k", kind, TOPIC, START, **more), about, START, b"s")


def test_a_rooms_traits_become_an_observation_of_the_whole_chat() -> None:
    """What the network says of a room is recorded for the chat, whichever topic it came from, with its alias."""
    found = of("room", traits=RoomTraits(encrypted=True, title="City", alias="#city:x"))
    seen = RoomObserved(TOPIC.chat, True, False, False, False, False, False, "City")
    assert found == RoomEvent("observed", TOPIC, observed=seen, alias="#city:x")


def test_a_move_says_where_to() -> None:
    """A room that moved has its new address; without one there is nothing to decide."""
    found = of("moved", moved_to=RoomRef("telegram", "-2"))
    assert isinstance(found, RoomEvent) and found.moved_to == RoomRef("telegram", "-2")
    assert of("moved") is None


def test_nothing_is_decided_twice() -> None:
    """Edits, traits that are not there and reactions that mean nothing lead to nothing."""
    assert of("edited", text="/ack A-1") is None
    assert of("room") is None
    assert of("reaction", ABOUT, emoji="🎉") is None
    assert of("reaction", emoji="👁") is None


def test_a_reaction_to_a_message_whose_body_was_blanked_means_nothing() -> None:
    """Bodies are blanked some days after they were sent; a late reaction is no fault."""
    blank = Mentioned("t", "I-1", "A-1", "city", TOPIC, "")
    assert of("reaction", blank, emoji="👁") is None


@pytest.mark.parametrize(
    ("kind", "message"), [("button", "m1"), ("reaction", "m1"), ("message", "m0"), ("edited", "m0")]
)
def test_what_is_answered_is_the_message_tapped_or_replied_to(kind: Any, message: str) -> None:
    """A tap and a reaction are about the message they sit on, words about the one they reply to."""
    assert answered(Heard("k", kind, TOPIC, START, message_id="m1", reply_to="m0")) == message


def test_a_location_comes_with_its_point() -> None:
    """A shared place is a request with a point in microdegrees."""
    found = of("message", point=(50_640_000, 5_570_000))
    assert isinstance(found, Request) and found.point == (50_640_000, 5_570_000)


def test_a_reaction_counts_in_the_topic_of_the_message_it_was_given_to() -> None:
    """A network that does not name the topic of a reaction does not take it out of the partner's room."""
    heard = Heard("k", "reaction", TOPIC.chat, START, emoji="👁")
    found = understood(heard, ABOUT, START, b"s")
    assert isinstance(found, Request)
    assert (found.room, found.text) == (TOPIC, "/ack")


def test_a_public_name_is_noticed_in_whatever_happens() -> None:
    """Where it is news, for the whole chat: when it is there and when it is gone again; never where the network tells of rooms by themselves."""
    public, private = RoomTraits(public=True, title="City", alias="@city"), RoomTraits(title="City")
    known = RoomObserved(TOPIC.chat, False, False, False, False, True, False, "City")

    def seen(traits: RoomTraits | None, before: RoomObserved | None, kind: Any = "message") -> RoomEvent | None:
        return shown_by(Heard("k", kind, TOPIC, START, text="hello", traits=traits), before)

    assert seen(public, None) == RoomEvent("observed", TOPIC.chat, observed=known, alias="@city")
    back = seen(private, known, "edited")
    assert back is not None and back.observed is not None and not back.observed.public
    assert seen(public, known) is seen(private, None) is seen(None, None) is seen(public, None, "room") is None
