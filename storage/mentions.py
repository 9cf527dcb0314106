"""Where the log names somebody outside of what is theirs: in what others wrote, in lists, and in the addresses of their private chats.

An account and a private chat are found wherever they stand, in an address too; a name of several words in everything that people write, in any order and spelling
(``storage.spelt``). A name of one word, and one word of a longer name, may be another word, or another person: where it stands in what people write is told to
whoever erases, and left to them; a list of names that has the whole name is certain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import permutations
from typing import Any

from playbooks.rooms import RoomRef
from storage.facts import Disclosed, Fact, IdentityJoined, PersonEnrolled, Said, SaidAnew
from storage.facts.codec import parts
from storage.owners import is_presence
from storage.spelt import near, plain, readings, words_of

WORDS = frozenset(
    {
        "alias", "basis", "command", "content", "error", "fields", "instrument", "name", "office", "parts", "persons", "phone", "question", "reason",
        "spoke_with", "stand_in", "text", "title", "values", "words",
    }
)  # fmt: skip
"""The attributes of facts that can hold words which people write; ``values`` are what messages showed."""

APART = 2
"""So many words may stand between those of a name, in all."""

JOINED = 8
"""A name written as one word is certain from so many letters on; a shorter one may be another name: ``Li Na``, ``Lina``."""

SAYING = 3
"""A word of a longer name is looked for by itself from so many letters on."""

_PARTICLES = frozenset({"bin", "das", "del", "della", "den", "der", "des", "dos", "ibn", "las", "los", "ten", "ter", "the", "van", "von", "zum", "zur"})  # fmt: skip
"""Words of names that stand in every text, and by themselves say nothing of anybody."""

_LISTED = re.compile(r"[,;]")

_OWN_NAMES = frozenset(
    {(PersonEnrolled, "name"), (IdentityJoined, "name"), (Said, "content/name"), (SaidAnew, "content/name")}
)
"""Where a name stands by itself, and whole: whoever shares one word of it is somebody else."""


class Mentions:
    """How a person can be named: by their accounts, private chats, and the names under which they are known."""

    def __init__(self, accounts: Iterable[str], rooms: Iterable[RoomRef], names: Iterable[str]) -> None:
        self.accounts = frozenset(accounts)
        self.rooms = tuple(rooms)
        chats = {room.id if room.network == "matrix" else str(room.chat) for room in self.rooms}
        called = {" ".join(name.split()) for name in names} - {""}
        self.tokens = tuple(sorted({*self.accounts, *chats, *_addresses({*self.accounts, *chats})}))
        """What names nobody and nothing else, as it is written."""
        self.names = tuple(sorted(one for one in called if " " in one))
        self._tokens = _any(
            self.tokens, [one.partition(":")[2] for one in self.accounts if one.startswith("telegram:")]
        )
        spelt = [words_of(plain(one)) for one in self.names]
        self._long = [frozenset(words) for words in spelt]
        self._joined = {"".join(order) for words in spelt for order in _orders(words)}
        self._parts = {one for words in spelt for one in words if len(one) >= SAYING} - _PARTICLES
        single = [one for one in called if " " not in one]
        self._short = {" ".join(words) for one in single if (words := words_of(plain(one)))}
        self._signs = {plain(one) for one in single} - {""}

    def in_text(self, text: str) -> bool:
        """Whether words name them for certain."""
        return self._named(text, words=True)

    def may_be_in(self, text: str) -> bool:
        """Whether words name them, or may."""
        return self.in_text(text) or self._maybe(text, in_part=True)

    def certain(self, fact: Fact) -> list[str]:
        """The paths of a fact that name them."""
        found: list[str] = []
        for path, value in _written(fact):
            # A list of who is on duty, or missing, has names and nothing that a name could be mistaken for.
            listed = path.startswith("values/") and is_presence(path.removeprefix("values/"))
            texts = [path, *_texts(value)]
            if any(self._named(text, path.words) or (listed and self._maybe(text, in_part=False)) for text in texts):
                found.append(path)
        return found

    def doubtful(self, fact: Fact) -> list[str]:
        """The paths in which their name, or a word of it, may be another word."""
        if not (self._signs or self._parts or self._joined):
            return []
        return [
            path
            for path, value in _written(fact)
            if path.words
            and any(self._maybe(text, in_part=(type(fact), path) not in _OWN_NAMES) for text in _texts(value))
        ]

    def _named(self, text: str, words: bool) -> bool:
        found = readings(text)
        if self._tokens is not None and any(self._tokens.search(one) for one in found):
            return True
        if not words:
            return False
        if self._short or self._signs:
            items = [one for reading in found for one in map(str.strip, _LISTED.split(reading))]
            if not self._signs.isdisjoint(items) or any(" ".join(words_of(one)) in self._short for one in items):
                return True
        for reading in found:
            said = words_of(reading)
            if any(one in self._joined and len(one) >= JOINED for one in said):
                return True
            if any(near(said, name, APART) for name in self._long):
                return True
        return False

    def _maybe(self, text: str, in_part: bool) -> bool:
        """Whether a name of one word stands there, or (``in_part``) one word of a longer name, or all of a short one without a space."""
        for reading in readings(text):
            said = words_of(reading)
            line = f" {' '.join(said)} "
            if any(f" {one} " in line for one in self._short):
                return True
            # A name without a letter or a figure, such as a pictogram, has no words.
            if any(one in reading for one in self._signs if not words_of(one)):
                return True
            if in_part and not (self._parts.isdisjoint(said) and self._joined.isdisjoint(said)):
                return True
        return False


def _addresses(names: Iterable[str]) -> Iterator[str]:
    """What else an account or a Matrix room is called: without its network, and as a ``matrix:`` address has it (specification, "Matrix URI scheme")."""
    for one in names:
        bare = one.removeprefix("matrix:")
        kind = {"@": "u", "!": "roomid"}.get(bare[:1])
        if kind is not None:
            yield bare
            yield f"matrix:{kind}/{bare[1:]}"


def _orders(words: list[str]) -> Iterable[tuple[str, ...]]:
    """In which orders the words of a name may be written as one."""
    if len(words) <= 3:
        return permutations(words)
    return [tuple(words), (words[-1], *words[:-1])]


class _Path(str):
    """A path of a fact. ``words``: people write what stands there."""

    __slots__ = ()

    @property
    def words(self) -> bool:
        return self.partition("/")[0] in WORDS


def _written(fact: Fact) -> Iterator[tuple[_Path, Any]]:
    for path, value in parts(fact).items():
        # How a field was shown, and by which right, names nobody, and stands.
        if value is not None and not (isinstance(fact, Disclosed) and path.startswith("fields/")):
            yield _Path(path), value


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value, keys too."""
    match value:
        case str():
            yield value
        case list() | tuple():
            for one in value:
                yield from _texts(one)
        case dict():
            for key, one in value.items():
                yield key
                yield from _texts(one)
        case _:
            pass


def _any(tokens: Iterable[str], numbers: Iterable[str]) -> re.Pattern[str] | None:
    """What finds any of these, whole, in a reading; None where there is none. ``numbers``: of Telegram accounts, as its addresses have them
    (``tg://user?id=501``, ``tg://openmessage?user_id=501``). What may stand between is bounded, so that the cost is linear."""
    found = [re.escape(plain(one)) for one in sorted(tokens)]
    found += [rf"tg:/{{0,2}}(?:user|openmessage)/?\?[^\s#]{{0,64}}?(?<![a-z])(?:user_)?id={re.escape(one)}" for one in sorted(numbers)]  # fmt: skip
    return re.compile(rf"(?<![\w.=-])(?:{'|'.join(found)})(?![\w=-]|\.\w)") if found else None
