"""``python -m tests.bench``: every figure, each a ratio measured in this run, with how it stands to its target.

It ends with 0 whatever the figures are, because how fast a machine is proves nothing; and with 1 when one of them could
not be measured.
"""

from __future__ import annotations

import asyncio
import os
import platform
import sqlite3
import sys
import tempfile
import traceback
from collections.abc import Callable, Coroutine
from pathlib import Path

from tests.bench import agreeing, auditing, deciding, delivering, hearing, reading, talking, waiting
from tests.bench.measure import now

ROOMS = 1000

Room = Callable[[Path], Coroutine[None, None, list[str]]]


async def _deciding(folder: Path) -> list[str]:
    return (await deciding.alert(folder, ROOMS)).lines()


async def _hearing(folder: Path) -> list[str]:
    return [line for figure in await hearing.messages(folder) for line in figure.lines()]


async def _delivering(folder: Path) -> list[str]:
    return (await delivering.alert(folder)).lines()


async def _talking(folder: Path) -> list[str]:
    return await talking.everything(folder)


async def _reading(folder: Path) -> list[str]:
    return [reading.cells(), await reading.entries(folder)]


async def _auditing(folder: Path) -> list[str]:
    return await auditing.everything(folder)


async def _agreeing(folder: Path) -> list[str]:
    return [line for figure in (agreeing.cells(), *agreeing.commands(folder)) for line in figure.lines()]


async def _waiting(folder: Path) -> list[str]:
    (folder / "day").mkdir()
    return [*(await waiting.sweep(folder)).lines(), *await waiting.day(folder / "day")]


def main() -> int:
    """Measure and print everything."""
    start = now()
    load = os.getloadavg()[0]
    print(
        f"{os.cpu_count()} cores, load {load:.1f} at the start; Python {platform.python_version()},"
        f" SQLite {sqlite3.sqlite_version}. Medians, with the fastest and the slowest."
    )
    lacking = 0
    rooms: tuple[Room, ...] = (_deciding, _hearing, _delivering, _talking, _reading, _auditing, _agreeing, _waiting)
    for measured in rooms:
        print(flush=True)
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            try:
                print("\n".join(asyncio.run(measured(Path(folder)))))
            except Exception:
                lacking += 1
                traceback.print_exc()
    print(f"\nMeasured in {now() - start:.0f} s." + (f" {lacking} could not be measured." if lacking else ""))
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
