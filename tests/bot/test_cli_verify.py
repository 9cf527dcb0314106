"""``tocsin verify`` in words and as JSON: the verdict, and what the evidence is worth."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from bot.cli_ending import Stop
from bot.cli_verify import verify
from storage.database import open_store
from storage.export import container
from storage.export.verifier import examine
from storage.facts import DEPLOYMENT, NoteAdded
from tests.storage.bundled import both, export_bundle, resigned
from tests.storage.doctored import FIRE, agreed, cosigned, note_at
from tests.storage.small import NOW, ROOM, STREAM, opened


@pytest.fixture
async def bundle(tmp_path: Path) -> Path:
    """A bundle that one partner cosigned, one that nobody did, and a checkpoint of both, in one folder."""
    store = await open_store(tmp_path / "data", "liege")
    await opened(store)
    await export_bundle(store, STREAM, by="ada", reason="inquiry", path=tmp_path / "alone.zip", now=NOW)
    raw = (tmp_path / "alone.zip").read_bytes()
    (tmp_path / "kept.txt").write_text(note_at(container.unpack(raw), 3, store.signer))
    later = note_at(container.unpack(raw), 99, store.signer, bytes(32))
    (tmp_path / "later.txt").write_text(later)
    (tmp_path / "cosigned.zip").write_bytes(resigned(raw, store.signer, both(agreed(), cosigned(store.signer, 4))))
    (tmp_path / "alleged.zip").write_bytes(resigned(raw, store.signer, cosigned(store.signer, 4)))
    (tmp_path / "changed.zip").write_bytes(raw.replace(b"Le pont", b"La pont"))
    await store.close()
    return tmp_path


def test_in_words(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who vouches for an intact log is said in plain words, and nobody is made to where somebody kept a checkpoint."""
    assert verify(bundle / "alone.zip", None, "text") == 0
    assert "Evidence: self-asserted. No witness has seen this log" in capsys.readouterr().out
    assert verify(bundle / "alone.zip", bundle / "kept.txt", "text") == 0
    said = capsys.readouterr().out
    assert "self-asserted" not in said
    assert "its first 3 entries have not changed since" in said
    assert verify(bundle / "cosigned.zip", None, "text") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "cosigned by 1 partner; the playbook names its key. Compare each fingerprint with the partner:" in said
    assert (
        "fire signed its first 4 entries; the key is known to the log since entry 4, which is after what it signed"
        in said
    )
    assert f"fingerprint {FIRE.witness.fingerprint} {FIRE.witness.vkey}" in said
    assert "What came after entry 3 (up to 5) rests on the word of whoever keeps the log." in said
    assert verify(bundle / "alleged.zip", None, "text") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "No witness has seen this log" in said
    assert (
        "fire is said to have signed it too. That does not count: the log does not say that this key is theirs." in said
    )


async def test_of_a_rehearsal_it_is_said_what_would_be_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is posted in a rehearsal, where every room would be our own; whoever verifies one learns what a real incident has."""
    store = await open_store(tmp_path / "data", "liege")
    await store.append("X-1", NoteAdded("ada", None, ROOM, "played"), now=NOW)
    await export_bundle(store, "X-1", by="ada", reason="review", path=tmp_path / "x.zip", now=NOW)
    await store.close()
    assert verify(tmp_path / "x.zip", None, "text") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert said.startswith("Intact. REHEARSAL")
    assert "No witness has seen this log" in said and "That is so of every rehearsal" in said
    assert verify(tmp_path / "x.zip", None, "text", "posted") == 2


@pytest.mark.parametrize(
    ("name", "stream", "says"),
    [
        ("liege", "I-1", "The log of I-1, kept by liege: 2 entries, signed "),
        ("liege", "E-1", "EXERCISE: The log of E-1, kept by liege: 2 entries, signed "),
        ("liege-rehearsal", "X-1", "REHEARSAL: The log of X-1, kept by liege-rehearsal: 2 entries, signed "),
        (
            "liege-rehearsal",
            DEPLOYMENT,
            "REHEARSAL: The log of deployment, kept by liege-rehearsal: 2 entries, signed ",
        ),
    ],
)
async def test_both_verifiers_say_which_log_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, stream: str, says: str
) -> None:
    """That nothing of it was real, when it was signed and for whom the copy is, in the same words; of a rehearsal also in its log of rooms and people."""
    store = await open_store(tmp_path / "data", name)
    await store.append(stream, NoteAdded("ada", None, ROOM, "said"), now=NOW)
    await export_bundle(store, stream, by="ada", reason="review", path=tmp_path / "x.zip", now=NOW)
    await store.close()
    assert verify(tmp_path / "x.zip", None, "text") == 0
    ours = " ".join(capsys.readouterr().out.split())
    found = examine(str(tmp_path / "x.zip"))
    [theirs] = found.what()
    assert theirs.startswith(says) and theirs.endswith(f"{NOW:%Y-%m-%d %H:%M} UTC, copied for an auditor.")
    assert f"Intact. {theirs}" in ours
    assert ("That is so of every rehearsal" in ours) is says.startswith("REHEARSAL")


def test_as_json(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Programs read the verdict, the first entry that was tampered with, and the evidence."""
    assert verify(bundle / "cosigned.zip", None, "json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["verdict"], said["first"], said["evidence"]["worth"]) == ("intact", None, "cosigned")
    assert [one["partner"] for one in said["evidence"]["cosigned"]] == ["fire"]
    assert verify(bundle / "changed.zip", None, "json") == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["verdict"], said["first"]) == ("tampered", 3)


@pytest.mark.parametrize(
    ("name", "need", "code"),
    [
        ("alone", "self-asserted", 0),
        ("alone", "posted", 2),
        ("cosigned", "posted-uneditable", 0),
        ("cosigned", "cosigned:1", 0),
        ("cosigned", "cosigned:2", 2),
        ("changed", "cosigned:2", 1),
    ],
)
def test_witnesses_can_be_asked_for(
    bundle: Path, capsys: pytest.CaptureFixture[str], name: str, need: str, code: int
) -> None:
    """A copy with weaker evidence than is asked for is answered with 2, and said to be intact; what was tampered with stays that."""
    assert verify(bundle / f"{name}.zip", None, "text", need) == code
    said = capsys.readouterr()
    assert ("the evidence is weaker than was asked for" in said.err) == (code == 2)
    assert said.out.startswith(("Intact. ", "TAMPERED", "Intact, but not witnessed as was asked for. ")[code])
    assert verify(bundle / f"{name}.zip", None, "json", need) == code
    assert json.loads(capsys.readouterr().out)["verdict"] == ("intact", "tampered", "incomplete")[code]


@pytest.mark.parametrize("need", ["", "signed", "cosigned:0", "cosigned:", "cosigned:99999", "posted:2", "cosigned:１"])
def test_evidence_that_there_is_not(bundle: Path, need: str) -> None:
    """What cannot be asked for is one line that says what can."""
    with pytest.raises(
        Stop, match="name one of self-asserted, posted, posted-uneditable, cosigned, cosigned:N or stamped"
    ):
        verify(bundle / "alone.zip", None, "text", need)


def test_an_older_copy_is_no_accusation_in_the_first_words(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where what was kept is newer, the verdict's words leave both readings open, and the exit code is that of a rollback."""
    assert verify(bundle / "alone.zip", bundle / "later.txt", "text") == 1
    said = capsys.readouterr()
    assert said.out.startswith("OLDER THAN WHAT YOU KEPT, OR ROLLED BACK. The log of")
    assert "TAMPERED" not in said.out + said.err
    assert "the wrong way round" in said.err
    assert "witness" not in said.out + said.err


def test_a_cut_download_accuses_nobody(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that was cut short on its way is to be asked for again; nobody is said to have tampered with it."""
    raw = (bundle / "alone.zip").read_bytes()
    for size in (100, len(raw) // 2, len(raw) - 5):
        (bundle / "short.zip").write_bytes(raw[:size])
        assert verify(bundle / "short.zip", None, "text") == 2
        said = capsys.readouterr()
        assert "it was cut short on its way" in said.err
        assert "ask for the file again" in said.err
        assert "TAMPERED" not in said.out


def test_a_file_that_is_not_there_is_named_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line says once which file cannot be read, and why."""
    assert verify(tmp_path / "nosuch.zip", None, "text") == 2
    assert capsys.readouterr().err == f"{tmp_path / 'nosuch.zip'}: cannot be read: No such file or directory\n"


def test_what_is_no_file_is_not_waited_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A pipe from which nothing comes is refused at once."""
    os.mkfifo(tmp_path / "pipe.zip")
    assert verify(tmp_path / "pipe.zip", None, "text") == 2
    assert "it is no file: name what `tocsin export` wrote" in capsys.readouterr().err
