"""Lines of at most 80 columns for what ``tocsin ask`` answers: the parts that every answer is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap

from playbooks.phrasing import legible
from playbooks.rooms import RoomRef
from storage import canonical
from storage.inquiry import Author, Sight

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
