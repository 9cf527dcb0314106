"""What a verdict says of the evidence: who besides whoever keeps the log can say that it is this one; and copies for one partner."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from playbooks.rooms import RoomRef
from storage.cosigning import WitnessKey
from storage.database import SqliteStore
from storage.entry import decode
from storage.export import container, verifier
from storage.export.for_whom import Recipient
from storage.export.span import Span
from storage.facts import CheckpointCosigned, CheckpointPosted, Fact, MessageSent, NoteAdded
from storage.rotation import link
from storage.store import Changes
from storage.verify import Cosigner, Posted, entries, lines, section, verify, verify_bytes
from tests.storage.bundled import both, export_bundle, resigned
from tests.storage.doctored import FIRE, OLD, POLICE, chained, cosigned, naming, note_at
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
        "the log says that checkpoints were posted in 1 rooms on matrix",
        "the log says that checkpoints were posted in 1 rooms on telegram (where whoever posted it can edit it)",
    ]


async def test_cosigned_is_worth_most(store: SqliteStore, tmp_path: Path) -> None:
    """Each partner whose key signed is named, with its fingerprint, how much that covers, since when the log knows the key, and why it may not count."""
    book = naming({"fire": FIRE})
    digest = sha256(book).hexdigest()
    await opened(store)
    root = (await store.heads())[0].root.hex()
    said = [
        CheckpointCosigned(4, root, who, key.witness.vkey, "", who != "police")
        for key, who in ((FIRE, "fire"), (POLICE, "police"))
    ]
    await store.commit(Changes(NOW, records=[(STREAM, digest, one) for one in said], playbooks=[(digest, book)]))
    await export_bundle(store, STREAM, by="ada", reason="inquiry", path=tmp_path / "b", now=NOW)
    other = WitnessKey.new("stranger")
    change = both(cosigned(store.signer, 5), cosigned(store.signer, 6, POLICE), cosigned(store.signer, 3, other))
    whole = resigned((tmp_path / "b").read_bytes(), store.signer, change)
    verdict = verify_bytes(whole)
    assert (verdict.code, verdict.evidence.worth, verdict.evidence.partners) == (0, "cosigned", ["fire"])
    assert verdict.evidence.upto == 5
    fire, police, stranger = (one.witness for one in (FIRE, POLICE, other))
    assert verdict.evidence.cosigned == [
        Cosigner("fire", fire.vkey, 5, fire.fingerprint, 4),
        Cosigner("police", police.vkey, 6, police.fingerprint, 5, "not in the playbook"),
        Cosigner("stranger", stranger.vkey, 3, stranger.fingerprint, None, "not recorded"),
    ]
    (tmp_path / "b").write_bytes(whole)
    alone = verifier.examine(str(tmp_path / "b"))
    assert [(one.partner, one.vkey, one.size, one.since, one.doubt) for one in alone.cosigners] == [
        (one.partner, one.vkey, one.size, one.since, one.doubt) for one in verdict.evidence.cosigned
    ]
    told = " ".join(alone.notes)
    assert all(one.fingerprint in told for one in (fire, police, stranger))
    assert "known to the log since entry 4;" in told and told.count("THIS DOES NOT COUNT") == 2
    assert "what came after entry 4 (up to 6) rests on the word of whoever keeps the log" in told


async def test_a_playbook_in_force_makes_a_key_known_from_its_first_entry(store: SqliteStore, tmp_path: Path) -> None:
    """A key that the playbook names is known since the first entry that was decided under it; one named later, only after what it signed."""
    book = naming({"fire": FIRE})
    digest = sha256(book).hexdigest()
    await store.append(STREAM, NoteAdded("ada", None, ROOM, "before"), now=NOW)
    root = (await store.heads())[0].root.hex()
    facts: list[Fact] = [NoteAdded("ada", None, ROOM, "under it")]
    facts += [CheckpointCosigned(1, root, "fire", FIRE.witness.vkey, "", True)]
    await store.commit(Changes(NOW, records=[(STREAM, digest, one) for one in facts], playbooks=[(digest, book)]))
    await export_bundle(store, STREAM, by="ada", reason="inquiry", path=tmp_path / "b", now=NOW)
    whole = resigned((tmp_path / "b").read_bytes(), store.signer, cosigned(store.signer, 1))
    [one] = verify_bytes(whole).evidence.cosigned
    assert (one.since, one.doubt) == (1, "")
    (tmp_path / "b").write_bytes(whole)
    assert "since entry 1, which is after what it signed" in " ".join(verifier.examine(str(tmp_path / "b")).notes)


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
