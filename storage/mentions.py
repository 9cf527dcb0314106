"""Where the log names somebody outside of what is theirs: in what others wrote, in lists, and in the addresses of their private chats.

An account and a private chat are found wherever they stand; a name of several words in everything that people write. A name of one word may be another word, or
another person: where it stands in what people write is told to whoever erases, and left to them; a list of names that has it is certain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from playbooks.rooms import RoomRef
from storage.facts import Disclosed, Fact
from storage.facts.codec import parts
from storage.owners import is_presence

WORDS = frozenset(
    {
        "alias", "basis", "command", "content", "error", "fields", "instrument", "name", "office", "parts", "persons", "phone", "question", "reason",
        "spoke_with", "stand_in", "text", "title", "values", "words",
    }
)  # fmt: skip
"""The attributes of facts that can hold words which people write; ``values`` are what messages showed."""

_LISTED = re.compile(r"\s*[,;]\s*")


class Mentions:
    """How a person can be named: by their accounts, private chats, and the names under which they are known."""

    def __init__(self, accounts: Iterable[str], rooms: Iterable[RoomRef], names: Iterable[str]) -> None:
        accounts, rooms = list(accounts), list(rooms)
        bare = {one.partition(":")[2] for one in accounts if one.startswith("matrix:")}
        chats = {room.id if room.network == "matrix" else str(room.chat) for room in rooms}
        called = {" ".join(name.split()) for name in names} - {""}
        self.tokens = tuple(sorted({*accounts, *bare, *chats}))
        """What names nobody and nothing else, as it is written."""
        self.names = tuple(sorted(one for one in called if " " in one))
        self.rooms = tuple(rooms)
        self._tokens = _any(self.tokens, r"(?<![\w.=-])", r"(?![\w=-]|\.\w)")
        self._long = _any((one for one in called if " " in one), r"(?<!\w)", r"(?!\w)")
        self._short = {one.casefold() for one in called if " " not in one}
        self._maybe = _any(self._short, r"(?<!\w)", r"(?!\w)")

    def in_text(self, text: str) -> bool:
        """Whether words name them for certain."""
        return self._named(text, words=True)

    def may_be_in(self, text: str) -> bool:
        """Whether words name them, or may."""
        return self.in_text(text) or (self._maybe is not None and self._maybe.search(text) is not None)

    def certain(self, fact: Fact) -> list[str]:
        """The paths of a fact that name them."""
        found: list[str] = []
        for path, value in _written(fact):
            # A list of who is on duty, or missing, has names and nothing that a name could be mistaken for.
            listed = path.startswith("values/") and is_presence(path.removeprefix("values/"))
            texts = [path, *_texts(value)]
            if any(self.may_be_in(text) if listed else self._named(text, path.words) for text in texts):
                found.append(path)
        return found

    def doubtful(self, fact: Fact) -> list[str]:
        """The paths in which their name may be another word."""
        if self._maybe is None:
            return []
        return [path for path, value in _written(fact) if path.words and any(map(self._maybe.search, _texts(value)))]

    def _named(self, text: str, words: bool) -> bool:
        if self._tokens is not None and self._tokens.search(text):
            return True
        if not words:
            return False
        listed = not self._short.isdisjoint(one.casefold() for one in _LISTED.split(text))
        return listed or (self._long is not None and self._long.search(text) is not None)


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


def _any(these: Iterable[str], before: str, after: str) -> re.Pattern[str] | None:
    """What finds any of these, whole; None where there is none."""
    found = [re.escape(one).replace(r"\ ", r"\s+") for one in sorted(these)]
    return re.compile(f"{before}(?:{'|'.join(found)}){after}", re.IGNORECASE) if found else None
