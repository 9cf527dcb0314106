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
)
ODD = st.sampled_from([None, True, -1, 1e300, "", "x", [], [1], {}, {"id": None}, [None], 10**30])


@pytest.mark.parametrize("update", UPDATES, ids=lambda update: list(update)[1])
def test_every_kind_is_read_under_the_key_it_was_kept_with(update: dict[str, Any]) -> None:
    """Key and body belong together, and the same update has the same key whenever it is heard."""
    key, body = telegram_read.keep_form(update, NOON)
    heard = telegram_read.read(body)
    assert isinstance(heard, Heard)
    assert heard.key == key == telegram_read.keep_form(update, datetime.now(UTC))[0]


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
        heard = telegram_read.read(json.dumps(update))
    except ValueError:
        return
    assert heard is None or heard.said_at.tzinfo is not None
