"""Plays an exercise on the networks inside this process, and tells what every room saw, what it did not, and why.

The program under it is the real one: the same engine, handlers, log and outbox. Only networks and clock are made.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from textwrap import shorten
from typing import Any

from bot.clock import VirtualClock
from bot.lines import Line, Told
from bot.networks.port import Button, RoomTraits
from bot.pictures import Picture, draw, seen_in
from bot.playing import Embedded, Message, Somebody, attached, brief, deed
from bot.received import keep
from bot.script import DEEDS, PLAYS, Player, Script, Step, room_of
from playbooks.load import Book
from playbooks.rooms import NETWORKS, Network, RoomRef
from playbooks.selection import local_time
from storage.facts import AlertIssued, Disclosed, IncidentOpened
from storage.incident.fold import fold
from storage.store import Store

COORDINATOR = "coordinator"
"""The one person that every rehearsal has: a coordinator of the deployment."""


PRIVATE = "private:"
"""How the name of somebody's private chat begins."""
SAID = "S-"
"""How the id of what people said begins."""

_CODE = re.compile(r"/start (\w+)")
_SPAN = re.compile(r"(\d{1,5})([smh])")


class Misplayed(Exception):
    """A step cannot be played. The message says which, and why."""


def identity_of(name: str, network: Network) -> str:
    """The identity under which somebody is known on a network of a rehearsal."""
    if network == "matrix":
        return f"matrix:@{name}:rehearsal.invalid"
    return f"telegram:{int.from_bytes(sha256(name.encode()).digest()[:5], 'big')}"


class Stage:
    """The rooms and people of a rehearsal. ``settled`` returns once all that was said has been seen to."""

    def __init__(
        self,
        book: Book,
        store: Store,
        clock: VirtualClock,
        networks: Mapping[Network, Embedded],
        settled: Callable[[], Awaitable[None]],
    ) -> None:
        self.book = book
        self.clock = clock
        self._store = store
        self._networks = networks
        self._settled = settled
        self._news: list[Message] = []
        self._names: dict[RoomRef, tuple[str, str]] = {}
        self._read: dict[str, int] = {}
        self._disclosed: dict[str, tuple[str, Disclosed]] = {}
        self._where: dict[str, RoomRef] = {}
        self._players: dict[str, Player] = {}
        self.incident: str | None = None
        self.alert: str | None = None
        self.received: Path | None = None
        for network in networks.values():
            network.watchers.append(self._news.append)
        for name, partner in book.playbook.partners.items():
            for room in sorted(partner.rooms, key=lambda room: room.exercises):
                plain = name if room.ref == room_of(book, name) else f"{name}/{room.network}"
                written = f"{name}/{PLAYS}" if room.exercises else plain
                self._names.setdefault(self._networks[room.network].room(room.ref), (written, name))

    @property
    def rooms(self) -> tuple[str, ...]:
        """The names of the rooms."""
        return tuple(name for name, _ in self._names.values() if not name.endswith(f"/{PLAYS}"))

    @property
    def private_chats(self) -> tuple[str, ...]:
        """The names of the private chats of those who take part."""
        return tuple(f"{PRIVATE}{key}" for key in (*self._players, COORDINATOR))

    @property
    def auditing(self) -> str | None:
        """The name of the private chat of somebody who may have a copy of the log."""
        may = ("auditor", "coordinator")
        return next((f"{PRIVATE}{key}" for key, player in self._players.items() if player.role in may), None)

    def language(self, room: str) -> str:
        """In which language a room, by its name, is spoken to where nobody chose another."""
        agreed = self.book.playbook
        who = agreed.partners[room.partition("/")[0]]
        spoken = (*who.languages, agreed.jurisdictions[who.jurisdiction].language, *agreed.languages)
        return next(one for one in spoken if one)

    async def waiting(self) -> list[tuple[str, tuple[str, ...]]]:
        """The alerts that are not over, the newest first, and of each the partners who have not answered it."""
        facts = await self._store.facts(self.incident) if self.incident is not None else ()
        state = fold(None, facts)
        if state is None or state.closed_at is not None:
            return []
        alerts = reversed(list(state.alerts.items()))
        return [(a, tuple(p for p in one.shown if p not in one.answers)) for a, one in alerts if not one.expired]

    def _private_chat(self, named: str) -> RoomRef | None:
        """Of ``KEY``, or ``KEY/NETWORK``: somebody is known on one network, the coordinator on both."""
        key, _, wanted = named.partition("/")
        if key != COORDINATOR and key not in self._players:
            return None
        of = self._players[key].network if key in self._players else None
        network = next((one for one in self._networks if one == (wanted or of or "matrix")), None)
        if network is None or of not in (None, network):
            return None
        return self._networks[network].private(self.identity(key, network))

    def room(self, name: str) -> RoomRef | None:
        """The room of this name; ``private:KEY`` is the private chat of somebody with the bot."""
        if name.startswith(PRIVATE):
            return self._private_chat(name.removeprefix(PRIVATE))
        written = room_of(self.book, name)
        return self._networks[written.network].room(written) if written is not None else None

    async def enter(self, room: RoomRef) -> None:
        """Let the bot know of a private chat what a network tells of one: whether it is encrypted, and that it is private."""
        network = self._networks[room.network]
        await network.observe(room, RoomTraits(private=True, encrypted=room.network == "matrix"))
        await self._settled()

    async def begin(self) -> None:
        """What was on file before is no news."""
        await self._settled()
        self._news.clear()
        for summary in await self._store.incidents():
            self._read[summary.incident] = summary.size

    def identity(self, key: str, network: Network) -> str:
        """Under which identity a person of this exercise is known: in another exercise on the same data, somebody else.

        So it is for a person whom a script has moved to another partner or role since it was played before.
        """
        if key == COORDINATOR:
            return identity_of(COORDINATOR, network)
        player = self._players.get(key)
        known_as = (key, player.role, player.partner) if player is not None else (key,)
        return identity_of(".".join((*known_as, self.book.playbook.playbook)), network)

    def add(self, key: str, player: Player) -> None:
        """A person takes part."""
        self._players[key] = player

    async def enrol(self, people: Mapping[str, Player]) -> list[str]:
        """Make people of a script persons with a role: the coordinator invites them, and they redeem the code.

        Returns a line for each. Raises Misplayed.
        """
        lines = []
        for key, player in people.items():
            self.add(key, player)
            network = self._networks[player.network]
            identity = self.identity(key, player.network)
            host = network.private(identity_of(COORDINATOR, player.network))
            await network.say(
                host, identity_of(COORDINATOR, player.network), "Coordinator", f"/invite {player.role} {player.partner}"
            )
            await self._settled()
            code = _CODE.search(network.messages(host)[-1].text) if network.messages(host) else None
            if code is None:
                raise Misplayed(f"{player.name} cannot be invited as {player.role} of {player.partner}")
            await network.say(network.private(identity), identity, player.name, f"/start {code[1]}")
            await self._settled()
            lines.append(f"{player.name}, {player.role} of {player.partner}, on {player.network.capitalize()}")
        self._news.clear()
        return lines

    async def wait(self, span: str) -> AsyncIterator[Told]:
        """Let a time such as ``5m`` pass. Raises LookupError."""
        seconds = _SPAN.fullmatch(span)
        if seconds is None:
            raise LookupError("Write how long: wait 90s, wait 5m, wait 2h")
        unit = {"s": 1, "m": 60, "h": 3600}[seconds[2]]
        async for told in self.until(self.clock.now() + timedelta(seconds=int(seconds[1]) * unit)):
            yield told

    async def play(self, script: Script) -> AsyncIterator[Told]:
        """Play a script, and tell what happens. Raises Misplayed."""
        began = self.clock.now()
        for number, step in enumerate(script.steps, 1):
            at = script.time_of(number - 1)
            if at is not None:
                async for told in self.until(began + at):
                    yield told
            try:
                async for told in self._step(step):
                    yield told
            except LookupError as error:
                wrong = f"step {number} cannot be played: {self._doing(step)}, but {error.args[0]}"
                raise Misplayed(f"{wrong}. Mend this step, or what leads to it") from None

    async def until(self, moment: datetime) -> AsyncIterator[Told]:
        """Let time pass, stopping wherever something falls due."""
        while (left := (moment - self.clock.now()).total_seconds()) > 0:
            wake = self.clock.next_wake
            self.clock.advance(left if wake is None else min(left, max(wake, 0.001)))
            async for told in self.news():
                yield told

    async def _step(self, step: Step) -> AsyncIterator[Told]:
        if step.note is not None:
            yield Line(self._now(), "note", step.note)
            return
        assert step.as_ is not None
        player = self._players[step.as_]
        room = self._room_for(step.as_, player, step.in_)
        identity = self.identity(step.as_, room.network)
        if step.tap is not None:
            told = self.tap(room, identity, player.name, self._meant(step.tap))
        elif step.say is not None:
            told = self.say(room, identity, player.name, self._meant(step.say))
        else:
            told = self.do(room, identity, player.name, step)
        async for one in told:
            yield one

    def _meant(self, words: str) -> str:
        """The words of a step with the short ids they stand for."""
        return words.replace("{alert}", self.alert or "").replace("{incident}", self.incident or "")

    def _doing(self, step: Step) -> str:
        """What somebody was to do, and where."""
        key = str(step.as_)
        player = self._players[key]
        room = self._where.get(key)
        where = f" in {self._named(room)[0]} ({room.network.capitalize()})" if room is not None else ""
        verb, words = next((one, getattr(step, one)) for one in DEEDS if getattr(step, one) is not None)
        what = "" if words is True else f" {shorten(str(words), 60, placeholder=' …')!r}"
        return f"{player.name} ({key}) was to {verb}{what}{where}"

    async def say(
        self, room: RoomRef, identity: str, name: str, text: str, reply_to: str | None = None
    ) -> AsyncIterator[Told]:
        """Somebody writes; then what that leads to."""
        yield self._line(room, "in", text, name)
        await self._networks[room.network].say(room, identity, name, text, reply_to)
        async for told in self.news():
            yield told

    async def do(self, room: RoomRef, identity: str, name: str, step: Step) -> AsyncIterator[Told]:
        """Somebody does something with what was said, or sends a picture; then what that leads to. Raises LookupError."""
        does = deed(step, Somebody(self._networks[room.network], room, identity, name), self._meant)
        yield self._line(room, "in", does.words, name)
        await does.do()
        async for told in self.news():
            yield told

    async def tap(self, room: RoomRef, identity: str, name: str, choice: str) -> AsyncIterator[Told]:
        """Somebody chooses under the last message that offers it; then what that leads to.

        ``choice`` is the label shown or how it begins, the last word of the command under it, or the emoji. Raises
        LookupError.
        """
        for message in self._shown(room):
            button = _meant(message, choice)
            if button is not None:
                break
        else:
            raise LookupError(f"nothing there offers that; {self._offered(room)}")
        words = f"taps [{button.label}]" if room.network == "telegram" else f"reacts {button.emoji} ({button.label})"
        yield self._line(room, "in", words, name)
        await self._networks[room.network].tap(room, message.id, identity, button.command, name)
        async for told in self.news():
            yield told

    async def news(self) -> AsyncIterator[Told]:
        """What the rooms were shown since the last time, and the picture of each alert that was issued."""
        await self._settled()
        # What a log has and no room was told is read with what comes next.
        pictures = [picture async for picture in self._look()] if self._news else []
        news, self._news[:] = list(self._news), []
        for message in news:
            yield self._out(message)
        for picture in pictures:
            yield picture

    # -- within ----------------------------------------------------------------------------------------------------

    def _room_for(self, key: str, player: Player, named: str | None) -> RoomRef:
        if named == "private":
            room = self._networks[player.network].private(self.identity(key, player.network))
        elif named is not None:
            found = self.room(named)
            if found is None:
                raise LookupError(f"there is no room {named}")
            room = found
        elif key in self._where:
            room = self._where[key]
        else:
            found = self.room(f"{player.partner}/{player.network}") or self.room(player.partner)
            if found is None:
                raise LookupError(f"{player.partner} has no room: say `in:` which room")
            room = found
        self._where[key] = room
        return room

    def _shown(self, room: RoomRef) -> Iterator[Message]:
        """The bot's messages in a room, the newest first."""
        yield from reversed(self._networks[room.network].messages(room))

    def _offered(self, room: RoomRef) -> str:
        """What can be tapped in a room, last and above all; where nothing can, what was said there last."""
        for message in self._shown(room):
            if message.buttons:
                labels = ", ".join(button.label for line in message.buttons for button in line)
                return f"the last message with buttons offers {labels}: tap one of these"
        for message in self._shown(room):
            said = shorten(message.text, 120, placeholder=" …")
            return f"what was said there last is “{said}”"
        return "nothing was said there"

    def _named(self, room: RoomRef) -> tuple[str, str | None]:
        if room in self._names:
            return self._names[room]
        for key in (*self._players, COORDINATOR):
            if room == self._networks[room.network].private(self.identity(key, room.network)):
                return f"{PRIVATE}{key}", self._players[key].partner if key in self._players else None
        return str(room), None

    def _now(self) -> datetime:
        """The time where the playbook lives, as the messages say it."""
        return local_time(self.book, self.clock.now())

    def _line(self, room: RoomRef, direction: str, text: str, sender: str, **more: Any) -> Line:
        name, partner = self._named(room)
        return Line(self._now(), direction, text, sender, name, partner, room.network, self.incident, **more)

    async def _look(self) -> AsyncIterator[Picture]:
        """Read what the logs have since the last time."""
        for summary in await self._store.incidents():
            start = self._read.get(summary.incident, 0)
            if start >= summary.size:
                continue
            kept = await self._store.facts(summary.incident, start)
            self._read[summary.incident] = start + len(kept)
            issued = []
            for one in kept:
                match one.fact:
                    case IncidentOpened(incident=incident):
                        self.incident = incident
                    case Disclosed() as fact:
                        self._disclosed[fact.send] = (summary.incident, fact)
                    case AlertIssued() as fact:
                        issued.append(fact)
                    case _:
                        pass
            for fact in issued:
                self.alert = fact.alert
                yield draw(self.book, self._now(), summary.incident, fact, kept)

    def _disclosure(self, token: str) -> Disclosed | None:
        """What a message shows, if it shows anything: it is named after its first part, or what it repeats the first part of."""
        whole = token.partition("-")[0]
        found = next((self._disclosed[one] for one in (token, f"{whole}-1", whole) if one in self._disclosed), None)
        return found[1] if found is not None else None

    def _answered(self, message: Message) -> str:
        """The message that this one stands under, on one line."""
        there = self._networks[message.room.network].standing(message.room)
        return next((brief(one) for one in there if one.id == message.reply_to), "")

    def _kept(self, message: Message) -> str:
        """Where a file that came into a private chat is now, in words; it is put there."""
        alone = self._named(message.room)[0].startswith(PRIVATE)
        if self.received is None or message.file is None or not alone or message.befell != "said":
            return ""
        return f"It lies in {keep(self.received, message.file.name, message.file.data)}"

    def _out(self, message: Message) -> Line:
        if message.befell in ("removed", "reacted"):
            signs = " ".join(one.emoji for one in message.reactions if one.who is None) or "no reaction any more"
            text = brief(message) if message.befell == "removed" else f"{signs} to: {brief(message)}"
            return self._line(message.room, "out", text, "Tocsin", befell=message.befell)
        disclosed = self._disclosure(message.token)
        buttons = tuple(button.label for line in message.buttons for button in line)
        shown, withheld = seen_in(self.book, disclosed) if disclosed is not None else ({}, {})
        return self._line(
            message.room,
            "out",
            message.text,
            "Tocsin",
            buttons=buttons,
            befell=message.befell,
            attached=" ".join(filter(None, (attached(message), self._kept(message)))),
            answers=self._answered(message) if disclosed is not None and disclosed.about.startswith(SAID) else "",
            before=message.versions[-2] if message.befell == "edited" else None,
            label=disclosed.label if disclosed is not None else None,
            shown=shown,
            withheld=withheld,
        )


def _meant(message: Message, choice: str) -> Button | None:
    """The choice under a message that is called so, or the only one whose label begins so."""
    wanted = choice.strip().removeprefix("[").removesuffix("]").strip()
    found = message.button(wanted)
    if found is not None or not wanted:
        return found
    begun = wanted.casefold()
    near = [one for line in message.buttons for one in line if one.label.casefold().startswith(begun)]
    return near[0] if len(near) == 1 else None


def everyone(networks: Sequence[Network] = NETWORKS) -> frozenset[str]:
    """The identities of the rehearsal's coordinator."""
    return frozenset(identity_of(COORDINATOR, network) for network in networks)


def pause(steps: int) -> timedelta:
    """How long a spectator is given for each group of lines: half a minute in all at most."""
    return timedelta(seconds=min(1.5, 25 / max(steps, 1)))
