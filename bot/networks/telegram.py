"""Telegram: polls updates into the inbox, sends messages, and says honestly what became of each.

Updates are committed before the poll offset moves, so a crash repeats them and loses none. Telegram has no
idempotency key: what was refused is ``Refused``, what certainly did not arrive is ``Delayed``, and everything else
that is not a plain success is ``Unknown``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
)

from bot.networks import markup, telegram_fetch, telegram_outcome, telegram_read, telegram_rights, telegram_send
from bot.networks.port import (
    Begun,
    Ears,
    Heard,
    Limits,
    NetworkDown,
    NetworkRejected,
    NetworkState,
    Outcome,
    Outgoing,
    Refused,
    Unknown,
)
from bot.networks.telegram_doors import Doors
from bot.networks.telegram_files import MIB
from bot.networks.telegram_form import Upload
from bot.networks.telegram_http import OFFICIAL, NotConnectedError, RawBot, UnreadableError
from bot.networks.telegram_links import written_out
from bot.networks.telegram_send import CAPTION_UNITS, TEXT_UNITS, Manner
from bot.networks.telegram_topics import Topics
from playbooks.rooms import Network, RoomRef
from playbooks.spoken import File

DOWNLOAD_BYTES = 20 * MIB
UPLOAD_BYTES = 50 * MIB
OWN_SERVER_UPLOAD_BYTES = 2000 * MIB
POLL_SECONDS = 50  # the server allows no more
MOST_UPDATES = 100  # in one answer; the server gives no more
POLL_GRACE_SECONDS = 15.0  # how much later than that an answer may come
DESCRIPTION_CHARACTERS = 256

_log = logging.getLogger(__name__)


class Telegram:
    """Telegram, over the Bot API.

    ``base_url`` is the root of another Bot API server, None for the official one. ``clock`` tells the time, aware.
    """

    name: Network = "telegram"
    captions = CAPTION_UNITS
    threads = False

    def __init__(self, token: str, base_url: str | None, limits: Limits, clock: Callable[[], datetime]) -> None:
        self.limits = limits
        self.state = NetworkState()
        self._token = token
        self._clock = clock
        self._own_server = base_url is not None and base_url.rstrip("/") != OFFICIAL
        # A server of one's own that does not run in its local mode has the official limits, and says so by refusing.
        self.largest_download: int | None = None if self._own_server else DOWNLOAD_BYTES
        self.largest_upload: int | None = OWN_SERVER_UPLOAD_BYTES if self._own_server else UPLOAD_BYTES
        self._bot = RawBot(token, base_url, connections=limits.concurrency + 8)
        self._me: dict[str, Any] | None = None
        self._ears: Ears | None = None
        self._doors = Doors()
        self._topics = Topics(self._bot, clock)

    # -- hearing ---------------------------------------------------------------------------------------------------

    async def run(self, ears: Ears) -> None:
        """Connect and hear until cancelled. Raises NetworkDown or NetworkRejected, after telling ``ears``."""
        answering: set[asyncio.Task[None]] = set()
        self._ears = ears
        try:
            await self._poll(ears, answering)
        except TelegramError as error:
            down = self._down(error)
        finally:
            self._note(connected=False)
            for task in answering:
                task.cancel()
            await asyncio.gather(*answering, return_exceptions=True)
        self.state.last_error = str(down)
        await ears.lost(self.name, str(down), rejected=isinstance(down, NetworkRejected))
        raise down

    def split(self, html: str) -> list[str]:
        """Parts of at most 4096 UTF-16 units after parsing, which is how Telegram counts."""
        return markup.split(written_out(html), TEXT_UNITS)

    def read(self, body: str) -> Heard | None:
        """What a kept update says. Raises ValueError when it cannot be read."""
        return telegram_read.read(body, us=telegram_read.bot_id(self._token))

    async def _introduced(self) -> str:
        """Who we are; nobody else is told of updates from now on."""
        self._me = await self._bot.ask("getMe", {})
        if (await self._bot.ask("getWebhookInfo", {})).get("url"):
            await self._bot.ask("deleteWebhook", {})
        return str(self._me["username"])

    async def _connected(self, ears: Ears, username: str) -> None:
        """What was missed is heard. It is decided before anything is sent: until then groups count as they were when we last heard of them."""
        await ears.caught_up(self.name)
        self.state.username = username
        self.state.last_error = None
        self._note(connected=True)
        await ears.connected(self.name, username)

    async def _poll(self, ears: Ears, answering: set[asyncio.Task[None]]) -> None:
        username = await self._introduced()
        cursor = await ears.cursor(self.name)
        asked: dict[str, Any] = {"limit": MOST_UPDATES, "allowed_updates": list(telegram_read.ALLOWED_UPDATES)}
        while True:
            if cursor is not None:
                asked["offset"] = int(cursor)
            # Before we are connected there is nothing to wait for: what was missed is there, or there is none.
            updates = await self._updates(asked | {"timeout": POLL_SECONDS if self.state.connected else 0})
            if updates:
                received = self._clock()
                cursor = str(updates[-1]["update_id"] + 1)  # the last, not the highest: ids may start anew
                await ears.keep(self.name, [telegram_read.keep_form(one, received) for one in updates], cursor)
            if not self.state.connected and len(updates) < MOST_UPDATES:
                await self._connected(ears, username)
            for update in updates:
                if query := telegram_read.query(update):
                    task = asyncio.create_task(self._answer(query))
                    answering.add(task)
                    task.add_done_callback(answering.discard)

    async def _updates(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        """One poll, repeated once when its answer was lost: idle connections break, and asking again is harmless."""
        seconds = POLL_SECONDS + POLL_GRACE_SECONDS
        try:
            found = await self._bot.ask("getUpdates", asked, seconds=seconds)
        except (BadRequest, NotConnectedError):
            raise
        except (NetworkError, UnreadableError):
            found = await self._bot.ask("getUpdates", asked, seconds=seconds)
        if not isinstance(found, list) or not all(isinstance(one, dict) and "update_id" in one for one in found):
            raise UnreadableError("updates without an id")
        return found

    async def _answer(self, query: str) -> None:
        """Stop the phone's spinner. What the tap led to is told by messages, so a failure here costs nothing."""
        try:
            await self._bot.ask("answerCallbackQuery", {"callback_query_id": query})
        except TelegramError as error:
            _log.debug("a tap was not answered: %s", self._words(error))

    def _down(self, error: Exception) -> NetworkDown:
        match error:
            case TelegramError() if isinstance(error.__cause__, UnreadableError):
                return NetworkDown("what answers is no Bot API server; see TOCSIN_TELEGRAM_BASE_URL and proxies")
            case InvalidToken():
                return NetworkRejected("Telegram refuses the token; set TOCSIN_TELEGRAM_TOKEN to a valid one")
            case Conflict():
                return NetworkDown("another program polls Telegram with this bot's token; stop it")
            case NotConnectedError():
                return NetworkDown("no connection to Telegram")
            case TelegramError():
                return NetworkDown(f"Telegram: {self._words(error)}")
            case _:
                return NetworkDown("Telegram's answer could not be read")

    def _note(self, *, connected: bool) -> None:
        if self.state.connected != connected or self.state.since is None:
            self.state.connected, self.state.since = connected, self._clock()

    def _words(self, error: Exception) -> str:
        """What an error says, on one line, short, and without the token."""
        words = " ".join(str(error).split()).replace(self._token, "***")
        return (words or type(error).__name__)[:200]

    # -- sending ---------------------------------------------------------------------------------------------------

    async def send(self, out: Outgoing) -> Outcome:
        """Send, edit, remove, react or leave. Never raises for what Telegram can do wrong."""
        if out.must_encrypt:
            return Refused("Telegram rooms are not encrypted, and these words may only go into an encrypted one")
        manner = Manner()
        try:
            if (place := await self._topics.begun(out)) is not None:
                return Begun(place)
            while True:
                try:
                    asked = telegram_send.request(out, manner)
                except ValueError:
                    return Refused(f"{out.room} is no address that Telegram knows")
                if isinstance(asked, Refused):
                    return asked
                if (too_large := self._too_large(asked.files)) is not None:
                    return too_large
                try:
                    result = await self._bot.ask(asked.method, asked.fields, asked.files)
                    became = telegram_send.sent(asked.method, result, out)
                    await self._doors.look(result, self._ears, self._clock())
                    return became
                except BadRequest as error:
                    if out.home is not None and telegram_outcome.no_such_place(str(error)):
                        out = replace(out, room=out.home, home=None)
                        continue
                    plainer = telegram_send.plainer(out, manner, str(error))
                    if plainer is None or isinstance(error.__cause__, UnreadableError):
                        raise
                    # Refused for its form, so it has not arrived: better plain than not at all.
                    _log.warning("Telegram refused the form of %s, which is sent more plainly", out.token)
                    manner = plainer
        except TelegramError as error:
            return telegram_outcome.outcome(error, out, self._words(error))
        except (AttributeError, KeyError, TypeError, ValueError):
            return Unknown("Telegram's answer could not be read")

    def _too_large(self, files: Sequence[Upload]) -> Refused | None:
        size, most = sum(file.size for file in files), self.largest_upload
        if most is None or size <= most:
            return None
        return Refused(f"too large: {-(-size // MIB)} MB, and Telegram takes {most // MIB} MB from bots at once")

    # -- files -----------------------------------------------------------------------------------------------------

    async def fetch(self, file: File) -> AsyncIterator[bytes]:
        """The bytes of a file, in pieces of at most 64 KiB. Raises NetworkDown or FileGone."""
        try:
            async for piece in telegram_fetch.fetch(self._bot, file, own_server=self._own_server):
                yield piece
            return
        except TelegramError as error:
            down = self._down(error)
        raise down

    # -- asking ----------------------------------------------------------------------------------------------------

    async def resolve(self, alias: str) -> RoomRef | None:
        """The group or channel behind ``@username``; None for anything else, and where there is none."""
        if not alias.startswith("@") or ":" in alias:
            return None
        try:
            chat = await self._bot.ask("getChat", {"chat_id": alias})
            return RoomRef(self.name, str(int(chat["id"])))
        except (BadRequest, Forbidden):
            return None
        except (TelegramError, KeyError, TypeError, ValueError) as error:
            down = self._down(error)
        raise down

    async def direct(self, identity: str) -> RoomRef | None:
        """The private chat with a person has the person's id. Only they can open it, by tapping Start."""
        network, _, user = identity.partition(":")
        return RoomRef(self.name, user) if network == self.name and user.isdecimal() else None

    async def publish_commands(self, commands: Sequence[tuple[str, Mapping[str, str]]]) -> None:
        """Set the command menu, each command a name and a description in each language; English is also the default.

        Telegram knows languages by two letters only; others are left out. Raises NetworkDown.
        """
        languages = sorted({language for _, words in commands for language in words if len(language) == 2})
        try:
            for language in languages:
                menu = [
                    {"command": name, "description": words[language][:DESCRIPTION_CHARACTERS]}
                    for name, words in commands
                    if words.get(language)
                ]
                await self._bot.ask("setMyCommands", {"commands": menu, "language_code": language})
                if language == ("en" if "en" in languages else languages[0]):
                    await self._bot.ask("setMyCommands", {"commands": menu})
            return
        except TelegramError as error:
            down = self._down(error)
        raise down

    async def examine(self, room: RoomRef) -> list[str]:
        """What keeps the bot from working well in this room, each with what to do. Raises NetworkDown."""
        try:
            me = self._me = self._me or await self._bot.ask("getMe", {})
            chat = await self._bot.ask("getChat", {"chat_id": int(room.id)})
            if chat["type"] == "private":
                return []
            member = await self._bot.ask("getChatMember", {"chat_id": int(room.id), "user_id": me["id"]})
            return telegram_rights.shortcomings(me, chat, member)
        except ChatMigrated as moved:
            return [f"{room} has become the supergroup telegram:{moved.new_chat_id}; bind it again"]
        except (BadRequest, Forbidden) as error:
            return [f"{room}: {self._words(error)}; add the bot to the group again, or bind another room"]
        except (TelegramError, KeyError, TypeError, ValueError) as error:
            down = self._down(error)
        raise down

    async def close(self) -> None:
        """Let go of connections."""
        await self._bot.close_wires()
