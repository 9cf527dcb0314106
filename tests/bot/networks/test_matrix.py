"""Matrix against a real homeserver and real clients: what is said arrives once, what is heard is never lost."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.networks import matrix_read
from bot.networks.matrix import Matrix
from bot.networks.matrix_rooms import Room
from bot.networks.port import Button, Delayed, NetworkDown, NetworkRejected, Outgoing, Refused, Sent
from playbooks.rooms import RoomRef
from tests.emulators.matrix_bench import Bench, ListEars, homeserver, running
from tests.emulators.matrix_person import MatrixPerson
from tests.emulators.matrix_proxy import MatrixProxy
from tests.emulators.synapse import SynapseServer, free_port

_numbers = itertools.count(1)
_NAMES = [
    "body", "msgtype", "m.relates_to", "rel_type", "event_id", "key", "m.in_reply_to", "m.new_content", "geo_uri",
    "m.poll", "question", "answers", "m.text", "filename", "is_falling_back",
]  # fmt: skip


@pytest.fixture
async def bench(synapse: SynapseServer, tmp_path: Path) -> AsyncIterator[Bench]:
    """A bot of this test's own, connected."""
    async with running(synapse, f"tocsin{next(_numbers)}", tmp_path / "matrix") as bench:
        yield bench


@pytest.fixture
async def ada(synapse: SynapseServer) -> AsyncIterator[MatrixPerson]:
    async with MatrixPerson(synapse, f"ada{next(_numbers)}") as person:
        yield person


async def a_room(bench: Bench, person: MatrixPerson, *, encrypted: bool = False, name: str = "Crue") -> str:
    """A room of ``person`` with the bot in it."""
    room = await person.create_room(name, encrypted=encrypted, invite=(bench.user,))
    await bench.enter(room)
    await person.wait_member(room, bench.user)
    return room


@pytest.mark.parametrize("encrypted", [False, True])
async def test_words_arrive_both_ways(bench: Bench, ada: MatrixPerson, encrypted: bool) -> None:
    """In plain and in encrypted rooms the bot hears a person and a person's own client reads the bot."""
    room = await a_room(bench, ada, encrypted=encrypted)
    said = await ada.say(room, "l'eau monte")
    heard = await bench.hear_text(room, "l'eau monte")
    assert (heard.key, heard.sender, heard.sender_name) == (said, f"matrix:{ada.user}", ada.name)
    assert heard.said_at.tzinfo is not None

    sent = await bench.send(room, text="Bonjour\nAda", html="<b>Bonjour</b>\nAda", loud=True)
    seen = await ada.wait_message(room, "Bonjour")
    assert sent == Sent(seen.event_id)
    assert seen.decrypted is encrypted
    assert seen.content["msgtype"] == "m.text"
    assert seen.content["formatted_body"] == "<b>Bonjour</b><br>Ada"
    assert seen.content["m.mentions"] == {"room": True}


async def test_the_same_token_says_it_once(bench: Bench, ada: MatrixPerson) -> None:
    """Sending the same token again, even encrypted anew, is the same event and is seen once."""
    room = await a_room(bench, ada, encrypted=True)
    first = await bench.send(room, "une fois", token="A-17")
    assert await bench.send(room, "une fois", token="A-17") == first
    await bench.send(room, "fin")
    await ada.wait_message(room, "fin")
    assert ada.messages(room) == ["une fois", "fin"]


async def test_replies_edits_buttons_and_notices_are_written(bench: Bench, ada: MatrixPerson) -> None:
    """A reply names what it answers, an edit replaces, buttons become a line of reactions, chatter is a notice."""
    room = await a_room(bench, ada, encrypted=True)
    question = await ada.say(room, "où ?")
    buttons = ((Button("J'agis", "ack A-17 acting", "✅"), Button("Vu", "ack A-17 seen", "👀")),)
    sent = await bench.send(room, "ici & là", html="ici &amp; là", reply_to=question, notice=True, buttons=buttons)
    seen = await ada.wait_message(room, "ici")
    assert isinstance(sent, Sent)
    assert seen.content["msgtype"] == "m.notice"
    assert seen.body == "ici & là\n✅ J'agis · 👀 Vu"
    assert seen.content["formatted_body"] == "ici &amp; là<br>✅ J'agis · 👀 Vu"
    assert seen.content["m.relates_to"] == {"m.in_reply_to": {"event_id": question}}
    assert "room" not in seen.content["m.mentions"]

    await bench.send(room, "ailleurs", kind="edit", replaces=sent.message_id)
    edit = await ada.wait_message(room, "ailleurs")
    assert edit.content["m.relates_to"] == {"rel_type": "m.replace", "event_id": sent.message_id}
    assert edit.content["m.new_content"]["body"] == "ailleurs"


async def test_reactions_replies_edits_and_places_are_read(bench: Bench, ada: MatrixPerson) -> None:
    """What a person does with a message comes as what it means: an emoji, an answer, a correction, a place, a poll."""
    room = await a_room(bench, ada)
    sent = await bench.send(room, "A-17")
    assert isinstance(sent, Sent)
    await ada.react(room, sent.message_id, "⚠️")
    reaction = await bench.hear(lambda heard: heard.kind == "reaction")
    assert (reaction.message_id, reaction.emoji) == (sent.message_id, "⚠")

    fallback = f"> <{bench.user}> A-17\n\nvu"
    answer = await ada.say(room, fallback, **{"m.relates_to": {"m.in_reply_to": {"event_id": sent.message_id}}})
    assert (await bench.hear_text(room, "vu")).reply_to == sent.message_id

    await ada.edit(room, answer, "bien vu")
    edited = await bench.hear(lambda heard: heard.kind == "edited")
    assert (edited.message_id, edited.text) == (answer, "bien vu")

    place = {"msgtype": "m.location", "body": "digue", "geo_uri": "geo:49.123456,5.5;u=12"}
    await ada.send(room, "m.room.message", place)
    assert (await bench.hear_text(room, "digue")).point == (49_123_456, 5_500_000)

    root = {"rel_type": "m.thread", "event_id": answer, "is_falling_back": True, "m.in_reply_to": {"event_id": "$x"}}
    await ada.say(room, "dans le fil", **{"m.relates_to": root})
    heard = await bench.hear_text(room, "dans le fil")
    assert (heard.thread, heard.reply_to) == (answer, None), "a reply in a thread is made up for older clients"

    poll = {"question": {"m.text": "Qui ?"}, "answers": [{"id": "1", "m.text": "moi"}, {"id": "2", "m.text": "toi"}]}
    await ada.send(room, "org.matrix.msc3381.poll.start", {"org.matrix.msc3381.poll.start": poll})
    assert await bench.hear_text(room, "Qui ?\n– moi\n– toi")


async def test_an_invitation_to_a_direct_chat_is_private(bench: Bench, ada: MatrixPerson) -> None:
    """A direct chat is known as one from its invitation on, until a third person comes."""
    room = await ada.create_room(direct=True, encrypted=True, invite=(bench.user,))
    invited = await bench.hear(lambda heard: heard.kind == "invited" and heard.room.id == room)
    assert invited.private
    assert invited.sender == f"matrix:{ada.user}"
    await bench.enter(room)
    told = await bench.hear(lambda heard: heard.kind == "room" and heard.room.id == room)
    assert told.traits is not None and told.traits.private and told.traits.encrypted
    await ada.say(room, "entre nous")
    assert (await bench.hear_text(room, "entre nous")).private

    bo = bench.server.register("bystander", "pw")
    await ada.invite(room, bo)
    changed = lambda h: h.kind == "room" and h.room.id == room and h.traits is not None and not h.traits.private  # noqa: E731
    assert await bench.hear(changed)


async def test_what_a_room_is_like_is_told_and_told_again(bench: Bench, ada: MatrixPerson) -> None:
    """Title, alias, history and join rules are told when the bot comes in, and again when they change."""
    alias = f"crue{next(_numbers)}"
    room = await ada.create_room("Crue", alias=alias, invite=(bench.user,))
    await bench.enter(room)
    first = (await bench.hear(lambda heard: heard.kind == "room" and heard.room.id == room)).traits
    assert first is not None
    assert (first.title, first.alias) == ("Crue", f"#{alias}:localhost")
    assert not (first.world_readable or first.open_join or first.encrypted)
    await ada.set_state(room, "m.room.history_visibility", {"history_visibility": "world_readable"})
    await bench.hear(lambda h: h.kind == "room" and h.traits is not None and h.traits.world_readable)
    await ada.set_state(room, "m.room.join_rules", {"join_rule": "public"})
    await bench.hear(lambda h: h.kind == "room" and h.traits is not None and h.traits.open_join)
    assert await bench.matrix.resolve(f"#{alias}:localhost") == RoomRef("matrix", room)
    assert await bench.matrix.resolve("#nobody:localhost") is None


async def test_a_restart_loses_nothing_and_doubles_nothing(bench: Bench, ada: MatrixPerson) -> None:
    """What was said while the bot was away is heard once, in order, decrypted; the device stays the same."""
    room = await a_room(bench, ada, encrypted=True)
    await ada.say(room, "avant")
    await bench.hear_text(room, "avant")
    device = json.loads((bench.folder / "session.json").read_text())["device"]
    await bench.stop()
    for number in range(5):
        await ada.say(room, f"pendant {number}")
    bench.matrix = bench.make()
    await bench.start()
    await ada.say(room, "après")
    await bench.hear_text(room, "après")
    assert bench.texts(room) == ["avant", *(f"pendant {number}" for number in range(5)), "après"]
    session = json.loads((bench.folder / "session.json").read_text())
    assert session["device"] == device
    assert isinstance(await bench.send(room, "encore là"), Sent)
    assert (await ada.wait_message(room, "encore là")).decrypted


async def test_files_of_the_store_are_ours_alone(bench: Bench) -> None:
    """Nothing that holds a token or a key can be read by other users of the machine."""
    assert {path.name for path in bench.folder.iterdir()} >= {"session.json", "identity.json", "memory.db"}
    for path in bench.folder.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path.name


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_limited_timeline_is_filled(bench: Bench, ada: MatrixPerson, encrypted: bool) -> None:
    """More messages than one sync shows were said while the bot was away; all are heard, in order, once."""
    room = await a_room(bench, ada, encrypted=encrypted)
    await bench.stop()
    words = [f"n° {number}" for number in range(130)]
    for word in words:
        await ada.say(room, word)
    bench.matrix = bench.make()
    await bench.start()
    await bench.hear_text(room, words[-1])
    assert bench.texts(room) == words


async def test_history_from_before_is_not_heard(synapse: SynapseServer, tmp_path: Path, ada: MatrixPerson) -> None:
    """Neither what was said before the bot came into a room, nor before its first start, comes as something new."""
    async with running(synapse, f"tocsin{next(_numbers)}", tmp_path / "matrix") as bench:
        room = await ada.create_room("Crue")
        await ada.say(room, "!alert avant l'invitation")
        await ada.invite(room, bench.user)
        await bench.enter(room)
        await ada.say(room, "maintenant")
        await bench.hear_text(room, "maintenant")
        assert bench.texts(room) == ["maintenant"]

        await bench.stop()
        bench.ears.__init__()  # type: ignore[misc]  # an inbox that knows nothing, as on a new machine
        bench.folder = tmp_path / "other"
        bench.matrix = bench.make()
        other = await ada.create_room("Autre", invite=(bench.user,))
        await bench.start()
        await bench.enter(other)
        await ada.say(room, "tout de suite")
        await bench.hear_text(room, "tout de suite")
        assert bench.texts(room) == ["tout de suite"]
        assert [heard.room.id for heard in bench.heard("joined")] == [room, other]


async def test_being_thrown_out_is_heard_and_ends_sending(bench: Bench, ada: MatrixPerson) -> None:
    """A kick is told, and what is still to be said there is refused for good."""
    room = await a_room(bench, ada)
    await ada.kick(room, bench.user)
    await bench.hear(lambda heard: heard.kind == "removed" and heard.room.id == room)
    refused = await bench.send(room, "hé")
    assert isinstance(refused, Refused) and refused.gone
    assert "not in" in (await bench.matrix.examine(RoomRef("matrix", room)))[0]


async def test_a_room_without_the_power_to_speak_is_refused_and_examined(bench: Bench, ada: MatrixPerson) -> None:
    """No right to speak is not the same as no place in the room, and doctor names the power that is missing."""
    room = await a_room(bench, ada)
    await ada.set_powers(room, events_default=50)
    await bench.hear(lambda heard: heard.kind == "joined")
    refused = await bench.send(room, "hé")
    assert isinstance(refused, Refused) and not refused.gone
    await ada.say(room, "je peux")
    await bench.hear_text(room, "je peux")
    sentences = await bench.matrix.examine(RoomRef("matrix", room))
    assert any("may not speak" in sentence and "50" in sentence for sentence in sentences)


async def test_a_bot_without_power_removes_its_own_and_lacks_what_doctor_says(bench: Bench, ada: MatrixPerson) -> None:
    """In a room as people make them the bot can do all but ring for everybody; each thing that a room demands more for is named with what is lost."""
    room = await a_room(bench, ada)
    sent = await bench.send(room, "à tort")
    assert isinstance(sent, Sent)
    assert isinstance(await bench.send(room, kind="delete", replaces=sent.message_id), Sent)
    [ring] = await bench.matrix.examine(RoomRef("matrix", room))
    assert "ring for everybody" in ring and "50" in ring
    events = {"m.room.redaction": 20, "m.reaction": 30, "org.matrix.msc3381.poll.start": 40}
    await ada.set_powers(room, events=events, notifications={"room": 0})
    await ada.say(room, "et maintenant")
    await bench.hear_text(room, "et maintenant")
    sentences = await bench.matrix.examine(RoomRef("matrix", room))
    assert [next(level for level in ("20", "30", "40") if level in one) for one in sentences] == ["20", "30", "40"]
    assert ["remove" in sentences[0], "react" in sentences[1], "polls" in sentences[2]] == [True] * 3


async def test_a_replaced_room_is_followed(bench: Bench, ada: MatrixPerson) -> None:
    """A room upgrade tells where the room went."""
    room = await a_room(bench, ada)
    fresh = await ada.upgrade(room)
    moved = await bench.hear(lambda heard: heard.kind == "moved" and heard.room.id == room)
    assert moved.moved_to == RoomRef("matrix", fresh)


async def test_joining_and_leaving_may_be_repeated(bench: Bench, ada: MatrixPerson) -> None:
    """Both end in the same place however often they are sent."""
    room = await a_room(bench, ada)
    assert await bench.send(room, kind="join") == Sent(room)
    assert await bench.send(room, kind="leave") == Sent(room)
    assert await bench.send(room, kind="leave") == Sent(room)
    await bench.hear(lambda heard: heard.kind == "removed")
    refused = await bench.send(room, kind="join")
    assert isinstance(refused, Refused) and refused.gone


async def test_a_direct_chat_is_opened_once(bench: Bench, ada: MatrixPerson) -> None:
    """The bot opens an encrypted chat with a person, and finds it again, also after a restart."""
    chat = await bench.matrix.direct(f"matrix:{ada.user}")
    assert chat is not None
    await ada.wait_invite(chat.id)
    assert await bench.matrix.direct(f"matrix:{ada.user}") == chat
    await ada.join(chat.id)
    await bench.restart()
    assert await bench.matrix.direct(f"matrix:{ada.user}") == chat
    await bench.send(chat.id, "bonsoir", must_encrypt=True)
    assert (await ada.wait_message(chat.id, "bonsoir")).decrypted
    assert await bench.matrix.direct("telegram:501") is None
    assert await bench.matrix.direct("matrix:@nobody:localhost.invalid") is None


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("m.room.history_visibility", {"history_visibility": "world_readable"}),
        ("m.room.join_rules", {"join_rule": "public"}),
    ],
)
async def test_a_direct_chat_that_was_opened_to_others_is_told_and_replaced(
    bench: Bench, ada: MatrixPerson, kind: str, content: dict[str, Any]
) -> None:
    """What became of it is heard, as of any room; nothing in it is private any more, and a new one is made for that."""
    chat = await ada.create_room(direct=True, invite=(bench.user,))
    await bench.enter(chat)
    assert await bench.matrix.direct(f"matrix:{ada.user}") == RoomRef("matrix", chat)
    await ada.set_state(chat, kind, content)
    told = await bench.hear(
        lambda h: h.kind == "room" and h.traits is not None and (h.traits.world_readable or h.traits.open_join)
    )
    assert told.room.id == chat and told.traits is not None and not told.traits.private
    await ada.say(chat, "/help")
    assert not (await bench.hear_text(chat, "/help")).private
    fresh = await bench.matrix.direct(f"matrix:{ada.user}")
    assert fresh is not None and fresh.id != chat


async def test_keys_given_ahead_reach_everyone(bench: Bench, ada: MatrixPerson) -> None:
    """After preparing, the first message needs no key requests, and somebody who comes later reads the next one."""
    room = await a_room(bench, ada, encrypted=True)
    async with MatrixProxy(bench.server.url) as proxy, MatrixPerson(bench.server, f"bo{next(_numbers)}") as bo:
        await bench.stop()
        bench.url = proxy.url
        bench.matrix = bench.make()
        await bench.start()
        await bench.matrix.prepare([RoomRef("matrix", room)])
        before = proxy.count("PUT", "/sendToDevice/") + proxy.count("POST", "/keys/claim")
        await bench.send(room, "premier")
        assert proxy.count("PUT", "/sendToDevice/") + proxy.count("POST", "/keys/claim") == before
        assert (await ada.wait_message(room, "premier")).decrypted
        await ada.invite(room, bo.user)
        await bo.join(room)
        await ada.say(room, "bienvenue")
        await bench.hear_text(room, "bienvenue")
        await bench.send(room, "second")
        assert (await bo.wait_message(room, "second")).decrypted
        assert (await ada.wait_message(room, "second")).decrypted


async def test_our_device_is_signed_by_our_account(bench: Bench, ada: MatrixPerson) -> None:
    """The first start makes a cross-signing identity and signs the device with it; the next leaves it as it is."""
    shown = await ada.call("POST", "/keys/query", {"device_keys": {bench.user: []}})
    device = json.loads((bench.folder / "session.json").read_text())["device"]
    (signer,) = shown["self_signing_keys"][bench.user]["keys"]
    assert signer in shown["device_keys"][bench.user][device]["signatures"][bench.user]
    await bench.restart()
    again = await ada.call("POST", "/keys/query", {"device_keys": {bench.user: []}})
    assert again["master_keys"] == shown["master_keys"]


# -- errors ------------------------------------------------------------------------------------------------------------


async def through_proxy(bench: Bench, proxy: MatrixProxy) -> None:
    """Restart the bot so that it speaks through ``proxy``."""
    await bench.stop()
    bench.url = proxy.url
    bench.matrix = bench.make()
    await bench.start()


async def test_each_refusal_means_what_it_means(bench: Bench, ada: MatrixPerson) -> None:
    """Limits and outages delay, for the time named; what is too large is final; a lost answer doubles nothing."""
    room = await a_room(bench, ada)
    async with MatrixProxy(bench.server.url) as proxy:
        await through_proxy(bench, proxy)

        async def answered(status: int, body: object, **headers: str) -> object:
            proxy.fault("answer", "PUT", "/send/", status=status, body=body, headers=headers)
            return await bench.send(room, "x")

        limited = await answered(429, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 1500})
        assert limited == Delayed(1.5, "the homeserver asks us to slow down", everywhere=True)
        by_header = await answered(429, {"errcode": "M_LIMIT_EXCEEDED"}, **{"Retry-After": "7"})
        assert isinstance(by_header, Delayed) and by_header.seconds == 7
        assert isinstance(await answered(502, "<html>bad gateway</html>"), Delayed)
        assert isinstance(await answered(200, "not json"), Delayed)
        large = await answered(413, {"errcode": "M_TOO_LARGE"})
        assert isinstance(large, Refused) and not large.gone

        # Twice, for a connection found dead is tried once more at once, which is safe here.
        proxy.fault("drop_before", "PUT", "/send/", times=2)
        assert isinstance(await bench.send(room, "perdu", token="lost-1"), Delayed)
        assert isinstance(await bench.send(room, "perdu", token="lost-1"), Sent)
        proxy.fault("drop_after", "PUT", "/send/", times=2)
        lost = await bench.send(room, "reçu", token="lost-2")
        assert isinstance(lost, Delayed) and lost.perhaps
        assert isinstance(await bench.send(room, "reçu", token="lost-2"), Sent)
        await bench.send(room, "fin")
        await ada.wait_message(room, "fin")
        assert ada.messages(room) == ["perdu", "reçu", "fin"]
    assert isinstance(await bench.send(room, "x"), Delayed), "no connection at all is safe to try again"


async def test_a_real_rate_limit_is_understood(tmp_path: Path) -> None:
    """A homeserver with its ordinary low limits makes the bot wait as long as it says."""
    limits = {"rc_message": {"per_second": 0.5, "burst_count": 2}}
    with homeserver(limits) as server:
        async with running(server, "tocsin", tmp_path / "matrix") as bench, MatrixPerson(server, "ada") as ada:
            room = await a_room(bench, ada)
            outcomes = [await bench.send(room, str(number)) for number in range(6)]
            delayed = [outcome for outcome in outcomes if isinstance(outcome, Delayed)]
            assert delayed and all(0 < outcome.seconds <= 10 and outcome.everywhere for outcome in delayed)


@pytest.mark.parametrize("encrypted", [False, True])
async def test_what_was_in_flight_for_a_day_is_looked_for(bench: Bench, ada: MatrixPerson, encrypted: bool) -> None:
    """The server has forgotten the transaction; the message itself is found and not said again, after a restart too."""
    room = await a_room(bench, ada, encrypted=encrypted)
    claimed = bench.now()
    first = await bench.send(room, "une fois", token="old-1", first_claimed_at=claimed)
    await bench.send(room, "autre", token="old-2")
    await bench.restart()
    bench.late = timedelta(hours=24)
    async with MatrixProxy(bench.server.url) as proxy:
        await through_proxy(bench, proxy)
        assert await bench.send(room, "une fois", token="old-1", first_claimed_at=claimed) == first
        assert proxy.count("PUT", "/send/") == 0
        other = await bench.send(room, "jamais dit", token="old-3", first_claimed_at=claimed)
        assert isinstance(other, Sent) and other != first


async def test_wrong_password_and_wrong_token_are_final(synapse: SynapseServer, tmp_path: Path) -> None:
    """Whoever is refused is told so at once, in words that name no secret."""
    bench = Bench(synapse, f"tocsin{next(_numbers)}", tmp_path / "matrix")
    for settings in ({"password": "wrong-secret"}, {"password": None, "token": "wrong-secret"}):
        bench.matrix = bench.make(**settings)
        with pytest.raises(NetworkRejected) as refused:
            await bench.start()
        await bench.matrix.close()
        assert "wrong-secret" not in str(refused.value)
        assert bench.ears.losses[-1][1]


async def test_nobody_there_is_not_final(tmp_path: Path) -> None:
    """A homeserver that cannot be reached is down, not against us."""
    matrix = Matrix(
        f"http://127.0.0.1:{free_port()}", "tocsin", password="pw", store_folder=tmp_path, clock=lambda: None
    )  # type: ignore[arg-type, return-value]
    ears = ListEars()
    with pytest.raises(NetworkDown) as down:
        await matrix.run(ears)
    assert not isinstance(down.value, NetworkRejected)
    assert ears.losses == [("the homeserver cannot be reached", False)]
    assert isinstance(await matrix.send(Outgoing("t", RoomRef("matrix", "!x"))), Delayed)
    await matrix.close()


async def test_a_token_alone_is_enough(bench: Bench, ada: MatrixPerson, tmp_path: Path) -> None:
    """A token says who we are and on which device."""
    room = await a_room(bench, ada, encrypted=True)
    await bench.stop()
    token = json.loads((bench.folder / "session.json").read_text())["token"]
    bench.matrix = bench.make(user="", password=None, token=token)
    await bench.start()
    assert bench.matrix.state.username == bench.user
    await bench.send(room, "par jeton")
    assert (await ada.wait_message(room, "par jeton")).decrypted


async def test_a_revoked_token_is_replaced_on_the_same_device(bench: Bench, ada: MatrixPerson) -> None:
    """A send notices, the network is marked lost, and the next run logs in again by password as the same device."""
    room = await a_room(bench, ada)
    before = json.loads((bench.folder / "session.json").read_text())
    bench.server.call("POST", "/_matrix/client/v3/logout", {}, before["token"])
    outcome = await bench.send(room, "x", token="again")
    assert isinstance(outcome, Delayed) and outcome.everywhere
    died = await bench.died()
    assert isinstance(died, NetworkDown) and not isinstance(died, NetworkRejected)
    assert not bench.matrix.state.connected
    try:
        await bench.start()
    except NetworkRejected as gone:
        # Logging out removes the device and its keys on the server; then there is nothing to be kept.
        raise AssertionError(str(gone)) from gone
    after = json.loads((bench.folder / "session.json").read_text())
    assert after["device"] == before["device"] and after["token"] != before["token"]
    assert isinstance(await bench.send(room, "x", token="again"), Sent)


# -- rules that need no server -----------------------------------------------------------------------------------------


def test_creators_of_new_rooms_have_all_power() -> None:
    """From room version 12 on a creator is not listed, and has power above any number; before, the list counts."""

    def room(version: str) -> Room:
        known = Room("!x")
        create = {"room_version": version, "additional_creators": ["@bo:x"]}
        known.apply({"type": "m.room.create", "state_key": "", "sender": "@ada:x", "content": create})
        powers = {"users": {"@cy:x": 50}, "events": {"m.room.message": "10"}, "redact": 60}
        known.apply({"type": "m.room.power_levels", "state_key": "", "sender": "@ada:x", "content": powers})
        return known

    assert room("12").power_of("@ada:x") == room("12").power_of("@bo:x") == float("inf")
    assert room("11").power_of("@ada:x") == 0
    assert room("12").power_of("@cy:x") == 50
    assert (room("12").power_to("m.room.message"), room("12").power_to("redact")) == (10, 60)


def test_long_words_are_cut_to_what_a_server_takes(tmp_path: Path) -> None:
    """Each part, whatever its script, stays well below the size of an event."""
    matrix = Matrix("http://x", "tocsin", store_folder=tmp_path, clock=lambda: None)  # type: ignore[arg-type, return-value]
    for letter in ("a", "é", "🌊", "<"):
        parts = matrix.split((f"{letter} " * 30_000).replace("<", "&lt;"))
        assert len(parts) > 1
        assert all(len(json.dumps(part)) <= 50_000 for part in parts)
    assert matrix.split("court") == ["court"]


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters())
    | st.sampled_from(["m.text", "m.replace", "m.thread"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=4),
    max_leaves=12,
)


@given(content=st.dictionaries(st.sampled_from(_NAMES), _json, max_size=6), kind=st.sampled_from(matrix_read.SPOKEN))
def test_no_content_is_too_odd_to_be_read(content: dict[str, Any], kind: str) -> None:
    """Whatever a client puts into an event, it is read, or nothing to us, or a ValueError; text is whole."""
    event = {"event_id": "$1", "sender": "@ada:x", "type": kind, "origin_server_ts": 10**30, "content": content}
    body = matrix_read.spoken("$1", "!x", event, heard=1_000, private=False, name="ada")
    try:
        heard = matrix_read.read(body)
    except ValueError:
        return
    if heard is not None:
        assert heard.said_at.timestamp() == 1, "an impossible time is not believed"
        assert (heard.text + heard.sender_name + (heard.emoji or "")).encode()


def test_half_a_character_is_replaced() -> None:
    """JSON can carry half of a character; what we keep and say is whole."""
    content = {"msgtype": "m.text", "body": "a\ud800b"}
    event = {"event_id": "$1", "sender": "@ada:x", "type": "m.room.message", "origin_server_ts": 0, "content": content}
    body = matrix_read.spoken("$1", "!x", event, heard=1_000, private=False, name="ada")
    assert body.isascii()
    heard = matrix_read.read(body)
    assert heard is not None and heard.text == "a\ufffdb"
