"""Reading an update never fails in a way that could stop the reader."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.networks import telegram_read
from bot.networks.port import Heard
from playbooks.spoken import read, written

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ADA = {"id": 501, "is_bot": False, "first_name": "Ada", "last_name": "L", "language_code": "fr"}
CHAT = {"id": -1001, "type": "supergroup", "title": "Fire", "is_forum": True, "username": "fire"}
MESSAGE = {
    "message_id": 9,
    "date": 1772366400,
    "chat": CHAT,
    "from": ADA,
    "text": "hello",
    "message_thread_id": 7,
    "is_topic_message": True,
    "reply_to_message": {"message_id": 8, "date": 1772366400, "chat": CHAT},
    "location": {"latitude": 50.6, "longitude": 5.5},
}
SIZES = [
    {"file_id": str(n), "file_unique_id": "u", "width": n * 90, "height": n * 50, "file_size": n} for n in (1, 3, 2)
]
ORIGIN = {"type": "user", "date": 1772366400, "sender_user": {**ADA, "id": 7}}
BOLD = [{"type": "bold", "offset": 0, "length": 3}, {"type": "text_link", "offset": 1, "length": 9, "url": "https://x"}]
POLL = {
    "id": "11",
    "question": "Where?",
    "options": [{"persistent_id": "0", "text": "Here", "voter_count": 3}],
    "total_voter_count": 3,
    "is_closed": False,
    "is_anonymous": True,
    "type": "regular",
    "allows_multiple_answers": False,
    "allows_revoting": True,
    "members_only": False,
}
PLACE = {"latitude": 50.6, "longitude": 5.5, "live_period": 900}
CHECKLIST = {"title": "To do", "title_entities": BOLD, "tasks": [{"id": 1, "text": "sand", "completion_date": 1}]}
BLOCKS = [{"type": "list", "items": [{"label": "1", "blocks": [{"type": "paragraph", "text": ["x", {"text": "y"}]}]}]}]
BARE = {key: value for key, value in MESSAGE.items() if key not in ("text", "location")}
THINGS: tuple[dict[str, Any], ...] = (
    {"photo": SIZES, "caption": "hello", "caption_entities": BOLD, "media_group_id": "5", "forward_origin": ORIGIN},
    {"sticker": {"file_id": "s", "file_unique_id": "u", "emoji": "🐻", "is_animated": True, "width": 5, "height": 5}},
    {"audio": {"file_id": "a", "file_unique_id": "u", "duration": 5, "performer": "P", "title": "T", "file_size": 9}},
    {"location": PLACE, "venue": {"location": PLACE, "title": "Hall", "address": "Rue"}},
    {"contact": {"phone_number": "1", "first_name": "A", "last_name": "B"}, "via_bot": {**ADA, "is_bot": True}},
    {"poll": POLL},
    {"checklist": CHECKLIST, "dice": {"emoji": "🎲", "value": 4}},
    {"rich_message": {"blocks": BLOCKS}},
    {"game": {"title": "G", "description": "D", "photo": SIZES}, "story": {"id": 1, "chat": CHAT}},
    {"gift": {"gift": {"sticker": {"emoji": "🎁"}}, "text": "x", "entities": BOLD}, "paid_media": {"star_count": 5}},
)
UPDATES: tuple[dict[str, Any], ...] = (
    {"update_id": 1, "message": MESSAGE},
    {"update_id": 2, "edited_message": {**MESSAGE, "edit_date": 1772366401}},
    {"update_id": 3, "callback_query": {"id": "4", "from": ADA, "message": MESSAGE, "data": "/ack A-1"}},
    {
        "update_id": 4,
        "message_reaction": {
            "chat": CHAT,
            "message_id": 9,
            "user": ADA,
            "date": 1772366400,
            "old_reaction": [],
            "new_reaction": [{"type": "emoji", "emoji": "👍"}],
        },
    },
    {
        "update_id": 5,
        "my_chat_member": {
            "chat": CHAT,
            "from": ADA,
            "date": 1772366400,
            "old_chat_member": {"status": "left", "user": ADA},
            "new_chat_member": {"status": "restricted", "is_member": True, "user": ADA},
        },
    },
    {"update_id": 6, "message": {**MESSAGE, "migrate_to_chat_id": -1002}},
    {"update_id": 7, "poll": POLL},
    *({"update_id": 8, "message": {**BARE, **thing}} for thing in THINGS),
)
ODD = st.sampled_from([None, True, -1, 1e300, "", "x", "\ud83d", [], [1], {}, {"id": None}, [None], 10**30])


@pytest.mark.parametrize("update", UPDATES, ids=lambda update: " ".join(list(update)[1:]))
def test_every_kind_is_read_under_the_key_it_was_kept_with(update: dict[str, Any]) -> None:
    """Key and body belong together, and the same update has the same key whenever it is heard."""
    key, body = telegram_read.keep_form(update, NOON)
    heard = telegram_read.read(body)
    assert isinstance(heard, Heard)
    assert heard.key == key == telegram_read.keep_form(update, datetime.now(UTC))[0]


@pytest.mark.parametrize("kind", telegram_read.ALLOWED_UPDATES)
def test_nothing_is_asked_for_that_is_not_read(kind: str) -> None:
    """Telegram is asked for no kind of update that would say nothing to us: each would be kept for nothing."""
    found = [update for update in UPDATES if kind in update]
    assert found and all(telegram_read.read(telegram_read.keep_form(one, NOON)[1]) is not None for one in found)


def test_one_id_with_other_words_is_another_update() -> None:
    """Ids start anew after a quiet week, so the same id alone is no repetition."""
    other = {"update_id": 1, "message": {**MESSAGE, "text": "bye"}}
    assert telegram_read.keep_form(UPDATES[0], NOON)[0] != telegram_read.keep_form(other, NOON)[0]


@given(st.data())
def test_whatever_comes_only_value_errors_leave(data: st.DataObject) -> None:
    """An update with any part replaced or taken away is read, is nothing to us, or raises ValueError."""
    update = copy.deepcopy(data.draw(st.sampled_from(UPDATES)))
    for _ in range(data.draw(st.integers(1, 3))):
        place: Any = update
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = data.draw(st.sampled_from(keys))
            if isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
                place = place[key]
                continue
            if data.draw(st.booleans()):
                del place[key]
            else:
                place[key] = copy.deepcopy(data.draw(ODD))
            break
    try:
        heard = telegram_read.read(json.dumps(update), us=7)
    except ValueError:
        return
    assert heard is None or heard.said_at.tzinfo is not None
    if heard is not None and heard.spoken is not None:
        assert read(written(heard.spoken)) == heard.spoken
        assert written(heard.spoken).encode()


@pytest.mark.parametrize(
    "body", ["", "[]", "null", "7", "[" * 100_000, '{"update_id": 1, "message": ' + '{"a":' * 50_000]
)
def test_what_is_no_update_cannot_be_read(body: str) -> None:
    """Whatever stands in the inbox, reading it raises ValueError and nothing else."""
    with pytest.raises(ValueError, match=r"."):
        telegram_read.read(body)


def test_the_largest_picture_is_taken() -> None:
    """Of the sizes of a photo the largest is fetched, wherever it stands."""
    heard = telegram_read.read(json.dumps({"update_id": 8, "message": {**BARE, **THINGS[0]}}))
    assert heard is not None
    assert heard.spoken is not None
    assert heard.spoken.file is not None
    assert (json.loads(heard.spoken.file.where)["file_id"], heard.spoken.file.width) == ("3", 270)


def test_a_token_says_whose_it_is() -> None:
    """The bot knows its own words when they are forwarded, also before it has asked who it is."""
    assert telegram_read.bot_id("7000000001:secret") == 7000000001
    assert telegram_read.bot_id("no-token") is None
    forwarded = json.dumps({"update_id": 8, "message": {**BARE, **THINGS[0]}})
    told = [telegram_read.read(forwarded, us=us) for us in (7, 8, None)]
    assert [one.forwarded for one in told if one] == ["us", "telegram:7", "telegram:7"]


def test_what_is_answered_is_shown_with_the_answer() -> None:
    """Telegram gives the message that is answered, its words or its caption: they are known though nothing here has it on file any more."""
    for kind in ("text", "caption"):
        replied = {"message_id": 8, "date": 1772366400, "chat": CHAT, kind: "Log of I-1"}
        body = json.dumps({"update_id": 1, "message": {**MESSAGE, "reply_to_message": replied}})
        found = telegram_read.read(body)
        assert found is not None and (found.showed, found.text) == ("Log of I-1", "hello")
    found = telegram_read.read(json.dumps({"update_id": 1, "message": MESSAGE}))
    assert found is not None and found.showed == ""
