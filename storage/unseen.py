"""A fact of which some fields are not shown, as in a copy for somebody: what stands in their place says so wherever it is put into words.

So a sentence about a fact never has to ask which of its parts its reader may see.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from storage.facts.fact import Fact

WITHHELD = "(withheld)"


class Unseen:
    """What stands in the place of a field that is not shown: whatever is asked of it, it says so."""

    def __init__(self, says: str) -> None:
        self._says = says

    def __str__(self) -> str:
        return self._says

    __repr__ = __str__

    def __format__(self, how: str) -> str:
        return self._says

    def __iter__(self) -> Iterator[Any]:
        yield self._says

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_: object) -> Unseen:
        return self


UNSEEN = Unseen(WITHHELD)
ERASED = Unseen("(erased)")


def visible(fact: Fact, shown: Collection[str], unseen: Unseen = UNSEEN) -> Fact:
    """The fact with ``unseen`` for every field whose path is not in ``shown``; of an ``each`` attribute only the keys that are,
    and nothing of another mapping."""
    said: dict[str, Any] = {}
    for attribute in fields(fact):
        value = getattr(fact, attribute.name)
        if attribute.metadata.get("each"):
            said[attribute.name] = {key: one for key, one in value.items() if f"{attribute.name}/{key}" in shown}
        else:
            said[attribute.name] = value if attribute.name in shown else {} if isinstance(value, Mapping) else unseen
    return type(fact)(**said)


def is_seen(value: object) -> bool:
    """Whether a field of a fact is shown."""
    return not isinstance(value, Unseen)


def held(fact: Fact) -> Fact:
    """The fact with ``ERASED`` for every field that always holds something and holds nothing any more, as the log reads one that was erased."""
    lost = {one.name: ERASED for one in fields(fact) if getattr(fact, one.name) is None and "None" not in str(one.type)}
    return replace(fact, **lost) if lost else fact
