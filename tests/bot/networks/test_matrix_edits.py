"""An edit that can be read before what it changes goes with it: nothing is heard as it was before an edit that had come already."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.networks.matrix_edits import KEPT_SECONDS, KnownEdit
from bot.networks.matrix_memory import Memory
from bot.networks.matrix_read import read
from bot.networks.matrix_session import Session
from bot.networks.port import Heard
from tests.emulators.matrix_bench import Bench, running
from tests.emulators.matrix_person import MatrixPerson
from tests.emulators.synapse import SynapseServer

_numbers = itertools.count(1)
ADA, EVE, ROOM, OTHER = "@ada:x.org", "@eve:x.org", "!r:x.org", "!other:x.org"


@pytest.fixture
async def bench(synapse: SynapseServer, tmp_path: Path) -> AsyncIterator[Bench]:
    async with running(synapse, f"edits{next(_numbers)}", tmp_path / "matrix") as bench:
        yield bench


@pytest.fixture
async def ada(synapse: SynapseServer) -> AsyncIterator[MatrixPerson]:
    async with MatrixPerson(synapse, f"mends{next(_numbers)}") as person:
        yield person


@pytest.fixture
async def room(bench: Bench, ada: MatrixPerson) -> str:
    """An encrypted room of ada's with the bot in it."""
    room = await ada.create_room("Crue", encrypted=True, invite=(bench.user,))
    await bench.enter(room)
    await ada.wait_member(room, bench.user)
    return room


def session_of(bench: Bench) -> Session:
    session = bench.matrix._session
    assert session is not None
    return session


async def waiting(bench: Bench, *events: str) -> None:
    """Until just these wait for their keys."""
    memory = session_of(bench).memory
    await bench.ears.until(lambda: {one.event for one in memory.all_waiting()} == set(events))


def said(heard: Heard) -> list[str]:
    """What it said, one version after the other."""
    return [one.spoken.html for one in heard.versions]


@pytest.mark.parametrize("dies", [False, True])
async def test_an_edit_read_first_goes_with_what_it_changes(
    bench: Bench, ada: MatrixPerson, room: str, dies: bool
) -> None:
    """The original is heard once, as it says now, with all that it said; also if the process ends in between."""
    ada.withhold_keys(room)
    first = await ada.say(room, "Opfer: Anna Huber")
    await waiting(bench, first)
    withheld = ada.change_keys(room)
    edit = await ada.edit(room, first, "[red] Opfer: Anna Huber")
    last = await ada.edit(room, first, "Opfer: eine Frau")
    await bench.hear(lambda heard: heard.key == last)
    if dies:
        await bench.restart()
    await ada.give_keys(withheld)
    heard = await bench.hear(lambda heard: heard.key == first)
    assert (heard.kind, heard.text, heard.message_id) == ("message", "Opfer: eine Frau", first)
    assert said(heard) == ["Opfer: Anna Huber", "[red] Opfer: Anna Huber", "Opfer: eine Frau"]
    assert [one.at for one in heard.versions] == sorted(one.at for one in heard.versions)
    assert heard.versions[0].at == heard.said_at and {edit, last} < set(bench.ears.items)
    await waiting(bench)


async def test_what_is_edited_waits_for_an_edit_that_cannot_be_read(bench: Bench, ada: MatrixPerson, room: str) -> None:
    """Its own key is here first; it is said under it that it cannot be read, and it is heard when the edit is."""
    ada.withhold_keys(room)
    first = await ada.say(room, "un nom")
    keys = ada.change_keys(room)
    ada.withhold_keys(room)
    edit = await ada.edit(room, first, "[red] un nom")
    await waiting(bench, first, edit)
    others = ada.change_keys(room)
    await ada.give_keys(keys)
    await ada.say(room, "et après")
    await bench.hear_text(room, "et après")
    assert bench.texts(room) == ["et après"]
    await bench.restart()
    bench.late = timedelta(minutes=6)
    await ada.say(room, "encore")
    unread = await bench.hear(lambda heard: heard.kind == "unreadable" and heard.message_id == first)
    assert unread.room.id == room and "un nom" not in bench.texts(room)
    await ada.give_keys(others)
    heard = await bench.hear(lambda heard: heard.key == first)
    assert said(heard) == ["un nom", "[red] un nom"] and heard.text == "[red] un nom"
    await waiting(bench)


async def test_an_edit_that_is_read_after_a_later_one_is_overtaken(bench: Bench, ada: MatrixPerson, room: str) -> None:
    """What clients show is the last by the clock; one that was taken back overtakes nothing."""
    first = await ada.say(room, "un")
    await bench.hear_text(room, "un")
    ada.withhold_keys(room)
    older = await ada.edit(room, first, "[red] deux")
    keys = ada.change_keys(room)
    ada.withhold_keys(room)
    old = await ada.edit(room, first, "[amber] trois")
    others = ada.change_keys(room)
    newest = await ada.edit(room, first, "quatre")
    assert not (await bench.hear(lambda heard: heard.key == newest)).overtaken
    await ada.give_keys(keys)
    late = await bench.hear(lambda heard: heard.key == older)
    assert late.overtaken and late.message_id == first and late.text == "[red] deux"
    await ada.redact(room, newest)
    await bench.hear(lambda heard: heard.kind == "edited" and heard.text == "un")
    await ada.give_keys(others)
    assert not (await bench.hear(lambda heard: heard.key == old)).overtaken


async def test_an_unread_edit_that_is_taken_back_holds_nothing_up(bench: Bench, ada: MatrixPerson, room: str) -> None:
    """What it changed is heard as it was, in its turn."""
    ada.withhold_keys(room)
    first = await ada.say(room, "un")
    keys = ada.change_keys(room)
    ada.withhold_keys(room)
    edit = await ada.edit(room, first, "deux")
    ada.change_keys(room)
    await ada.give_keys(keys)
    await ada.say(room, "et après")
    await bench.hear_text(room, "et après")
    await waiting(bench, first, edit)
    await ada.redact(room, edit)
    assert (await bench.hear(lambda heard: heard.key == first)).text == "un"
    await waiting(bench)


# --- what homeservers tell in another order -------------------------------------------------------------------------------


def sync(*events: dict[str, Any], room: str = ROOM) -> dict[str, Any]:
    """A server's answer with these events of a room."""
    return {"next_batch": "s1", "rooms": {"join": {room: {"timeline": {"events": list(events)}}}}}


def words(event: str, text: str, at: int, of: str | None = None, sender: str = ADA) -> dict[str, Any]:
    """A message, or an edit of one."""
    content: dict[str, Any] = {"msgtype": "m.text", "body": text}
    if of is not None:
        content |= {"m.new_content": dict(content), "m.relates_to": {"rel_type": "m.replace", "event_id": of}}
    return {"event_id": event, "type": "m.room.message", "sender": sender, "origin_server_ts": at, "content": content}


def sealed(event: str, of: str | None = None, sender: str = ADA) -> dict[str, Any]:
    """A message whose key never comes, or an edit of one."""
    content: dict[str, Any] = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x", "session_id": "s"}
    if of is not None:
        content["m.relates_to"] = {"rel_type": "m.replace", "event_id": of}
    return {"event_id": event, "type": "m.room.encrypted", "sender": sender, "origin_server_ts": 9, "content": content}


def redaction(event: str, of: object, sender: str = ADA) -> dict[str, Any]:
    """What takes another event back."""
    kind = "m.room.redaction"
    return {"event_id": event, "type": kind, "sender": sender, "origin_server_ts": 11, "redacts": of, "content": {}}


def heard_of(bench: Bench, *events: dict[str, Any], room: str = ROOM) -> list[Heard]:
    """What is heard of these, worked on as one answer and settled."""
    intake = session_of(bench).intake
    intake.memory.set_joined(room, True)
    yielded = intake.take_in(sync(*events, room=room), 1)
    yielded.remember(intake.memory)
    read_now = [read(body) for _, body in yielded.items]
    return [one for one in read_now if one is not None]


async def test_a_server_may_tell_of_the_edits_first_and_in_any_order(bench: Bench) -> None:
    """What comes last is the original, heard as it says now; another's edit of it counts for nothing."""
    heard_of(bench, words("$b", "[amber] deux", 20, "$m"), words("$a", "[red] un", 10, "$m"))
    heard_of(bench, words("$x", "rien", 30, "$m", "@eve:x.org"))
    [heard] = heard_of(bench, words("$m", "zéro", 5))
    assert said(heard) == ["zéro", "[red] un", "[amber] deux"] and heard.text == "[amber] deux"
    again = heard_of(bench, words("$m", "zéro", 5))
    assert [said(one) for one in again] == [said(heard)]


async def test_what_comes_together_is_heard_as_it_is_now(bench: Bench) -> None:
    """After an absence the edit is there before anything was decided about the original; nothing else changes."""
    [heard, edited] = heard_of(bench, words("$m", "zéro", 5), words("$a", "[red] un", 10, "$m"))
    assert said(heard) == ["zéro", "[red] un"] and (edited.kind, edited.overtaken) == ("edited", False)
    [one] = heard_of(bench, words("$n", "autre", 5))
    assert one.versions == ()


async def test_an_edit_that_was_taken_back_leaves_its_label(bench: Bench) -> None:
    """It says what it said before; but how closely it was held counts."""
    heard_of(bench, words("$a", "[red] un", 10, "$m"))
    heard_of(bench, redaction("$r", "$a"))
    [heard] = heard_of(bench, words("$m", "zéro", 5))
    assert heard.text == "zéro" and said(heard) == ["zéro", "[red] un", "zéro"]


async def test_an_edit_counts_in_its_own_room_only(bench: Bench) -> None:
    """Words of another room never stand for those of this one, though the same person says so; nor do they overtake or hold up any."""
    heard_of(bench, words("$x", "ce que dit l'autre salon", 90, "$m"), sealed("$y", "$m"), room=OTHER)
    [heard, edited] = heard_of(bench, words("$m", "zéro", 5), words("$a", "un", 10, "$m"))
    assert said(heard) == ["zéro", "un"] and (edited.text, edited.overtaken) == ("un", False)
    assert heard_of(bench, words("$m", "zéro", 5), room=OTHER) == []  # there it would be held up


async def test_a_redaction_counts_in_its_own_room_only(bench: Bench) -> None:
    """A stranger in another room takes nothing back: neither what waits for its key nor an edit; in the same room it counts."""
    memory = session_of(bench).memory
    heard_of(bench, sealed("$w"), words("$a", "[red] un", 10, "$m"))
    heard_of(bench, redaction("$r1", "$w", EVE), redaction("$r2", "$a", EVE), room=OTHER)
    assert [one.event for one in memory.all_waiting()] == ["$w"]
    [heard] = heard_of(bench, words("$m", "zéro", 5))
    assert said(heard) == ["zéro", "[red] un"] and heard.text == "[red] un"
    heard_of(bench, redaction("$r3", "$w", EVE), redaction("$r4", "$a", EVE))
    assert memory.all_waiting() == []
    [heard] = heard_of(bench, words("$m", "zéro", 5))
    assert heard.text == "zéro"


@pytest.mark.parametrize("odd", ["\ud800", ["$w"], {"event_id": "$w"}, 10**30, None])
async def test_a_redaction_of_no_event_spoils_nothing_else(bench: Bench, odd: object) -> None:
    """Whatever it names, what is said beside it is heard, and what waits goes on waiting."""
    heard_of(bench, sealed("$w"))
    inside = {**redaction("$r2", None, EVE), "content": {"redacts": odd}}
    found = heard_of(bench, words("$m", "un", 5), redaction("$r1", odd, EVE), inside, words("$n", "deux", 6))
    assert [one.text for one in found if one.kind == "message"] == ["un", "deux"]
    assert [one.event for one in session_of(bench).memory.all_waiting()] == ["$w"]


@pytest.mark.parametrize("odd", [["m.text"], {"m": "text"}, None, 5])
async def test_an_edit_that_is_no_message_changes_nothing(bench: Bench, odd: object) -> None:
    """Where it is heard first, the good original is heard as it was, and later edits of it count."""
    edit = words("$a", "un", 10, "$m")
    edit["content"]["m.new_content"]["msgtype"] = odd
    assert heard_of(bench, edit) == []
    [heard] = heard_of(bench, words("$m", "zéro", 5))
    assert heard.text == "zéro" and said(heard) == []
    heard_of(bench, words("$b", "deux", 20, "$m"))
    [heard] = heard_of(bench, words("$m", "zéro", 5))
    assert said(heard) == ["zéro", "deux"]


def test_what_edits_said_is_kept_no_longer_than_it_is_needed(tmp_path: Path) -> None:
    """An hour; but as long as what they change waits: then it is never read without them, nor after an edit of it was given up."""
    memory = Memory(tmp_path)
    memory.edits.note(words("$a", "un", 10, "$m"), KnownEdit(ROOM, "$m", ADA, 10), 100.0)
    memory.edits.note(words("$b", "un", 10, "$w"), KnownEdit(ROOM, "$w", ADA, 10), 100.0)
    memory.wait("$w", ROOM, "s", "{}", 200.0)
    memory.wait("$c", ROOM, "s", "{}", 100.0, KnownEdit(ROOM, "$w", ADA, 20))
    memory.edits.forget_old(100.0 + KEPT_SECONDS + 1)
    assert not memory.edits.of(ROOM, "$m", ADA) and memory.edits.of(ROOM, "$w", ADA)
    assert memory.edits.known(ROOM, "$a") == KnownEdit(ROOM, "$m", ADA, 10)
    memory.told_unreadable(["$w", "$c"])
    memory.give_up(150.0)
    assert memory.unread_edits(ROOM, "$w", ADA) == ["$c"]
    memory.give_up(250.0)
    assert memory.all_waiting() == []
    memory.edits.forget_old(100.0 + KEPT_SECONDS + 1)
    assert not memory.edits.of(ROOM, "$w", ADA)
    memory.close()
