"""What goes wrong with the place where things are kept: said in one line before the start, survived while running."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from storage.migrations import MIGRATIONS
from tests.emulators.forked import Forked
from tests.emulators.program import Program
from tests.emulators.telegram import TelegramEmulator
from tests.stories.crisis import ADMIN, ANNE, CARL, LIBRARY, RED_CROSS, TOWN_HALL

NARROW = ["-m", "tests.faults.test_storage_faults"]


def narrow(full: Path) -> None:
    """Let the database not grow by a page as long as the file ``full`` exists: what a full disk is to SQLite."""
    from storage.connection import Connection

    inner = Connection._write
    most = (1 << 32) - 2

    async def write(self: Connection, work: Callable[[Any], Any]) -> Any:
        async with self._lock:
            [(pages,)] = await self._inner.execute_fetchall("PRAGMA page_count")
            await self._inner.execute_fetchall(f"PRAGMA max_page_count = {pages if full.exists() else most}")
        return await inner(self, work)

    Connection._write = write  # type: ignore[method-assign]


def _program(telegram: TelegramEmulator, folder: Path, through: list[str] | None = None, **more: str) -> Program:
    settings = {
        "PLAYBOOKS": str(LIBRARY),
        "ADMINS": f"telegram:{ADMIN}",
        "TELEGRAM_TOKEN": telegram.token,
        "TELEGRAM_BASE_URL": telegram.url,
        "TELEGRAM_LIMITS": "off",
    }
    return Forked(folder, {**settings, **more}, through)


def _people(telegram: TelegramEmulator) -> None:
    telegram.user(ADMIN, "Ada", "en")
    telegram.user(ANNE, "Anne", "fr")
    telegram.user(CARL, "Carl", "fr")
    telegram.group(TOWN_HALL, "Town hall")
    telegram.group(RED_CROSS, "Red Cross")


async def _refused(program: Program) -> str:
    """The one line with which the program ends, by exit code 2."""
    code, _, err = await program.run("run")
    lines = [line for line in err.splitlines() if line.strip()]
    assert code == 2, err
    assert len(lines) == 1, err
    return lines[0]


async def test_a_place_that_cannot_be_used_ends_the_program_with_one_line(tmp_path: Path) -> None:
    """A newer, damaged, foreign or blocked database, a file for a folder, a second program: one line each, exit code 2."""
    async with TelegramEmulator() as tg:
        _people(tg)
        program = _program(tg, tmp_path)
        data = tmp_path / "data"
        file = data / "tocsin.sqlite"
        try:
            await program.start()
            other = _program(tg, tmp_path)
            assert str(data) in await _refused(other)
            await tg.say(TOWN_HALL, ADMIN, "/activate meuse-flood")
            await tg.wait_message(TOWN_HALL, "I-1")
            assert await program.stop() == 0
        finally:
            await program.kill()
        whole = file.read_bytes()

        _sql(file, f"PRAGMA user_version = {len(MIGRATIONS) + 7}")
        said = await _refused(program)
        assert str(file) in said
        assert "newer" in said
        assert "restore" in said

        file.write_bytes(whole)
        _sql(file, "PRAGMA application_id = 7")
        assert "another program" in await _refused(program)

        file.write_bytes(b"this is no database" * 1000)
        assert "damaged" in await _refused(program)
        file.write_bytes(whole[: len(whole) // 3])
        assert "damaged" in await _refused(program)
        torn = bytearray(whole)
        torn[4096 : len(torn)] = b"\xff" * (len(torn) - 4096)
        file.write_bytes(torn)
        assert "damaged" in await _refused(program)
        file.unlink()
        file.mkdir()
        assert str(file) in await _refused(program)
        file.rmdir()

        blocked = tmp_path / "blocked"
        blocked.write_text("a file")
        assert "TOCSIN_DATA" in await _refused(_program(tg, tmp_path, DATA=str(blocked)))
        assert str(blocked) in await _refused(_program(tg, tmp_path, DATA=str(blocked / "below")))

        file.write_bytes(whole)
        await program.start()
        await tg.say(TOWN_HALL, ADMIN, "/status")
        await tg.wait_message(TOWN_HALL, "Phase")
        assert await program.stop() == 0


def _sql(file: Path, statement: str) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute(statement)
    connection.close()


async def test_a_full_disk_delays_and_loses_nothing(tmp_path: Path) -> None:
    """While there is no room /readyz says why; afterwards everything that was said is decided, in order, once."""
    full = tmp_path / "full"
    async with TelegramEmulator() as tg:
        _people(tg)
        program = _program(tg, tmp_path, NARROW)
        try:
            await program.start(FULL=str(full))
            await tg.say(TOWN_HALL, ADMIN, "/activate meuse-flood")
            await tg.wait_message(TOWN_HALL, "I-1")
            await program.at_rest()
            full.touch()
            said = [await tg.say(TOWN_HALL, ADMIN, f"/note {number} " + "long " * 800) for number in range(30)]
            await _until_not_ready(program)
            status, body = await program.ask("/readyz")
            assert status == 503
            assert "no room left" in body["storage"]
            assert str(tmp_path / "data") in body["storage"]
            assert (await program.ask("/healthz"))[0] == 200
            status, _ = await program.ask("/metrics")
            assert status == 200
            assert program.running
            full.unlink()
            answered = await tg.wait_for(
                lambda: (
                    (found := [m for m in tg.messages(TOWN_HALL) if m.id > said[0].id and m.reply_to])[29:] and found
                ),
                20,
            )
            assert [m.reply_to for m in answered] == [m.id for m in said]
            await program.at_rest()

            full.touch()
            after = await tg.say(TOWN_HALL, ADMIN, "/note the last " + "long " * 800)
            for number in range(20):
                await tg.say(RED_CROSS, CARL, f"/note {number} " + "long " * 800)
            await _until_not_ready(program)
            await program.kill()
            full.unlink()
            await program.start(FULL=str(full))
            await tg.wait_for(lambda: [m for m in tg.messages(TOWN_HALL) if m.reply_to == after.id])
            await tg.wait_for(lambda: [m for m in tg.messages(RED_CROSS) if m.reply_to][19:])
            await program.at_rest()
            assert len({m.reply_to for m in tg.messages(RED_CROSS) if m.reply_to}) == 20
            assert await program.stop() == 0
            assert "Traceback" not in program.log.read_text()
        finally:
            await program.kill()


async def _until_not_ready(program: Program) -> None:
    await program.until(lambda status, _: status == 503)


if __name__ == "__main__":
    import os

    narrow(Path(os.environ["FULL"]))
    from bot.cli import main

    main()
