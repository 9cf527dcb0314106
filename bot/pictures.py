"""The picture of each alert of a rehearsal, read from its log: who was shown how much of it, in which room, and why no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handlers.why import why
from playbooks.cleared import Reader
from playbooks.load import Book
from playbooks.rooms import RoomRef
from playbooks.schema_words import text_in
from playbooks.sight import Withheld
from storage.facts import AlertAddressed, AlertIssued, CopyHeld, Disclosed
from storage.store import Kept


@dataclass(frozen=True, slots=True)
class Row:
    """One room of a partner under an alert: what it sees, and what is withheld, each reason with its fields.

    A partner that nothing was to be sent to has one row without a room; ``meant``: whether the alert was for it.
    """

    partner: str
    rooms: str
    sees: tuple[str, ...]
    withheld: tuple[str, ...]
    meant: bool = True


@dataclass(frozen=True, slots=True)
class Picture:
    """One alert: who was shown how much of it, and why no more."""

    at: datetime
    alert: str
    title: str
    incident: str
    fields: tuple[str, ...]
    rows: tuple[Row, ...]
    direction: str = "picture"


_UNREACHED = {
    "unselected": "the alert is not for it",
    "blind": "chosen by its area, which it may not see",
    "roomless": "it has no room",
}
_NOTHING = ("nothing",)
_HELD = ("nothing: held back",)


def draw(book: Book, at: datetime, incident: str, alert: AlertIssued, kept: Sequence[Kept]) -> Picture:
    """What became of an alert, from the entries that were written with it, in the playbook's order of partners."""
    template = book.playbook.alerts[alert.template]
    given = tuple(name for name in template.fields if alert.fields.get(name) is not None)
    rows: dict[str, list[Row]] = {}
    addressed: Mapping[str, Any] = {}
    for one in kept:
        match one.fact:
            case Disclosed(about=about, partner=str(partner)) as fact if about == alert.alert:
                rows.setdefault(partner, []).append(_served(book, partner, fact, given))
            case AlertAddressed(alert=about, partners=partners) if about == alert.alert:
                addressed = partners
            case _:
                pass
    for partner, how in addressed.items():
        rows.setdefault(partner, []).extend(_not_served(book, partner, how))
    for one in kept:
        if isinstance(one.fact, CopyHeld) and one.fact.alert == alert.alert and not rows.get(one.fact.partner):
            rows[one.fact.partner] = [Row(one.fact.partner, "", _HELD, (one.fact.reason,))]
    order = {partner: number for number, partner in enumerate(book.playbook.partners)}
    flat = [row for partner in sorted(rows, key=lambda name: order.get(name, 0)) for row in rows[partner]]
    title, _ = text_in(template.title, ["en", *book.playbook.languages])
    return Picture(at, alert.alert, title, incident, given, tuple(flat))


def seen_in(book: Book, disclosed: Disclosed) -> tuple[dict[str, str], dict[str, str]]:
    """What one message shows, field → form, and what it withholds, field → why in words."""
    shown: dict[str, str] = {}
    withheld: dict[str, str] = {}
    for name, said in disclosed.fields.items():
        if said is None:
            continue
        if "withheld" in said:
            withheld[name] = _words(book, disclosed.room, disclosed.partner, said["withheld"], said)
        elif said.get("value") is not None:
            shown[name] = said["form"]
    return shown, withheld


def _served(book: Book, partner: str, fact: Disclosed, given: Sequence[str]) -> Row:
    shown, withheld = seen_in(book, fact)
    sees = tuple(name if shown[name] == "exact" else f"{name} ({shown[name]})" for name in given if name in shown)
    reasons: dict[str, list[str]] = {}
    for name in given:
        if name not in shown:
            # What is given, not withheld and yet not shown, has no value in the form that may be seen.
            reason = withheld.get(name) or _words(book, fact.room, partner, "no-form", {})
            reasons.setdefault(reason, []).append(name)
    said = tuple(f"{', '.join(names)}: {reason}" for reason, names in reasons.items())
    return Row(partner, _place(fact.room), sees, said)


def _not_served(book: Book, partner: str, how: Mapping[str, Any]) -> Iterator[Row]:
    """The rooms of a partner that were sent nothing, each with why; or the partner, where it had no room to be sent to."""
    status = how["status"]
    if status in _UNREACHED:
        yield Row(partner, "", _NOTHING, (_UNREACHED[status],), meant=status != "unselected")
        return
    for written, left in how.get("left_out", {}).items():
        room = RoomRef.parse(written)
        yield Row(
            partner, _place(room), _HELD if status == "held" else _NOTHING, (why_left_out(book, room, partner, left),)
        )


def why_left_out(book: Book, room: RoomRef, partner: str, left: Mapping[str, Any]) -> str:
    """Why a room is sent nothing of an alert that is for its partner. ``left``: what ``AlertAddressed`` says of it."""
    if left["field"] is None:
        return "nothing would be left to say" if left["why"] == "hollow" else _UNREACHED["blind"]
    if left["why"] == "blind":
        return f"{left['field']}: chosen by its area, which it may not see there"
    return f"{left['field']}, which is needed: {_words(book, room, partner, left['why'], left)}"


def _words(book: Book, room: RoomRef, partner: str | None, reason: Any, said: Mapping[str, Any]) -> str:
    obstacle = Withheld(reason, said.get("rule") or 0, said.get("detail") or "")
    return why(book, Reader(room, partner, True, ("en",)), obstacle).text


def _place(room: RoomRef) -> str:
    return "Matrix, encrypted" if room.network == "matrix" else "Telegram"
