"""Time stamps in copies of the log: what is exported can be checked by anybody, and both verifiers count the same."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from storage.database import SqliteStore
from storage.export import container, verifier
from storage.export.for_whom import Recipient
from storage.facts import CheckpointStamped, NoteAdded
from storage.notes import Checkpoint, Signer, parse_checkpoint, split_note
from storage.stamping import question, read
from storage.verify import Need, Stamp, Verdict, verify, verify_bytes
from tests.emulators import openssl, stamping
from tests.storage.bundled import both, export_bundle, resigned
from tests.storage.doctored import Change, inserted, leaves_of, note_at
from tests.storage.small import DIGEST, NOW, ROOM, STREAM, opened

AT = NOW + timedelta(minutes=1)


def clock() -> datetime:
    """When the authorities of these tests answer."""
    return AT


GOOD, OTHER = stamping.authority(clock), stamping.authority(clock, "Others")


async def stamped(store: SqliteStore, source: stamping.Authority = GOOD) -> str:
    """The log as it is now is stamped, and that is recorded, as the bot does. Returns the note."""
    await store.sign(NOW, (STREAM,))
    note = await store.checkpoint(STREAM)
    assert note is not None
    found = read(note, source.answer(question(note).body))
    said = parse_checkpoint(split_note(note)[0])
    fact = CheckpointStamped(said.size, said.root.hex(), found.authority, found.at, note, found.token)
    await store.append(STREAM, fact, now=AT, playbook=DIGEST)
    return note


async def exported(store: SqliteStore, folder: Path, recipient: Recipient | None = None) -> bytes:
    """A bundle of the log."""
    more = {} if recipient is None else {"recipient": recipient}
    path = folder / f"{len(list(folder.iterdir()))}.zip"
    await export_bundle(store, STREAM, by="ada", reason="inquiry", path=path, now=AT, **more)  # type: ignore[arg-type]
    return path.read_bytes()


def roots(folder: Path, *sources: stamping.Authority) -> Path:
    """A file of roots."""
    path = folder / f"{'-'.join(one.root.certificate.subject.rfc4514_string() for one in sources)}.pem"
    path.write_bytes(b"".join(one.root.pem for one in sources))
    return path


def theirs(
    folder: Path, raw: bytes, root: Path | None, need: str | None = None
) -> tuple[int, list[tuple[int, bool | None]]]:
    """What the one-file verifier answers, and what it says of each stamp."""
    path = folder / "theirs.zip"
    path.write_bytes(raw)
    found = verifier.examine(str(path), (), None if root is None else str(root))
    if need is not None:
        found.demand(need)
    return found.code, [(one.size, one.good) for one in found.stamps]


def ours(
    raw: bytes, *sources: stamping.Authority, need: str | None = None
) -> tuple[int, list[tuple[int, bool | None]]]:
    """What the program answers, in the same shape."""
    verdict = verify_bytes(raw, roots=[one.root.certificate for one in sources])
    if need is not None:
        Need.parse(need).demand(verdict)
    good: Mapping[str, bool | None] = {"": True, "another authority": False, "not checked": None}
    return verdict.code, [(one.size, good[one.doubt]) for one in verdict.evidence.stamped]


async def test_a_stamp_counts_where_it_leads_to_whom_one_trusts(store: SqliteStore, tmp_path: Path) -> None:
    """Without a root it is told and not checked; with its own it counts, reaches up to its size and meets the need; with another's it does not."""
    await opened(store)
    await stamped(store)
    await stamped(store)
    raw = await exported(store, tmp_path)
    plain = verify_bytes(raw)
    assert (plain.code, plain.evidence.worth, plain.evidence.upto) == (0, "self-asserted", 0)
    at = "2026-03-01T08:01:00.000Z"
    assert plain.evidence.stamped == [Stamp("Test Stamps", at, size, "not checked") for size in (4, 5)]
    counted = verify_bytes(raw, roots=[GOOD.root.certificate]).evidence
    assert (counted.stamped, counted.upto) == ([Stamp("Test Stamps", at, size) for size in (4, 5)], 5)
    assert ours(raw, GOOD, need="stamped")[0] == 0
    assert ours(raw, OTHER, need="stamped") == (2, [(4, False), (5, False)])
    assert ours(raw, need="stamped")[0] == 2
    assert ours(raw, GOOD, need="posted")[0] == 2  # it says when, not who else has seen it
    unstamped = verify_bytes(resigned(raw, store.signer, _without))
    Need.parse("stamped").demand(unstamped)
    assert "there is none" in unstamped.findings[-1].words


def _without(files: dict[str, bytes]) -> None:
    for name in [name for name in files if name.startswith("stamps/")]:
        del files[name]


async def test_both_verifiers_count_the_same(store: SqliteStore, tmp_path: Path) -> None:
    """Good stamps, with their own root, another's, both and none; with and without the need; unpacked and packed again too."""
    assert openssl.is_here()
    await opened(store)
    await stamped(store)
    await stamped(store, OTHER)
    raw = await exported(store, tmp_path)
    for sources, good in (
        ((GOOD,), [True, False]),
        ((OTHER,), [False, True]),
        ((GOOD, OTHER), [True, True]),
        ((), [None] * 2),
    ):
        root = roots(tmp_path, *sources) if sources else None
        for need in (None, "stamped", "posted", "self-asserted"):
            assert ours(raw, *sources, need=need) == theirs(tmp_path, raw, root, need)
        assert ours(raw, *sources)[1] == list(zip((4, 5), good, strict=True))
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        archive.extractall(folder)
    found = verifier.examine(str(folder), (), str(roots(tmp_path, GOOD)))
    assert (found.code, [one.good for one in found.stamps]) == (0, [True, False])
    assert [one.doubt for one in verify(folder, roots=[GOOD.root.certificate]).evidence.stamped] == [
        "",
        "another authority",
    ]
    again = io.BytesIO()
    with zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in container.unpack(raw).items():
            archive.writestr(f"crue/{name}", data)
    assert (
        ours(again.getvalue(), GOOD)
        == theirs(tmp_path, again.getvalue(), roots(tmp_path, GOOD))
        == (2, [(4, True), (5, False)])
    )


def _stamp(signer: Signer, size: int, root: bytes | None = None, name: int | None = None, **lies: object) -> Change:
    """A stamp of the log at this size, by an authority that may lie."""

    def apply(files: dict[str, bytes]) -> None:
        note = note_at(files, size, signer, root)
        source = stamping.Authority(GOOD.root, GOOD.holder, clock)
        for what, value in lies.items():
            setattr(source, what, value)
        files[f"stamps/{name or size}.txt"] = note.encode()
        files[f"stamps/{name or size}.tsr"] = source.answer(question(note).body)

    return apply


def _put(name: str, data: bytes) -> Change:
    def apply(files: dict[str, bytes]) -> None:
        files[name] = data

    return apply


def _many(files: dict[str, bytes]) -> None:
    """More than any copy brings."""
    for number in range(1, 258):
        files[f"stamps/{number}.txt"] = files[f"stamps/{number}.tsr"] = b"x"


def _of_another_log(signer: Signer) -> Change:
    def apply(files: dict[str, bytes]) -> None:
        note = signer.sign(Checkpoint("liege/I-2", 3, bytes(32)).text)
        files |= {"stamps/3.txt": note.encode(), "stamps/3.tsr": GOOD.answer(question(note).body)}

    return apply


def _told(files: dict[str, bytes], **more: object) -> Change:
    from storage import tree

    said = {"size": 3, "root": tree.root_of(leaves_of(files)[:3]).hex(), "authority": "x", "note": "", "token": ""}
    return inserted("CheckpointStamped", said | more)


async def test_both_verifiers_agree_on_every_doctored_stamp(store: SqliteStore, tmp_path: Path) -> None:
    """What is no stamp of this log is tampering: garbage, another imprint, another log, another root, a larger log, an entry that lies; a refusal too."""
    assert openssl.is_here()
    await opened(store, NoteAdded("ada", None, ROOM, "note 0"))
    raw = await exported(store, tmp_path)
    files, signer = container.unpack(raw), store.signer
    good = _stamp(signer, 3)
    flipped = container.unpack(resigned(raw, signer, good))["stamps/3.tsr"]
    table: dict[str, tuple[Change, int, list[tuple[int, bool | None]]]] = {
        "good": (good, 0, [(3, True)]),
        "good under another name": (_stamp(signer, 3, name=77), 0, [(3, True)]),
        "garbage": (both(good, _put("stamps/3.tsr", b"garbage")), 1, []),
        "empty": (both(good, _put("stamps/3.tsr", b"")), 1, []),
        "very long": (both(good, _put("stamps/3.tsr", bytes(1 << 17))), 1, []),
        "longer than is read of a file": (both(good, _put("stamps/3.tsr", bytes(5 << 20))), 1, []),
        "a page": (both(good, _put("stamps/3.tsr", b"<html>")), 1, []),
        "nested": (both(good, _put("stamps/3.tsr", b"\x30\x80" * 20_000)), 1, []),
        "more behind it": (both(good, _put("stamps/3.tsr", flipped + b"\0")), 1, []),
        "another imprint": (_stamp(signer, 3, imprint=bytes(32)), 1, []),
        "refused": (_stamp(signer, 3, status=2), 1, []),
        "no note": (both(good, _put("stamps/3.txt", b"garbage")), 1, []),
        "no text": (both(good, _put("stamps/3.txt", b"\xff\xfe")), 1, []),
        "another root": (_stamp(signer, 3, root=bytes(32)), 1, []),
        "rolled back": (_stamp(signer, 99, root=bytes(32)), 1, []),
        "another log": (_of_another_log(signer), 1, []),
        "too many": (_many, 1, []),
        "alone": (_put("stamps/3.tsr", b"garbage"), 0, []),
        "its signature broken": (both(good, _put("stamps/3.tsr", flipped[:-5] + b"\0\0\0\0\0")), 0, [(3, False)]),
        "an entry that is so": (_told(files), 0, []),
        "an entry of another root": (_told(files, root="00" * 32), 1, []),
        "an entry of more than there was": (_told(files, size=9), 1, []),
        "an entry that is strange": (_told(files, size="3", token=["x"], note={"a": 1}), 0, []),
    }
    root = roots(tmp_path, GOOD)
    for name, (change, code, stamps) in table.items():
        changed = resigned(raw, signer, change)
        found = ours(changed, GOOD)
        assert found == (code, stamps), (name, verify_bytes(changed).findings)
        assert found == theirs(tmp_path, changed, root), name
        assert ours(changed, GOOD, need="stamped") == theirs(tmp_path, changed, root, "stamped"), name


async def test_what_the_one_file_says(
    store: SqliteStore, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """In words: how many, of when, whether they count; and that there is no openssl, where there is none."""
    await opened(store)
    await stamped(store)
    path = tmp_path / "b.zip"
    path.write_bytes(await exported(store, tmp_path))
    said = _says(capsysbinary, [str(path)])
    assert (
        "it carries 1 time stamp, the last of 2026-03-01 08:01:00 UTC over its first 4 entries: not checked; give"
        in said
    )
    assert openssl.is_here()
    said = _says(capsysbinary, [str(path), "--tsa-root", str(roots(tmp_path, GOOD)), "--need", "stamped"])
    assert said.startswith("intact\n") and "signed by an authority that you trust" in said
    said = _says(capsysbinary, [str(path), "--tsa-root", str(roots(tmp_path, OTHER)), "--need", "stamped"])
    assert said.startswith("incomplete: intact, but not witnessed") and "THIS DOES NOT COUNT" in said
    (tmp_path / "none.pem").write_text("garbage")
    said = _says(capsysbinary, [str(path), "--tsa-root", str(tmp_path / "none.pem")])
    assert said == "incomplete: --tsa-root is followed by a file of certificates (PEM)\n"


async def test_where_there_is_no_openssl_it_says_so(
    store: SqliteStore, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing counts that could not be checked: where there is no such program, or another that cannot do it."""
    await opened(store)
    await stamped(store)
    path = tmp_path / "b.zip"
    path.write_bytes(await exported(store, tmp_path))
    asked = [str(path), "--tsa-root", str(roots(tmp_path, GOOD)), "--need", "stamped"]
    monkeypatch.setenv("PATH", str(tmp_path))
    other = tmp_path / "openssl"
    for program in (None, "#!/bin/sh\necho usage: ts; exit 1\n"):  # none, and one that does not know how
        if program is not None:
            other.write_text(program)
            other.chmod(0o755)
        said = _says(capsysbinary, list(asked))
        assert said.startswith("incomplete: ") and "there is no openssl on this machine that can" in said


def _says(out: pytest.CaptureFixture[bytes], arguments: list[str]) -> str:
    verifier.main(arguments)
    return out.readouterr().out.decode()


async def test_an_outsider_checks_it_as_the_readme_says(store: SqliteStore, tmp_path: Path) -> None:
    """The command of the bundle's README, word for word, confirms a stamp of an auditor's copy and of a partner's, which has the same."""
    assert openssl.is_here()
    await opened(store)
    await stamped(store)
    partner = Recipient("city", "City", frozenset({"city"}), frozenset())
    for recipient in (None, partner):
        files = container.unpack(await exported(store, tmp_path, recipient))
        assert {name for name in files if name.startswith("stamps/")} == {"stamps/4.txt", "stamps/4.tsr"}
        readme = files["README.txt"].decode()
        command = re.findall(r"openssl ts -verify -in stamps/N\.tsr -data stamps/N\.txt -CAfile (\w+)\.pem", readme)
        assert command, readme
        (tmp_path / "N.txt").write_bytes(files["stamps/4.txt"])
        (tmp_path / "N.tsr").write_bytes(files["stamps/4.tsr"])
        (tmp_path / "root.pem").write_bytes(GOOD.root.pem)
        assert openssl.confirms(tmp_path, "N.txt", "N.tsr", "root.pem", AT)
        assert isinstance(verify_bytes(container.pack(files)), Verdict)
