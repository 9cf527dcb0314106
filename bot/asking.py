"""What a person asks of a playbook on the command line, turned into what the rules can be asked: or a line that says what is wrong."""

from __future__ import annotations

import gc
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from bot.cli_ending import UNANSWERED, Stop
from bot.clock import SystemClock
from playbooks.load import Book, PlaybookErrors, load
from playbooks.places import areas_named
from playbooks.problems import suggestion
from playbooks.rooms import NETWORKS
from playbooks.schema_words import quoted
from playbooks.supposing import Supposition, fill_in

NOWHERE = "none"
"""What is typed for a place outside every area."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The options as they were typed; None where one was left out."""

    phase: str | None = None
    network: str | None = None
    encrypted: bool | None = None
    area: str | None = None
    origin: str | None = None
    at: str | None = None
    danger: bool = False
    hazard: str | None = None


def read(path: Path) -> Book:
    """A playbook, or the end of the command."""
    gc.disable()  # one question, then the program ends: nothing is worth collecting before that
    try:
        return load(path)
    except PlaybookErrors as wrong:
        raise Stop(UNANSWERED, *map(str, wrong.errors)) from None
    except OSError as error:
        words = f"{path}: cannot be read: {error.strerror or error}; name a playbook that can be"
        raise Stop(UNANSWERED, words) from None


def supposed(book: Book, about: str, narrowed: Narrowed) -> Supposition:
    """What is to be supposed of an alert, or of a channel (``#ops``, or ``ops`` where no alert is called so)."""
    playbook = book.playbook
    if about not in playbook.alerts and about.removeprefix("#") in playbook.channels:
        about = f"#{about.removeprefix('#')}"
    elif about not in playbook.alerts:
        known = [*playbook.alerts, *(f"#{name}" for name in playbook.channels)]
        raise wrong("alert or channel", about, known)
    network = None if narrowed.network is None else _one("network", narrowed.network, NETWORKS)
    asked = fill_in(
        book,
        about,
        _at(book, narrowed.at),
        origin=partner(book, narrowed.origin) if narrowed.origin is not None else None,
        phase=_one("phase", narrowed.phase, playbook.phases) if narrowed.phase is not None else None,
        area=_area(book, narrowed.area) if narrowed.area is not None and narrowed.area != NOWHERE else None,
        network=next((each for each in NETWORKS if each == network), None),
        encrypted=narrowed.encrypted,
        danger=narrowed.danger,
        hazard=_one("hazard", narrowed.hazard, playbook.hazards) if narrowed.hazard is not None else None,
    )
    return replace(asked, area=None) if narrowed.area == NOWHERE else asked


def partner(book: Book, name: str) -> str:
    """A partner's id as it was typed; or the id of who has this name."""
    partners = book.playbook.partners
    called = [one for one, who in partners.items() if who.name.casefold() == name.casefold()]
    return called[0] if len(called) == 1 and name not in partners else _one("partner", name, partners)


def _at(book: Book, typed: str | None) -> datetime:
    if typed is None:
        return SystemClock().now().astimezone(book.playbook.timezone)
    try:
        at = datetime.fromisoformat(typed)
    except ValueError:
        words = f"--at {quoted(typed)} is not a time; write a day like 2026-11-22, or 2026-11-22T18:30"
        raise Stop(UNANSWERED, words) from None
    return at if at.tzinfo is not None else at.replace(tzinfo=book.playbook.timezone)


def _area(book: Book, typed: str) -> str | None:
    if typed in book.playbook.areas:
        return typed
    called = areas_named(book.playbook, typed)
    return next(iter(called)) if len(called) == 1 else _one("area", typed, [*book.playbook.areas, NOWHERE])


def _one(noun: str, typed: str, known: Collection[str]) -> str:
    if typed not in known:
        raise wrong(noun, typed, known)
    return typed


def wrong(noun: str, typed: str, known: Collection[str]) -> Stop:
    """There is no such thing in the playbook; what was meant, perhaps."""
    return Stop(
        UNANSWERED, f"there is no {noun} {quoted(typed)}; {suggestion(typed, known, 'see the playbook for those')}"
    )
