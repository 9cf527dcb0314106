"""What was erased of a log, as later entries of it say: whoever reads an entry learns there that some of it is gone, and which entry says why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from storage.facts import FieldErased, LogErased, PersonErased
from storage.store import Kept
from storage.unseen import held, is_seen


def of_entries(kept: Iterable[Kept]) -> Mapping[int, tuple[str, ...]]:
    """Entry → a line for each field of it that was erased."""
    found: dict[int, tuple[str, ...]] = {}
    for one in kept:
        match held(one.fact):
            case FieldErased(entry=entry, path=path) if is_seen(entry) and is_seen(path):
                name = path.rpartition("/")[2].removeprefix("_")
                found[entry] = (*found.get(entry, ()), f"{name}: (erased, entry {one.seq} says why)")
            case _:
                pass
    return found


def of_all(kept: Iterable[Kept]) -> list[str]:
    """What was erased in many entries, each in a sentence."""
    found: list[str] = []
    for one in kept:
        match held(one.fact):
            case LogErased(upto=upto) if is_seen(upto):
                found.append(f"Whatever the first {upto} entries held was erased: entry {one.seq} says why.")
            case PersonErased(person=person, entries=entries) if is_seen(entries):
                many = f"{entries} {'entry' if entries == 1 else 'entries'}"
                found.append(
                    f"What was held of {person or 'a person'} was erased, in {many}: entry {one.seq} says why."
                )
            case _:
                pass
    return found
