"""``tocsin rotate-key`` refuses what would break the chain of keys, and leaves everything as it was."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from storage import keys
from storage.database import open_store
from tests.bot.test_cli_witness import grow, tocsin


def held(folder: Path) -> dict[str, bytes]:
    """Every key and link in the data folder."""
    return {path.name: path.read_bytes() for path in (folder / "data").glob("signing*")}


def chain(folder: Path) -> list[str]:
    """The links on file."""

    async def read() -> list[str]:
        store = await open_store(folder / "data", "tocsin")
        found = await store.key_chain()
        await store.close()
        return found

    return asyncio.run(read())


def refused(folder: Path) -> str:
    """The one line with which it refuses; no key, no link and no record is another than before."""
    before, linked = held(folder), chain(folder)
    ran = tocsin(folder, "rotate-key", "--reason", "lent")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert held(folder) == before and chain(folder) == linked
    return ran.err


def test_a_key_that_signs_already_follows_nothing(tmp_path: Path) -> None:
    """Where somebody copied it into the place of the one that is to follow, the line names that file; without it a new key is made."""
    grow(tmp_path, 2)
    data = tmp_path / "data"
    shutil.copy(data / keys.KEY, data / keys.FOLLOWING)
    assert f"data/{keys.FOLLOWING} holds the key that signs already: remove that file, and do this again" in refused(
        tmp_path
    )
    (data / keys.FOLLOWING).unlink()
    old = (data / keys.KEY).read_bytes()
    assert tocsin(tmp_path, "rotate-key", "--reason", "lent").code == 0
    assert (data / keys.KEY).read_bytes() != old and len(chain(tmp_path)) == 1


def test_what_is_no_key_follows_nothing(tmp_path: Path) -> None:
    """A file in that place that cannot be read as a key is named; the log is signed with the key that it had."""
    grow(tmp_path, 2)
    (tmp_path / "data" / keys.FOLLOWING).write_text("not a key\n")
    ran = tocsin(tmp_path, "rotate-key", "--reason", "lent")
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
    assert f"{keys.FOLLOWING} is no signing key" in ran.err
    (tmp_path / "data" / keys.FOLLOWING).unlink()
    assert chain(tmp_path) == [] and set(held(tmp_path)) == {keys.KEY}


def test_an_older_database_gets_no_other_key(tmp_path: Path) -> None:
    """The log is not what was signed: a new key would hide that, so the newest backup comes first."""
    grow(tmp_path, 2)
    data = tmp_path / "data"
    shutil.copy(data / "tocsin.sqlite", tmp_path / "older")
    grow(tmp_path, 2)
    shutil.copy(tmp_path / "older", data / "tocsin.sqlite")
    assert "restore the newest backup" in refused(tmp_path)


def test_no_link_is_written_over_another(tmp_path: Path) -> None:
    """A file of that name that is there stays, whatever it is; the link has a name of its own, which is told."""
    grow(tmp_path, 2)
    data = tmp_path / "data"
    old = keys.signer(data, "tocsin").verifier.key_id.hex()
    (data / f"signing.{old}.link").write_text("an earlier try\n")
    (data / f"signing.{old}.2.link").symlink_to("nowhere")
    ran = tocsin(tmp_path, "rotate-key", "--reason", "lent")
    assert ran.code == 0 and f"signing.{old}.3.link" in ran.out
    assert (data / f"signing.{old}.link").read_text() == "an earlier try\n"
    assert (data / f"signing.{old}.3.link").read_text() == chain(tmp_path)[0]
