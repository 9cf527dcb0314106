"""What else is otherwise in the file, entry by entry: so that a change that opens nothing is not mistaken for none.

Two playbooks are held side by side as values, not as text: comments, spelling, and the order of what has no order are nothing.
Entries with a name are compared with those of the same name; entries without one (rooms, rules, duties) are there or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from playbooks.diff_changes import OtherChange, Side
from playbooks.labels import Tlp
from playbooks.load import Book
from playbooks.schema import Confirm, Cron, Deputies, Everyone, Lead, One, Selector
from playbooks.schema_words import Part
from playbooks.yaml12 import Path

LONGEST = 90
MOST_PAIRED = 40
"""Entries without a name that are gone, or new, up to which those that are much alike are taken for one that changed."""
_ORDERED = frozenset({"languages", "phases", "leads", "unified", "deputies", "choices", "answers", "then", "polygon"})
"""Lists whose order says something."""


def other_changes(old: Book, new: Book, renamed: Mapping[str, str]) -> tuple[OtherChange, ...]:
    """Every entry that is otherwise, in the order of the new file; ``renamed`` partners are compared with what they were."""
    return tuple(_Walk(old, new, renamed).changes())


_Entry = tuple[int, object]
"""An entry of a list, with its place."""


class _Walk:
    def __init__(self, old: Book, new: Book, renamed: Mapping[str, str]) -> None:
        self.old = old
        self.new = new
        self.renamed = {now: was for was, now in renamed.items()}

    def changes(self) -> Iterator[OtherChange]:
        for name in type(self.new.playbook).model_fields:
            yield from self._compare(
                (name,), (name,), getattr(self.old.playbook, name), getattr(self.new.playbook, name)
            )

    def _compare(self, was_at: Path, at: Path, was: object, now: object) -> Iterator[OtherChange]:
        if was == now and _order(was) == _order(now):
            return
        if isinstance(was, Part) and type(was) is type(now):
            for attribute, info in type(was).model_fields.items():
                key = info.alias or attribute
                yield from self._compare((*was_at, key), (*at, key), getattr(was, attribute), getattr(now, attribute))
        elif isinstance(was, Mapping) and isinstance(now, Mapping):
            yield from self._named(was_at, at, was, now)
        elif isinstance(was, tuple) and isinstance(now, tuple) and any(isinstance(one, Part) for one in (*was, *now)):
            yield from self._listed(was_at, at, was, now)
        elif now is None or now == ():
            yield self._change("old", was_at, spelled(was), "")
        else:
            yield self._change("new", at, "" if was is None or was == () else spelled(was), spelled(now))

    def _named(
        self, was_at: Path, at: Path, was: Mapping[str, object], now: Mapping[str, object]
    ) -> Iterator[OtherChange]:
        renamed = self.renamed if at == ("partners",) else {}
        for name, one in now.items():
            former = renamed.get(name, name)
            if former not in was:
                yield self._change("new", (*at, name), "", spelled(one))
                continue
            if former != name:
                yield self._change("new", (*at, name), former, name)
            yield from self._compare((*was_at, former), (*at, name), was[former], one)
        for name, one in was.items():
            if name not in now and name not in renamed.values():
                yield self._change("old", (*was_at, name), spelled(one), "")

    def _listed(
        self, was_at: Path, at: Path, was: tuple[object, ...], now: tuple[object, ...]
    ) -> Iterator[OtherChange]:
        gone, come = list(enumerate(was)), []
        for index, one in enumerate(now):
            same = next((place for place in gone if place[1] == one), None)
            if same is not None:
                gone.remove(same)
            else:
                come.append((index, one))
        moved = not gone and not come
        for (was_index, former), (index, one) in self._paired(gone, come):
            yield from self._compare((*was_at, was_index), (*at, index), former, one)
        for index, one in come:
            yield self._change("new", (*at, index), "", spelled(one))
        for index, one in gone:
            yield self._change("old", (*was_at, index), spelled(one), "")
        if moved and at[-1] in _ORDERED:
            yield self._change("new", at, "in another order", "in this order")

    def _paired(self, gone: list[_Entry], come: list[_Entry]) -> list[tuple[_Entry, _Entry]]:
        """Entries that are the same but for little, the most alike first; they are taken from both lists."""
        if max(len(gone), len(come)) > MOST_PAIRED:
            return []
        likeness = sorted(
            ((_likeness(was[1], now[1]), was, now) for was in gone for now in come),
            key=lambda one: (-one[0], one[1][0], one[2][0]),
        )
        found = []
        for alike, was, now in likeness:
            if alike >= 0.5 and was in gone and now in come:
                gone.remove(was)
                come.remove(now)
                found.append((was, now))
        return found

    def _change(self, side: Side, path: Path, before: str, after: str) -> OtherChange:
        book = self.new if side == "new" else self.old
        steps = [str(step) for step in path if isinstance(step, str) and step]
        return OtherChange(steps[0], ".".join(steps), before, after, book.line(*path), side)


def _likeness(was: object, now: object) -> float:
    """Of the keys that either has, how many say the same in both: from 0 to 1."""
    if not isinstance(was, Part) or type(was) is not type(now):
        return 0
    keys = was.model_fields_set | now.model_fields_set
    same = [key for key in keys if getattr(was, key) == getattr(now, key)]
    return len(same) / max(len(keys), 1)


def _order(value: object) -> object:
    """What of the order of a mapping says something: of texts, which language stands in for the others."""
    return (
        next(iter(value), None)
        if isinstance(value, Mapping) and all(isinstance(v, str) for v in value.values())
        else None
    )


def spelled(value: object) -> str:
    """A value about as a playbook writes it, in one line, short."""
    words = _spelled(value)
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"


def _spelled(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Tlp():
            return value.word
        case timedelta():
            return _duration(value)
        case Selector():
            return _one_or_many([_spelled(term) for term in value.terms])
        case Everyone():
            return "everyone"
        case Lead():
            return "lead"
        case Deputies():
            return "deputies"
        case One():
            return value.partner
        case Confirm():
            alone = f" (alone after {_duration(value.alone_after)})" if value.alone_after is not None else ""
            return value.kind + alone
        case Part():
            fields = type(value).model_fields
            given = [
                (fields[name].alias or name, getattr(value, name)) for name in fields if name in value.model_fields_set
            ]
            return "{" + ", ".join(f"{key}: {_spelled(one)}" for key, one in given) + "}"
        case Mapping():
            if list(value) == [""]:
                return _spelled(value[""])
            return "{" + ", ".join(f"{key}: {_spelled(one)}" for key, one in value.items()) + "}"
        case tuple() | list():
            return _one_or_many([_spelled(one) for one in value])
        case date() | datetime():
            return value.isoformat()
        case Cron() | ZoneInfo():
            return str(value)
        case _:
            return " ".join(str(value).split())


def _one_or_many(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"[{', '.join(words)}]"


def _duration(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
