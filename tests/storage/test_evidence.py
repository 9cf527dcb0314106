"""What the log can show for itself: cosignatures, the chain of its keys, and how it stands to what a witness kept."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage import keys, notes, rotation, witness
from storage.checkpoints import FILE, SideFile
from storage.cosigning import Cosigned, WitnessKey
from storage.database import SqliteStore, open_store
from storage.evidence import refusal
from storage.facts import DEPLOYMENT, CheckpointCosigned, KeyReplaced, NoteAdded
from storage.notes import Checkpoint, Signer
from storage.store import StorageError
from tests.storage.small import NOW, ROOM, STREAM, opened

FIRE = WitnessKey("fire", Ed25519PrivateKey.from_private_bytes(b"2" * 32))


async def more(store: SqliteStore, count: int = 1) -> None:
    """The incident goes on."""
    for number in range(count):
        await store.append(STREAM, NoteAdded("ada", None, ROOM, f"note {number}"), now=NOW)


async def cosigned(store: SqliteStore, folder: Path, since: int = 0) -> str:
    """The log as it is now, cosigned by a partner on another machine."""
    request = await store.request(STREAM, since, NOW)
    return witness.cosign(folder / "memory", FIRE, request, NOW, store.signer.verifier.vkey)


async def kept(store: SqliteStore, note: str, vkey: str = FIRE.witness.vkey) -> CheckpointCosigned:
    """A cosignature that an operator puts on file."""
    return await store.keep_cosigned(STREAM, note, "fire", vkey, NOW, playbook=None, confirmed=True)


async def test_a_partner_cosigns_what_continues_what_it_signed(store: SqliteStore, tmp_path: Path) -> None:
    """Two rounds over files: each is a fact with the note, found again by its stream; the same once more adds nothing."""
    await opened(store)
    first = await cosigned(store, tmp_path)
    await kept(store, first)
    await more(store, 5)
    second = await cosigned(store, tmp_path, 4)
    fact = await kept(store, second)
    await kept(store, second)
    assert (fact.size, fact.partner, fact.confirmed) == (10, "fire", True)
    assert await store.cosigned(STREAM) == [Cosigned(one, "fire", FIRE.witness.vkey) for one in (first, second)]
    assert await store.cosigned(DEPLOYMENT) == []
    assert [type(one.fact).__name__ for one in await store.facts(STREAM, 4)].count("CheckpointCosigned") == 2


async def test_a_key_that_the_playbook_names_later_is_recorded_once_more(store: SqliteStore, tmp_path: Path) -> None:
    """What the operator alone said of a key is said again, by the playbook, where the same signature is added once the playbook names it."""
    await opened(store)
    note = await cosigned(store, tmp_path)
    for confirmed in (False, False, True, True):
        await store.keep_cosigned(STREAM, note, "fire", FIRE.witness.vkey, NOW, playbook=None, confirmed=confirmed)
    facts = [one.fact for one in await store.facts(STREAM) if isinstance(one.fact, CheckpointCosigned)]
    assert [fact.confirmed for fact in facts] == [False, True]


async def test_only_a_cosignature_of_this_log_is_kept(store: SqliteStore, tmp_path: Path) -> None:
    """Unsigned, by another key, of another log, or not ours: each is refused with a reason, and nothing is recorded."""
    await opened(store)
    note = await cosigned(store, tmp_path)
    plain = await store.checkpoint(STREAM)
    assert plain is not None
    other = WitnessKey.new("fire")
    stranger = FIRE.cosign(Signer("liege", Ed25519PrivateKey.generate()).sign(notes.split_note(plain)[0]), NOW)
    elsewhere = FIRE.cosign(store.signer.sign(Checkpoint("liege/I-2", 1, bytes(32)).text), NOW)
    for bad, vkey, why in (
        (plain, FIRE.witness.vkey, "did not sign"),
        (note, other.witness.vkey, "did not sign"),
        (stranger, FIRE.witness.vkey, "not signed by a key of this deployment"),
        (elsewhere, FIRE.witness.vkey, "rolled back"),
        ("hello", FIRE.witness.vkey, "cannot be read"),
        (note, "hello", "cannot be read"),
    ):
        with pytest.raises(StorageError, match=why):
            await kept(store, bad, vkey)
    assert await store.cosigned(STREAM) == []


async def test_a_witness_sees_a_rollback_that_nobody_else_does(store: SqliteStore, tmp_path: Path) -> None:
    """Where data and checkpoints.log were put back together, only what a witness kept shows it; so does a replaced history."""
    await opened(store)
    await store.sign(NOW)
    await store.close()
    shutil.copytree(store.folder, tmp_path / "older")
    newer = await open_store(store.folder, "liege")
    await more(newer, 3)
    note = await cosigned(newer, tmp_path)
    assert (await newer.compared(note)).stands == "part"
    await newer.close()
    back = await open_store(tmp_path / "older", "liege")
    assert await back.health() == []
    compared = await back.compared(note)
    assert (compared.stands, compared.size) == ("rolled back", 4)
    assert refusal(STREAM, compared).startswith("rolled back: the witness saw 7 entries of I-1, here are 4.")
    with pytest.raises(StorageError, match="the witness signed 7"):
        await back.request(STREAM, 7, NOW)
    await more(back, 9)
    assert (await back.compared(note)).stands == "replaced"
    with pytest.raises(witness.Contradicted, match="ANOTHER LOG"):
        await cosigned(back, tmp_path, 7)
    await back.close()


@pytest.mark.parametrize(
    ("make", "stands"),
    [
        (lambda store, note: "hello", "no checkpoint"),
        (lambda store, note: note.replace("liege", "namur"), "not ours"),
        (lambda store, note: note.replace("\n4\n", "\n3\n"), "not ours"),
        (lambda store, note: store.signer.sign(Checkpoint("liege/I-9", 1, bytes(32)).text), "rolled back"),
        (lambda store, note: store.signer.sign(Checkpoint("liege/I-1", 2, bytes(32)).text), "replaced"),
        (lambda store, note: note, "part"),
    ],
)
async def test_how_the_log_stands_to_a_checkpoint(
    store: SqliteStore, make: Callable[[SqliteStore, str], str], stands: str
) -> None:
    """A part of the log, shorter, other, not ours, or no checkpoint at all."""
    await opened(store)
    await store.sign(NOW)
    note = await store.checkpoint(STREAM)
    assert note is not None
    assert (await store.compared(make(store, note))).stands == stands


async def test_a_replaced_key_is_led_to_by_the_old_one(store: SqliteStore) -> None:
    """The link is signed by both, the log says so, the old key is kept aside, and every stream is signed anew."""
    await opened(store)
    old = store.signer.verifier
    link = await store.replace_key("lent to a partner", "operator", NOW)
    new = store.signer.verifier
    assert new != old
    assert rotation.parse_link(link).new == new
    assert await store.key_chain() == [link]
    assert rotation.follow(old.vkey, await store.key_chain(), "liege") == new.vkey
    aside = store.folder / f"signing.{old.key_id.hex()}.key"
    assert stat.S_IMODE(aside.stat().st_mode) == 0o600
    assert not (store.folder / keys.FOLLOWING).exists()
    assert await store.health() == []
    for stream in (STREAM, DEPLOYMENT):
        note = await store.checkpoint(stream)
        assert note is not None
        text, signatures = notes.split_note(note)
        assert [new.verifies(one, text) for one in signatures] == [True]
    await store.replace_key("again", "operator", NOW + timedelta(days=1))
    await store.close()
    later = await open_store(store.folder, "liege")
    assert rotation.follow(old.vkey, await later.key_chain(), "liege") == later.signer.verifier.vkey
    assert await later.health() == []
    await later.close()


async def test_checkpoints_of_the_old_key_still_count(store: SqliteStore) -> None:
    """What a partner kept from before the key was replaced is held against the log as before."""
    await opened(store)
    await store.sign(NOW)
    before = await store.checkpoint(STREAM)
    await store.replace_key("x", "operator", NOW)
    await more(store, 2)
    assert before is not None
    assert (await store.compared(before)).stands == "part"


async def test_a_key_that_was_replaced_says_nothing_of_what_came_after(store: SqliteStore) -> None:
    """A thief signs larger logs, also of an incident that began later, with each of two keys that were replaced: that is nobody's word, and signing
    goes on. Another log of a size that the key did sign is held against ours as before, and so is a larger one under the key of now."""
    await opened(store)
    keys_then, sizes = [store.signer], []
    for _ in range(2):
        heads = {head.stream: head.size for head in await store.heads()}
        await store.replace_key("a laptop was lost", "operator", NOW)
        sizes.append({stream: heads.get(stream, 0) for stream in (STREAM, DEPLOYMENT)})
        keys_then.append(store.signer)
        await more(store, 3)
    await store.append("I-9", NoteAdded("ada", None, ROOM, "later"), now=NOW)
    await store.sign(NOW)

    async def stands(signer: Signer, stream: str, size: int) -> str:
        said = signer.sign(Checkpoint(f"liege/{stream}", size, bytes(32)).text)
        return (await store.compared(said)).stands

    for old, then in zip(keys_then, sizes, strict=False):
        for stream in (STREAM, DEPLOYMENT):
            for size in (then[stream] + 1, 999):
                assert await stands(old, stream, size) == "not ours"
            assert await stands(old, stream, then[stream]) == "replaced"
        assert await stands(old, "I-9", 1) == await stands(old, "I-77", 5) == "not ours"
        assert not await store.reminded(old.sign(Checkpoint(f"liege/{STREAM}", 999, bytes(32)).text), NOW)
    await more(store)
    assert len(await store.sign(NOW)) == 1
    assert await stands(keys_then[-1], STREAM, 999) == "rolled back"


async def test_a_folder_from_before_its_key_was_replaced_is_still_told_of_what_that_key_signed(
    store: SqliteStore, tmp_path: Path
) -> None:
    """Put back, it knows of no replacement: what the older key signed later is missing there, and counts."""
    await opened(store)
    await store.sign(NOW)
    await store.close()
    shutil.copytree(store.folder, tmp_path / "older")
    later = await open_store(store.folder, "liege")
    await more(later, 2)
    await later.sign(NOW)
    newer = await later.checkpoint(STREAM)
    await later.replace_key("x", "operator", NOW)
    await later.close()
    older = await open_store(tmp_path / "older", "liege")
    assert newer is not None and await older.reminded(newer, NOW)
    await older.close()


@pytest.mark.parametrize("step", ["sign", "make_following", "link", "commit", "aside", "adopt"])
async def test_a_replacement_broken_off_anywhere_is_whole_or_nothing(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Dead at each step: the next start has one key that signs, known to the log, and the replacement can be done (again)."""
    await opened(store)
    old = store.signer.verifier.vkey

    def die(*whatever: object, **more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        match step:
            case "sign" | "commit":
                broken.setattr(store, step, die)
            case "make_following" | "adopt":
                broken.setattr(keys, step, die)
            case "link":
                broken.setattr(rotation, "link", die)
            case _:  # the old key is kept aside, the new one not yet in its place
                broken.setattr(Path, "replace", die)
        with pytest.raises(KeyboardInterrupt):
            await store.replace_key("x", "operator", NOW)
    await store.close()
    again = await open_store(store.folder, "liege")
    recorded = [one.fact for one in await again.facts(DEPLOYMENT) if isinstance(one.fact, KeyReplaced)]
    done = step in ("aside", "adopt")
    assert [fact.new for fact in recorded] == ([again.signer.verifier.vkey] if done else [])
    assert (again.signer.verifier.vkey == old) is not done
    assert await again.health() == []
    await again.sign(NOW)
    await again.replace_key("again", "operator", NOW)
    assert len(await again.key_chain()) == len(recorded) + 1
    assert await again.health() == []
    await again.close()


async def test_a_key_that_nothing_leads_to_is_named(store: SqliteStore) -> None:
    """A key put in the place of the other by hand is found out, and forgotten once the other is back."""
    await opened(store)
    await store.sign(NOW)
    await store.close()
    (store.folder / keys.KEY).rename(store.folder / "aside")
    with pytest.raises(StorageError, match="is missing, and this log was signed with the key"):
        await open_store(store.folder, "liege")
    keys.signer(store.folder, "liege")
    other = await open_store(store.folder, "liege")
    [(problem, _)] = await other.health()
    assert "another key" in problem
    await opened(other)
    await other.sign(NOW + timedelta(minutes=1))
    assert "another key" in str(await other.health())
    await other.close()
    (store.folder / "aside").rename(store.folder / keys.KEY)
    back = await open_store(store.folder, "liege")
    assert await back.health() == []
    await back.close()


def test_a_link_is_by_both_keys() -> None:
    """Without either signature, between two names, or with a changed line it is none."""
    old, new = Signer("liege", Ed25519PrivateKey.generate()), Signer("liege", Ed25519PrivateKey.generate())
    link = rotation.link(old, new, NOW)
    text = link.partition("\n\n")[0] + "\n"
    assert rotation.parse_link(link).old == old.verifier
    foreign = Signer("namur", new.key)
    for bad in (
        old.sign(text),
        new.sign(text),
        link.replace("2026", "2025"),
        rotation.link(old, foreign, NOW),
        old.sign("tocsin-key\n"),
        "x",
    ):
        with pytest.raises(notes.BadNote):
            rotation.parse_link(bad)


def test_the_file_of_checkpoints_is_read_once(tmp_path: Path) -> None:
    """Only what was added is read again; a torn line counts once it is whole; a file that shrank or was replaced makes nothing forgotten."""
    path = tmp_path / FILE

    def line(size: int) -> bytes:
        return b'{"stream":"I-1","size":%d,"root":"%s"}\n' % (size, b"00" * 32)

    side = SideFile(tmp_path)
    assert side.remembered() == {}
    path.write_bytes(line(1) + line(2) + line(9)[:-5])
    assert side.remembered()["I-1"].size == 2
    path.write_bytes(line(1).replace(b"1,", b"7,") + line(2) + line(9))  # what was read is not looked at again
    assert side.remembered()["I-1"].size == 9
    path.write_bytes(line(3))
    assert side.remembered()["I-1"].size == 9
    path.write_bytes(line(3) + line(12))
    assert side.remembered()["I-1"].size == 12
    path.unlink()
    assert side.remembered()["I-1"].size == 12
    assert SideFile(tmp_path).remembered() == {}
