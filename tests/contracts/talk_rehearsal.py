"""What people say on the network inside this process, and how they see the bot's."""

from __future__ import annotations

import asyncio
import itertools
from hashlib import sha256

from bot.networks.rehearsal import Rehearsal
from bot.networks.rehearsal_rooms import Shown
from playbooks.rooms import Network, RoomRef
from playbooks.spoken import Contact, File, Poll, Spoken
from tests.contracts.talk import Person, Seen, SeenFile, Talk, Thing, marked
from tests.patience import PATIENCE


class RehearsalTalk(Talk):
    """Ada and Bo on one side of a rehearsal."""

    albums = contacts = folds = True
    _people: Rehearsal
    _given: dict[str, File]
    _albums = itertools.count(1)

    def plays(self, network: Network) -> None:
        """Take the nature of the network that is played."""
        matrix = network == "matrix"
        self.tells_deletions = self.threads = self.hears_votes_of_others = matrix
        self.one_reaction = self.topics = self.forwards = not matrix
        self.votes_are = "voted" if matrix else "tallied"

    async def write(
        self,
        room: RoomRef,
        html: str,
        who: Person | None = None,
        reply_to: str | None = None,
        thread: str | None = None,
    ) -> str:
        return await self._say(room, Spoken(html), who, reply_to, thread)

    async def rewrite(self, room: RoomRef, message: str, html: str) -> None:
        await self._again(room, message, Spoken(html))

    async def recaption(self, room: RoomRef, message: str, html: str) -> None:
        given = self._given[message]
        await self._again(room, message, Spoken(html, given))

    async def delete(self, room: RoomRef, message: str) -> None:
        await self._people.delete(room, message, self.ada.identity)

    async def react(self, room: RoomRef, message: str, emoji: str) -> str:
        return await self._people.react(room, message, self.ada.identity, emoji, self.ada.name)

    async def unreact(self, room: RoomRef, message: str, reaction: str) -> None:
        [shown] = [one for one in self._people.standing(room) if one.id == message]
        [given] = [one for one in shown.reactions if one.name == reaction]
        await self._people.unreact(room, message, self.ada.identity, given.emoji, self.ada.name)

    async def give(self, room: RoomRef, thing: Thing, html: str = "", reply_to: str | None = None) -> str:
        file = self._offered(thing)
        said = await self._say(room, Spoken(html, file), reply_to=reply_to)
        self._given[said] = file
        return said

    async def give_album(self, room: RoomRef, things: tuple[Thing, ...], html: str) -> list[str]:
        name = f"album{next(self._albums)}"
        words = [html, *[""] * len(things)]
        return [
            await self._say(room, Spoken(word, self._offered(thing, name)))
            for word, thing in zip(words, things, strict=False)
        ]

    async def give_card(self, room: RoomRef, card: Contact) -> str:
        return await self._say(room, Spoken(contact=card))

    async def share(self, room: RoomRef, latitude: float, longitude: float, seconds: int) -> str:
        return await self._say(room, Spoken(point=_micro(latitude, longitude), live_until=self.later(seconds)))

    async def walk(self, room: RoomRef, message: str, latitude: float, longitude: float) -> None:
        await self._again(room, message, Spoken(point=_micro(latitude, longitude), live_until=self.later(60)))

    async def ask(self, room: RoomRef, poll: Poll) -> str:
        return await self._say(room, Spoken(poll=poll))

    async def vote(self, room: RoomRef, message: str, options: tuple[int, ...]) -> None:
        await self._people.vote(room, message, self.ada.identity, options)

    async def end_poll(self, room: RoomRef, message: str) -> None:
        await self._people.end_poll(room, message, self.ada.identity)

    async def pass_on(self, source: RoomRef, message: str, room: RoomRef) -> str:
        [shown] = [one for one in self._people.standing(source) if one.id == message]
        forwarded = "us" if shown.sender is None else shown.sender
        return await self._people.say(
            room, self.ada.identity, self.ada.name, "", spoken=Spoken(shown.html), forwarded=forwarded
        )

    async def say_as_program(self, room: RoomRef, text: str) -> None:
        await self._people.say(room, None, "Bridge", text, automatic=True)

    async def topic(self) -> RoomRef:
        room = await self.room()
        return RoomRef(room.network, room.id, "7")

    def takes_votes(self, room: RoomRef, message: str) -> bool:
        return not next(shown for shown in self._people.standing(room) if shown.id == message).closed

    async def see_signs(self, room: RoomRef, message: str, emoji: tuple[str, ...]) -> None:
        def signs() -> list[str]:
            standing = {shown.id: shown for shown in self._people.standing(room)}
            found = standing[message].reactions if message in standing else ()
            return sorted(one.emoji for one in found if one.who is None)

        async with asyncio.timeout(PATIENCE):
            await self._people.until(lambda: signs() == sorted(emoji))

    def look(self, shown: Shown) -> Seen:
        """A message of the bot as everybody sees it."""
        text, marks = marked(shown.html)
        choices = tuple(tuple(button.label for button in row) for row in shown.buttons)
        kept = shown.file
        file = SeenFile(kept.kind, sha256(kept.data).hexdigest(), kept.name) if kept is not None else None
        return Seen(
            shown.id, text, marks, choices, shown.reply_to, shown.loud, self.sealed,
            file, shown.point, shown.poll, shown.thread, tuple(f"{self.network}:{one}" for one in shown.mentions),
        )  # fmt: skip

    async def _say(
        self,
        room: RoomRef,
        spoken: Spoken,
        who: Person | None = None,
        reply_to: str | None = None,
        thread: str | None = None,
    ) -> str:
        person = who or self.ada
        return await self._people.say(
            room, person.identity, person.name, "", reply_to, spoken=spoken, thread=thread
        )  # fmt: skip

    async def _again(self, room: RoomRef, message: str, spoken: Spoken) -> None:
        await self._people.rewrite(room, message, self.ada.identity, self.ada.name, "", spoken)

    def _offered(self, thing: Thing, album: str | None = None) -> File:
        traits = {"width": thing.width or None, "height": thing.height or None, "seconds": thing.seconds or None}
        return self._people.offer(thing.data, thing.name, thing.type, thing.kind, album=album, **traits)


def _micro(latitude: float, longitude: float) -> tuple[int, int]:
    return round(latitude * 1_000_000), round(longitude * 1_000_000)
