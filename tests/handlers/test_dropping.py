"""A network that does not take what is said for a room: who learns it, once, and what the room is told afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers.dropping import REASONS
from handlers.events import Delivery, NetworkEvent
from handlers.texts import translated
from playbooks.rooms import RoomRef
from storage.effects import Send
from storage.facts import RoomLost, TalkResumed, TalkStopped
from tests.handlers.border_stage import BRANDWEER, CITY, DESK, FIRE, FIRE_TELEGRAM, MAYOR, WATCHERS, to
from tests.handlers.talk_stage import TalkStage, rooms_of, talking

MUTED = "the group does not let the bot send text messages"


def becomes(stage: TalkStage, room: RoomRef, state: str, reason: str = "", words: str = "Water rises") -> list[Send]:
    """The mayor says something, and one room's network answers so for its copy; what else is sent in consequence."""
    stage.speak(CITY, words, MAYOR)
    said = stage.last().id
    number = next(number for number, row in enumerate(stage.rows[said]) if row.to == room)
    before = len(stage.sent)
    stage.becomes(said, number, state, reason)
    return stage.sent[before:]


def test_the_lead_and_the_coordinators_learn_once_that_a_room_is_not_reached() -> None:
    """With whose it is, why, and the number; not once more for each sentence that is lost."""
    stage = talking()
    sent = becomes(stage, BRANDWEER, "refused", "the bot may not speak in the room; raise its power level")
    assert rooms_of(sent) == {FIRE, FIRE_TELEGRAM, DESK}
    first, second = to(sent, DESK)[0].split("\n")
    assert first == "What is said in Operations does not reach a room of Brandweer (Matrix: I may not write there)."
    assert second == "What matters to them, tell them by telephone: ☎ +3112"
    assert to(sent, DESK) == to(sent, FIRE)
    assert not becomes(stage, BRANDWEER, "refused", "something else")
    assert not becomes(stage, BRANDWEER, "unknown", "no answer")
    assert [(one.room, one.reason, one.said) for one in stage.of(TalkStopped)] == [(BRANDWEER, "no-rights", "S-1")]  # type: ignore[attr-defined]


def test_a_room_that_is_reached_again_learns_what_it_missed() -> None:
    """And those who were told that it was not, in one line; what did arrive is not repeated."""
    stage = talking()
    for words in ("One is lost", "Two is lost"):
        becomes(stage, BRANDWEER, "refused", MUTED, words)
    sent = becomes(stage, BRANDWEER, "sent", words="Three arrives")
    assert to(sent, DESK) == ["What is said in Operations reaches Brandweer (Matrix) again."]
    (told,) = to(sent, BRANDWEER)
    assert told.startswith("Operations, meanwhile:\n") and told.count("\n") == 2
    assert "One is lost" in told and "Two is lost" in told and "Three" not in told
    assert len(stage.of(TalkResumed)) == 1
    assert not becomes(stage, BRANDWEER, "sent")


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("the topic is closed; open it again, or let the bot manage topics", "topic-closed"),
        ("the topic is not there any more (thread not found)", "topic-closed"),
        (MUTED, "no-rights"),
        ("the group does not let the bot send plain", "no-rights"),
        ("the bot may not write in this group", "no-rights"),
        ("Forbidden: bot was kicked from the group chat", "not-in"),
        ("the bot is not in the room any more", "not-in"),
        ("Bad Request: <b>secret</b> of the network", "refused"),
        ("", "refused"),
    ],
)
def test_a_networks_own_words_are_shown_to_nobody(reason: str, code: str) -> None:
    """What is known is said plainly, in the reader's language; of the rest, only that it was refused."""
    stage = talking()
    sent = becomes(stage, BRANDWEER, "refused", reason)
    assert translated(("en",), REASONS[code]) in to(sent, DESK)[0] and "secret" not in to(sent, DESK)[0]
    assert all(translated((language,), REASONS[code]) for language in ("fr", "nl", "de", "it", "es"))


@pytest.mark.parametrize(
    "reason",
    [
        "too large: 60 MB, and Telegram takes 50 MB from bots at once",
        "the group does not let the bot send photos",
        "the words are too long to stand under a file",
        "this person takes no voice messages",
        "the homeserver does not take the file (M_UNKNOWN)",
    ],
)
def test_one_message_refused_for_what_it_is_says_nothing_of_the_room(reason: str) -> None:
    """Whoever sent it sees that; the next sentence may well arrive."""
    stage = talking()
    assert not becomes(stage, BRANDWEER, "refused", reason)
    assert not stage.of(TalkStopped)


def test_what_comes_and_goes_is_told_of_once_in_a_while() -> None:
    """A room that loses every second sentence does not fill the lead's rooms; but it is told after all if it stays so."""
    stage = talking()
    assert becomes(stage, BRANDWEER, "unknown", "no answer")
    assert rooms_of(becomes(stage, BRANDWEER, "sent")) == {FIRE, FIRE_TELEGRAM, DESK}
    for _ in range(3):
        stage.now += timedelta(minutes=1)
        assert not becomes(stage, BRANDWEER, "unknown", "no answer")
        assert not becomes(stage, BRANDWEER, "sent")
    assert not becomes(stage, BRANDWEER, "unknown", "no answer")
    stage.now += timedelta(minutes=8)
    assert rooms_of(becomes(stage, BRANDWEER, "unknown", "no answer")) == {FIRE, FIRE_TELEGRAM, DESK}
    assert rooms_of(becomes(stage, BRANDWEER, "sent")) == {FIRE, FIRE_TELEGRAM, DESK}


def test_of_an_unlisted_partner_nobody_is_told() -> None:
    """It is on record all the same."""
    stage = talking()
    assert not becomes(stage, WATCHERS, "refused", MUTED)
    assert len(stage.of(TalkStopped)) == 1


def test_the_room_that_failed_is_not_told_of_it() -> None:
    """The lead hears it in its other room."""
    stage = talking()
    assert rooms_of(becomes(stage, FIRE, "refused", "the bot may not speak in the room")) == {FIRE_TELEGRAM, DESK}


def test_being_thrown_out_is_told_to_coordinators_in_one_message() -> None:
    """They learn it of every room; the lead learns that talk is lost."""
    stage = talking()
    stage.speak(CITY, "Water rises", MAYOR)
    said = stage.last().id
    number = next(number for number, row in enumerate(stage.rows[said]) if row.to == BRANDWEER)
    before = len(stage.sent)
    stage.happen(Delivery(stage.rows[said][number], "refused", reason="kicked", gone=True, said=stage.said[said]))
    sent = stage.sent[before:]
    assert len(to(sent, DESK)) == 1 and "I am not in a room of Brandweer" in to(sent, DESK)[0]
    assert "I am not in it" in to(sent, FIRE)[0] and len(stage.of(RoomLost)) == 1


def test_what_a_network_that_is_down_holds_back_is_told_of_the_network_alone() -> None:
    """Not once for each of its rooms; where the network works, a room that is held up is told of."""
    stage = talking()
    assert "holds it back" in to(becomes(stage, BRANDWEER, "delayed", "slow"), DESK)[0]
    stage = talking()
    stage.happen(NetworkEvent("matrix", "lost", "no route"))
    assert not becomes(stage, BRANDWEER, "delayed", "no route")


def test_what_is_hidden_from_the_lead_changes_nothing_of_what_it_is_told() -> None:
    """The same news, whatever was said."""
    told = []
    for words in ("Water rises", "The dam is mined: 12 hostages"):
        stage = talking()
        told.append([(send.to, send.body.html) for send in becomes(stage, BRANDWEER, "refused", MUTED, words)])
    assert told[0] == told[1]
