"""One thing asked by one person, with everything its handler needs to decide it and to answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers.coordinators import between_two
from handlers.taps import Choice, button, parted
from handlers.texts import say, says
from handlers.world import Actor, Request, World, circumstances, languages
from playbooks.cleared import Cleared, Reader, glue, quote, short_id
from playbooks.load import Book
from playbooks.rooms import RoomRef
from playbooks.selection import Circumstances
from storage.effects import Effect, Record, Send, Tap, Urgency
from storage.facts import DEPLOYMENT, CommandRefused, Fact
from storage.incident import Incident

ANSWER_LASTS = timedelta(minutes=10)
"""An answer that could not leave within this time is no answer any more."""


@dataclass(frozen=True)
class Case:
    """A request, who asks, and in which incident (None: none) under which playbook."""

    world: World
    request: Request
    actor: Actor
    incident: Incident | None = None
    book: Book | None = None

    @property
    def now(self) -> datetime:
        """When this is decided."""
        return self.request.now

    @property
    def stream(self) -> str:
        """Where its facts belong."""
        return self.incident.id if self.incident else DEPLOYMENT

    @property
    def reader(self) -> Reader:
        """Whoever reads the answer: the person's own language first, then the room's."""
        return reader(self.world, self.book, self.request, self.actor)

    @property
    def so(self) -> Circumstances:
        """What is so in the incident now. Only where there is one."""
        assert self.incident is not None
        return circumstances(self.world, self.incident, self.now)

    def say(self, message: str, /, **parts: Cleared | int) -> Cleared:
        """Words for whoever asked, in their language."""
        return say(self.reader.languages, message, **parts)

    def says(self, one: str, many: str, count: int, /, **parts: Cleared | int) -> Cleared:
        """The same for a number of things."""
        return says(self.reader.languages, one, many, count, **parts)

    def tap(self, message: str, command: str, emoji: str, /, **parts: Cleared | int) -> Tap:
        """A choice for whoever asked."""
        return Tap(self.say(message, **parts), command, emoji)

    def choice(self, message: str, command: str, emoji: str, /, **parts: Cleared | int) -> Choice:
        """The same, where its command may be too long for a button: then a line that says what to write."""
        return button(self.reader.languages, self.request.room, self.say(message, **parts), command, emoji)

    def record(self, fact: Fact) -> Record:
        """A fact of this incident, or of the deployment."""
        return Record(self.stream, fact)

    def answer(
        self,
        body: Cleared,
        taps: Sequence[Sequence[Choice]] = (),
        *,
        about: str | None = None,
        replaces: str | None = None,
        urgency: Urgency = Urgency.ANSWER,
    ) -> Send:
        """Words to whoever asked, where they asked."""
        buttons, written = parted(taps)
        return Send(
            stream=self.stream,
            to=self.request.room,
            body=glue([body, *written]) if written else body,
            urgency=urgency,
            about=about,
            partner=self.actor.partner,
            language=next(iter(self.reader.languages), ""),
            taps=buttons,
            reply_to=self.request.message if self.request.via != "button" and replaces is None else None,
            replaces=replaces,
            not_after=self.now + ANSWER_LASTS,
        )

    def refuse(
        self, why: Cleared, command: str, reason: str, line: int = 0, taps: Sequence[Sequence[Choice]] = ()
    ) -> list[Effect]:
        """Say no, with the reason, and record it. ``reason`` is a short code for the log."""
        fact = CommandRefused(
            self.actor.person, self.actor.partner, self.request.room, command, reason, self.rule(line) if line else None
        )
        return [self.record(fact), self.answer(why, taps)]

    def rule(self, line: int) -> str:
        """A rule's place, as the log writes it: playbook:line."""
        return f"{self.book.playbook.playbook if self.book else '?'}:{line}"

    def title(self, template: str) -> Cleared:
        """An alert's title, as the playbook says it in the reader's language."""
        assert self.book is not None
        return quote(self.book, self.reader, self.book.playbook.alerts[template].title)

    def id(self, identifier: str) -> Cleared:
        """A short id."""
        return short_id(identifier)


def reader(world: World, book: Book | None, request: Request, who: Actor) -> Reader:
    """The reader of an answer in the room where it was asked."""
    spoken = [world.who.languages.get(who.person), world.who.languages.get(who.identity)]
    if request.private and request.language:
        spoken.append(request.language)
    theirs = [language for language in spoken if language]
    found = (*theirs, *languages(world, book, request.room, who.partner))
    # In a group a coordinator's answer is read by the group: what it may know is what its partner may know.
    auditor = who.auditor and request.private and between_two(world, request.room)
    insider = (
        auditor or (who.coordinator and request.private) or (book is not None and who.partner in book.playbook.partners)
    )
    return Reader(request.room, who.partner, insider, tuple(dict.fromkeys(found)), auditor)


def room_reader(world: World, book: Book, room: RoomRef, partner: str) -> Reader:
    """The readers of a partner's room."""
    return Reader(room, partner, partner in book.playbook.partners, languages(world, book, room, partner))
