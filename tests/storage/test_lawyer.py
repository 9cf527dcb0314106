"""What a bundle says of itself to people: true of its files, and the same in both languages."""

from __future__ import annotations

import json
import re
from pathlib import Path

from storage.database import SqliteStore
from storage.export import container
from tests.storage.bundled import export_bundle
from tests.storage.small import NOW, STREAM, opened


async def halves(store: SqliteStore, path: Path) -> tuple[list[str], list[str], set[str]]:
    """The English and the French half of a bundle's README.txt, line by line, and the names of its files."""
    await opened(store)
    await export_bundle(store, STREAM, by="ada", reason="inquiry", path=path, now=NOW)
    files = container.unpack(path.read_bytes())
    english, french = re.split(r"\n-{40,}\n", files["README.txt"].decode())
    names = {name.partition("/")[0] + "/" if "/" in name else name for name in files}
    assert set(json.loads(files["manifest.json"])["files"]) < set(files)
    return english.splitlines(), french.splitlines(), names


async def test_each_half_lists_every_file(store: SqliteStore, tmp_path: Path) -> None:
    """The list of files is there in English and in French, and says of each file what it is, besides README.txt itself."""
    english, french, names = await halves(store, tmp_path / "b")
    for half, title in ((english, "THE FILES"), (french, "LES FICHIERS")):
        listed = " ".join(half[half.index(title) :])
        assert [name for name in sorted(names - {"README.txt"}) if f"{name} " not in listed] == []


async def test_the_log_in_a_bundle_is_not_called_words(store: SqliteStore, tmp_path: Path) -> None:
    """Of log.txt it says what it is, and that sentences are in the report; no line is too long for a terminal."""
    english, french, _ = await halves(store, tmp_path / "b")
    for half in (english, french):
        text = " ".join(half)
        assert "in words" not in text
        assert "toutes lettres" not in text
        assert "--format html o" in text
        assert max(map(len, half)) <= 96
