"""What a bundle says of itself to people: true of its files, in the reader's language and in English."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from storage.database import SqliteStore
from storage.export import container
from storage.export.for_whom import AUDITOR, Recipient
from storage.export.lawyer import BETWEEN
from storage.export.wording import LANGUAGES
from tests.storage.bundled import export_bundle
from tests.storage.small import NOW, STREAM, opened

TITLES = {
    "en": "THE FILES",
    "fr": "LES FICHIERS",
    "nl": "DE BESTANDEN",
    "de": "DIE DATEIEN",
    "it": "I FILE",
    "es": "LOS ARCHIVOS",
}


async def parts(store: SqliteStore, path: Path, language: str) -> tuple[list[list[str]], set[str]]:
    """A bundle's README.txt for somebody who reads this language: each language's lines; and the names of its files."""
    await opened(store)
    who = replace(AUDITOR, language=language)
    await export_bundle(store, STREAM, by="ada", reason="inquiry", path=path, now=NOW, recipient=who)
    files = container.unpack(path.read_bytes())
    said = [text.splitlines() for text in files["README.txt"].decode().split(BETWEEN)]
    return said, {name.partition("/")[0] + "/" if "/" in name else name for name in files}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_it_lists_every_file_in_the_readers_language(store: SqliteStore, tmp_path: Path, language: str) -> None:
    """The list of files is there in the reader's language and in English, and says of each file what it is, besides README.txt itself."""
    said, names = await parts(store, tmp_path / "b", language)
    assert len(said) == (1 if language == "en" else 2)
    for lines, one in zip(said, (language, "en"), strict=False):
        listed = " ".join(lines[lines.index(TITLES[one]) :])
        assert [name for name in sorted(names - {"README.txt"}) if f"{name} " not in listed] == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_it_says_what_can_be_asked_of_it(store: SqliteStore, tmp_path: Path, language: str) -> None:
    """For whom and of which log it is, how to check it, what the answers mean, and that sentences are in the report; no line is too long for a terminal."""
    said, _ = await parts(store, tmp_path / "b", f"{language}-XX")
    for lines in said:
        text = " ".join(lines)
        assert "auditor" in text and STREAM in text and "{" not in text
        assert "--format html o" in text
        for word in ("intact", "tampered: entry N", "incomplete", "python3 verify.py", "--checkpoint", "tocsin verify"):
            assert word in text
        assert [
            number for number in range(1, 5) if not re.search(rf"^{number}\. ", "\n".join(lines), re.MULTILINE)
        ] == []
        assert max(map(len, lines)) <= 96


async def test_it_says_for_whom_and_why(store: SqliteStore, tmp_path: Path) -> None:
    """For whom, by whom, why and when the copy was made, how much is withheld, and the size and root that were signed; what somebody wrote stays in its line."""
    await opened(store)
    who = Recipient("fire", "Brandweer", frozenset({"fire"}), language="nl")
    done = await export_bundle(
        store, STREAM, by="ada", reason="one\ntwo\u202e", path=tmp_path / "b", now=NOW, recipient=who
    )
    files = container.unpack((tmp_path / "b").read_bytes())
    text = files["README.txt"].decode()
    withheld = sum(json.loads(files["manifest.json"])["withheld"].values())
    for line in ("Voor: Brandweer", "Door: ada", "Waarom: one two", "Why: one two", "Rechtsgrond: niet vermeld"):
        assert f"\n{line}\n" in text
    assert f"\nWhat is withheld: {withheld} (Shown: " in text
    assert f"\nEntries signed: {done.size}\nRoot: {done.root.hex()}\n" in text


async def test_whoever_reads_another_language_reads_english(store: SqliteStore, tmp_path: Path) -> None:
    """Where there is no text in somebody's language, there is the English one alone."""
    said, _ = await parts(store, tmp_path / "b", "lb")
    assert len(said) == 1 and "WHAT THIS IS" in said[0]
