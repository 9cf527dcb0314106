"""A room of the network inside this process: what stands in it, and what may be done with that.

It keeps the manners of the network that it plays: how long a text may be, how often a bot may react, what a network calls things.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from bot.networks import markup, telegram_emoji
from bot.networks.port import Button, Outcome, Outgoing, Refused, RoomTraits, Sent
from playbooks.rooms import Network, RoomRef
from playbooks.spoken import Contact, FileKind, Poll

TELEGRAM_REMOVES = timedelta(hours=48)
TELEGRAM_TEXT = 4096
"""UTF-16 code units of words in one message."""
CAPTIONS: dict[Network, int] = {"telegram": 1024, "matrix": 4000}
LARGEST: dict[Network, int] = {"telegram": 50_000_000, "matrix": 50_000_000}


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it stands in a room, with its bytes."""

    kind: FileKind
    name: str
    type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Reaction:
    """Somebody's reaction. ``who``: an identity, None for the bot; ``name``: the network's own for it."""

    name: str
    who: str | None
    emoji: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as it stands in a room. ``versions`` has every text it had, the newest last.

    ``sender``: an identity, ``""`` for somebody who hides, None for the bot. ``befell``: what became of it last. ``album``: files that
    were sent together share it; the words stand under the first of them. ``votes``: who chose which options in its poll, which is ``closed`` once it takes no more.
    """

    id: str
    room: RoomRef
    html: str
    text: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    reply_to: str | None = None
    loud: bool = False
    notice: bool = False
    token: str = ""
    at: datetime | None = None
    versions: tuple[str, ...] = ()
    sender: str | None = None
    befell: Literal["said", "edited", "removed", "reacted"] = "said"
    file: Kept | None = None
    album: str | None = None
    point: tuple[int, int] | None = None
    poll: Poll | None = None
    contact: Contact | None = None
    thread: str | None = None
    mentions: tuple[str, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    votes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    closed: bool = False

    def button(self, choice: str) -> Button | None:
        """The button with this label, command, last word of its command, or emoji, whatever the case."""
        wanted = folded(choice)
        for row in self.buttons:
            for button in row:
                named = (button.label, button.command, button.command.rpartition(" ")[2], button.emoji)
                if wanted in {folded(name) for name in named}:
                    return button
        return None

    def handle(self) -> str:
        """The second name of its poll."""
        return f"poll-{self.id}"

    def tally(self) -> tuple[int, ...]:
        """How often each option of its poll was chosen."""
        places = range(len(self.poll.options) if self.poll is not None else 0)
        return tuple(sum(place in chosen for chosen in self.votes.values()) for place in places)


@dataclass(slots=True)
class Place:
    """A room: what is known of it, how it is called, and what stands in it."""

    network: Network
    traits: RoomTraits
    shown: dict[str, Shown] = field(default_factory=dict)
    refuses: str | None = None
    gone: bool = False
    moved_to: RoomRef | None = None

    def say(self, out: Outgoing, files: tuple[Kept, ...], at: datetime) -> list[Shown] | Refused:
        """Put a message of the bot there, or several files, the words under the first."""
        if (long := self._too_long(out, bool(files))) is not None:
            return long
        made = []
        for number, file in enumerate(files or (None,)):
            # A token is unique for ever, so that an id made from it outlives a restart of this process.
            name = out.token if number == 0 else f"{out.token}.{number}"
            name = f"${name}" if self.network == "matrix" else name
            while self.network == "telegram" and name in self.shown:
                name += "+"
            html, text = (out.html, out.text) if number == 0 else ("", "")
            one = Shown(
                name, out.room, html, text, out.buttons, out.reply_to, out.loud, out.notice, out.token, at, (text,),
                file=file, album=out.token if len(files) > 1 else None, point=out.point, poll=out.poll,
                thread=out.thread if self.network == "matrix" else None, mentions=tuple(account for account, _ in out.mentions),
            )  # fmt: skip
            made.append(self.shown.setdefault(name, one))
        return made

    def edit(self, out: Outgoing, files: tuple[Kept, ...]) -> Shown | Refused:
        """Change the words of a message of the bot, under a file or not, its file or where its place is."""
        shown = self.shown.get(out.replaces or "")
        if shown is None or shown.sender is not None:
            return Refused("the message to edit is not there")
        if (long := self._too_long(out, bool(files or shown.file))) is not None:
            return long
        return self.change(
            shown,
            "edited",
            html=out.html,
            text=out.text,
            buttons=out.buttons,
            token=out.token,
            versions=(*shown.versions, out.text),
            file=files[0] if files else shown.file,
            point=out.point or shown.point,
        )

    def remove(self, name: str, at: datetime) -> Shown | Refused | None:
        """Take a message away; None where it is not there any more. Telegram removes nothing that has stood for two days."""
        shown = self.shown.get(name)
        stood = at - shown.at if shown is not None and shown.at is not None else timedelta(0)
        if self.network == "telegram" and stood >= TELEGRAM_REMOVES:
            return Refused("message can't be deleted")
        self.shown.pop(name, None)
        return replace(shown, befell="removed") if shown is not None else self.unreact(name)

    def end(self, name: str) -> Shown | None:
        """A poll takes no more votes; None where there is none that did."""
        shown = self.shown.get(name)
        if shown is None or shown.poll is None or shown.closed:
            return None
        return self.change(shown, "edited", closed=True)

    def react(self, message: str, name: str, who: str | None, emoji: str | None) -> Shown | None:
        """Put somebody's reaction under a message; None where that is not there. On Telegram everybody has one at most."""
        shown = self.shown.get(message)
        if shown is None:
            return None
        alone = self.network == "telegram"
        others = tuple(one for one in shown.reactions if (one.who != who if alone else one.name != name))
        fresh = (Reaction(name, who, emoji),) if emoji is not None else ()
        return self.change(shown, "reacted", reactions=(*others, *fresh))

    def unreact(self, name: str) -> Shown | None:
        """Take a reaction away by its own name; None where it is not there."""
        for shown in self.shown.values():
            if any(one.name == name for one in shown.reactions):
                others = tuple(one for one in shown.reactions if one.name != name)
                return self.change(shown, "reacted", reactions=others)
        return None

    def sign(self, out: Outgoing) -> tuple[Outcome, Shown | None]:
        """Put the bot's reaction there, or take it away: on Matrix by its own name."""
        message = out.replaces or ""
        if self.network == "telegram":
            near = telegram_emoji.reaction(out.emoji) if out.emoji is not None else None
            if near is None and out.emoji is not None:
                return Refused("no reaction that Telegram knows says that"), None
            shown = self.react(message, f"{message}:", None, near)
            return (Sent(message), shown) if shown is not None else (Refused("message to react not found"), None)
        if out.emoji is None:
            return Sent(message), self.unreact(message)
        shown = self.react(message, f"${out.token}", None, out.emoji)
        return (Sent(f"${out.token}"), shown) if shown is not None else (Refused("the message is not there"), None)

    def change(self, shown: Shown, befell: Literal["edited", "reacted"], **changes: object) -> Shown:
        """Put a message there in the place of what it was; ``changes`` are fields of ``Shown``."""
        fresh = replace(shown, befell=befell, **changes)  # type: ignore[arg-type]  # each change is a field's own
        self.shown[shown.id] = fresh
        return fresh

    def _too_long(self, out: Outgoing, caption: bool) -> Refused | None:
        if self.network == "matrix":
            return None
        units = markup.utf16_units(markup.plain(out.html))
        if units > (CAPTIONS["telegram"] if caption else TELEGRAM_TEXT):
            return Refused("message caption is too long" if caption else "message is too long")
        return None


def folded(name: str) -> str:
    """A choice as it is compared: whatever its case, and the variant of an emoji."""
    return name.casefold().replace("\ufe0f", "").strip()
