"""What the bot says on a real homeserver is seen by people as it was meant: files, albums, threads, places, polls, reactions."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from bot.networks.matrix_rooms import Member, Room
from bot.networks.port import Delayed, Outgoing, Refused, Sent, Spooled
from playbooks.rooms import RoomRef
from playbooks.spoken import File, FileKind, Poll
from tests.emulators.matrix_bench import Bench, running
from tests.emulators.matrix_person import MatrixPerson
from tests.emulators.matrix_proxy import MatrixProxy
from tests.emulators.matrix_view import POLL
from tests.emulators.synapse import SynapseServer

_numbers = itertools.count(1)


@pytest.fixture
async def proxy(synapse: SynapseServer) -> AsyncIterator[MatrixProxy]:
    async with MatrixProxy(synapse.url) as proxy:
        yield proxy


@pytest.fixture
async def bench(synapse: SynapseServer, proxy: MatrixProxy, tmp_path: Path) -> AsyncIterator[Bench]:
    async with running(synapse, f"sayer{next(_numbers)}", tmp_path / "matrix", proxy.url) as bench:
        yield bench


@pytest.fixture
async def ada(synapse: SynapseServer) -> AsyncIterator[MatrixPerson]:
    async with MatrixPerson(synapse, f"seer{next(_numbers)}") as person:
        yield person


async def a_room(bench: Bench, person: MatrixPerson, *, encrypted: bool = False) -> str:
    room = await person.create_room("Crue", encrypted=encrypted, invite=(bench.user,))
    await bench.enter(room)
    await person.wait_member(room, bench.user)
    return room


def spooled(
    folder: Path, data: bytes, name: str, mime: str = "image/png", kind: FileKind = "photo", **more: Any
) -> Spooled:
    path = folder / f"{next(_numbers)}.part"
    path.write_bytes(data)
    return Spooled(path, name, mime, len(data), File("telegram", "{}", kind, **more))


def named(sent: object) -> list[str]:
    """The names of what was sent, in order."""
    assert isinstance(sent, Sent), sent
    return [sent.message_id, *sent.others]


@pytest.mark.parametrize("encrypted", [False, True])
async def test_files_are_seen_as_they_were_sent(
    bench: Bench, ada: MatrixPerson, tmp_path: Path, encrypted: bool
) -> None:
    """A picture with its caption, a voice message and a document open to the very bytes, sealed where the room is."""
    room = await a_room(bench, ada, encrypted=encrypted)
    photo = spooled(tmp_path, b"picture" * 20_000, "digue.png", width=640, height=480)
    voice = spooled(tmp_path, b"voice", "v.ogg", "audio/ogg", "voice", seconds=3)
    paper = spooled(tmp_path, b"", "plan.pdf", "application/pdf", "file")
    (first,) = named(
        await bench.send(room, "Ada : ici", html="<b>Ada</b> : ici", files=(photo,), must_encrypt=encrypted)
    )
    (second,) = named(await bench.send(room, files=(voice,)))
    (third,) = named(await bench.send(room, files=(paper,)))
    shown = [await ada.look(room, event) for event in (first, second, third)]
    assert [one.kind for one in shown] == ["m.image", "m.audio", "m.file"]
    assert [one.text for one in shown] == ["Ada : ici", "", ""]
    assert shown[0].html == "<b>Ada</b> : ici"
    assert [one.file_name for one in shown] == ["digue.png", "v.ogg", "plan.pdf"]
    assert shown[1].voice and not shown[2].voice
    assert [await ada.open_file(one) for one in shown] == [photo.path.read_bytes(), b"voice", b""]
    assert {one.encrypted for one in shown} == {encrypted}
    if encrypted:
        raw = await ada.raw_file(shown[0].content["file"]["url"])
        assert b"picture" not in raw and len(raw) == photo.size


@pytest.mark.parametrize("encrypted", [False, True])
async def test_an_album_said_again_is_the_same_album(
    bench: Bench, ada: MatrixPerson, proxy: MatrixProxy, tmp_path: Path, encrypted: bool
) -> None:
    """Each file of an album is an event; cut off in the middle and sent again, it stands there once, in order."""
    room = await a_room(bench, ada, encrypted=encrypted)
    files = tuple(spooled(tmp_path, f"n{number}".encode(), f"n{number}.png") for number in range(3))
    proxy.fault("answer", "PUT", "album-f2", status=502)
    assert isinstance(await bench.send(room, "Ada", files=files, token="album"), Delayed)
    names = named(await bench.send(room, "Ada", files=files, token="album"))
    assert names == named(await bench.send(room, "Ada", files=files, token="album"))
    (last,) = named(await bench.send(room, "fin"))
    await ada.look(room, last)
    shown = [one for one in ada.view(room) if one.sender == bench.user]
    assert [one.event_id for one in shown] == [*names, last]
    assert [one.text for one in shown] == ["Ada", "", "", "fin"]
    assert [await ada.open_file(one) for one in shown[:3]] == [b"n0", b"n1", b"n2"]


async def test_an_album_found_after_a_day_is_not_said_again(bench: Bench, ada: MatrixPerson, tmp_path: Path) -> None:
    """When the server has forgotten the transactions, the files that did arrive are known again, and the rest is sent."""
    room = await a_room(bench, ada, encrypted=True)
    files = tuple(spooled(tmp_path, f"n{number}".encode(), f"n{number}.png") for number in range(3))
    claimed = bench.now()
    first = named(await bench.send(room, "Ada", files=files[:2], token="album"))
    bench.late = timedelta(hours=24)
    again = named(await bench.send(room, "Ada", files=files, token="album", first_claimed_at=claimed))
    assert again[:2] == first and len(again) == 3
    await ada.look(room, again[2])
    assert [one.event_id for one in ada.view(room)] == again


async def test_no_plain_file_goes_where_it_must_be_sealed(
    bench: Bench, ada: MatrixPerson, proxy: MatrixProxy, tmp_path: Path
) -> None:
    """What may only go into an encrypted room is not even brought to the server for one that is not."""
    room = await a_room(bench, ada)
    photo = spooled(tmp_path, b"x", "x.png")
    assert isinstance(await bench.send(room, "Ada", files=(photo,), must_encrypt=True), Refused)
    assert proxy.count("POST", "/media/v3/upload") == 0


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("m.room.history_visibility", {"history_visibility": "world_readable"}),
        ("m.room.join_rules", {"join_rule": "public"}),
    ],
    ids=["world-readable", "open"],
)
async def test_what_people_say_goes_into_no_room_that_strangers_may_read(
    bench: Bench, ada: MatrixPerson, kind: str, content: dict[str, str]
) -> None:
    """Whatever was known when it was written: the room's own state counts. What the bot says for itself is for anybody."""
    room = await a_room(bench, ada)
    assert isinstance(await bench.send(room, "Ada: by the river", among_us=True), Sent)
    await ada.set_state(room, kind, content)
    await bench.hear(lambda heard: heard.traits is not None and (heard.traits.world_readable or heard.traits.open_join))
    assert isinstance(await bench.send(room, "Ada: at the mill", among_us=True), Refused)
    assert isinstance(await bench.send(room, "A notice"), Sent)


async def test_a_room_encrypted_while_a_file_is_brought_sees_no_plain_file(
    bench: Bench, ada: MatrixPerson, proxy: MatrixProxy, tmp_path: Path
) -> None:
    """The room turns to encryption during the upload: nothing is said of the plain file, and then the sealed one is."""
    room = await a_room(bench, ada)
    photo = spooled(tmp_path, b"x", "x.png")
    turned: list[object] = []

    async def turn() -> None:
        await proxy.wait_request("POST", "/media/v3/upload")
        await ada.set_state(room, "m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"})
        turned.append(await bench.hear(lambda heard: heard.traits is not None and heard.traits.encrypted))
        held.release.set()

    held = proxy.fault("hold", "POST", "/media/v3/upload")
    outcome, _ = await asyncio.gather(bench.send(room, "Ada", files=(photo,), token="one"), turn())
    assert turned and not isinstance(outcome, Sent)
    (name,) = named(await bench.send(room, "Ada", files=(photo,), token="one"))
    shown = await ada.look(room, name)
    assert shown.encrypted and await ada.open_file(shown) == b"x"


@pytest.mark.parametrize("encrypted", [False, True])
async def test_new_words_stand_under_the_old_file(
    bench: Bench, ada: MatrixPerson, proxy: MatrixProxy, tmp_path: Path, encrypted: bool
) -> None:
    """A corrected caption leaves the picture, with or without the file at hand, after a restart, and when all memory is lost."""
    room = await a_room(bench, ada, encrypted=encrypted)
    photo = spooled(tmp_path, b"picture", "digue.png")
    (name,) = named(await bench.send(room, "Ada : avnt", files=(photo,)))
    fix: dict[str, Any] = {"kind": "edit", "replaces": name, "caption": True}
    await bench.send(room, "Ada : avant", files=(photo,), **fix)
    shown = await ada.look_until(room, name, lambda one: one.text == "Ada : avant")
    assert (shown.kind, await ada.open_file(shown)) == ("m.image", b"picture")

    await bench.restart()
    await bench.send(room, "Ada : après", **fix)
    shown = await ada.look_until(room, name, lambda one: one.text == "Ada : après")
    assert (shown.kind, shown.file_name, await ada.open_file(shown)) == ("m.image", "digue.png", b"picture")

    await bench.stop()
    (bench.folder / "files.db").unlink()
    bench.matrix = bench.make()
    await bench.start()
    await bench.send(room, "Ada : enfin", **fix)
    shown = await ada.look_until(room, name, lambda one: one.text == "Ada : enfin")
    assert (shown.kind, await ada.open_file(shown)) == ("m.image", b"picture")
    assert proxy.count("POST", "/media/v3/upload") == 1

    (plain,) = named(await bench.send(room, "rien"))
    wiped = await bench.send(room, "x", kind="edit", replaces=plain, caption=True)
    assert isinstance(wiped, Refused) and "not known" in wiped.reason


async def test_a_file_that_is_not_kept_any_more_is_refused(bench: Bench, ada: MatrixPerson, tmp_path: Path) -> None:
    """A file that is gone from the disk is said to be, and nothing of its album is shown."""
    room = await a_room(bench, ada)
    here, gone = (spooled(tmp_path, name.encode(), f"{name}.png") for name in ("here", "gone"))
    gone.path.unlink()
    outcome = await bench.send(room, "Ada", files=(here, gone))
    assert isinstance(outcome, Refused) and "not kept" in outcome.reason
    (last,) = named(await bench.send(room, "fin"))
    await ada.look(room, last)
    assert [one.text for one in ada.view(room)] == ["fin"]


@pytest.mark.parametrize("encrypted", [False, True])
async def test_places_polls_and_threads_are_seen(bench: Bench, ada: MatrixPerson, encrypted: bool) -> None:
    """A place that moves, a poll and an answer in a thread are what they are; a poll is not changed."""
    room = await a_room(bench, ada, encrypted=encrypted)
    root = await ada.say(room, "où ?")
    (place,) = named(await bench.send(room, "Bo :", point=(49_123_456, 5_500_000), thread=root))
    shown = await ada.look(room, place)
    assert (shown.point, shown.thread, shown.reply_to) == ((49.123456, 5.5), root, None)
    assert shown.text.startswith("Bo :")
    await bench.send(room, "Bo :", point=(49_200_000, 5_500_000), kind="edit", replaces=place)
    assert (await ada.look_until(room, place, lambda one: one.edited)).point == (49.2, 5.5)

    (poll,) = named(await bench.send(room, "Bo :", poll=Poll("Qui ?", ("moi", "toi")), reply_to=root))
    shown = await ada.look(room, poll)
    assert (shown.kind, shown.encrypted, shown.reply_to) == ("poll", encrypted, root)
    assert (shown.question, shown.answers) == ("Bo :\nQui ?", {"0": "moi", "1": "toi"})
    assert "1. moi\n2. toi" in shown.content["org.matrix.msc1767.text"] and POLL in shown.content
    changed = await bench.send(room, "Bo :", poll=Poll("Quoi ?", ("a", "b")), kind="edit", replaces=poll)
    assert isinstance(changed, Refused)

    called = ((f"matrix:{ada.user}", "ada"),)
    (answer,) = named(await bench.send(room, "Bo : @ada ici", thread=root, reply_to=place, mentions=called))
    shown = await ada.look(room, answer)
    assert (shown.thread, shown.reply_to, shown.mentions, shown.loud) == (root, place, [ada.user], False)


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_reaction_is_put_once_and_taken_back(bench: Bench, ada: MatrixPerson, encrypted: bool) -> None:
    """A reaction hangs on its message, in the clear; the same again is the same one; taken back, it is gone."""
    room = await a_room(bench, ada, encrypted=encrypted)
    said = await ada.say(room, "l'eau monte")
    put: dict[str, Any] = {"kind": "react", "replaces": said, "emoji": "❤", "must_encrypt": encrypted}
    first = await bench.send(room, token="r1", **put)
    assert await bench.send(room, token="r1", **put) == first
    assert await bench.send(room, token="r2", **put) == first
    (name,) = named(first)
    shown = await ada.look_until(room, said, lambda one: bool(one.reactions))
    assert shown.reactions == {"❤️": [bench.user]}
    assert not (await ada.wait_seen(lambda seen: seen.event_id == name)).decrypted

    back: dict[str, Any] = {"kind": "react", "replaces": name, "emoji": None}
    for token in ("r3", "r3", "r4"):
        assert await bench.send(room, token=token, **back) == Sent(name)
    await ada.wait_gone(room, name)
    assert (await ada.look(room, said)).reactions == {}
    assert isinstance(await bench.send(room, kind="react", replaces="$nothing", emoji="x"), Refused | Sent)


async def test_a_removal_that_is_not_allowed_says_so(bench: Bench, ada: MatrixPerson) -> None:
    """Somebody else's message stays where the bot has no power to remove it; what was never there counts as removed."""
    room = await a_room(bench, ada)
    hers = await ada.say(room, "à moi")
    refused = await bench.send(room, kind="delete", replaces=hers)
    assert isinstance(refused, Refused) and "may not remove" in refused.reason and not refused.gone
    assert (await ada.look(room, hers)).text == "à moi"
    await ada.set_powers(room, redact=0)
    assert await bench.send(room, kind="delete", replaces=hers) == Sent(hers)
    await ada.wait_gone(room, hers)
    assert ada.view(room) == []


async def test_rooms_told_at_once_can_all_read(bench: Bench, ada: MatrixPerson) -> None:
    """Several encrypted rooms hear the first words at the same time, and whoever is in all of them reads each."""
    rooms = [await a_room(bench, ada, encrypted=True) for _ in range(4)]
    sent = await asyncio.gather(*(bench.send(room, "alerte") for room in rooms))
    for room, one in zip(rooms, sent, strict=True):
        (name,) = named(one)
        await ada.look(room, name)
        assert [seen.decrypted for seen in ada.timeline(room) if seen.event_id == name] == [True]


async def test_nothing_of_this_is_tried_before_we_are_connected(bench: Bench) -> None:
    """Before the first connection every kind waits."""
    await bench.stop()
    kinds: tuple[Literal["message", "edit", "delete", "react"], ...] = ("message", "edit", "delete", "react")
    for kind in kinds:
        out = Outgoing("t", RoomRef("matrix", "!r"), kind, replaces="$e")
        assert not isinstance(await bench.make().send(out), Sent | Refused)


async def test_nobody_is_rung_by_a_name_in_the_words(synapse: SynapseServer, bench: Bench, ada: MatrixPerson) -> None:
    """Words in which a name stands ring nobody, and those in which none can be found do not say so, which spares the homeserver work."""
    room = await a_room(bench, ada)
    account = ada.user[1:].partition(":")[0]
    said = ("Le quai est sous l'eau", f"{account.upper()} : appelez", "@ROOM : tous au quai")
    for words in said:
        await bench.send(room, words)
    async with MatrixPerson(synapse, f"careless{next(_numbers)}") as careless:
        await ada.invite(room, careless.user)
        await careless.join(room)
        await careless.call(
            "PUT",
            f"/rooms/{room}/send/m.room.message/c1",
            {"msgtype": "m.text", "body": f"{account} !"},
        )
    await ada.wait_message(room, f"{account} !")
    seen = [await ada.wait_message(room, words) for words in said]
    assert ["m.mentions" in one.content for one in seen] == [False, True, True]
    rung = await ada.call("GET", "/notifications?only=highlight")
    assert [one["event"]["content"]["body"] for one in rung["notifications"]] == [f"{account} !"]


def test_who_could_be_named_is_found_in_any_case() -> None:
    """The account and the shown name of every member count, in any case and inside of words; other words name nobody."""
    room = Room("!r:x")
    room.members = {"@ada.b:x": Member("join", "Ada Béart"), "@li:x": Member("leave")}
    for words in ("ADA.B ?", "chez ada béart", "voilà @Room", "le lit"):
        assert room.may_name(words), words
    assert not room.may_name("au quai, @ room")
