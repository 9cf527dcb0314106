"""What every network looks like to its contract: rooms with two people in them, who speak, tap and look.

A stand knows one network from both ends: the port, as the bot uses it, and the people. Where networks differ by
nature the stand says how, in plain attributes, and the contract states the difference; all else must be the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Literal

from bot.networks.port import Button, Heard, HeardKind, NetworkPort, Outcome, Outgoing, Sent
from playbooks.rooms import RoomRef
from tests.contracts.inbox import Inbox
from tests.contracts.talk import Person, Seen, Talk, marked
from tests.patience import PATIENCE

Trait = Literal["encrypted", "tampered", "world_readable", "open_join", "public"]

SECRET = "not-the-right-secret"
BUTTONS = (
    (Button("I act", "ack A-17 acting", "✅"), Button("Seen", "ack A-17 seen", "👀")),
    (Button("Need <help> & more", "ack A-17 help", "🆘"),),
)
LABELS = tuple(tuple(button.label for button in row) for row in BUTTONS)
EMOJI = tuple(button.emoji for row in BUTTONS for button in row)


class Stand(Talk, ABC):
    """One network with people. The class attributes say what is in the nature of the network."""

    tap_is: HeardKind = "button"
    repeats_tokens = True  # the same message sent twice is seen twice
    asks_in = False  # invites, and waits for the bot to join; else people put the bot in
    delivers_again = True  # can tell the same event twice
    has_credentials = True
    comes_along = True  # when a room moves, whoever is in it is in the new one
    edit_is_named_anew = False  # an accepted edit has an id of its own
    traits: tuple[Trait, ...] = ()  # that can change for the worse
    traits_come_with: HeardKind = "room"

    bo: Person
    port: NetworkPort

    def __init__(self) -> None:
        self.inbox = Inbox()
        self._listening: asyncio.Task[None] | None = None
        self._read: dict[str, Heard | None] = {}
        self._tokens = itertools.count(1)

    # -- the bot's end ---------------------------------------------------------------------------------------------

    @abstractmethod
    async def renew(self) -> None:
        """The program ended and starts anew: another port on what was kept outside the process, where anything is."""

    @abstractmethod
    def stranger(self) -> NetworkPort:
        """A port whose credentials are wrong, with ``SECRET`` in them."""

    async def start(self) -> None:
        """Hear until stopped; returns once connected. Raises what ``run`` raised when it does not come to that."""
        before = len(self.inbox.connections)
        self._listening = asyncio.create_task(self.port.run(self.inbox))
        self._listening.add_done_callback(lambda _: self.inbox.wake())
        await self.inbox.until(lambda: self.silent or len(self.inbox.connections) > before)
        if self.silent:
            self._listening.result()

    @property
    def silent(self) -> bool:
        """Whether nobody listens."""
        return self._listening is None or self._listening.done()

    async def ended(self) -> BaseException:
        """What ended ``run`` by itself; waits for it."""
        assert self._listening is not None
        await asyncio.wait({self._listening}, timeout=PATIENCE)
        error = self._listening.exception()
        assert error is not None
        return error

    async def stop(self) -> None:
        """Stop listening; the port stays."""
        if self._listening is not None:
            self._listening.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._listening
            self._listening = None

    async def restart(self) -> None:
        """The program ends and starts again."""
        await self.stop()
        await self.port.close()
        await self.renew()
        await self.start()

    def out(self, room: RoomRef, html: str, **more: Any) -> Outgoing:
        """A message with a token of its own."""
        more = {"token": f"t{next(self._tokens)}", "html": html, "text": marked(html)[0]} | more
        return Outgoing(room=room, **more)

    async def send(self, room: RoomRef, html: str, **more: Any) -> Outcome:
        """Have the bot say something."""
        return await self.port.send(self.out(room, html, **more))

    async def sent(self, room: RoomRef, html: str, **more: Any) -> str:
        """As ``send``, and it must be taken; the message's id."""
        outcome = await self.send(room, html, **more)
        assert isinstance(outcome, Sent), outcome
        return outcome.message_id

    def heard(self, room: RoomRef | None = None, kind: HeardKind | None = None) -> list[Heard]:
        """All that was heard, in the order of the inbox, without what cannot be read."""
        for key in self.inbox.kept.keys() - self._read.keys():
            self._read[key] = None
            with contextlib.suppress(ValueError):
                self._read[key] = self.port.read(self.inbox.kept[key])
        found = (self._read[key] for key in self.inbox.kept)
        return [one for one in found if one and room in (None, one.room) and kind in (None, one.kind)]

    async def hear(self, room: RoomRef, kind: HeardKind, so: Callable[[Heard], bool] = lambda _: True) -> Heard:
        """The first such thing in ``room`` for which ``so`` holds; waits for it, while somebody listens."""

        def found() -> list[Heard]:
            return [heard for heard in self.heard(room, kind) if so(heard)]

        try:
            await self.inbox.until(lambda: bool(found()) or self.silent)
        except TimeoutError:
            raise AssertionError(f"no such {kind}; heard in {room}: {self.heard(room)}") from None
        assert found(), f"listening ended: {self._listening}"
        return found()[0]

    async def hear_text(self, room: RoomRef, text: str) -> Heard:
        """The message with this text."""
        return await self.hear(room, "message", lambda heard: heard.text == text)

    def texts(self, room: RoomRef) -> list[str]:
        """What people were heard to say in a room."""
        return [heard.text for heard in self.heard(room, "message")]

    # -- the people's end ------------------------------------------------------------------------------------------

    @abstractmethod
    async def open(self) -> None:
        """Make the network and the people, and start listening."""

    @abstractmethod
    async def close(self) -> None:
        """End everything."""

    @abstractmethod
    async def private(self) -> RoomRef:
        """Ada's chat with the bot, opened by her."""

    @abstractmethod
    async def say(self, room: RoomRef, text: str, who: Person | None = None, reply_to: str | None = None) -> str:
        """Somebody (Ada) writes; the message's id."""

    @abstractmethod
    async def hide_and_say(self, room: RoomRef, text: str) -> Person | None:
        """Somebody writes without showing who they are. Returns who is seen instead: None for nobody."""

    @abstractmethod
    async def edit(self, room: RoomRef, message: str, text: str) -> None:
        """Ada changes what she wrote."""

    @abstractmethod
    async def locate(self, room: RoomRef, latitude: float, longitude: float) -> None:
        """Ada says where she is, in degrees."""

    @abstractmethod
    async def tap(self, room: RoomRef, message: str, button: Button) -> None:
        """Ada chooses what is offered under a message of the bot."""

    @abstractmethod
    async def seen(self, room: RoomRef) -> list[Seen]:
        """What the bot has said, as Ada sees it now, oldest first."""

    @abstractmethod
    async def see(self, room: RoomRef, text: str) -> Seen:
        """The bot's message that contains this; waits for it."""

    @abstractmethod
    async def gone(self, room: RoomRef, message: str) -> None:
        """Wait until a message of the bot does not stand there any more."""

    @abstractmethod
    async def throw_out(self, room: RoomRef) -> None:
        """Ada throws the bot out."""

    @abstractmethod
    async def take_back(self, room: RoomRef) -> None:
        """Ada puts the bot in again, or invites it."""

    @abstractmethod
    async def move(self, room: RoomRef) -> RoomRef:
        """The room gets a new address."""

    @abstractmethod
    async def worsen(self, room: RoomRef, trait: Trait) -> None:
        """The room becomes such that it can be trusted less (or ``encrypted``: more)."""

    @abstractmethod
    async def odd(self, room: RoomRef) -> None:
        """Something arrives that no program understands."""

    @abstractmethod
    async def deliver_again(self) -> None:
        """The network tells once more what it told last."""

    @abstractmethod
    async def down(self) -> None:
        """The network does not answer any more."""

    @abstractmethod
    async def up(self) -> None:
        """The network answers again."""
