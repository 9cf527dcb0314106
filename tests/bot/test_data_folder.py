"""A data folder that cannot be used: one line that names the setting and says what to do, whatever is the matter with it, and exit code 2."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import pytest

from bot import filed
from bot.settings import SettingsError, load
from storage.connection import words
from storage.keys import hold
from storage.store import StorageError, StorageFull
from tests.bot.running import tocsin, within
from tests.bot.test_cli_check import as_nobody


def _file(folder: Path) -> Path:
    (folder / "file").touch()
    return folder / "file"


def _below_a_file(folder: Path) -> Path:
    return _file(folder) / "data"


def _somebody_elses(folder: Path) -> Path:
    (folder / "theirs").mkdir(mode=0o700)
    return folder / "theirs"


def _inside_somebody_elses(folder: Path) -> Path:
    return _somebody_elses(folder) / "data"


def _for_reading_only(folder: Path) -> Path:
    (folder / "read-only").mkdir(mode=0o555)
    return folder / "read-only"


@pytest.mark.parametrize(
    "place",
    [_file, _below_a_file, _somebody_elses, _inside_somebody_elses, _for_reading_only],
    ids=lambda p: p.__name__,
)
def test_what_can_be_told_without_trying_is_told_before_anything_is_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: Callable[[Path], Path]
) -> None:
    """A file in its place or above it, another user's folder, one that is for reading only: one line, of every command that keeps something there."""
    folder = place(tmp_path).relative_to(tmp_path)
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOCSIN_DATA", str(folder))
    with as_nobody(), pytest.raises(SettingsError) as caught:
        load()
    [line] = caught.value.lines
    assert line.startswith("TOCSIN_DATA: ") and folder.parts[0] in line and "; " in line


def test_it_ends_a_command(tmp_path: Path) -> None:
    """By exit code 2, also where the file stands above the folder."""
    ended = within(tmp_path, "incidents", DATA=str(_below_a_file(tmp_path)))
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == f"TOCSIN_DATA: {tmp_path / 'file'} is a file; name a folder\n"


def test_what_only_trying_shows_ends_the_start(tmp_path: Path) -> None:
    """Below /proc nobody can make a folder, though its rights say so."""
    ended = tocsin(tmp_path, "run", DATA="/proc/nowhere")
    [line] = ended.err.splitlines()
    assert ended.code == 2
    assert line.startswith("TOCSIN_DATA: nothing can be kept in /proc/nowhere") and "; name a folder" in line


def test_a_folder_that_takes_no_file_is_named_by_its_setting() -> None:
    """It is there, and no lock can be made in it."""
    with pytest.raises(StorageError, match=r"^TOCSIN_DATA: nothing can be kept in /proc "), hold(Path("/proc")):
        pass


class _Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.mark.parametrize(("free", "kind"), [(0, StorageFull), (1 << 30, StorageError)])
def test_a_database_that_cannot_be_mapped_for_want_of_room_is_a_full_disk(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: int, kind: type[StorageError]
) -> None:
    """SQLite says "disk I/O error" of both; the room that is left tells them apart."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: _Usage(1 << 40, 0, free))
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    with pytest.raises(StorageError) as caught, words(tmp_path / "tocsin.sqlite"):
        raise error
    assert type(caught.value) is kind


def test_a_full_disk_at_the_start_says_what_can_be_done(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Make room there, or set the folder elsewhere."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "tocsin.sqlite").touch()

    def full(*_: Any, **__: Any) -> NoReturn:
        raise StorageFull("no room left on the disk that holds data: make room there")

    monkeypatch.setattr(filed, "open_store", full)
    ended = within(tmp_path, "incidents")
    assert ended.code == 2
    assert ended.err.splitlines() == [
        "no room left on the disk that holds data: make room there, or set TOCSIN_DATA to a folder on another disk"
    ]
