"""The whole data folder was put back: nothing in it is newer, but what was posted is, and comes back in whatever is heard."""

from __future__ import annotations

import json
import shutil
from base64 import b64encode
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import handlers
from storage.checkpoints import FILE
from storage.database import RolledBack, open_store
from storage.facts import DEPLOYMENT, EventFailed, RollbackFound
from storage.notes import Checkpoint, Signer
from tests.bot.floor import START, FakeDecisions, FakeNetwork, Floor, floor, note, room

REAL = cast(FakeDecisions, handlers)
SEEN = "An older database was put back"


async def signed(folder: Path, *texts: str, stream: str = "I-7") -> str:
    """The log of an incident goes on, and is signed; the checkpoint."""
    store = await open_store(folder, "test")
    for text in texts:
        await store.append(stream, note(text, stream).fact, now=START)
    await store.sign(START)
    found = await store.checkpoint(stream)
    await store.close()
    assert found is not None
    return found


async def put_back(folder: Path) -> str:
    """A log of one entry is copied away, goes on to three, and the whole folder is what it was; the checkpoint of the three."""
    await signed(folder / "data", "before")
    shutil.copytree(folder / "data", folder / "older")
    newer = await signed(folder / "data", "after", "and after")
    shutil.rmtree(folder / "data")
    (folder / "older").rename(folder / "data")
    return newer


async def found(on: Floor) -> list[RollbackFound]:
    """What the log says of it."""
    return [one.fact for one in await on.store.facts(DEPLOYMENT) if isinstance(one.fact, RollbackFound)]


def told(on: Floor) -> list[str]:
    """What coordinators were told of it."""
    return [out.text for one in on.networks.values() for out in one.sent if SEEN in out.text]


def quoted(post: str) -> dict[str, Any]:
    return {"text": "is this still so?", "quoted": [post, 0]}


WAYS: dict[str, Any] = {
    "pasted in a room": lambda post: {"text": f"They gave us this:\n{post}"},
    "pasted in private": lambda post: {"text": post, "private": True},
    "forwarded": lambda post: {"text": post, "forwarded": "us"},
    "quoted": quoted,
    "answered": lambda post: {"text": "ok", "reply_to": "77", "showed": post},
    "answered by somebody unknown with a command": lambda post: {"text": "/verify", "showed": post, "sender": "telegram:9"},
    "given with the command": lambda post: {"text": f"/verify {post}".replace("\n", " ")},
    "edited into something": lambda post: {"text": post, "kind": "edited"},
    "posted by ourselves": lambda post: {"text": post, "kind": "posted", "sender": None},
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
async def test_whoever_brings_a_newer_post_shows_the_rollback(tmp_path: Path, way: str) -> None:
    """Nothing is noticed at the start; the post of ours is compared whoever brings it and however, recorded, told once, and no more is signed."""
    newer = await put_back(tmp_path)
    async with floor(tmp_path / "data", REAL) as on:
        await on.settled()
        assert await found(on) == []
        for _ in range(3):
            await on.hear(**WAYS[way](f"Log of I-7: 3 entries. Keep this\n{newer}"))
            await on.settled()
        assert [(one.stream, one.size, one.signed) for one in await found(on)] == [("I-7", 1, 3)]
        assert dict(on.engine.world.counters)["I"] == 7
        [words] = told(on)
        assert "The log of I-7 had 3 entries when I signed it last, and has 1 now." in words
        for number in range(4):
            await on.store.append("I-7", note(f"instead {number}", "I-7").fact, now=START)
        with pytest.raises(RolledBack, match="I-7"):
            await on.store.sign(START)
        await on.stop()
    async with floor(tmp_path / "data", REAL) as on:
        await on.settled()
        assert told(on) == [] and len(await found(on)) == 1
        assert dict(on.engine.world.counters)["I"] == 7
    lines = [json.loads(line) for line in (tmp_path / "data" / FILE).read_text().splitlines()]
    assert [one["note"] for one in lines if one.get("witness")] == [newer]


async def test_an_incident_that_only_the_posts_know_keeps_its_number(tmp_path: Path) -> None:
    """Another began after the copy was made: its number is given to none that begins from now on, and of all that is missing the coordinators read in one message."""
    newer = await put_back(tmp_path)
    shutil.copytree(tmp_path / "data", tmp_path / "elsewhere")
    other = await signed(tmp_path / "elsewhere", "another", stream="I-9")
    async with floor(tmp_path / "data", REAL) as on:
        await on.settled()
        assert dict(on.engine.world.counters)["I"] == 7
        await on.hear(f"{newer}\n{other}", kind="posted", sender=None)
        await on.settled()
        assert dict(on.engine.world.counters)["I"] == 9
        [words] = told(on)
        assert "I-7 had 3 entries" in words and "I-9 had 1 entries" in words
        assert {(one.stream, one.signed) for one in await found(on)} == {("I-7", 3), ("I-9", 1)}


async def test_it_is_noticed_too_when_the_log_was_signed_anew_meanwhile(tmp_path: Path) -> None:
    """Before the post came back the older log had grown past it and was signed: two histories, of which the one that was posted is missing here."""
    newer = await put_back(tmp_path)
    await signed(tmp_path / "data", "something", "quite", "different")
    async with floor(tmp_path / "data", REAL) as on:
        await on.hear(newer)
        await on.settled()
        assert [(one.stream, one.size, one.signed) for one in await found(on)] == [("I-7", 4, 3)]
        [words] = told(on)
        assert "The log of I-7 is another one than the one that I signed over 3 entries." in words
        await on.store.append("I-7", note("more", "I-7").fact, now=START)
        with pytest.raises(RolledBack):
            await on.store.sign(START)
        await on.stop()
    store = await open_store(tmp_path / "data", "test")
    assert [(one.stream, one.signed) for one in await store.rolled_back()] == [("I-7", 3)]
    assert any("I-7" in says for says, _ in await store.health())
    await store.close()


async def test_the_newest_backup_puts_everything_right(tmp_path: Path) -> None:
    """With the newer folder back in its place the post is a part of the log, nothing is told, and it is signed again."""
    await signed(tmp_path / "data", "before")
    newer = await signed(tmp_path / "data", "after")
    async with floor(tmp_path / "data", REAL) as on:
        await on.hear(newer)
        await on.hear(newer, private=True)
        await on.settled()
        assert told(on) == [] and await found(on) == []
        await on.store.append("I-7", note("more", "I-7").fact, now=START)
        await on.stop()
    assert "\n3\n" in await signed(tmp_path / "data")


async def test_a_log_that_is_signed_again_under_another_name_is_watched_again(tmp_path: Path) -> None:
    """What is newer was lost for good, so the log goes on under another name; when that is put back in its turn, the coordinators are told of it too."""
    newer = await put_back(tmp_path)
    async with floor(tmp_path / "data", REAL) as on:
        await on.hear(newer)
        await on.settled()
        assert len(told(on)) == 1
        await on.store.append("I-7", note("instead", "I-7").fact, now=START)
        await on.stop()
    (tmp_path / "data" / FILE).rename(tmp_path / "aside")
    store = await open_store(tmp_path / "data", "test-2")
    await store.sign(START)
    shutil.copytree(tmp_path / "data", tmp_path / "older")
    await store.append("I-7", note("more", "I-7").fact, now=START)
    await store.sign(START)
    post = await store.checkpoint("I-7")
    await store.close()
    assert post is not None
    store = await open_store(tmp_path / "older", "test-2")
    assert await store.reminded(post, START)
    await store.close()
    async with floor(tmp_path / "older", REAL, name="test-2") as on:
        await on.settled()
        assert len(told(on)) == 1
        assert [(one.stream, one.signed) for one in await found(on)] == [("I-7", 3), ("I-7", 3)]


def forged(newer: str) -> dict[str, str]:
    """Notes that show nothing, however they look."""
    text, _, signature = newer.partition("\n\n")
    origin, size, root = text.split("\n")
    stranger = Signer("test", Ed25519PrivateKey.from_private_bytes(b"7" * 32))
    elsewhere = Signer("other", Ed25519PrivateKey.from_private_bytes(b"8" * 32))

    def with_(text: str) -> str:
        return f"{text}\n\n{signature}"

    return {
        "another size": with_(f"{origin}\n9\n{root}"),
        "a size that no log has": with_(f"{origin}\n1{'0' * 30}\n{root}"),
        "the largest size that is read": with_(f"{origin}\n{'9' * 19}\n{root}"),
        "another root": with_(f"{origin}\n{size}\n{b64encode(bytes(32)).decode()}"),
        "a root that is none": with_(f"{origin}\n{size}\n{root[:-2]}!="),
        "another log": with_(f"test/I-8\n{size}\n{root}"),
        "another key under our name": stranger.sign(Checkpoint("test/I-7", 9, bytes(32)).text),
        "another deployment's": elsewhere.sign(Checkpoint("other/I-7", 9, bytes(32)).text),
        "our origin, signed by others": elsewhere.sign(Checkpoint("test/I-7", 9, bytes(32)).text),
        "a signature cut short": newer[:-20],
        "a signature line a thousand times": newer + signature * 1000,
        "huge": "test/I-7 " * 20_000,
        "huge with roots": f"test/I-7 9 {root} " * 2_000,
        "half a character": newer.replace("I-7", "I-\ud8007"),
        "an origin that climbs": stranger.sign(Checkpoint("test/../../I-7", 9, bytes(32)).text),
    }


@pytest.mark.parametrize("what", forged("a\n1\nc\n\n\u2014 test AAAA\n"))
async def test_what_nobody_here_signed_does_nothing(tmp_path: Path, what: str) -> None:
    """Pasted, answered or given with the command it leads to no record and no alarm, and breaks nothing; who asks by the command is answered plainly."""
    newer = await put_back(tmp_path)
    text = forged(newer)[what]
    network = FakeNetwork(longest=4000)
    async with floor(tmp_path / "data", REAL, network) as on:
        await on.hear(text)
        await on.hear("look", showed=text, quoted=[text, 0])
        await on.settled()
        before = len(network.sent)
        await on.hear(f"/verify {text}", room(9), private=True)
        await on.settled()
        assert len(network.sent) == before + 1
        assert told(on) == [] and await found(on) == []
        assert not any(isinstance(one.fact, EventFailed) for one in await on.store.facts(DEPLOYMENT))
        assert await on.store.rolled_back() == []


async def test_a_stolen_key_that_was_replaced_raises_no_alarm(tmp_path: Path) -> None:
    """A stranger pastes a larger log under the older key: nobody is told of a rollback, none is recorded, and the log is signed on."""
    store = await open_store(tmp_path / "data", "test")
    await store.append("I-7", note("before", "I-7").fact, now=START)
    old = store.signer
    await store.replace_key("a laptop was lost", "operator", START)
    await store.close()
    async with floor(tmp_path / "data", REAL) as on:
        await on.hear(f"look: {old.sign(Checkpoint('test/I-7', 999, bytes(32)).text)}", sender="telegram:9")
        await on.settled()
        assert told(on) == [] and await found(on) == []
        await on.store.append("I-7", note("after", "I-7").fact, now=START)
        assert any("test/I-7\n2\n" in one for one in await on.store.sign(START))


async def test_one_checkpoint_is_compared_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many rooms give the same post back, it is held against the log once; a thousand others later, once more."""
    post = await signed(tmp_path / "data", "before")
    stranger = Signer("test", Ed25519PrivateKey.from_private_bytes(b"7" * 32))
    async with floor(tmp_path / "data", REAL) as on:
        looked: list[str] = []
        compared = on.store.compared

        async def counted(note: str) -> Any:
            looked.append(note)
            return await compared(note)

        monkeypatch.setattr(on.store, "compared", counted)
        for number in range(20):
            await on.hear(post, room(number))
        await on.settled()
        assert looked == [post]
        for size in range(1, 1002):
            await on.store.reminded(stranger.sign(Checkpoint("test/I-7", size, bytes(32)).text), START)
        assert len(on.store._looked_at) == 1000
        await on.store.reminded(post, START)
        assert looked.count(post) == 2
