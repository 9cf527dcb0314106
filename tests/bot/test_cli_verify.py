"""``tocsin verify`` in words and as JSON: the verdict, and what the evidence is worth."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.cli_verify import verify
from storage.database import open_store
from storage.export import container
from tests.storage.bundled import export_bundle, resigned
from tests.storage.doctored import cosigned, note_at
from tests.storage.small import NOW, STREAM, opened


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
    (tmp_path / "cosigned.zip").write_bytes(resigned(raw, store.signer, cosigned(store.signer, 4)))
    (tmp_path / "changed.zip").write_bytes(raw.replace(b"Le pont", b"La pont"))
    await store.close()
    return tmp_path


def test_in_words(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who vouches for an intact log is said in plain words, and nobody is made to where somebody kept a checkpoint."""
    assert verify(bundle / "alone.zip", None, "text") == 0
    assert "Evidence: self-asserted. No partner has a part in it" in capsys.readouterr().out
    assert verify(bundle / "alone.zip", bundle / "kept.txt", "text") == 0
    said = capsys.readouterr().out
    assert "self-asserted" not in said
    assert "its first 3 entries have not changed since" in said
    assert verify(bundle / "cosigned.zip", None, "text") == 0
    said = capsys.readouterr().out
    assert (
        "cosigned by 1 partner. Ask them whether the key is theirs:\n  fire, its first 4 entries, with fire.example+"
        in said
    )


def test_as_json(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Programs read the verdict, the first entry that was tampered with, and the evidence."""
    assert verify(bundle / "cosigned.zip", None, "json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["verdict"], said["first"], said["evidence"]["worth"]) == ("intact", None, "cosigned")
    assert [one["partner"] for one in said["evidence"]["cosigned"]] == ["fire"]
    assert verify(bundle / "changed.zip", None, "json") == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["verdict"], said["first"]) == ("tampered", 3)


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
