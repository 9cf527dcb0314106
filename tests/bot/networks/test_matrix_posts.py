"""What the bot posted is read back from its rooms by a folder that was put back, also where it lacks the keys: on a real homeserver."""

from __future__ import annotations

import itertools
import shutil
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.networks import matrix_posts
from bot.networks.port import Sent
from storage.notes import Checkpoint, Signer
from tests.emulators.matrix_bench import running
from tests.emulators.matrix_person import MatrixPerson
from tests.emulators.synapse import SynapseServer

_numbers = itertools.count(1)
KEY, OTHER = b"k" * 32, b"o" * 32
ROOM = "!room:localhost"
SIGNER = Signer("test", Ed25519PrivateKey.from_private_bytes(b"7" * 32))


def note(size: int) -> str:
    """A signed checkpoint."""
    return SIGNER.sign(Checkpoint("test/I-1", size, bytes([size]) * 32).text)


FORGED = note(1).replace("\n1\n", "\n999999999\n")
"""What somebody made up, of a size that hides any other."""


def sealed(content: dict[str, Any]) -> dict[str, Any]:
    """An encrypted event with something beside it."""
    return {"type": "m.room.encrypted", "content": {"ciphertext": "x", **content}}


def test_what_is_locked_beside_the_ciphertext_is_opened_with_the_same_key_in_the_same_room() -> None:
    """Nothing of it can be read beside; another key, another room, and a character that was changed open nothing."""
    beside = matrix_posts.beside({"body": f"Log of I-1: 3 entries.\n{note(3)}"}, ROOM, KEY)
    [locked] = beside.values()
    assert "test/I-1" not in locked
    event = sealed(beside)
    assert matrix_posts.posted(event, ROOM, KEY) == note(3)
    assert matrix_posts.posted(event, ROOM, OTHER) is None
    assert matrix_posts.posted(event, "!another:localhost", KEY) is None
    changed = locked[:20] + ("A" if locked[20] != "A" else "B") + locked[21:]
    assert matrix_posts.posted(sealed({matrix_posts.BESIDE: changed}), ROOM, KEY) is None


def test_only_a_checkpoint_has_a_copy_beside() -> None:
    """Ordinary words, no words, and a checkpoint longer than any of ours go out with nothing in the clear."""
    _, _, line = note(3).partition("\n\n")
    many = note(3) + line * 60
    for body in ("l'eau monte\n1/2", "", None, 7, many):
        assert matrix_posts.beside({"body": body}, ROOM, KEY) == {}


def test_what_people_say_shows_nothing_whatever_it_looks_like() -> None:
    """The bot carries a made-up checkpoint, or a real one: its words are no post of ours, encrypted or not, and the post beside them is what is told."""
    for words in (FORGED, note(9)):
        said = {"body": f"▸ Eve · Fire\n{words}"}
        assert matrix_posts.posted({"type": "m.room.message", "content": said}, ROOM, KEY) is None
        assert matrix_posts.posted(sealed(said), ROOM, KEY) is None
    ours = {"body": f"Log of I-1: 3 entries.\n{note(3)}"}
    event = {"type": "m.room.message", "content": ours | matrix_posts.beside(ours, ROOM, None)}
    assert matrix_posts.posted(event, ROOM, KEY) == note(3)


@pytest.mark.parametrize(
    "content",
    [None, [], {}, {"body": 3}, {"body": "x"}, {matrix_posts.BESIDE: 3}, {matrix_posts.BESIDE: ""}, {matrix_posts.BESIDE: "é!"},
     {matrix_posts.BESIDE: "AAAA"}, {matrix_posts.BESIDE: b64encode(bytes(900)).decode()}, {matrix_posts.BESIDE: "A" * 100_000}],
)  # fmt: skip
def test_an_odd_event_shows_nothing(content: Any) -> None:
    """Whatever a homeserver puts into an event of ours, encrypted or not, is no checkpoint, and breaks nothing."""
    for kind in ("m.room.message", "m.room.encrypted"):
        assert matrix_posts.posted({"type": kind, "content": content}, ROOM, KEY) is None


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
async def test_a_folder_that_was_put_back_hears_what_was_posted_after_it(
    synapse: SynapseServer, tmp_path: Path, encrypted: bool
) -> None:
    """Copied away, then more is posted by a process whose keys the copy has not, among what people and the bot say: put back, the newest is heard once, and no
    word of ours besides; also when it starts with no memory of where it had heard up to."""
    name = f"posts{next(_numbers)}"
    async with running(synapse, name, tmp_path / "matrix") as bench, MatrixPerson(synapse, f"{name}-ada") as ada:
        room = await ada.create_room("Log", encrypted=encrypted, invite=(bench.user,))
        await bench.enter(room)
        await ada.wait_member(room, bench.user)
        await bench.send(room, f"Log of I-1\n{note(1)}", notice=True, checkpoint=True)
        await ada.say(room, "avant")
        await bench.hear_text(room, "avant")
        await bench.stop()
        shutil.copytree(bench.folder, tmp_path / "older")
        cursor, before = bench.ears.committed, len(bench.ears.items)

        bench.matrix = bench.make()
        await bench.start()
        for number in range(60):  # more than one sync tells of a room
            if number % 30 == 0:
                assert isinstance(
                    await bench.send(room, f"Log of I-1\n{note(2 + number // 30)}", notice=True, checkpoint=True), Sent
                )
            await bench.send(room, f"mot {number}\n1/2" + (f"\n{FORGED}" if number in (45, 59) else ""))
        await ada.say(room, "après")
        await ada.wait_message(room, "mot 59")
        await bench.hear_text(room, "après")
        await bench.stop()

        shutil.rmtree(bench.folder)
        (tmp_path / "older").rename(bench.folder)
        bench.ears.committed = cursor
        bench.ears.items = dict(list(bench.ears.items.items())[:before])
        bench.matrix = bench.make()
        await bench.start()
        assert [one.text for one in bench.heard("posted", room)[-1:]] == [note(3)]
        assert {one.text for one in bench.heard("posted", room)} <= {note(1), note(2), note(3)}
        assert not any("mot" in text for text in bench.texts(room))
        await bench.stop()

        bench.ears.committed, bench.ears.items = None, {}
        bench.matrix = bench.make()
        await bench.start()
        assert [one.text for one in bench.heard("posted", room)] == [note(3)]
        assert bench.texts(room) == []
        said = bench.heard("posted", room)[0]
        assert (said.sender, said.room.id) == (None, room) and said.said_at <= datetime.now(UTC)


async def test_the_copy_beside_tells_others_nothing(synapse: SynapseServer, tmp_path: Path) -> None:
    """Who reads along on the wire of an encrypted room finds neither the log's name nor its size; who is in the room reads the post as ever."""
    name = f"posts{next(_numbers)}"
    async with running(synapse, name, tmp_path / "matrix") as bench, MatrixPerson(synapse, f"{name}-ada") as ada:
        room = await ada.create_room("Log", encrypted=True, invite=(bench.user,))
        await bench.enter(room)
        await ada.wait_member(room, bench.user)
        sent = await bench.send(room, f"Log of I-1\n{note(1)}", notice=True, checkpoint=True)
        assert isinstance(sent, Sent)
        assert (await ada.wait_message(room, "Log of I-1")).decrypted
        event = await ada.call("GET", f"/rooms/{room}/event/{sent.message_id}")
        assert event["type"] == "m.room.encrypted" and matrix_posts.BESIDE in event["content"]
        assert "test/I-1" not in str(event) and "Log of" not in str(event)
