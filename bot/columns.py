"""Lines of at most 80 columns for what ``tocsin ask`` answers: the parts that every answer is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from textwrap import wrap

from playbooks.phrasing import legible
from playbooks.rooms import RoomRef
from storage import canonical
from storage.inquiry import Author, Fate, Reading, Sight

WIDTH = 80
MOST_PROOFS = 12


def person_of(person: str | None) -> str:
    """Somebody by their id; what was erased of the log is nobody's any more."""
    return person or "somebody"


def each_once(authors: Iterable[Author]) -> list[list[Author]]:
    """Together what each person did, in the order in which they first did something; where nobody is named, each by itself."""
    whose: dict[str, list[Author]] = {}
    for one in authors:
        whose.setdefault(one.person or str(one.entry), []).append(one)
    return list(whose.values())


def name_of(sight: Sight) -> str:
    """A field, and whose it is where a message shows that of several."""
    return sight.field if sight.of is None else f"{sight.field} of {sight.of}"


def place_of(partner: str | None, room: RoomRef | None) -> str:
    """Whose room, and which; as far as either is known."""
    if room is None:
        return str(partner)
    return f"{partner}, {room}" if partner is not None else str(room)


def rooms_of(sights: Sequence[Sight]) -> str:
    """``9 rooms of 8 partners``."""
    rooms = len({one.room for one in sights})
    partners = len({one.partner for one in sights if one.partner is not None})
    many = f"{rooms} {'room' if rooms == 1 else 'rooms'}"
    return f"{many} of {partners} {'partner' if partners == 1 else 'partners'}" if partners else many


def under(agreements: Sequence[str]) -> str:
    """The agreements by which something was shown; nothing where there are none."""
    return f"under {', '.join(agreements)}" if agreements else ""


def value_of(value: object) -> str:
    """What a field held, in words."""
    if value is None:
        return "(nothing was in it)"
    return value if isinstance(value, str) else canonical.write(value)


def fate_of(fate: Fate, when: Callable[[datetime], str]) -> str:
    """What became of a message."""
    match fate.state:
        case "accepted":
            told = f"accepted as {', '.join(fate.messages)}" if fate.messages else "accepted"
        case "partly":
            told = f"accepted in part, as {', '.join(fate.messages)}"
        case "unknown":
            told = f"nobody knows whether it arrived: {fate.reason}"
        case "waiting":
            told = "nothing is known of it yet"
        case _:
            told = f"{fate.state}: {fate.reason}"
    if fate.removed_at is not None:
        told += f"; taken out of the room {when(fate.removed_at)}"
    elif fate.remains is not None:
        told += f"; could not be taken out of the room: {fate.remains}"
    return told


def disclosed_of(one: Reading) -> str:
    """How much of the log somebody was shown."""
    if one.upto is None:
        return "why, and how much of it, was erased"
    entries = f"{one.upto} {'entry' if one.upto == 1 else 'entries'}"
    if one.disclosed is not None:
        return f"{entries}: {one.disclosed} fields shown, {one.withheld or 0} withheld"
    if one.shown is None:
        return f"nothing of its {entries} was shown by this"
    return f"from all {entries}" if one.shown == one.upto else f"from what they may see: {one.shown} of {entries}"


def proofs(entries: Iterable[int]) -> str:
    """The entries that prove it: ``[12, 15]``."""
    numbers = sorted(set(entries))
    more = f", … {len(numbers) - MOST_PROOFS} more" if len(numbers) > MOST_PROOFS else ""
    return f"[{', '.join(map(str, numbers[:MOST_PROOFS]))}{more}]"


def below(body: Iterable[str], indent: int) -> list[str]:
    """Lines under an item, each further in than any item begins: somebody's own words can look like no other item."""
    return [
        line
        for part in body
        for one in (part.splitlines() or [""])
        for line in lines_of(" " * indent + one, indent + 2)
    ]


def lines_of(text: str, after: int = 0) -> list[str]:
    """A text in lines; ``after``: columns before each but the first. What a terminal would take for an order is left out."""
    text = legible(text)
    lead = text[: len(text) - len(text.lstrip(" "))]
    return wrap(text.strip(), WIDTH, initial_indent=lead, subsequent_indent=" " * after, break_on_hyphens=False) or [""]
