"""Telegram hears without losing, sends without guessing, and tells nobody its token. Against the emulated Bot API."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.networks import telegram_http, telegram_rights
from bot.networks.port import (
    Button,
    Delayed,
    Ears,
    Limits,
    Moved,
    NetworkDown,
    NetworkPort,
    NetworkRejected,
    Outcome,
    Outgoing,
    Refused,
    Sent,
    Unknown,
)
from bot.networks.telegram import Telegram
from handlers import signs
from playbooks.rooms import Network, RoomRef
from tests.emulators.telegram import TelegramEmulator
from tests.patience import PATIENCE

GROUP, FORUM, ADA = -100200, -1001234567890, 501
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ROOM = RoomRef("telegram", str(GROUP))
TOPIC = RoomRef("telegram", str(FORUM), "7")


class ListEars:
    """Ears that keep what they hear in lists. ``fail`` is raised instead of the next commit."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.committed: str | None = None
        self.news: list[tuple[str, ...]] = []
        self.fail: Exception | None = None
        self._changed = asyncio.Event()

    async def cursor(self, network: Network) -> str | None:
        return self.committed

    async def keep(self, network: Network, items: Sequence[tuple[str, str]], cursor: str | None) -> None:
        if self.fail is not None:
            raise self.fail
        for key, body in items:
            self.kept.setdefault(key, body)
        self.committed = cursor
        self._changed.set()

    async def keep_batch(self, network: Network, body: str, cursor: str) -> int:
        raise NotImplementedError

    async def batches(self, network: Network) -> Sequence[tuple[int, str]]:
        return []

    async def settle_batch(self, network: Network, batch: int, items: Sequence[tuple[str, str]]) -> None:
        raise NotImplementedError

    async def caught_up(self, network: Network) -> None:
        """Nothing is decided here."""

    async def connected(self, network: Network, username: str) -> None:
        self.news.append(("connected", username))
        self._changed.set()

    async def lost(self, network: Network, reason: str, *, rejected: bool) -> None:
        self.news.append(("rejected" if rejected else "lost", reason))
        self._changed.set()

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not done():
                self._changed.clear()
                await self._changed.wait()


@pytest.fixture
async def tg() -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator() as emulator:
        emulator.now = NOON.timestamp
        emulator.group(GROUP, "Town hall")
        emulator.group(FORUM, "Fire service", forum=True, admin=True)
        emulator.topic(FORUM, 7, "Alerts")
        emulator.user(ADA, "Ada", "fr")
        yield emulator


@pytest.fixture
async def network(tg: TelegramEmulator) -> AsyncIterator[Telegram]:
    made = Telegram(tg.token, tg.url, Limits(), lambda: NOON)
    yield made
    await made.close()


@asynccontextmanager
async def hearing(network: Telegram, ears: ListEars) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(network.run(ears))
    try:
        await ears.until(lambda: ("connected", "tocsin_bot") in ears.news)
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def message(text: str = "hello", room: RoomRef = ROOM, **fields: Any) -> Outgoing:
    return Outgoing(token="t1", room=room, html=text, text=text, **fields)


def test_it_is_a_network() -> None:
    """The class fits the port, and the ears of these tests are ears, which mypy checks here."""
    ears: list[Ears] = [ListEars()]
    port: NetworkPort = Telegram("1:x", None, Limits(), lambda: NOON)
    assert port.name == "telegram"
    assert ears


# -- hearing -----------------------------------------------------------------------------------------------------------


async def test_updates_are_kept_before_they_are_confirmed(tg: TelegramEmulator, network: Telegram) -> None:
    """A commit that fails leaves the updates with Telegram; the next run gets them again, under the same keys."""
    await tg.say(GROUP, ADA, "one")
    await tg.say(GROUP, ADA, "two")
    ears = ListEars()
    ears.fail = OSError("disk full")
    with pytest.raises(OSError, match="disk full"):
        await network.run(ears)
    assert len(tg.updates) == 2
    ears.fail = None
    async with hearing(network, ears):
        await ears.until(lambda: len(ears.kept) == 2)
        await tg.wait_for(lambda: not tg.updates)
    assert [heard.text for body in ears.kept.values() if (heard := network.read(body))] == ["one", "two"]
    assert list(ears.kept) == [heard.key for body in ears.kept.values() if (heard := network.read(body))]
    assert ears.committed == "100002"


async def test_a_crash_after_the_commit_repeats_nothing(tg: TelegramEmulator, network: Telegram) -> None:
    """Killed between commit and confirmation, the next run starts behind what was kept."""
    ears = ListEars()
    ears.committed = "100001"
    await tg.say(GROUP, ADA, "kept before the crash")
    await tg.say(GROUP, ADA, "new")
    async with hearing(network, ears):
        await ears.until(lambda: bool(ears.kept))
    assert [json.loads(body)["message"]["text"] for body in ears.kept.values()] == ["new"]


async def test_ids_that_start_anew_are_heard(tg: TelegramEmulator, network: Telegram) -> None:
    """After a quiet week ids may fall; what comes with a lower id is heard, and the cursor follows."""
    ears = ListEars()
    ears.committed = "900000"
    await tg.say(GROUP, ADA, "low")
    async with hearing(network, ears):
        await ears.until(lambda: bool(ears.kept))
    assert ears.committed == "100001"


async def test_odd_updates_do_not_hold_up_the_others(tg: TelegramEmulator, network: Telegram) -> None:
    """What cannot be read is kept like the rest and raises ValueError alone when it is read."""
    tg.updates.append({"update_id": 99_998, "message": {"from": 5, "chat": []}})
    tg.updates.append({"update_id": 99_999, "something_new": {"x": 1}})
    await tg.say(GROUP, ADA, "sane")
    ears = ListEars()
    async with hearing(network, ears):
        await ears.until(lambda: len(ears.kept) == 3)
    odd, new, sane = ears.kept.values()
    with pytest.raises(ValueError, match="cannot be read"):
        network.read(odd)
    assert network.read(new) is None
    heard = network.read(sane)
    assert heard is not None
    assert heard.text == "sane"


@pytest.mark.parametrize("body", ["", "[]", "7", '{"update_id": 1, "message": null}', '{"message": {}}'])
def test_rubbish_is_a_value_error(body: str) -> None:
    """Whatever was kept, reading raises nothing but ValueError."""
    with pytest.raises(ValueError):
        Telegram("1:x", None, Limits(), lambda: NOON).read(body)


async def test_a_tap_is_answered_at_once(tg: TelegramEmulator, network: Telegram) -> None:
    """The spinner stops right after the commit, before anything is decided; one too old to answer hurts nobody."""
    sent = await network.send(message(buttons=((Button("Seen", "/ack A-1 seen", "👀"),),)))
    assert isinstance(sent, Sent)
    old = await tg.press(GROUP, int(sent.message_id), ADA, "Seen")
    await tg.expire_queries()
    young = await tg.press(GROUP, int(sent.message_id), ADA, "Seen")
    ears = ListEars()
    async with hearing(network, ears):
        await tg.wait_answer(young)
    assert old not in tg.answers
    heard = network.read(list(ears.kept.values())[1])
    assert heard is not None
    assert (heard.kind, heard.text, heard.message_id) == ("button", "/ack A-1 seen", sent.message_id)
    assert (heard.sender, heard.sender_language, heard.said_at) == ("telegram:501", "fr", NOON)


async def heard_from(tg: TelegramEmulator, network: Telegram, count: int = 1) -> list[Any]:
    ears = ListEars()
    async with hearing(network, ears):
        await ears.until(lambda: len(ears.kept) == count)
    return [network.read(body) for body in ears.kept.values()]


async def test_what_people_write(tg: TelegramEmulator, network: Telegram) -> None:
    """Text, replies, places, captions and edits arrive with who, where and when."""
    first = await tg.say(GROUP, ADA, "hello")
    await tg.say(GROUP, ADA, "and", reply_to=first.id)
    await tg.location(GROUP, ADA, 50.6333333, -5.5666667)
    await tg.edit(GROUP, first.id, "hullo")
    hello, reply, place, edited = await heard_from(tg, network, 4)
    assert (hello.room, hello.text, hello.sender, hello.sender_name) == (ROOM, "hello", "telegram:501", "Ada")
    assert (hello.kind, hello.said_at, hello.message_id, hello.private) == ("message", NOON, "1", False)
    assert (reply.reply_to, reply.room) == ("1", ROOM)
    assert place.point == (50633333, -5566667)
    assert (edited.kind, edited.text, edited.message_id) == ("edited", "hullo", "1")


async def test_topics(tg: TelegramEmulator, network: Telegram) -> None:
    """A topic is part of the room, General is not; only a real reply is a reply."""
    first = await tg.say(FORUM, ADA, "in alerts", thread=7)
    await tg.say(FORUM, ADA, "reply", thread=7, reply_to=first.id)
    await tg.say(FORUM, ADA, "in general")
    inside, reply, general = await heard_from(tg, network, 3)
    assert (inside.room, inside.reply_to) == (TOPIC, None)
    assert (reply.room, reply.reply_to) == (TOPIC, str(first.id))
    assert general.room == TOPIC.chat


async def test_who_hides_has_no_identity(tg: TelegramEmulator, network: Telegram) -> None:
    """Anonymous administrators and channels speak, and are nobody; other bots are heard as programs."""
    await tg.anonymous(GROUP, "as the group")
    await tg.anonymous(GROUP, "as a channel", channel=-1009)
    tg.users[9] = {"id": 9, "is_bot": True, "first_name": "Other"}
    await tg.say(GROUP, 9, "/alert")
    group, channel, other = await heard_from(tg, network, 3)
    assert (group.sender, group.sender_name, group.text) == (None, "Town hall", "as the group")
    assert (channel.sender, channel.sender_name) == (None, "Channel")
    assert other is not None
    assert (group.automatic, channel.automatic, other.automatic) == (False, False, True)


async def test_rooms_that_change(tg: TelegramEmulator, network: Telegram) -> None:
    """Thrown out, taken in, moved, private and public are all heard."""
    await tg.start(ADA, "code")
    tg.group(-100300, "Open", username="open_group")
    await tg.say(-100300, ADA, "public")
    await tg.kick(GROUP)
    await tg.add(GROUP)
    new = await tg.migrate(GROUP)
    heard = await heard_from(tg, network, 7)
    private, public, removed, joined, _, moved, _ = heard
    assert (private.private, private.text, private.room) == (True, "/start code", RoomRef("telegram", "501"))
    assert private.traits.private
    assert (public.traits.public, public.traits.alias, public.traits.title) == (True, "@open_group", "Open")
    assert [(one.kind, one.room) for one in (removed, joined)] == [("removed", ROOM), ("joined", ROOM)]
    assert (moved.kind, moved.room, moved.moved_to) == ("moved", ROOM, RoomRef("telegram", str(new)))


async def test_reactions(tg: TelegramEmulator, network: Telegram) -> None:
    """An emoji that is added is heard, one that is taken away is not."""
    sent = await network.send(message(room=TOPIC))
    assert isinstance(sent, Sent)
    ears = ListEars()
    async with hearing(network, ears):
        await tg.wait_for(lambda: tg.calls.get("getUpdates", 0) > 0 and "message_reaction" in tg.allowed)
        for emoji in ((), ("👍",), ("👍", "🔥"), ("🔥",)):
            await tg.react(FORUM, int(sent.message_id), ADA, *emoji)
        await ears.until(lambda: len(ears.kept) == 4)
    heard = [network.read(body) for body in ears.kept.values()]
    assert [one.emoji if one else None for one in heard] == [None, "👍", "🔥", None]
    assert heard[1] is not None
    assert (heard[1].sender, heard[1].message_id, heard[1].room) == ("telegram:501", sent.message_id, TOPIC.chat)


async def test_a_webhook_is_taken_away_first(tg: TelegramEmulator, network: Telegram) -> None:
    """With a webhook polling would get 409 for ever."""
    tg.webhook = "https://example.org/hook"
    await tg.say(GROUP, ADA, "hello")
    assert len(await heard_from(tg, network)) == 1
    assert tg.calls["deleteWebhook"] == 1


async def test_a_revoked_token_is_rejected(tg: TelegramEmulator, network: Telegram) -> None:
    """401 while polling ends the run as rejected, and a send then waits instead of being lost."""
    ears = ListEars()
    async with hearing(network, ears) as running:
        tg.revoke_token()
        await tg.say(GROUP, ADA, "wakes the poll")
        with pytest.raises(NetworkRejected, match="TOCSIN_TELEGRAM_TOKEN"):
            await running
    assert ears.news[-1][0] == "rejected"
    assert not network.state.connected
    outcome = await network.send(message())
    assert isinstance(outcome, Delayed)
    assert outcome.everywhere


async def test_another_poller_is_named(tg: TelegramEmulator, network: Telegram) -> None:
    """A second program with the same token is what the operator is told."""
    ears, other = ListEars(), Telegram(tg.token, tg.url, Limits(), lambda: NOON)
    async with hearing(network, ears) as running:
        await tg.wait_for(lambda: tg.calls.get("getUpdates") == 1)
        async with hearing(other, ListEars()):
            with pytest.raises(NetworkDown, match="another program polls"):
                await running
    await other.close()


async def test_one_broken_poll_is_repeated_two_end_the_run(tg: TelegramEmulator, network: Telegram) -> None:
    """A connection that breaks once is no outage; twice running is, and is told."""
    tg.fault("5xx-before", method="getUpdates")
    await tg.say(GROUP, ADA, "hello")
    ears = ListEars()
    async with hearing(network, ears) as running:
        await ears.until(lambda: len(ears.kept) == 1)
        await tg.wait_for(lambda: tg.calls["getUpdates"] == 3)
        tg.fault("drop-before", method="getUpdates", times=2)
        await tg.say(GROUP, ADA, "wakes the poll")
        with pytest.raises(NetworkDown, match="broke"):
            await running
    assert ears.news[-1][0] == "lost"


async def test_something_else_behind_the_address(tg: TelegramEmulator) -> None:
    """A web page where the Bot API should be is not taken for a refused token."""
    network = Telegram(tg.token, tg.url, Limits(), lambda: NOON)
    tg.fault("not-json", method="getMe")
    with pytest.raises(NetworkDown, match="could not be read"):
        await network.run(ListEars())
    await network.close()


# -- sending -----------------------------------------------------------------------------------------------------------


async def test_what_is_sent(tg: TelegramEmulator, network: Telegram) -> None:
    """Markup, buttons, topic, reply and silence arrive as meant; link previews do not."""
    buttons = ((Button("Seen", "/ack A-1 seen", "👀"), Button("No", "/ack A-1 cannot", "🚫")),)
    quiet = await network.send(message("<b>Flood</b> &lt;now&gt;", room=TOPIC, buttons=buttons))
    assert isinstance(quiet, Sent)
    loud = await network.send(message("again", room=TOPIC, loud=True, reply_to=quiet.message_id))
    one, two = tg.messages(FORUM, thread=7)
    assert loud == Sent(str(two.id))
    assert (one.text, one.entities) == ("Flood <now>", [{"type": "bold", "offset": 0, "length": 5}])
    assert one.buttons == [[("Seen", "/ack A-1 seen"), ("No", "/ack A-1 cannot")]]
    assert (one.silent, two.silent, two.reply_to, one.preview) == (True, False, one.id, False)


async def test_the_general_topic_has_no_id(tg: TelegramEmulator, network: Telegram) -> None:
    """Topic 1 is left out, since Telegram refuses it."""
    assert isinstance(await network.send(message(room=replace(TOPIC, topic="1"))), Sent)


async def test_a_reply_to_what_is_gone_is_sent_all_the_same(tg: TelegramEmulator, network: Telegram) -> None:
    """A deleted message is no reason not to be heard."""
    assert isinstance(await network.send(message(reply_to="99")), Sent)


async def test_edits(tg: TelegramEmulator, network: Telegram) -> None:
    """An edit keeps the message's id, and the same words again are fine."""
    sent = await network.send(message("one"))
    assert isinstance(sent, Sent)
    edit = replace(message("two"), kind="edit", replaces=sent.message_id)
    assert await network.send(edit) == sent
    assert await network.send(edit) == sent
    assert [(one.text, one.edits) for one in tg.messages(GROUP)] == [("two", ["one"])]


async def test_leaving_and_joining(tg: TelegramEmulator, network: Telegram) -> None:
    """A bot can leave a group, and cannot join one."""
    assert isinstance(await network.send(Outgoing("t", ROOM, "join")), Refused)
    assert isinstance(await network.send(Outgoing("t", ROOM, "leave")), Sent)
    assert tg.chats[GROUP].status == "left"


async def test_unreadable_markup_goes_out_plain(tg: TelegramEmulator, network: Telegram) -> None:
    """What Telegram cannot parse it has refused, so it is sent once more as plain text."""
    assert isinstance(await network.send(Outgoing("t", ROOM, html="<b>Flood", text="Flood <now>")), Sent)
    assert [one.text for one in tg.messages(GROUP)] == ["Flood <now>"]


async def test_over_long_text_is_split_to_fit(tg: TelegramEmulator, network: Telegram) -> None:
    """70 kB of text arrive whole in several messages; unsplit, Telegram refuses it."""
    text = "<b>" + "Die Maas steigt 🌊 und steigt. " * 2300 + "</b>"
    assert isinstance(await network.send(message(text)), Refused)
    parts = network.split(text)
    for part in parts:
        assert isinstance(await network.send(message(part)), Sent)
    arrived = " ".join(one.text for one in tg.messages(GROUP))
    assert arrived == ("Die Maas steigt 🌊 und steigt. " * 2300).strip()
    assert len(parts) < 20


@pytest.mark.parametrize(
    ("failure", "outcome", "arrived"),
    [
        ("drop-before", Unknown, 0),
        ("drop-after", Unknown, 1),
        ("5xx-before", Unknown, 0),
        ("5xx-after", Unknown, 1),
        ("truncated", Unknown, 1),
        ("not-json", Unknown, 1),
    ],
)
async def test_after_a_connection_nothing_is_guessed(
    tg: TelegramEmulator, network: Telegram, failure: Any, outcome: type[Outcome], arrived: int
) -> None:
    """Once a connection was made, only a plain answer counts; everything else is unknown, and not sent again."""
    tg.fault(failure)
    assert isinstance(await network.send(message()), outcome)
    assert len(tg.messages(GROUP)) == arrived
    assert tg.calls["sendMessage"] == 1
    assert isinstance(await network.send(message()), Sent)


@pytest.mark.parametrize("failure", ["drop-before", "drop-after", "5xx-before", "5xx-after", "truncated", "not-json"])
async def test_a_removal_is_asked_for_again_until_it_is_answered(
    tg: TelegramEmulator, network: Telegram, failure: Any
) -> None:
    """What is removed twice is removed: an answer that was lost costs nothing."""
    sent = await network.send(message())
    assert isinstance(sent, Sent)
    removal = Outgoing("r", ROOM, "delete", replaces=sent.message_id)
    tg.fault(failure, method="deleteMessage")
    assert isinstance(await network.send(removal), Delayed)
    assert await network.send(removal) == Sent(sent.message_id)
    assert not tg.messages(GROUP)


async def test_what_is_too_old_or_elsewhere_is_not_removed(tg: TelegramEmulator, network: Telegram) -> None:
    """After two days Telegram refuses; and a group that has become another has other messages under these names."""
    sent = await network.send(message())
    assert isinstance(sent, Sent)
    removal = Outgoing("r", ROOM, "delete", replaces=sent.message_id)
    tg.chats[GROUP].messages[int(sent.message_id)].date -= 48 * 3600
    refused = await network.send(removal)
    assert isinstance(refused, Refused) and "can't be deleted" in refused.reason and not refused.gone
    await tg.migrate(GROUP)
    assert isinstance(await network.send(removal), Refused)


@pytest.mark.parametrize("failure", ["delay-before", "delay-after"])
async def test_no_answer_in_time_is_unknown(tg: TelegramEmulator, failure: Any) -> None:
    """A read timeout says nothing of whether the message arrived."""
    network = Telegram(tg.token, tg.url, Limits(), lambda: NOON)
    for wire in network._bot._request:
        assert isinstance(wire, telegram_http.Wire)
        wire._read_seconds = 0.05
    tg.fault(failure)
    assert await network.send(message()) == Unknown("Telegram did not answer in time")
    await network.close()


async def test_a_broken_idle_connection_is_not_sent_over_twice(tg: TelegramEmulator, network: Telegram) -> None:
    """When the server is gone, the next send says so; when it is back, sends go through."""
    assert isinstance(await network.send(message()), Sent)
    await tg.down()
    outcome = await network.send(message())
    assert isinstance(outcome, Delayed | Unknown)
    assert isinstance(await network.send(message()), Delayed)
    await tg.up()
    assert isinstance(await network.send(message()), Sent)
    assert len(tg.messages(GROUP)) == 2


async def test_no_connection_is_safe_to_repeat() -> None:
    """Where nobody listens nothing can have arrived."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        network = Telegram("1:secret", f"http://127.0.0.1:{taken.getsockname()[1]}", Limits(), lambda: NOON)
        outcome = await network.send(message())
        assert isinstance(outcome, Delayed)
        assert outcome.everywhere
        with pytest.raises(NetworkDown, match="no connection"):
            await network.run(ListEars())
        await network.close()


async def test_no_free_connection_is_safe_to_repeat(
    tg: TelegramEmulator, network: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that never got a connection was not sent."""
    monkeypatch.setattr(telegram_http, "CONNECT_SECONDS", 0.05)
    narrow = Telegram(tg.token, tg.url, Limits(concurrency=-7), lambda: NOON)  # one connection
    tg.fault("delay-before", seconds=30)
    first = asyncio.create_task(narrow.send(message()))
    await tg.wait_for(lambda: tg.calls.get("sendMessage") == 1)
    assert isinstance(await narrow.send(message()), Delayed)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await narrow.close()


async def test_429_parks_this_room_alone(tg: TelegramEmulator, network: Telegram) -> None:
    """The wait is Telegram's, and concerns one chat; the others go on."""
    tg.fault("429", chat=GROUP, retry_after=3600)
    outcome = await network.send(message())
    assert isinstance(outcome, Delayed)
    assert (outcome.seconds, outcome.everywhere) == (3600.0, False)
    assert isinstance(await network.send(message(room=TOPIC)), Sent)


async def test_a_group_that_moved(tg: TelegramEmulator, network: Telegram) -> None:
    """The new address is the outcome, topic and all."""
    new = await tg.migrate(GROUP)
    assert await network.send(message()) == Moved(RoomRef("telegram", str(new)))


async def test_refusals(tg: TelegramEmulator, network: Telegram) -> None:
    """What Telegram will not take is final, and says whether we have lost our place."""
    await tg.kick(FORUM)
    assert await network.send(message(room=TOPIC)) == Refused(
        "Forbidden: bot was kicked from the supergroup chat", gone=True
    )
    assert await network.send(message(room=RoomRef("telegram", "501"))) == Refused(
        "Forbidden: bot can't initiate conversation with a user", gone=True
    )
    nowhere = await network.send(message(room=RoomRef("telegram", "-5")))
    assert isinstance(nowhere, Refused)
    assert nowhere.gone
    await tg.add(FORUM)
    thread = await network.send(message(room=replace(TOPIC, topic="99")))
    assert isinstance(thread, Refused)
    assert ("thread not found" in thread.reason, thread.gone) == (True, False)
    assert isinstance(await network.send(message(room=RoomRef("telegram", "odd"))), Refused)


async def test_a_proxy_that_refuses_is_not_telegram(
    tg: TelegramEmulator, network: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 403 page of some firewall does not mean that we were thrown out of the room."""

    async def firewall(*_: Any, **__: Any) -> tuple[int, bytes]:
        return 403, b"<html>blocked</html>"

    monkeypatch.setattr(telegram_http.Wire, "do_request", firewall)
    assert isinstance(await network.send(message()), Unknown)
    with pytest.raises(NetworkDown, match="no Bot API server"):
        await network.run(ListEars())


# -- asking ------------------------------------------------------------------------------------------------------------


async def test_addresses(tg: TelegramEmulator, network: Telegram) -> None:
    """A username is resolved by asking, a person's private chat is their id."""
    tg.group(-100300, "Open", username="open_group")
    assert await network.resolve("@open_group") == RoomRef("telegram", "-100300")
    assert await network.resolve("@nobody_here") is None
    assert await network.resolve("#room:example.org") is None
    assert await network.direct("telegram:501") == RoomRef("telegram", "501")
    assert await network.direct("matrix:@ada:example.org") is None


async def test_the_command_menu(tg: TelegramEmulator, network: Telegram) -> None:
    """Each language has its menu, English is also the default, and what Telegram cannot name is left out."""
    words = {"en": "Acknowledge", "fr": "Accuser réception", "nl-BE": "Bevestigen"}
    await network.publish_commands([("ack", words), ("help", {"en": "Help"})])
    assert set(tg.commands) == {("default", ""), ("default", "en"), ("default", "fr")}
    assert tg.commands["default", ""] == tg.commands["default", "en"]
    assert tg.commands["default", "fr"] == [{"command": "ack", "description": "Accuser réception"}]


async def test_what_doctor_says(tg: TelegramEmulator, network: Telegram) -> None:
    """Missing rights, a public group and a room that is gone are each named with what to do."""
    tg.privacy = True
    tg.group(-100300, "Open", username="open_group", admin=True)
    assert await network.examine(TOPIC) == []
    plain = await network.examine(ROOM)
    assert len(plain) == 2
    assert "administrator" in plain[0]
    assert "/setprivacy" in plain[1]
    assert "public" in (await network.examine(RoomRef("telegram", "-100300")))[0]
    tg.forbid(GROUP, "photo", "document", "poll")
    tg.chats[GROUP].slow = 30
    less = (await network.examine(ROOM))[2:]
    assert less == [
        "members of Town hall may not send photos, files and polls, so of these only words arrive; make the bot an administrator",
        "slow mode in Town hall holds the bot back to one message in 30 s; make the bot an administrator",
    ]
    assert telegram_rights.SIGNS == (signs.ALL, signs.SOME, signs.NONE)
    tg.chats[FORUM].reactions = ("👍", "👌")
    assert "🤔 🙊" in (await network.examine(TOPIC))[0]
    tg.chats[FORUM].reactions = None
    tg.chats[FORUM].manages_topics = False
    assert "manage topics" in (await network.examine(TOPIC))[0]
    await tg.kick(GROUP)
    assert "add the bot" in (await network.examine(ROOM))[0]


async def test_the_token_is_never_told(
    tg: TelegramEmulator, network: Telegram, caplog: pytest.LogCaptureFixture
) -> None:
    """No outcome, exception, state or log line holds the token or the message."""
    caplog.set_level(logging.DEBUG)
    told: list[str] = []
    for failure in ("drop-before", "5xx-before", "truncated", "not-json"):
        tg.fault(failure, method=None, times=3)
        told.append(repr(await network.send(message("very private words"))))
        ears = ListEars()
        with pytest.raises(NetworkDown) as caught:
            await network.run(ears)
        told += [repr(caught.value), repr(ears.news), repr(network.state)]
        tg.clear_faults()
    told.append(caplog.text)
    assert not [one for one in told if "emulator-token" in one or "very private" in one]
