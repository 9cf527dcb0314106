"""What a verdict says of the evidence: who besides whoever keeps the log can say that it is this one; and copies for one partner."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

import pytest

from playbooks.rooms import RoomRef
from storage.database import SqliteStore
from storage.entry import decode
from storage.export import container, verifier
from storage.export.copy import Recipient
from storage.export.span import Span
from storage.facts import CheckpointCosigned, CheckpointPosted, Fact, MessageSent, NoteAdded
from storage.rotation import link
from storage.verify import Cosigner, Posted, entries, lines, section, verify, verify_bytes
from tests.storage.bundled import both, export_bundle, resigned
from tests.storage.doctored import FIRE, OLD, POLICE, chained, cosigned, note_at
from tests.storage.small import NOW, ROOM, STREAM, opened

MATRIX = RoomRef("matrix", "!r:example.org")


async def exported(store: SqliteStore, path: Path, recipient: Recipient | None = None, *facts: Fact) -> bytes:
    """A bundle of the small incident and these facts."""
    await opened(store, *facts)
    to = {} if recipient is None else {"recipient": recipient}
    await export_bundle(store, STREAM, by="ada", reason="inquiry", path=path, now=NOW, **to)
    return path.read_bytes()


async def posted(store: SqliteStore, send: str, room: RoomRef, *, arrives: bool) -> Sequence[Fact]:
    """A checkpoint of the log as it is now, on its way into a room."""
    [head] = await store.heads()
    fact = CheckpointPosted(send, head.size, head.root.hex(), room, "fire", room.network)
    return [fact, MessageSent(send, room, "77")] if arrives else [fact]


async def test_nobody_else_vouches(store: SqliteStore, tmp_path: Path) -> None:
    """A log that nobody was shown is self-asserted, and intact all the same."""
    await exported(store, tmp_path / "b")
    verdict = verify(tmp_path / "b")
    assert (verdict.code, verdict.evidence.worth) == (0, "self-asserted")
    assert "self-asserted" in " ".join(verifier.examine(str(tmp_path / "b")).notes)


async def test_a_post_counts_once_it_arrived(store: SqliteStore, tmp_path: Path) -> None:
    """A checkpoint on its way is no evidence; arrived, it is, more where nobody can edit a post; a room counts once."""
    await opened(store)
    for number, (room, arrives, worth) in enumerate(
        [
            (ROOM, False, "self-asserted"),
            (ROOM, True, "posted"),
            (ROOM, True, "posted"),
            (MATRIX, True, "posted where nobody can edit"),
        ]
    ):
        await store.append(STREAM, *await posted(store, f"s-{number}", room, arrives=arrives), now=NOW)
        path = tmp_path / f"b{number}"
        await export_bundle(store, STREAM, by="ada", reason="inquiry", path=path, now=NOW)
        assert (verify(path).code, verify(path).evidence.worth) == (0, worth)
    assert verify(path).evidence.posted == [Posted("matrix", 1, 12), Posted("telegram", 1, 9)]
    assert verifier.examine(str(path)).notes[:2] == [
        "checkpoints were posted in 1 rooms on matrix",
        "checkpoints were posted in 1 rooms on telegram (where whoever posted it can edit it)",
    ]


async def test_cosigned_is_worth_most(store: SqliteStore, tmp_path: Path) -> None:
    """Each partner whose key signed a checkpoint of this log is named, with how much of it that covers and whether the playbook knows the key."""
    said = CheckpointCosigned(2, "00" * 32, "fire", FIRE.witness.vkey, "", True)
    bundle = await exported(store, tmp_path / "b", None, said)
    whole = resigned(bundle, store.signer, both(cosigned(store.signer, 4), cosigned(store.signer, 6, POLICE)))
    verdict = verify_bytes(whole)
    assert (verdict.code, verdict.evidence.worth) == (0, "cosigned")
    assert verdict.evidence.cosigned == [
        Cosigner("fire", FIRE.witness.vkey, 4, True),
        Cosigner("police", POLICE.witness.vkey, 6, False),
    ]


async def test_a_bundle_brings_what_the_store_has(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each partner's cosignatures the largest is brought; a partner's copy brings none of partners it may not know of."""
    await opened(store)
    [head] = await store.heads()
    notes = [store.signer.sign(f"liege/{STREAM}\n{head.size}\n{_base64(head.root)}\n")]
    found = [
        _Cosigned(one.cosign(notes[0], NOW), one.name.partition(".")[0], one.witness.vkey) for one in (FIRE, POLICE)
    ]

    async def known(stream: str) -> list[_Cosigned]:
        return [*found, found[0]] if stream == STREAM else []

    monkeypatch.setattr(store, "cosigned", known)
    await export_bundle(store, STREAM, by="ada", reason="inquiry", path=tmp_path / "all", now=NOW)
    assert [one.partner for one in verify(tmp_path / "all").evidence.cosigned] == ["fire", "police"]
    fire = Recipient("fire", "Fire brigade", frozenset({"fire"}))
    await export_bundle(store, STREAM, by="ada", reason="inquiry", path=tmp_path / "one", now=NOW, recipient=fire)
    verdict = verify(tmp_path / "one")
    assert (verdict.code, [one.partner for one in verdict.evidence.cosigned]) == (0, ["fire"])
    assert b"police" not in (tmp_path / "one").read_bytes()


async def test_a_copy_for_one_partner(store: SqliteStore, tmp_path: Path) -> None:
    """A partner's copy has every entry, says how many fields it withholds of which kind, brings no playbook, and both verifiers find it intact."""
    fire = Recipient("fire", "Fire brigade", frozenset({"fire"}))
    path = tmp_path / "b"
    files = container.unpack(await exported(store, path, fire, NoteAdded("bo", "police", ROOM, "for police alone")))
    verdict = verify(path)
    assert (verdict.code, verdict.findings) == (0, [])
    manifest = json.loads(files["manifest.json"])
    assert (manifest["reader"], manifest["reader_name"]) == (verdict.reader, verdict.name) == ("fire", "Fire brigade")
    assert manifest["withheld"] == verdict.withheld_by_kind
    assert verdict.withheld > 0
    assert len(files["entries.jsonl"].splitlines()) == verdict.size == 6
    assert not any(name.startswith("playbooks/") for name in files)
    assert not any(b"for police alone" in data for data in files.values())
    assert decode(files["entries.jsonl"].splitlines()[-1]).type == "Exported"
    found = verifier.examine(str(path))
    assert (found.code, found.disclosed, found.withheld) == (0, verdict.disclosed, verdict.withheld_by_kind)


async def test_an_earlier_key_is_trusted_by_the_chain(store: SqliteStore, tmp_path: Path) -> None:
    """A checkpoint that a witness kept under an earlier key is a part of the log where the chain leads from that key, and says nothing without."""
    bundle = await exported(store, tmp_path / "b")
    early = note_at(container.unpack(bundle), 3, OLD)
    chain = resigned(bundle, store.signer, chained(link(OLD, store.signer, NOW)))
    verdict = verify_bytes(chain, early)
    assert (verdict.code, verdict.witnessed) == (0, 3)
    assert verify_bytes(bundle, early).code == 2


async def test_sections_change_nothing(store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looked at in sections of two or of two thousand, on one core or on several, a log has the same verdict, intact or not."""
    more = [NoteAdded("ada", None, ROOM, f"note {number}") for number in range(30)]
    bundle = await exported(store, tmp_path / "b", None, *more)
    early = note_at(container.unpack(bundle), 17, store.signer)
    cases = [bundle, bundle.replace(b"note 20", b"note 99"), bundle.replace(b'"seq":9', b'"seq":8'), bundle[:-9]]
    whole = [verify_bytes(case, early) for case in cases]
    for module in (lines, entries, section):
        monkeypatch.setattr(module, "SECTION", 2)
    assert [verify_bytes(case, early) for case in cases] == whole
    assert [verdict.code for verdict in whole] == [0, 1, 1, 2]


class _Cosigned:
    def __init__(self, note: str, partner: str, vkey: str) -> None:
        self.note, self.partner, self.vkey = note, partner, vkey


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


@pytest.mark.parametrize(
    "lost", [b"", b"\n", b"x", b"a\nb", b"a\n\nb\n", b"\n" * 5000, b"a\n" * 2048, b"a\n" * 2048 + b"b"]
)
def test_lines_are_found_again(lost: bytes, tmp_path: Path) -> None:
    """However its lines end, a file has the same lines in sections as at once."""
    path = tmp_path / "f"
    path.write_bytes(lost)
    with path.open("rb") as file:
        found = lines.look_through(Span.whole(file)).lines
        every = [line for number in range(found.sections) for line in found.section(number)]
    at_once = lost.split(b"\n")
    assert every == (at_once if at_once[-1] else at_once[:-1])
    assert found.count == len(every)
