"""A town for whole crises: the shipped playbook on a real homeserver and an emulated Telegram, with people in the rooms."""

from __future__ import annotations

import contextlib
import itertools
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.emulators.forked import Forked
from tests.emulators.matrix_person import MatrixPerson
from tests.emulators.program import ROOT, Program
from tests.emulators.synapse import SynapseServer
from tests.emulators.telegram import TelegramEmulator

LIBRARY = ROOT / "playbooks" / "library" / "meuse-flood.yaml"
ADMIN, ANNE, BRAM, CARL = 501, 601, 602, 603
TOWN_HALL, RED_CROSS, DRK = -1001000000002, -1001000000007, -1001000000023
_ALIAS = re.compile(r"#([\w-]+):example\.\w+")
_COUNT = itertools.count(1)


@dataclass
class Crisis:
    """Everything of one story. ``rooms``: a Matrix room id by the partner's alias in the playbook, without its ending."""

    telegram: TelegramEmulator
    synapse: SynapseServer
    program: Program
    ada: MatrixPerson
    bot: str
    rooms: dict[str, str] = field(default_factory=dict)
    playbook: Path = Path()
    admin_enrolled: bool = False

    async def start(self, **more: str) -> None:
        """Start the bot and wait until it is in every room."""
        await self.program.start(**more)
        for room in self.rooms.values():
            await self.ada.wait_member(room, self.bot)

    async def tap(self, chat: int, containing: str, label: str, user: int) -> None:
        """Tap a button, by its label or data, on the last message that contains these words."""
        message = [m for m in self.telegram.messages(chat) if containing in m.text][-1]
        await self.telegram.press(chat, message.id, user, label)

    async def enrol(self, user: int, role: str, partner: str) -> None:
        """Make a Telegram user a person of a partner: invited by the administrator in private, redeemed in private.

        The administrator is enrolled first: for alerts that two persons must agree to, only enrolled ones count.
        """
        if not self.admin_enrolled:
            self.admin_enrolled = True
            await self._redeem(ADMIN, "coordinator")
        await self._redeem(user, f"{role} {partner}")

    async def _redeem(self, user: int, wanted: str) -> None:
        tg = self.telegram
        await tg.start(ADMIN)
        after = max((m.id for m in tg.messages(ADMIN)), default=0)
        await tg.say(ADMIN, ADMIN, f"/invite {wanted}")
        asked = await tg.wait_message(ADMIN, "/start ", after=after)
        code = asked.text.split("/start ")[1].split()[0]
        after = max((m.id for m in tg.messages(user)), default=0)
        await tg.start(user, code)
        await tg.wait_message(user, "/help", after=after)


@asynccontextmanager
async def crisis(
    synapse: SynapseServer,
    folder: Path,
    *,
    encrypted: tuple[str, ...] = ("liege-fire",),
    plain: tuple[str, ...] = ("vr-zl",),
    through: list[str] | None = None,
    limits: str = "off",
    sign: str = "60s",
    how: type[Program] = Forked,
    **settings: str,
) -> AsyncIterator[Crisis]:
    """The shipped playbook with Matrix rooms of these aliases made on the homeserver; other Matrix rooms do not exist. ``sign``: how often
    the log is signed. ``how``: the program is begun."""
    mark = f"{next(_COUNT)}{secrets.token_hex(3)}"
    folder.mkdir(parents=True, exist_ok=True)
    text = _ALIAS.sub(lambda m: f"#{m[1]}-{mark}:localhost", LIBRARY.read_text()).replace("sign: 60s", f"sign: {sign}")
    playbook = folder / "meuse-flood.yaml"
    playbook.write_text(text)
    bot = synapse.register(f"tocsin-{mark}", "bot-password")
    async with contextlib.AsyncExitStack() as stack:
        telegram = await stack.enter_async_context(TelegramEmulator())
        ada = await stack.enter_async_context(MatrixPerson(synapse, f"ada-{mark}"))
        rooms: dict[str, str] = {}
        for alias in (*encrypted, *plain):
            rooms[alias] = await ada.create_room(
                alias, alias=f"{alias}-{mark}", encrypted=alias in encrypted, invite=(bot,)
            )
        _telegram_town(telegram, text)
        program = how(
            folder,
            {
                "PLAYBOOKS": str(playbook),
                "NAME": "story",
                "ADMINS": f"telegram:{ADMIN},matrix:{ada.user}",
                "TELEGRAM_TOKEN": telegram.token,
                "TELEGRAM_BASE_URL": telegram.url,
                "TELEGRAM_LIMITS": limits,
                "MATRIX_HOMESERVER": synapse.url,
                "MATRIX_USER": bot,
                "MATRIX_PASSWORD": "bot-password",
                **settings,
            },
            through,
        )
        stack.push_async_callback(program.kill)
        yield Crisis(telegram, synapse, program, ada, bot, rooms, playbook)


def _telegram_town(telegram: TelegramEmulator, playbook: str) -> None:
    telegram.user(ADMIN, "Ada", "fr")
    telegram.user(ANNE, "Anne", "fr")
    telegram.user(BRAM, "Bram", "nl")
    telegram.user(CARL, "Carl", "fr")
    for chat in dict.fromkeys(int(found) for found in re.findall(r"telegram: (-\d+)", playbook)):
        telegram.group(chat, f"Group {chat}", forum=chat == -1001000000001)
    with contextlib.suppress(KeyError):
        telegram.topic(-1001000000001, 4, "ops")
