"""The emulated Bot API is as strict as its description, and fails on demand in every way we plan for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.emulators.bot_api import BotApi
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_remote import RemoteTelegram

GROUP, FORUM, ADA = -100200, -1001234567890, 501
API = BotApi.load()


@pytest.fixture
async def tg() -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator() as emulator:
        emulator.group(GROUP, "Town hall")
        emulator.group(FORUM, "Fire service", forum=True, admin=True)
        emulator.topic(FORUM, 7, "Alerts")
        emulator.user(ADA, "Ada", "fr")
        yield emulator


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def call(http: aiohttp.ClientSession, tg: TelegramEmulator, method: str, **parameters: Any) -> dict[str, Any]:
    async with http.post(f"{tg.url}/bot{tg.token}/{method}", json=parameters) as response:
        answer: dict[str, Any] = await response.json()
        assert response.status == (200 if answer["ok"] else answer["error_code"])
        return answer


async def refused(http: aiohttp.ClientSession, tg: TelegramEmulator, method: str, **parameters: Any) -> str:
    answer = await call(http, tg, method, **parameters)
    assert not answer["ok"], answer
    return str(answer["description"])


def test_every_method_is_described(tg: TelegramEmulator) -> None:
    """The emulator offers no method that the Bot API does not have."""
    assert set(tg._methods.table) <= set(API.methods)


async def test_results_have_the_described_types(tg: TelegramEmulator, http: aiohttp.ClientSession) -> None:
    """What the methods return and what updates hold is what the description says."""
    await tg.start(ADA)
    everything = ["message", "edited_message", "callback_query", "my_chat_member", "message_reaction"]
    await call(http, tg, "getUpdates", allowed_updates=everything)
    button = {"inline_keyboard": [[{"text": "Yes", "callback_data": "/ack A-1"}]]}
    sent = await call(http, tg, "sendMessage", chat_id=GROUP, text="<b>Go</b>", parse_mode="HTML", reply_markup=button)
    await call(http, tg, "sendMessage", chat_id=FORUM, text="Go", message_thread_id=7)
    said = await tg.say(GROUP, ADA, "hello", reply_to=sent["result"]["message_id"])
    await tg.say(FORUM, ADA, "in the topic", thread=7)
    await tg.edit(GROUP, said.id, "hullo")
    await tg.location(GROUP, ADA, 50.6, 5.6)
    await tg.anonymous(GROUP, "we say")
    await tg.anonymous(GROUP, "a channel says", channel=-1009)
    await tg.press(GROUP, sent["result"]["message_id"], ADA, "Yes")
    await tg.react(FORUM, 8, ADA, "👍")
    await tg.kick(GROUP)
    await tg.add(GROUP, admin=True)
    await tg.migrate(GROUP)
    await tg.block(ADA)
    updates = (await call(http, tg, "getUpdates"))["result"]
    assert len(updates) == 15
    for update in updates:
        assert API.complaint("Update", update) is None, update
    asked: dict[str, dict[str, Any]] = {
        "getMe": {},
        "getWebhookInfo": {},
        "getChat": {"chat_id": FORUM},
        "getChatMember": {"chat_id": FORUM, "user_id": tg.bot_id},
        "getChatAdministrators": {"chat_id": FORUM},
        "createForumTopic": {"chat_id": FORUM, "name": "More"},
        "sendMessage": {"chat_id": FORUM, "text": "x"},
    }
    for method, parameters in asked.items():
        result = (await call(http, tg, method, **parameters))["result"]
        assert API.complaint(API.methods[method]["returns"][0], result) is None, (method, result)


@pytest.mark.parametrize(
    ("method", "parameters", "words"),
    [
        ("sendMesage", {}, "Not Found: method not found"),
        ("sendMessage", {"chat_id": GROUP}, "message text is empty"),
        ("sendMessage", {"chat_id": GROUP, "text": "x", "reply_to": 4}, "unknown parameter reply_to"),
        ("sendMessage", {"chat_id": GROUP, "text": 4}, "can't parse text"),
        ("sendMessage", {"chat_id": GROUP, "text": " \n "}, "message text is empty"),
        ("sendMessage", {"chat_id": GROUP, "text": "🚒" * 2049}, "message is too long"),
        ("sendMessage", {"chat_id": -5, "text": "x"}, "chat not found"),
        ("sendMessage", {"chat_id": ADA, "text": "x"}, "Forbidden: bot can't initiate conversation with a user"),
        ("sendMessage", {"chat_id": FORUM, "text": "x", "message_thread_id": 99}, "message thread not found"),
        ("sendMessage", {"chat_id": FORUM, "text": "x", "message_thread_id": 1}, "message thread not found"),
        (
            "sendMessage",
            {"chat_id": GROUP, "text": "x", "reply_parameters": {"message_id": 99}},
            "message to be replied not found",
        ),
        ("sendMessage", {"chat_id": GROUP, "text": "<b>x", "parse_mode": "HTML"}, "Can't find end tag"),
        ("sendMessage", {"chat_id": GROUP, "text": "<b><i>x</b></i>", "parse_mode": "HTML"}, "Unmatched end tag"),
        ("sendMessage", {"chat_id": GROUP, "text": "<p>x</p>", "parse_mode": "HTML"}, 'Unsupported start tag "p"'),
        ("sendMessage", {"chat_id": GROUP, "text": "1 < 2", "parse_mode": "HTML"}, "Unsupported start tag"),
        (
            "sendMessage",
            {
                "chat_id": GROUP,
                "text": "x",
                "reply_markup": {"inline_keyboard": [[{"text": "y", "callback_data": "é" * 33}]]},
            },
            "BUTTON_DATA_INVALID",
        ),
        ("sendMessage", {"chat_id": GROUP, "text": "x", "reply_markup": {"inline": []}}, "has no field inline"),
        ("editMessageText", {"chat_id": GROUP, "message_id": 99, "text": "x"}, "message to edit not found"),
        ("deleteMessage", {"chat_id": GROUP, "message_id": 99}, "message to delete not found"),
        ("answerCallbackQuery", {"callback_query_id": "9"}, "query is too old"),
        ("setMyCommands", {"commands": [{"command": "Bad-Name", "description": "x"}]}, "BOT_COMMAND_INVALID"),
    ],
)
async def test_refusals(
    tg: TelegramEmulator, http: aiohttp.ClientSession, method: str, parameters: dict[str, Any], words: str
) -> None:
    """What the Bot API refuses is refused, in its words, and leaves nothing behind."""
    assert words in await refused(http, tg, method, **parameters)
    assert tg.messages(GROUP) == tg.messages(FORUM) == []


async def test_the_longest_text_counts_units_after_parsing(tg: TelegramEmulator, http: aiohttp.ClientSession) -> None:
    """4096 UTF-16 units pass, however long their markup; entities are counted in the same units."""
    text = "<b>" + "🚒" * 2047 + "</b>&amp;<i>a</i>"
    sent = await call(http, tg, "sendMessage", chat_id=GROUP, text=text, parse_mode="HTML")
    assert [(one["offset"], one["length"]) for one in sent["result"]["entities"]] == [(0, 4094), (4095, 1)]


async def test_wrong_tokens(tg: TelegramEmulator, http: aiohttp.ClientSession) -> None:
    """A revoked token gets 401, something that is no token 404."""
    url, token = tg.url, tg.token
    tg.revoke_token()
    async with http.post(f"{url}/bot{token}/getMe") as response:
        assert response.status == 401
    async with http.post(f"{url}/botrubbish/getMe") as response:
        assert response.status == 404


async def test_places_that_are_closed(tg: TelegramEmulator, http: aiohttp.ClientSession) -> None:
    """Thrown out, blocked and migrated each have their own answer."""
    await tg.start(ADA)
    assert (await call(http, tg, "sendMessage", chat_id=ADA, text="x"))["ok"]
    await tg.block(ADA)
    assert await refused(http, tg, "sendMessage", chat_id=ADA, text="x") == "Forbidden: bot was blocked by the user"
    await tg.kick(FORUM)
    words = "Forbidden: bot was kicked from the supergroup chat"
    assert await refused(http, tg, "sendMessage", chat_id=FORUM, text="x") == words
    new = await tg.migrate(GROUP)
    answer = await call(http, tg, "sendMessage", chat_id=GROUP, text="x")
    assert (answer["error_code"], answer["parameters"]) == (400, {"migrate_to_chat_id": new})
    assert (await call(http, tg, "sendMessage", chat_id=new, text="x"))["ok"]


async def test_editing(tg: TelegramEmulator, http: aiohttp.ClientSession) -> None:
    """An edit changes the message and keeps what it was; the same words again are refused."""
    sent = (await call(http, tg, "sendMessage", chat_id=GROUP, text="one"))["result"]["message_id"]
    assert (await call(http, tg, "editMessageText", chat_id=GROUP, message_id=sent, text="two"))["ok"]
    again = await refused(http, tg, "editMessageText", chat_id=GROUP, message_id=sent, text="two")
    assert "message is not modified" in again
    assert [(one.text, one.edits) for one in tg.messages(GROUP)] == [("two", ["one"])]


async def test_updates_stay_until_confirmed(tg: TelegramEmulator, http: aiohttp.ClientSession) -> None:
    """At most 100 updates come at once, and they come again until an offset above them confirms them."""
    for number in range(105):
        await tg.say(GROUP, ADA, str(number))
    first = (await call(http, tg, "getUpdates"))["result"]
    assert first == (await call(http, tg, "getUpdates"))["result"]
    assert len(first) == 100
    rest = (await call(http, tg, "getUpdates", offset=first[-1]["update_id"] + 1))["result"]
    assert [one["message"]["text"] for one in rest] == ["100", "101", "102", "103", "104"]


async def test_long_polling(tg: TelegramEmulator, http: aiohttp.ClientSession) -> None:
    """A poll waits for the next update; a second poller ends the first with 409."""
    poll = asyncio.create_task(call(http, tg, "getUpdates", timeout=50))
    await tg.wait_for(lambda: tg.calls.get("getUpdates") == 1)
    await tg.say(GROUP, ADA, "hello")
    assert (await poll)["result"][0]["message"]["text"] == "hello"
    offset = 100_001
    one = asyncio.create_task(call(http, tg, "getUpdates", timeout=50, offset=offset))
    await tg.wait_for(lambda: tg.calls["getUpdates"] == 2)
    two = asyncio.create_task(call(http, tg, "getUpdates", timeout=50, offset=offset))
    assert (await one)["error_code"] == 409
    await tg.say(GROUP, ADA, "again")
    assert len((await two)["result"]) == 1


async def test_only_wanted_updates_come(tg: TelegramEmulator, http: aiohttp.ClientSession) -> None:
    """Reactions come only when asked for, and only from where the bot is an administrator."""
    inside = await tg.say(FORUM, ADA, "x")
    outside = await tg.say(GROUP, ADA, "x")
    await tg.react(FORUM, inside.id, ADA, "👍")
    await call(http, tg, "getUpdates", allowed_updates=["message_reaction"], offset=-1)
    await tg.say(GROUP, ADA, "not asked for")
    await tg.react(FORUM, inside.id, ADA, "👎")
    await tg.react(GROUP, outside.id, ADA, "👎")
    updates = (await call(http, tg, "getUpdates"))["result"][1:]
    assert [list(update)[1] for update in updates] == ["message_reaction"]
    assert updates[0]["message_reaction"]["old_reaction"] == [{"type": "emoji", "emoji": "👍"}]


async def test_buttons_are_answered_while_they_are_young(tg: TelegramEmulator, http: aiohttp.ClientSession) -> None:
    """A tap is an update that can be answered until it is too old."""
    button = {"inline_keyboard": [[{"text": "Yes", "callback_data": "/ack A-1"}]]}
    sent = (await call(http, tg, "sendMessage", chat_id=GROUP, text="?", reply_markup=button))["result"]["message_id"]
    first = await tg.press(GROUP, sent, ADA, "Yes")
    assert (await call(http, tg, "answerCallbackQuery", callback_query_id=first, text="thanks"))["ok"]
    assert (await tg.wait_answer(first))["text"] == "thanks"
    second = await tg.press(GROUP, sent, ADA, "/ack A-1")
    assert (await call(http, tg, "answerCallbackQuery", callback_query_id=second, text="x" * 201))["ok"] is False
    await tg.expire_queries()
    assert "query is too old" in await refused(http, tg, "answerCallbackQuery", callback_query_id=second)


@pytest.mark.parametrize(
    ("failure", "kept"),
    [("drop-before", 0), ("drop-after", 1), ("5xx-before", 0), ("5xx-after", 1), ("truncated", 1), ("not-json", 1)],
)
async def test_faults(tg: TelegramEmulator, http: aiohttp.ClientSession, failure: Any, kept: int) -> None:
    """Each fault happens once, to the chat it was meant for, before or after the message was taken."""
    tg.fault(failure, chat=GROUP)
    assert (await call(http, tg, "sendMessage", chat_id=FORUM, text="elsewhere"))["ok"]
    try:
        answer = await call(http, tg, "sendMessage", chat_id=GROUP, text="hit")
    except aiohttp.ClientError:
        answer = {"ok": False}
    assert not answer["ok"]
    assert len(tg.messages(GROUP)) == kept
    assert (await call(http, tg, "sendMessage", chat_id=GROUP, text="after"))["ok"]


async def test_limits_are_enforced(tg: TelegramEmulator, http: aiohttp.ClientSession) -> None:
    """With limits on, a chat that hears two messages at once gets 429 with the seconds to wait; others go on."""
    tg.limit(True)
    assert (await call(http, tg, "sendMessage", chat_id=GROUP, text="one"))["ok"]
    answer = await call(http, tg, "sendMessage", chat_id=GROUP, text="two")
    assert (answer["error_code"], answer["parameters"]) == (429, {"retry_after": 1})
    assert (await call(http, tg, "sendMessage", chat_id=FORUM, text="one"))["ok"]
    tg.limit(False)
    tg.fault("429", retry_after=3600)
    assert "retry after 3600" in await refused(http, tg, "sendMessage", chat_id=GROUP, text="three")


async def test_the_network_can_go_and_come_back(tg: TelegramEmulator, http: aiohttp.ClientSession) -> None:
    """While it is down nobody can connect; afterwards everything is as it was, on the same port."""
    await tg.down()
    with pytest.raises(aiohttp.ClientConnectionError):
        await call(http, tg, "getMe")
    await tg.up()
    assert (await call(http, tg, "sendMessage", chat_id=GROUP, text="back"))["ok"]


async def test_in_a_process_of_its_own(http: aiohttp.ClientSession) -> None:
    """The module runs as a program, says where, and is driven over its control endpoint."""
    async with RemoteTelegram() as tg:
        await tg.do("group", chat_id=GROUP, title="Town hall")
        await tg.do("user", user_id=ADA, name="Ada")
        assert (await tg.do("say", chat=GROUP, user=ADA, text="hello"))["text"] == "hello"
        send = http.post(f"{tg.url}/bot{tg.token}/sendMessage", data={"chat_id": str(GROUP), "text": "hi"})
        waiting = asyncio.create_task(tg.do("wait_message", chat=GROUP, containing="hi"))
        async with send as response:
            assert response.status == 200
        assert (await waiting)["text"] == "hi"
        assert [one["text"] for one in await tg.do("messages", chat=GROUP)] == ["hi"]
        with pytest.raises(LookupError, match="no such deed"):
            await tg.do("fly")
