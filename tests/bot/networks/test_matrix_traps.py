"""What was seen to go wrong with Matrix libraries and servers: each trap is set here, and stepped over."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import vodozemac

from bot.networks.port import Delayed, NetworkDown, NetworkRejected, Refused, Sent
from playbooks.rooms import RoomRef
from tests.emulators.matrix_bench import Bench, Kill, running
from tests.emulators.matrix_person import ENCRYPTION, MatrixPerson
from tests.emulators.matrix_proxy import MatrixProxy
from tests.emulators.synapse import SynapseServer
from tests.patience import PATIENCE

_numbers = itertools.count(1)


@pytest.fixture
async def proxy(synapse: SynapseServer) -> AsyncIterator[MatrixProxy]:
    async with MatrixProxy(synapse.url) as proxy:
        yield proxy


@pytest.fixture
async def bench(synapse: SynapseServer, proxy: MatrixProxy, tmp_path: Path) -> AsyncIterator[Bench]:
    """A bot of this test's own, connected through a road that can be broken."""
    async with running(synapse, f"trapped{next(_numbers)}", tmp_path / "matrix", proxy.url) as bench:
        yield bench


@pytest.fixture
async def ada(synapse: SynapseServer) -> AsyncIterator[MatrixPerson]:
    async with MatrixPerson(synapse, f"eve{next(_numbers)}") as person:
        yield person


async def a_room(bench: Bench, person: MatrixPerson, *, encrypted: bool = True) -> str:
    room = await person.create_room("Crue", encrypted=encrypted, invite=(bench.user,))
    await bench.enter(room)
    await person.wait_member(room, bench.user)
    return room


def session_of(bench: Bench) -> Any:
    """The inner state of the bot, for tests that break it on purpose."""
    return bench.matrix._session


def stray_letter(bench: Bench, sender: str) -> dict[str, Any]:
    """A message between devices that names a one-time key the bot never had: anybody can write one."""
    keys = session_of(bench).keys.olm.account.identity_keys
    stranger, unknown = vodozemac.Account(), vodozemac.Account()
    unknown.generate_one_time_keys(1)
    (one_time_key,) = unknown.one_time_keys.values()
    theirs = vodozemac.Curve25519PublicKey.from_base64(keys["curve25519"])
    message = stranger.create_outbound_session(theirs, one_time_key).encrypt(b"hello")
    kind, body = message.to_parts()
    text = base64.b64encode(body).decode().rstrip("=")
    content = {
        "algorithm": "m.olm.v1.curve25519-aes-sha2",
        "sender_key": stranger.curve25519_key.to_base64(),
        "ciphertext": {keys["curve25519"]: {"type": kind, "body": text}},
    }
    return {"type": "m.room.encrypted", "sender": sender, "content": content}


async def test_a_strangers_message_spoils_nothing_else(bench: Bench, ada: MatrixPerson, proxy: MatrixProxy) -> None:
    """A message that cannot be decrypted, and other rubbish, leave the key and the words beside them unharmed."""
    room = await a_room(bench, ada)
    rubbish = [
        stray_letter(bench, ada.user),
        {"type": "m.room.encrypted", "sender": ada.user, "content": {"algorithm": "m.olm.v1.curve25519-aes-sha2"}},
        {"type": "m.room.encrypted", "sender": ada.user},
        {"content": 5},
    ]
    device = json.loads((bench.folder / "session.json").read_text())["device"]
    letter = stray_letter(bench, ada.user)["content"]
    await ada.call("PUT", "/sendToDevice/m.room.encrypted/stray1", {"messages": {bench.user: {device: letter}}})
    proxy.rewrite_sync.append({"to_device": {"events": rubbish}})
    await ada.say(room, "entendu ?")
    await bench.hear_text(room, "entendu ?")
    odd = {"rooms": {"join": {room: {"timeline": {"events": [{"type": 7}, {"content": None}, {"event_id": "$x"}]}}}}}
    proxy.rewrite_sync.append(odd)
    await ada.say(room, "et ceci")
    await bench.hear_text(room, "et ceci")
    assert not bench.ears.losses


@pytest.mark.parametrize("where", ["after keep_batch", "before settle_batch", "after settle_batch"])
async def test_a_kill_at_any_commit_loses_no_word(bench: Bench, ada: MatrixPerson, where: str) -> None:
    """Killed around each commit while a key and its first words come in, the bot hears all once after a restart."""
    room = await a_room(bench, ada)
    bench.ears.die.add(where)
    await ada.say(room, "la clé vient avec")
    assert isinstance(await bench.died(), Kill)
    await ada.say(room, "la suite")
    await bench.restart()
    await ada.say(room, "fin")
    await bench.hear_text(room, "fin")
    assert bench.texts(room) == ["la clé vient avec", "la suite", "fin"]


@pytest.mark.parametrize("before", ["save_account", "save_session", "save_inbound_group_session"])
async def test_a_kill_while_a_key_is_taken_in(
    bench: Bench, ada: MatrixPerson, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    """Killed before any of the library's writes, as between Olm session and room key, none stays, and a replay reads all."""
    room = await a_room(bench, ada)
    olm = session_of(bench).keys.olm

    def killed(*_: object) -> None:
        raise Kill

    monkeypatch.setattr(olm, before, killed)
    await ada.say(room, "premier mot")
    assert isinstance(await bench.died(), Kill)
    assert bench.ears.kept
    await bench.restart()
    await bench.hear_text(room, "premier mot")


async def test_a_kill_after_the_server_took_new_keys(bench: Bench, ada: MatrixPerson, proxy: MatrixProxy) -> None:
    """The answer to a key upload is lost with the process; the next start offers the same keys and goes on."""
    room = await a_room(bench, ada)
    session_of(bench).keys.olm.account.shared = False
    lost = proxy.fault("drop_after", "POST", "/keys/upload")
    await ada.say(room, "va")
    died = await bench.died()
    assert lost.struck.is_set() and isinstance(died, NetworkDown) and not isinstance(died, NetworkRejected)
    await bench.restart()
    await ada.say(room, "encore")
    await bench.hear_text(room, "encore")
    assert isinstance(await bench.send(room, "lisible"), Sent)
    assert (await ada.wait_message(room, "lisible")).decrypted


async def test_no_one_time_key_left_means_none_left(bench: Bench, ada: MatrixPerson, proxy: MatrixProxy) -> None:
    """When somebody has claimed every key, or the server does not even name a count, new ones are offered at once."""
    room = await a_room(bench, ada, encrypted=False)
    device = json.loads((bench.folder / "session.json").read_text())["device"]
    claim = {"one_time_keys": {bench.user: {device: "signed_curve25519"}}}
    claimed = [(await ada.call("POST", "/keys/claim", claim))["one_time_keys"] for _ in range(60)]
    assert claimed[0] and not claimed[-1].get(bench.user), "every key was taken"
    await ada.say(room, "réveil")
    await bench.hear_text(room, "réveil")
    await proxy.wait_request("POST", "/keys/upload", 2)
    await bench.send(room, "x")
    await ada.say(room, "encore")
    await bench.hear_text(room, "encore")
    again = (await ada.call("POST", "/keys/claim", claim))["one_time_keys"]
    assert again.get(bench.user)


async def test_a_lost_key_store_is_refused(bench: Bench, ada: MatrixPerson) -> None:
    """Without the keys that the server shows for our device we do not go on, and say how to get a fresh device."""
    room = await a_room(bench, ada)
    await bench.stop()
    for path in bench.folder.glob("keys-*.db"):
        path.unlink()
    bench.matrix = bench.make()
    with pytest.raises(NetworkRejected, match=r"fresh device.*session\.json"):
        await bench.start()
    assert bench.ears.losses[-1][1]
    assert isinstance(await bench.send(room, "jamais en clair"), Delayed)
    assert "session.json" in (await bench.matrix.examine(RoomRef("matrix", room)))[0]
    await bench.matrix.close()

    (bench.folder / "session.json").unlink()
    bench.matrix = bench.make()
    await bench.start()
    await bench.send(room, "nouvel appareil")
    assert (await ada.wait_message(room, "nouvel appareil")).decrypted


async def test_other_keys_under_our_names_are_refused(bench: Bench, ada: MatrixPerson, proxy: MatrixProxy) -> None:
    """A server that holds other one-time keys under the same names ends the matter with a sentence."""
    room = await a_room(bench, ada)
    session_of(bench).keys.olm.account.shared = False
    body = {
        "errcode": "M_UNKNOWN",
        "error": "One time key signed_curve25519:AAAAAQ already exists. Old key: x new key: y",
    }
    proxy.fault("answer", "POST", "/keys/upload", status=400, body=body)
    await ada.say(room, "va")
    died = await bench.died()
    assert isinstance(died, NetworkRejected) and "fresh device" in str(died)


async def test_words_never_go_out_plain_where_they_were_secret(
    bench: Bench, ada: MatrixPerson, proxy: MatrixProxy
) -> None:
    """Room state, key store and our own mark must agree: whichever forgets the encryption, nothing is sent at all."""
    room = await a_room(bench, ada)
    assert isinstance(await bench.send(room, "secret"), Sent)
    inner = session_of(bench)
    sent = proxy.count("PUT", "/send/")

    encryption, inner.rooms[room].encryption = inner.rooms[room].encryption, None
    assert isinstance(await bench.send(room, "a"), Refused)
    inner.rooms[room].encryption = encryption
    inner.keys.encrypted_rooms.discard(room)
    assert isinstance(await bench.send(room, "b"), Refused)
    inner.keys.encrypted_rooms.add(room)
    mark, inner.memory._rooms[room].encryption = inner.memory._rooms[room].encryption, None
    assert isinstance(await bench.send(room, "c"), Refused)
    inner.memory._rooms[room].encryption = mark
    assert proxy.count("PUT", "/send/") == sent
    assert isinstance(await bench.send(room, "d", must_encrypt=True), Sent)


async def test_the_mark_outlives_the_process_and_the_server_hiding_it(
    bench: Bench, ada: MatrixPerson, proxy: MatrixProxy
) -> None:
    """A room that the server shows without its encryption after a restart is spoken in no more."""
    room = await a_room(bench, ada)
    await bench.send(room, "secret")
    await ada.set_state(room, "m.room.encryption", {})
    told = await bench.hear(lambda h: h.kind == "room" and h.traits is not None and h.traits.tampered)
    assert told.traits is not None and not told.traits.encrypted
    sent = proxy.count("PUT", "/send/")
    assert isinstance(await bench.send(room, "a"), Refused)
    await bench.restart()
    assert isinstance(await bench.send(room, "b"), Refused)
    assert proxy.count("PUT", "/send/") == sent
    await ada.set_state(room, "m.room.encryption", ENCRYPTION["content"])  # type: ignore[arg-type]
    await ada.say(room, "réparé")
    await bench.hear(lambda h: h.kind == "message" and h.text == "réparé")
    last = [heard.traits for heard in bench.heard("room", room)][-1]
    assert last is not None and last.tampered and not last.encrypted, "what was broken once stays known"


async def test_another_algorithm_is_told(bench: Bench, ada: MatrixPerson) -> None:
    """A room whose encryption becomes one that we cannot do is not spoken in any more, and it says why."""
    room = await a_room(bench, ada)
    await ada.set_state(room, "m.room.encryption", {"algorithm": "org.example.none"})
    told = await bench.hear(lambda h: h.kind == "room" and h.traits is not None and h.traits.tampered)
    assert told.traits is not None and not told.traits.encrypted
    assert isinstance(await bench.send(room, "a"), Refused)


async def test_a_room_says_how_often_its_key_changes(bench: Bench, ada: MatrixPerson) -> None:
    """Another rotation period is no tampering, and is kept to; one out of reason is left alone, and the one before stays."""
    room = await a_room(bench, ada)
    sessions = session_of(bench).keys.olm.outbound_group_sessions
    content: dict[str, Any] = {"algorithm": "m.megolm.v1.aes-sha2", "rotation_period_msgs": 2}
    await ada.set_state(room, "m.room.encryption", content)
    await ada.set_state(room, "m.room.encryption", content | {"rotation_period_msgs": 0, "rotation_period_ms": 1})
    await ada.say(room, "tournez")
    await bench.hear(lambda h: h.kind == "message" and h.text == "tournez")
    used = []
    for number in range(4):
        await bench.send(room, f"numéro {number}")
        assert (await ada.wait_message(room, f"numéro {number}")).decrypted
        used.append(sessions[room].id)
    assert used[0] == used[1] != used[2] == used[3]
    last = [heard.traits for heard in bench.heard("room", room)][-1]
    assert last is not None and last.encrypted and not last.tampered


async def test_must_encrypt_is_kept_in_a_plain_room(bench: Bench, ada: MatrixPerson, proxy: MatrixProxy) -> None:
    """Words cleared for an encrypted room are refused where the room is plain."""
    room = await a_room(bench, ada, encrypted=False)
    before = proxy.count("PUT", "/send/")
    assert isinstance(await bench.send(room, "secret", must_encrypt=True), Refused)
    assert proxy.count("PUT", "/send/") == before


async def test_a_room_that_becomes_encrypted_is_spoken_in_encrypted(bench: Bench, ada: MatrixPerson) -> None:
    """From the moment encryption is switched on nothing more is said in the clear."""
    room = await a_room(bench, ada, encrypted=False)
    await bench.send(room, "clair")
    await ada.set_state(room, "m.room.encryption", ENCRYPTION["content"])  # type: ignore[arg-type]
    await bench.hear(lambda h: h.kind == "room" and h.traits is not None and h.traits.encrypted)
    await bench.send(room, "chiffré")
    assert (await ada.wait_message(room, "chiffré")).decrypted


def hold_keys(bench: Bench) -> list[dict[str, Any]]:
    """From now on what comes between devices goes into the list, and not to the bot, until that is restarted."""
    held: list[dict[str, Any]] = []
    keys = session_of(bench).keys
    take_in = keys.take_in

    def without_keys(events: Iterable[dict[str, Any]]) -> set[str]:
        held.extend(events)
        found: set[str] = take_in([])
        return found

    keys.take_in = without_keys
    return held


@pytest.mark.parametrize("killed", [False, True])
async def test_a_message_whose_key_is_late(bench: Bench, ada: MatrixPerson, proxy: MatrixProxy, killed: bool) -> None:
    """Kept over a restart, told as unreadable once after five minutes, it is heard when the key comes, kill or not."""
    room = await a_room(bench, ada)
    held = hold_keys(bench)
    inner = session_of(bench)
    event = await ada.say(room, "sans clé")
    await bench.ears.until(lambda: bool(inner.memory.all_waiting()))
    assert bench.texts(room) == []
    await bench.restart()
    bench.late = timedelta(minutes=6)
    await ada.send(room, "m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": "👍"}})
    unreadable = await bench.hear(lambda heard: heard.kind == "unreadable")
    assert (unreadable.message_id, unreadable.sender) == (event, f"matrix:{ada.user}")
    bench.late = timedelta(minutes=20)
    proxy.rewrite_sync.append({"to_device": {"events": held}})
    if killed:
        bench.ears.die.add("before settle_batch")
    await ada.send(room, "m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": "👎"}})
    if killed:
        assert isinstance(await bench.died(), Kill)
        await bench.restart()
    late = await bench.hear_text(room, "sans clé")
    assert late.key == event
    assert bench.now() - late.said_at > timedelta(minutes=19), "it was said when it was said"
    assert unreadable.said_at == late.said_at
    assert len(bench.heard("unreadable")) == 1
    assert not session_of(bench).memory.all_waiting()


async def test_a_key_under_a_cursor_that_is_known(bench: Bench, ada: MatrixPerson, proxy: MatrixProxy) -> None:
    """A key in an answer that moves the cursor nowhere is taken in like any other, and once although it comes twice."""
    room = await a_room(bench, ada)
    held = hold_keys(bench)
    inner = session_of(bench)
    await ada.say(room, "sans clé")
    await bench.ears.until(lambda: bool(inner.memory.all_waiting()))
    await bench.stop()
    cursor = bench.ears.committed
    # What a restart asks first is answered with the cursor it came with, when nothing was said meanwhile.
    proxy.rewrite_sync.append({"to_device": {"events": [*held, *held]}, "next_batch": cursor})
    bench.matrix = bench.make()
    await bench.start()
    await bench.hear_text(room, "sans clé")
    assert bench.texts(room) == ["sans clé"]


async def test_a_message_between_devices_that_comes_again(
    bench: Bench, ada: MatrixPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is decrypted once, in a replay, beside others and after a restart, whatever a server adds to it."""
    await a_room(bench, ada)
    first, second, third = (stray_letter(bench, ada.user) for _ in range(3))
    looked_at: list[str] = []

    def look(event: Any) -> None:
        looked_at.append(event.source["content"]["sender_key"])

    def take_in(*letters: dict[str, Any]) -> None:
        keys = session_of(bench).keys
        monkeypatch.setattr(keys.olm, "handle_to_device_event", look)
        keys.take_in(letters)

    take_in(first, second)
    take_in(first, second)
    take_in(second | {"unsigned": {"age": 5}}, third, third)
    await bench.restart()
    take_in(third, first)
    assert looked_at == [letter["content"]["sender_key"] for letter in (first, second, third)]


async def test_not_every_message_between_devices_is_remembered(
    bench: Bench, ada: MatrixPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notes of the oldest are dropped, and never those of the latest sync, however much came with it."""
    await a_room(bench, ada)
    monkeypatch.setattr("bot.networks.matrix_keys.TAKEN_KEPT", 1)
    keys = session_of(bench).keys
    looked_at: list[object] = []
    monkeypatch.setattr(keys.olm, "handle_to_device_event", looked_at.append)
    letters = [stray_letter(bench, ada.user) for _ in range(4)]
    for batch in (letters[:3], letters[:3], letters[3:], letters[2:]):
        keys.take_in(batch)
    assert len(looked_at) == 4
    keys.take_in(letters[:2])
    assert len(looked_at) == 6


async def test_a_key_that_has_served_long_is_replaced(bench: Bench, ada: MatrixPerson) -> None:
    """After a hundred messages a room gets a new key, and everyone can read on."""
    room = await a_room(bench, ada)
    await bench.send(room, "un")
    session = session_of(bench).keys.olm.outbound_group_sessions[room]
    session.message_count = session.max_messages
    await bench.send(room, "deux")
    assert session_of(bench).keys.olm.outbound_group_sessions[room] is not session
    assert (await ada.wait_message(room, "deux")).decrypted


async def test_an_outage_is_survived_without_logging_in_anew(
    bench: Bench, ada: MatrixPerson, proxy: MatrixProxy
) -> None:
    """When the homeserver fails and comes back the session goes on, connected at once, and nothing was missed."""
    room = await a_room(bench, ada)
    asked = proxy.count("GET", "/whoami") + proxy.count("POST", "/login")
    proxy.fault("answer", "GET", "/sync", status=502)
    await ada.say(room, "avant la panne")
    died = await bench.died()
    assert isinstance(died, NetworkDown) and not isinstance(died, NetworkRejected)
    assert bench.ears.losses and not bench.matrix.state.connected
    await ada.say(room, "pendant la panne")
    await bench.start()
    await bench.hear_text(room, "pendant la panne")
    assert bench.texts(room) == ["avant la panne", "pendant la panne"]
    assert proxy.count("GET", "/whoami") + proxy.count("POST", "/login") == asked


async def test_somebody_who_left_cannot_read_what_follows(bench: Bench, ada: MatrixPerson) -> None:
    """After a member has gone the next words are under a key that member never had."""
    room = await a_room(bench, ada)
    async with MatrixPerson(bench.server, f"gone{next(_numbers)}") as gone:
        await ada.invite(room, gone.user)
        await gone.join(room)
        await ada.wait_member(room, gone.user)
        await ada.say(room, "à trois")
        await bench.hear_text(room, "à trois")
        await bench.send(room, "tous")
        assert (await gone.wait_message(room, "tous")).decrypted
        before = session_of(bench).keys.olm.outbound_group_sessions[room].id
        await ada.kick(room, gone.user)
        await ada.say(room, "à deux")
        await bench.hear_text(room, "à deux")
        await bench.send(room, "sans lui")
        assert (await ada.wait_message(room, "sans lui")).decrypted
        session = session_of(bench).keys.olm.outbound_group_sessions[room]
        assert session.id != before
        assert gone.user not in {user for user, _ in session.users_shared_with}


async def test_a_key_not_given_is_given_again(bench: Bench, ada: MatrixPerson, proxy: MatrixProxy) -> None:
    """When the message with the key is lost the words wait, and when it goes through they can be read."""
    room = await a_room(bench, ada)
    proxy.fault("answer", "PUT", "/sendToDevice/", status=502)
    assert isinstance(await bench.send(room, "attends", token="key-1"), Delayed)
    proxy.fault("answer", "POST", "/keys/claim", status=502)
    assert isinstance(await bench.send(room, "attends", token="key-1"), Delayed | Sent)
    assert isinstance(await bench.send(room, "attends", token="key-1"), Sent)
    assert (await ada.wait_message(room, "attends")).decrypted


async def test_somebody_who_comes_while_the_key_is_given(bench: Bench, ada: MatrixPerson, proxy: MatrixProxy) -> None:
    """A member who joins between the giving of the key and the first word under it reads that word too."""
    room = await a_room(bench, ada)
    async with MatrixPerson(bench.server, f"late{next(_numbers)}") as late:
        held = proxy.fault("hold", "PUT", "/sendToDevice/")
        sending = asyncio.create_task(bench.send(room, "pour tous"))
        async with asyncio.timeout(PATIENCE):
            await held.struck.wait()
        await ada.invite(room, late.user)
        await late.join(room)
        await ada.wait_member(room, late.user)
        await ada.say(room, "il est là")
        await bench.hear_text(room, "il est là")
        held.release.set()
        assert isinstance(await sending, Sent)
        assert (await late.wait_message(room, "pour tous")).decrypted
        assert (await ada.wait_message(room, "pour tous")).decrypted


async def test_a_new_device_of_a_member_can_read(bench: Bench, ada: MatrixPerson) -> None:
    """Somebody who logs in on another phone reads what is said from then on there too."""
    room = await a_room(bench, ada)
    await bench.send(room, "un")
    async with MatrixPerson(bench.server, ada.name, device="SECONDPHONE") as again:
        await ada.say(room, "j'ai un autre téléphone")
        await bench.hear_text(room, "j'ai un autre téléphone")
        await bench.send(room, "deux")
        assert (await again.wait_message(room, "deux")).decrypted


async def test_the_cursor_is_the_inboxs(bench: Bench, ada: MatrixPerson) -> None:
    """A batch that was never committed is asked for again: no library's idea of where we are counts."""
    room = await a_room(bench, ada)
    bench.ears.die.add("before keep_batch")
    await ada.say(room, "non gardé")
    assert isinstance(await bench.died(), Kill)
    await bench.restart()
    await bench.hear_text(room, "non gardé")
    assert not bench.ears.kept


async def test_identities_are_never_replaced(synapse: SynapseServer, tmp_path: Path) -> None:
    """An account that has a cross-signing identity keeps it, and doctor says what to do."""
    name = f"owned{next(_numbers)}"
    async with running(synapse, name, tmp_path / "first") as first:
        master = session_of(first).login.user
    bench = Bench(synapse, name, tmp_path / "second")
    await bench.start()
    async with MatrixPerson(synapse, f"eve{next(_numbers)}") as ada:
        room = await a_room(bench, ada)
        sentences = await bench.matrix.examine(RoomRef("matrix", room))
        assert any("cross-sign" in sentence for sentence in sentences)
        shown = await ada.call("POST", "/keys/query", {"device_keys": {master: []}})
        ours = json.loads((tmp_path / "first" / "identity.json").read_text())
        assert ours["master"] and len(shown["master_keys"][master]["keys"]) == 1
        assert not (tmp_path / "second" / "identity.json").exists()
    await bench.stop()
    assert (tmp_path / "first" / "identity.json").stat().st_mode & 0o077 == 0
