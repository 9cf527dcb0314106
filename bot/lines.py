"""What a rehearsal tells whoever looks on: lines of who said what where, for a screen or for a program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from bot.pictures import Picture


@dataclass(frozen=True, slots=True)
class Line:
    """Something said in a room, by a person (``in``) or by the bot (``out``), or words for the spectator (``note``).

    ``befell``: what became of a message of the bot now: it was said, edited or removed, or the bot reacted to what ``text`` quotes. ``attached``: a file, a
    place or a poll that comes with the words. ``answers``: of what is carried from another room, the message under which it stands.
    ``label`` is the TLP of a message that shows fields; ``shown`` has field → form, ``withheld`` field → why, in words. ``before``:
    what an edited message said until now.
    """

    at: datetime
    direction: str
    text: str
    sender: str = ""
    room: str = ""
    partner: str | None = None
    network: str | None = None
    incident: str | None = None
    buttons: tuple[str, ...] = ()
    befell: Literal["said", "edited", "removed", "reacted"] = "said"
    attached: str = ""
    answers: str = ""
    before: str | None = None
    label: str | None = None
    shown: Mapping[str, str] = field(default_factory=dict)
    withheld: Mapping[str, str] = field(default_factory=dict)


Told = Line | Picture


def as_json(told: Told) -> dict[str, Any]:
    """For programs."""
    if isinstance(told, Picture):
        return {
            "at": told.at.isoformat(),
            "direction": "picture",
            "incident": told.incident,
            "alert": told.alert,
            "fields": list(told.fields),
            "partners": [
                {"partner": row.partner, "room": row.rooms, "sees": list(row.sees), "withheld": list(row.withheld)}
                for row in told.rows
            ],
        }
    return {
        "at": told.at.isoformat(),
        "incident": told.incident,
        "room": told.room or None,
        "partner": told.partner,
        "network": told.network,
        "direction": told.direction,
        "from": told.sender or None,
        "text": told.text,
        "buttons": list(told.buttons),
        "edited": told.befell == "edited",
        "befell": told.befell,
        "attached": told.attached or None,
        "answers": told.answers or None,
        "label": told.label,
        "shown": dict(told.shown),
        "withheld": dict(told.withheld),
    }


def together(lines: Sequence[Told]) -> Iterator[list[Told]]:
    """Messages that say the same to several rooms, in one group; everything else alone."""
    groups: list[list[Told]] = []
    for one in lines:
        for group in groups:
            first = group[0]
            if (
                isinstance(one, Line)
                and isinstance(first, Line)
                and one.direction == first.direction == "out"
                and (one.text, one.attached, one.answers, one.befell, one.before, one.buttons, one.label)
                == (first.text, first.attached, first.answers, first.befell, first.before, first.buttons, first.label)
            ):
                group.append(one)
                break
        else:
            groups.append([one])
    yield from groups


def answer_first(earlier: Sequence[Told], told: Sequence[Told]) -> tuple[list[Told], list[Told], list[Line]]:
    """What somebody did and what their room was told, then what else there is, and the cards that were edited in other rooms.

    ``earlier`` came before they did it, ``told`` of it. Where nobody did anything, all is told in its order.
    """
    did = next((one for one in told if isinstance(one, Line) and one.direction == "in"), None)
    if did is None:
        return [*earlier, *told], [], []
    first: list[Told] = []
    rest: list[Told] = []
    edited: list[Line] = []
    for one in (*earlier, *told):
        here = isinstance(one, Line) and (one.room, one.network) == (did.room, did.network)
        if here and any(one is each for each in told):
            first.append(one)
        elif isinstance(one, Line) and one.befell == "edited" and not here:
            edited.append(one)
        else:
            rest.append(one)
    # A card of their own that says something new because of it is no answer.
    return sorted(first, key=lambda one: isinstance(one, Line) and one.befell == "edited"), rest, edited
