"""Each failure of the Bot API has the one honest outcome."""

from __future__ import annotations

from typing import Any

import pytest
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut

from bot.networks.port import Delayed, Moved, Outcome, Refused, Sent, Unknown
from bot.networks.telegram_http import NotConnectedError, UnwrittenError
from bot.networks.telegram_outcome import outcome
from playbooks.rooms import RoomRef
from tests.bot.networks.telegram_ground import Shelf, message
from tests.bot.networks.telegram_ground import shelf as shelf


def told(error: Exception, **fields: Any) -> Outcome:
    return outcome(error, message(**fields), str(error))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("TOPIC_CLOSED", "topic is closed"),
        ("TOPIC_DELETED", "topic is not there"),
        ("message thread not found", "topic is not there"),
        ("CHAT_SEND_PHOTOS_FORBIDDEN", "does not let the bot send photos"),
        ("CHAT_SEND_VOICE_MESSAGES_FORBIDDEN", "does not let the bot send voice messages"),
        ("not enough rights to send video notes to the chat", "does not let the bot send video notes"),
        ("CHAT_WRITE_FORBIDDEN", "may not write"),
        ("message to edit not found", "not there any more"),
        ("message can't be edited", "be changed any more"),
        ("message caption is too long", "too long to stand under a file"),
        ("file is too big", "too large for Telegram"),
        ("Something that nobody foresaw", "Something that nobody foresaw"),
    ],
)
def test_refusals_say_what_is_the_matter(said: str, reason: str) -> None:
    """What Telegram refuses is final, in plain words, and no reason to think that we lost our place."""
    refused = told(BadRequest(f"Bad Request: {said}"), kind="edit", replaces="5")
    assert isinstance(refused, Refused)
    assert (reason in refused.reason, refused.gone) == (True, False)


@pytest.mark.parametrize(
    ("error", "kind", "is_outcome"),
    [
        (NotConnectedError("no connection"), "message", Delayed),
        (UnwrittenError("a file cannot be read"), "message", Delayed),
        (TimedOut("no answer"), "message", Unknown),
        (NetworkError("broke"), "message", Unknown),
        (NetworkError("Bad Gateway"), "message", Unknown),
        (RetryAfter(7), "message", Delayed),
        (ChatMigrated(-1005), "message", Moved),
        (InvalidToken("Unauthorized"), "message", Delayed),
        (Forbidden("Forbidden: bot was kicked from the group chat"), "message", Refused),
        (NetworkError("broke"), "react", Delayed),
        (NetworkError("broke"), "delete", Delayed),
        (TimedOut("no answer"), "react", Delayed),
        (ChatMigrated(-1005), "react", Refused),
        (BadRequest("Bad Request: message to delete not found"), "delete", Sent),
        (RetryAfter(7), "react", Delayed),
    ],
)
def test_the_table(error: Exception, kind: str, is_outcome: type[Outcome]) -> None:
    """Only what was plainly refused, and what cannot have arrived, is known; removals and reactions may be asked for again."""
    replaces = None if kind == "message" else "5"
    assert isinstance(told(error, kind=kind, replaces=replaces, emoji="👍" if kind == "react" else None), is_outcome)


def test_reactions() -> None:
    """A reaction to what is gone is refused, and one taken from what is gone is gone; one not on the list is refused."""
    lost = BadRequest("Bad Request: message to react not found")
    assert isinstance(told(lost, kind="react", replaces="5", emoji="👍"), Refused)
    assert told(lost, kind="react", replaces="5") == Sent("5")
    invalid = told(BadRequest("Bad Request: REACTION_INVALID"), kind="react", replaces="5", emoji="👍")
    assert invalid == Refused("the group does not take this reaction")


def test_too_large_is_final(shelf: Shelf) -> None:
    """A server or a proxy that finds a file too large has not taken it; the same words about mere text are not believed."""
    for words in ("Request Entity Too Large", "Content Too Large (413)"):
        assert isinstance(told(NetworkError(words), files=(shelf("file"),)), Refused)
        assert isinstance(told(NetworkError(words)), Unknown)


def test_a_moved_group_keeps_its_topic() -> None:
    """The new address is the outcome."""
    assert told(ChatMigrated(-1005)) == Moved(RoomRef("telegram", "-1005"))
