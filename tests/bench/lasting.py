"""``python -m tests.bench.lasting [MESSAGES] [FILES]``: the memory that the program takes while it carries very much.

The program runs in a process of its own, with the emulated Telegram and a real homeserver in others, so that nobody's memory counts but its own.
Minutes, not seconds: it is no part of ``python -m tests.bench``. Of the messages a quarter goes from Telegram to Matrix, and the rest from one
Telegram group to another; of the files half go each way between the networks.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import aiohttp

from tests.bench.channels import Speaker, login, rooms_of, talking
from tests.bench.desk import ADMIN
from tests.bench.measure import now, word
from tests.emulators.matrix_bench import homeserver
from tests.emulators.program import Program
from tests.emulators.telegram_remote import RemoteTelegram

MESSAGES = 20_000
FILES = 500
SIZE = 5_000_000
"""Bytes of a file."""

MOST = 150
"""Megabytes that the program may take."""

WINDOW = 200
"""Messages that wait at most: more than that would make way for a digest."""

WITHIN = 600.0

_GROUPS = (-1001000000000, -1001000000001, -1001000000002)


def memory(process: int) -> dict[str, int]:
    """What a process takes now (``VmRSS``) and took at most (``VmHWM``), in megabytes."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    known = dict(line.split(":", 1) for line in lines)
    return {name: int(known[name].split()[0]) // 1024 for name in ("VmRSS", "VmHWM")}


def body(number: int) -> bytes:
    """A text of ``SIZE`` bytes unlike any other."""
    return (f"File {number}\n".encode() + b"water level\n" * (SIZE // 12 + 1))[:SIZE]


class Long:
    """The program, and those who speak to it."""

    def __init__(self, program: Program, emulator: RemoteTelegram, bert: Speaker, room: str) -> None:
        self.program, self.emulator, self.bert, self.room = program, emulator, bert, room

    @property
    def memory(self) -> str:
        """What the program takes, in words."""
        process = self.program._process
        assert process is not None
        found = memory(process.pid)
        return f"{found['VmRSS']} MB now, {found['VmHWM']} MB at most"

    async def talk(self, group: int, messages: int) -> float:
        """Say so many things in a group, a window at a time. Seconds until all were carried."""
        start = now()
        for number in range(messages):
            await self.emulator.do(
                "say", chat=group, user=ADMIN, text=f"Line {number} of a long night, the water is still rising"
            )
            if (number + 1) % WINDOW == 0:
                await self.program.at_rest(WITHIN)
        await self.program.at_rest(WITHIN)
        return now() - start

    async def send(self, files: int) -> float:
        """Send so many files, every other one from Matrix. Seconds until all were carried."""
        start = now()
        for number in range(files):
            if number % 2:
                await self.bert.share(self.room, body(number), f"file{number}.txt")
            else:
                about = {"kind": "document", "name": f"file{number}.txt", "mime": "text/plain"}
                await self.emulator.do("share", chat=_GROUPS[0], user=ADMIN, data=body(number), **about)
            if number % 10 == 9:
                await self.program.at_rest(WITHIN)
        await self.program.at_rest(WITHIN)
        return now() - start


async def measure(folder: Path, messages: int, files: int) -> list[str]:
    """Carry everything, and tell what it took."""
    with homeserver({"max_upload_size": "20M"}) as server:
        async with RemoteTelegram() as emulator, aiohttp.ClientSession() as http:
            await emulator.do("user", user_id=ADMIN, name="Ada", language_code="en")
            for group in _GROUPS:
                await emulator.do("group", chat_id=group, title=f"Group {group}", admin=True)
            bot, token = server.register("tocsin", "bot-password"), login(server, "bert")
            [room] = await rooms_of(server, token, bot, 1)
            book = folder / "talking.yaml"
            pairs = [(f"telegram: {_GROUPS[0]}", f'matrix: "{room}"')]
            pairs.append((f"telegram: {_GROUPS[1]}", f"telegram: {_GROUPS[2]}"))
            book.write_bytes(talking(pairs).source)
            program = Program(folder, _settings(emulator, server.url, bot, book))
            await program.start()
            try:
                long = Long(program, emulator, Speaker(server.url, token, http), room)
                await emulator.do("say", chat=_GROUPS[0], user=ADMIN, text="/activate talking")
                await emulator.do("wait_message", chat=_GROUPS[0], containing="I-1", timeout=60)
                await program.at_rest(60)
                lines = [f"    at the start: {long.memory}"]
                for group, many in ((_GROUPS[0], messages // 4), (_GROUPS[1], messages - messages // 4)):
                    took = await long.talk(group, many)
                    lines.append(f"    after {many} messages, {many / took:.0f} a second: {long.memory}")
                took = await long.send(files)
                lines.append(
                    f"    after {files} files of {SIZE / 1e6:.0f} MB, {files / took:.1f} a second: {long.memory}"
                )
                carried = await _carried(emulator, http, server.url, token, room)
                lines.append(f"    carried: {carried}")
                assert program._process is not None
                most = memory(program._process.pid)["VmHWM"]
                await program.stop(60)
            finally:
                await program.kill()
    title = f"Resident memory after {messages} messages and {files} files of {SIZE / 1e6:.0f} MB"
    return [f"{title}: {most} MB at most ({word(most < MOST)} < {MOST} MB)", *lines]


def _settings(emulator: RemoteTelegram, homeserver: str, bot: str, book: Path) -> dict[str, str]:
    return {
        "NAME": "long", "PLAYBOOKS": str(book), "ADMINS": f"telegram:{ADMIN}",
        "TELEGRAM_TOKEN": emulator.token, "TELEGRAM_BASE_URL": emulator.url, "TELEGRAM_LIMITS": "off",
        "MATRIX_HOMESERVER": homeserver, "MATRIX_USER": bot, "MATRIX_PASSWORD": "bot-password",
    }  # fmt: skip


async def _carried(emulator: RemoteTelegram, http: aiohttp.ClientSession, url: str, token: str, room: str) -> str:
    """How much of it stands in the rooms it was carried to."""
    counts = []
    for group in (_GROUPS[2], _GROUPS[0]):
        said: list[Any] = await emulator.do("messages", chat=group)
        counts.append(len([one for one in said if "▸" in one["text"]]))
    found, start = 0, ""
    while True:
        asked = {"dir": "b", "limit": "1000", "filter": json.dumps({"types": ["m.room.message"]})}
        headers = {"Authorization": f"Bearer {token}"}
        query = {**asked, **({"from": start} if start else {})}
        async with http.get(f"{url}/_matrix/client/v3/rooms/{room}/messages", params=query, headers=headers) as answer:
            page = await answer.json()
        found += sum(
            event["sender"].startswith("@tocsin:") and "▸" in json.dumps(event["content"], ensure_ascii=False)
            for event in page["chunk"]
        )
        start = page.get("end", "")
        if not start:
            return (
                f"{counts[0]} in the second Telegram group, {found} in the Matrix room, {counts[1]} in the first group"
            )


def main() -> int:
    """Measure and print; numbers may be given."""
    given = [int(one) for one in sys.argv[1:]]
    messages, files = [*given, MESSAGES, FILES][:2] if len(given) != 1 else [given[0], FILES]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        print("\n".join(asyncio.run(measure(Path(folder), messages, files))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
