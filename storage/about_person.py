"""What the logs hold of a person outside of what is kept under their key: found by how they are known, before it goes.

Their accounts, private chats and names are learned from all logs first; then each log is looked through for where it names them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from typing import Protocol

from playbooks.rooms import RoomRef
from storage.facts import DirectChatOpened, Disclosed, Fact, IdentityJoined, PersonEnrolled, RoomMoved, Said
from storage.facts.codec import parts
from storage.facts.personal import NAMES, is_account, whose
from storage.mentions import Mentions
from storage.store import Kept, StreamHead


class Source(Protocol):
    """What is needed of the store."""

    async def facts(self, stream: str, start: int = 0) -> Sequence[Kept]: ...
    async def heads(self) -> Sequence[StreamHead]: ...


async def known_as(store: Source, subjects: frozenset[str]) -> Mentions:
    """How the logs can name a person: their accounts, private chats and names."""
    names: set[str] = set()
    # On Telegram a private chat is called as its account is.
    rooms = {
        RoomRef("telegram", one.partition(":")[2]): None for one in sorted(subjects) if one.startswith("telegram:")
    }
    for head in await store.heads():
        _learn(await store.facts(head.stream), subjects, names, rooms)
    return Mentions(filter(is_account, subjects), rooms, names)


def _learn(kept: Iterable[Kept], subjects: frozenset[str], names: set[str], rooms: dict[RoomRef, None]) -> None:
    for one in kept:
        match one.fact:
            case PersonEnrolled(person=person, name=name) | IdentityJoined(person=person, name=name) if (
                person in subjects
            ):
                names.add(name or "")
            case Said(person=person, content=content) if person in subjects:
                names.add(content.get("name") or "")
            case DirectChatOpened(identity=identity, room=room) if identity in subjects and room is not None:
                rooms[room.chat] = None
            case RoomMoved(old=old, new=new) if old in rooms:
                rooms[new.chat] = None
            case _:
                pass


class Loose:
    """What a log holds of a person under nobody's key: fields that are to go, and those that may be about them. ``told``: those of which a fact of its own says that
    they went; the others stood in the place of an id, or say in their paths whom they are about. ``entries``: where they are."""

    def __init__(self, kept: Iterable[Kept], subjects: frozenset[str], mentions: Mentions) -> None:
        self.fields: list[tuple[int, str]] = []
        self.told: list[tuple[int, str]] = []
        self.doubtful: list[tuple[int, str]] = []
        self.entries: set[int] = set()
        said: set[str] = set()
        for one in kept:
            theirs = {path for path, owner in whose(one.fact) if owner in subjects}
            if isinstance(one.fact, Said) and one.fact.person in subjects:
                said.add(one.fact.said)
            found = dict.fromkeys((*mentions.certain(one.fact), *_recapped(one.fact, said)))
            paths = [path for path in found if theirs.isdisjoint((path, path.partition("/")[0]))]
            self.fields += [(one.seq, path) for path in paths]
            self.told += [(one.seq, path) for path in paths if path not in NAMES and not mentions.in_text(path)]
            self.doubtful += [
                (one.seq, path)
                for path in mentions.doubtful(one.fact)
                if path not in found and theirs.isdisjoint((path, path.partition("/")[0]))
            ]
            if paths:
                self.entries.add(one.seq)


def _recapped(fact: Fact, said: Set[str]) -> Iterable[str]:
    """Where a recap showed their words together with those of others."""
    if (
        isinstance(fact, Disclosed)
        and fact.about
        and fact.about.startswith("#")
        and not said.isdisjoint(fact.about.split())
    ):
        yield from (path for path, value in parts(fact).items() if path.startswith("values/") and value is not None)
