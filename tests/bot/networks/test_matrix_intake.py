"""What people do in a real room, plain and encrypted, is heard as what it is: said by real clients, through a real homeserver."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.networks.matrix_keys import Keys
from bot.networks.port import Heard, Sent
from playbooks.spoken import File, Poll, Spoken
from tests.emulators.matrix_bench import Bench, running
from tests.emulators.matrix_person import MatrixPerson
from tests.emulators.matrix_speech import answering
from tests.emulators.synapse import SynapseServer

_numbers = itertools.count(1)
_SOON = timedelta(seconds=30)


@pytest.fixture
async def bench(synapse: SynapseServer, tmp_path: Path) -> AsyncIterator[Bench]:
    async with running(synapse, f"hears{next(_numbers)}", tmp_path / "matrix") as bench:
        yield bench


@pytest.fixture
async def ada(synapse: SynapseServer) -> AsyncIterator[MatrixPerson]:
    async with MatrixPerson(synapse, f"says{next(_numbers)}") as person:
        yield person


@pytest.fixture(params=[False, True], ids=["plain", "encrypted"])
async def room(bench: Bench, ada: MatrixPerson, request: pytest.FixtureRequest) -> str:
    """A room of ada's with the bot in it."""
    room = await ada.create_room("Crue", encrypted=request.param, invite=(bench.user,))
    await bench.enter(room)
    await ada.wait_member(room, bench.user)
    return room


def hold_keys(keys: Keys) -> tuple[list[dict[str, Any]], Callable[[Iterable[dict[str, Any]]], set[str]]]:
    """From now on what comes between devices goes into the list; what takes it in otherwise is returned too."""
    held: list[dict[str, Any]] = []
    take_in = keys.take_in

    def without_keys(events: Iterable[dict[str, Any]]) -> set[str]:
        held.extend(events)
        return take_in([])

    keys.take_in = without_keys  # type: ignore[method-assign]
    return held, take_in


async def heard_as(bench: Bench, key: str) -> Heard:
    """What was heard under this key."""
    return await bench.hear(lambda heard: heard.key == key)


def said(heard: Heard) -> Spoken:
    assert heard.spoken is not None
    return heard.spoken


async def test_words_with_markup_threads_and_edits_are_heard(bench: Bench, ada: MatrixPerson, room: str) -> None:
    """Markup comes through, an answer names what it answers, a thread its beginning, an edit what it changes."""
    first = await ada.say_html(room, "<p>l'eau <strong>monte</strong></p>", "l'eau **monte**")
    heard = await heard_as(bench, first)
    assert (heard.kind, heard.text, said(heard).html) == ("message", "l'eau **monte**", "l'eau <b>monte</b>")
    assert (heard.message_id, heard.automatic, heard.thread, heard.reply_to) == (first, False, None, None)

    reply = await heard_as(bench, await ada.reply(room, first, "où ?"))
    assert (reply.reply_to, reply.thread, reply.text) == (first, None, "où ?")
    aside = await heard_as(bench, await ada.say_in_thread(room, first, "ici", latest=reply.key))
    assert (aside.reply_to, aside.thread) == (None, first)
    inside = await heard_as(bench, await ada.say_in_thread(room, first, "là ?", answers=aside.key))
    assert (inside.reply_to, inside.thread) == (aside.key, first)

    edited = await heard_as(bench, await ada.edit(room, first, "l'eau baisse"))
    assert (edited.kind, edited.message_id, said(edited).html) == ("edited", first, "l'eau baisse")

    chatter = await heard_as(bench, await ada.say(room, "je suis un programme", msgtype="m.notice"))
    assert chatter.automatic


async def test_an_edit_that_is_taken_back_gives_the_words_before_it(bench: Bench, ada: MatrixPerson, room: str) -> None:
    """Those of the last edit that still stands, in the end what was said first; with that gone it is taken back whole. Also after a restart."""
    first = await ada.say(room, "l'eau monte")
    edits = [await ada.edit(room, first, text) for text in ("l'eau baisse", "le code est 1234")]
    await heard_as(bench, edits[1])
    back = await heard_as(bench, await ada.redact(room, edits[1]))
    assert (back.kind, back.message_id, back.text, back.sender) == (
        "edited",
        first,
        "l'eau baisse",
        f"matrix:{ada.user}",
    )
    await bench.restart()
    back = await heard_as(bench, await ada.redact(room, edits[0]))
    assert (back.kind, back.message_id, said(back).html) == ("edited", first, "l'eau monte")
    late = await ada.edit(room, first, "l'eau est là")
    await heard_as(bench, late)
    await ada.redact(room, first)
    gone = await heard_as(bench, await ada.redact(room, late))
    assert (gone.kind, gone.message_id) == ("deleted", first)


async def test_nobody_takes_back_what_another_said(
    synapse: SynapseServer, bench: Bench, ada: MatrixPerson, room: str
) -> None:
    """Neither words nor a poll, by an edit that no client shows and its redaction; nor does whoever asked take a poll back by taking back words."""
    said = await ada.say(room, "l'eau monte")
    asked = await ada.ask(room, "Bateaux ?", "oui", "non")
    await heard_as(bench, asked)
    async with MatrixPerson(synapse, f"says{next(_numbers)}") as ben:
        await ada.invite(room, ben.user)
        await ben.wait_invite(room)
        await ben.join(room)
        await ben.wait_member(room, ben.user)
        await ada.wait_member(room, ben.user)
        for who, of in ((ben, said), (ben, asked), (ada, asked)):
            edit = await who.edit(room, of, "à moi")
            await heard_as(bench, edit)
            await who.redact(room, edit)
        await ada.say(room, "fin")
        await bench.hear_text(room, "fin")
    assert not {said, asked} & {heard.message_id for heard in bench.heard("deleted")}


async def test_reactions_and_messages_taken_back_are_heard(bench: Bench, ada: MatrixPerson, room: str) -> None:
    """A redaction names the message, or the reaction by the id it was heard under; what the bot removes itself is not heard."""
    first = await ada.say(room, "l'eau monte")
    reaction = await heard_as(bench, await ada.react(room, first, "👍"))
    assert (reaction.kind, reaction.message_id, reaction.emoji) == ("reaction", first, "👍")
    gone = await heard_as(bench, await ada.redact(room, reaction.key))
    assert (gone.kind, gone.message_id, gone.sender) == ("deleted", reaction.key, f"matrix:{ada.user}")
    gone = await heard_as(bench, await ada.redact(room, first, "une erreur"))
    assert (gone.kind, gone.message_id) == ("deleted", first)
    assert gone.said_at - bench.now() < _SOON

    sent = await bench.send(room, "à moi")
    assert isinstance(sent, Sent)
    await bench.send(room, kind="delete", replaces=sent.message_id)
    await ada.say(room, "fin")
    await bench.hear_text(room, "fin")
    assert len(bench.heard("deleted")) == 2


@pytest.mark.parametrize(
    ("msgtype", "kind", "mime"),
    [
        ("m.image", "photo", "image/png"),
        ("m.video", "video", "video/mp4"),
        ("m.audio", "audio", "audio/ogg"),
        ("m.file", "file", "application/pdf"),
        ("m.sticker", "sticker", "image/webp"),
    ],
)
async def test_files_are_heard(bench: Bench, ada: MatrixPerson, room: str, msgtype: str, kind: str, mime: str) -> None:
    """With what is needed to fetch them, and with the words under them."""
    sealed = ada.client.rooms[room].encrypted
    caption = "" if msgtype == "m.sticker" else "regardez"
    file = said(
        heard := await heard_as(bench, await ada.show(room, b"data", "crue.bin", msgtype, caption=caption))
    ).file
    assert isinstance(file, File)
    assert (file.kind, file.name, file.type, file.size, heard.text) == (kind, "crue.bin", mime, 4, caption)
    where = json.loads(file.where)
    assert where["mxc"].startswith("mxc://localhost/")
    assert ("file" in where) is sealed
    if sealed:
        assert where["file"]["url"] == where["mxc"] and where["file"]["key"]["k"]
    fetched = b"".join([piece async for piece in bench.matrix.fetch(file)])
    assert fetched == b"data", "and it can be had"


async def test_voices_captions_and_places_are_heard(bench: Bench, ada: MatrixPerson, room: str) -> None:
    """A voice is told from music; changed words under a file come with the file; a place with its words, if it has any."""
    spoken = said(await heard_as(bench, await ada.speak(room, b"OggS", 2600)))
    assert spoken.file is not None and (spoken.file.kind, spoken.file.seconds) == ("voice", 3)

    content = await ada.file_content(room, b"data", "crue.png", "m.image", caption="la digue")
    first = await ada.send(room, "m.room.message", content)
    await heard_as(bench, first)
    more = {name: value for name, value in content.items() if name != "body"}
    edited = await heard_as(bench, await ada.edit(room, first, "le pont", **more))
    assert (edited.kind, edited.message_id, said(edited).html) == ("edited", first, "le pont")
    assert said(edited).file is not None

    here = await heard_as(bench, await ada.show_place(room, 50.633, 5.567))
    assert said(here) == Spoken(point=(50_633_000, 5_567_000))
    named = await heard_as(bench, await ada.show_place(room, 50.633, 5.567, "digue <nord>"))
    assert said(named) == Spoken("digue &lt;nord&gt;", point=(50_633_000, 5_567_000))


async def test_a_place_that_moves_is_followed(bench: Bench, ada: MatrixPerson, room: str) -> None:
    """It is said once, moves by edits, also after a restart, and stands still in the end; nobody else can move it."""
    began = await ada.begin_live_place(room, 60_000, "bateau 2")
    first = await heard_as(bench, await ada.move(room, began, 50.1, 5.1))
    assert (first.kind, first.message_id, first.text, first.point) == (
        "message",
        began,
        "bateau 2",
        (50_100_000, 5_100_000),
    )
    until = said(first).live_until
    assert until is not None and abs(until - first.said_at - timedelta(seconds=60)) < _SOON
    await bench.restart()
    second = await heard_as(bench, await ada.move(room, began, 50.2, 5.2))
    assert (second.kind, second.message_id, second.point) == ("edited", began, (50_200_000, 5_200_000))
    async with MatrixPerson(bench.server, f"mallory{next(_numbers)}") as eve:
        await ada.invite(room, eve.user)
        await eve.join(room)
        await ada.wait_member(room, eve.user)
        await eve.wait_member(room, bench.user)
        await eve.move(room, began, 0, 0)
        await eve.say(room, "fin")
        await bench.hear_text(room, "fin")
    ended = await heard_as(bench, await ada.end_live_place(room))
    assert (ended.kind, ended.message_id, ended.point) == ("edited", began, (50_200_000, 5_200_000))
    assert said(ended).live_until is None
    assert len([heard for heard in bench.heard() if heard.message_id == began]) == 3
    gone = await heard_as(bench, await ada.redact(room, began))
    assert (gone.kind, gone.message_id) == ("deleted", began)


async def test_polls_votes_and_ends_are_heard(bench: Bench, ada: MatrixPerson, room: str) -> None:
    """Votes come as the places of the options, whatever their ids, also after a restart; only who may end a poll ends it."""
    asked = await heard_as(bench, await ada.ask(room, "Qui ?", "moi", "toi", "eux", most=2))
    assert said(asked).poll == Poll("Qui ?", ("moi", "toi", "eux"), several=True)
    assert asked.text == "Qui ?\n– moi\n– toi\n– eux"
    vote = await heard_as(bench, await ada.vote(room, asked.key, "id-2", "id-0", "id-1"))
    assert (vote.kind, vote.message_id, vote.options, vote.sender) == ("voted", asked.key, (2, 0), f"matrix:{ada.user}")
    await bench.restart()
    vote = await heard_as(bench, await ada.vote(room, asked.key))
    assert (vote.kind, vote.options) == ("voted", ())
    async with MatrixPerson(bench.server, f"mallory{next(_numbers)}") as eve:
        await ada.invite(room, eve.user)
        await eve.join(room)
        await ada.wait_member(room, eve.user)
        await eve.wait_member(room, bench.user)
        await eve.end_poll(room, asked.key)
        await eve.vote(room, asked.key, "id-1")
        assert (await bench.hear(lambda h: h.sender == f"matrix:{eve.user}" and h.kind == "voted")).options == (1,)
    assert not bench.heard("ended")
    ended = await heard_as(bench, await ada.end_poll(room, asked.key))
    assert (ended.kind, ended.message_id) == ("ended", asked.key)


async def test_votes_in_a_poll_of_ours_are_places(bench: Bench, ada: MatrixPerson, room: str) -> None:
    """The options of what the bot asks have their places as ids; whoever may remove its messages may end it."""
    sent = await bench.send(room, "Ada", poll=Poll("Qui ?", ("moi", "toi")))
    assert isinstance(sent, Sent)
    poll = await ada.wait_seen(lambda seen: seen.event_id == sent.message_id)
    assert poll.type == "org.matrix.msc3381.poll.start"
    ids = [answer["id"] for answer in poll.content[poll.type]["answers"]]
    vote = await heard_as(bench, await ada.vote(room, sent.message_id, ids[1]))
    assert (vote.kind, vote.message_id, vote.options) == ("voted", sent.message_id, (1,))
    assert (await heard_as(bench, await ada.end_poll(room, sent.message_id))).kind == "ended"


async def test_nobody_takes_back_by_encryption(bench: Bench, ada: MatrixPerson) -> None:
    """A server cannot check who may redact what inside encryption: a redaction or a state event there is nothing."""
    room = await ada.create_room("Crue", encrypted=True, invite=(bench.user,))
    await bench.enter(room)
    await ada.wait_member(room, bench.user)
    first = await ada.say(room, "l'eau monte")
    for kind in ("m.room.redaction", "m.room.tombstone", "org.matrix.msc3672.beacon_info"):
        await ada.send(room, kind, {"redacts": first, "replacement_room": "!evil", "live": True, "timeout": 60_000})
    await ada.say(room, "fin")
    await bench.hear_text(room, "fin")
    assert {heard.kind for heard in bench.heard(room=room)} <= {"invited", "joined", "room", "message"}


async def test_what_was_taken_back_unread_is_never_heard(bench: Bench, ada: MatrixPerson) -> None:
    """Neither as unreadable, nor when its key comes after all."""
    room = await ada.create_room("Crue", encrypted=True, invite=(bench.user,))
    await bench.enter(room)
    await ada.wait_member(room, bench.user)
    session = bench.matrix._session
    assert session is not None
    held, take_in = hold_keys(session.keys)
    event = await ada.say(room, "un nom de trop")
    await bench.ears.until(lambda: bool(session.memory.all_waiting()))
    await ada.redact(room, event)
    assert (await bench.hear(lambda heard: heard.kind == "deleted")).message_id == event
    assert not session.memory.all_waiting()
    session.keys.take_in = lambda events: take_in([*held, *events])  # type: ignore[method-assign]
    bench.late = timedelta(minutes=6)
    await ada.react(room, event, "👍")
    await bench.hear(lambda heard: heard.kind == "reaction")
    assert bench.texts(room) == [] and bench.heard("unreadable") == []


async def test_an_encrypted_answer_without_its_relation_inside_is_an_answer(bench: Bench, ada: MatrixPerson) -> None:
    """Clients write what it answers outside the encryption only; it is read there."""
    room = await ada.create_room("Crue", encrypted=True, invite=(bench.user,))
    await bench.enter(room)
    await ada.wait_member(room, bench.user)
    first = await ada.say(room, "où ?")
    await heard_as(bench, first)
    olm = ada.client.olm
    real = olm.group_encrypt
    inner = {"type": "m.room.message", "content": {"msgtype": "m.text", "body": "ici"}}
    sealed = real(room, inner)
    reply = await ada.call(
        "PUT", f"/rooms/{room}/send/m.room.encrypted/x1", {**sealed, "m.relates_to": answering(first)}
    )
    assert (await heard_as(bench, str(reply["event_id"]))).reply_to == first


@pytest.mark.parametrize(
    ("kind", "content", "trait"),
    [
        ("m.room.history_visibility", {"history_visibility": "world_readable"}, "world_readable"),
        ("m.room.join_rules", {"join_rule": "public"}, "open_join"),
        ("m.room.encryption", {"algorithm": "org.example.none"}, "tampered"),
        ("m.room.encryption", {}, "tampered"),
    ],
)
async def test_what_became_of_a_room_is_heard_before_the_words_in_it(
    bench: Bench, ada: MatrixPerson, kind: str, content: dict[str, Any], trait: str
) -> None:
    """Also where both come at once, after an absence: nothing is answered into a room as it was."""
    room = await ada.create_room("Crue", encrypted=True, invite=(bench.user,))
    await bench.enter(room)
    await bench.hear(lambda heard: heard.kind == "room" and heard.traits is not None and heard.traits.encrypted)
    await bench.stop()
    await ada.call("PUT", f"/rooms/{room}/send/m.room.message/before", {"msgtype": "m.text", "body": "avant"})
    await ada.set_state(room, kind, content)
    await ada.call("PUT", f"/rooms/{room}/send/m.room.message/after", {"msgtype": "m.text", "body": "qui lit ?"})
    bench.matrix = bench.make()
    await bench.start()
    await bench.hear_text(room, "qui lit ?")
    order = [heard for heard in bench.heard(room=room) if heard.kind in ("room", "message")]
    assert [heard.kind for heard in order][-3:] == ["room", "message", "message"]
    assert getattr(order[-3].traits, trait) is True
