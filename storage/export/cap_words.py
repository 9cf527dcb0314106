"""An alert's words for CAP: those of the playbook's template, filled with what was shown and with nothing else.

Of the template comes what is the same for whoever reads a copy of such an alert: what it is called, how it is classed, and those of its clauses for which
everything was shown. A copy of which no playbook tells is classed as unknown, field by field.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from playbooks.load import Book
from playbooks.phrasing import phrase
from playbooks.schema_alerts import clause_fields
from playbooks.schema_words import text_in
from storage.export.cap_alert import Ground, Info
from storage.export.template import Template
from storage.facts import Disclosed
from storage.plain import plain, ranged
from storage.unseen import is_seen

UNTOLD = "und"
"""BCP 47 for a language that is not known."""

_ACTION, _WHERE = "action", "where"
"""The fields that CAP has a place of its own for, where no playbook says which they are."""

_WATCHING = frozenset({"Assess", "Monitor", "None"})
"""What an alert asks for that asks nobody to do anything."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def info(
    shown: Disclosed, template: Template | None, name: str | None, sender: str | None, expires: str | None
) -> Info:
    """What one message said, in its language. ``name``: what the alert is called there; ``sender``: whose it is; ``expires``: as ``cap_alert.when`` has it.
    None for each that is not shown.
    """
    language = shown.language if is_seen(shown.language) and shown.language else UNTOLD
    book = template.book if template is not None else None
    said = {field: words(book, field, how, language) for field, how in shown.fields.items()}
    told = {field: text for field, text in said.items() if text is not None}
    grounds = list(_grounds(book, shown, told))
    kept_back = sorted(field for field, how in shown.fields.items() if isinstance(how, Mapping) and "withheld" in how)
    parameters = [("withheld", field.removeprefix("_")) for field in kept_back]
    if template is None:
        action = told.get(_ACTION)
        rest = [f"{field.removeprefix('_')}: {text}" for field, text in told.items() if field != _ACTION]
        called = name or str(shown.about)
        return Info(
            language, ["Other"], called, [], "Unknown", "Unknown", "Unknown", expires, sender, called,
            "\n".join(rest) or None, action, parameters, grounds,
        )  # fmt: skip
    cap = template.alert.cap
    description, instruction = _clauses(template, told, language)
    return Info(
        language, list(cap.category), text_in(cap.event, (language,))[0], list(cap.response), cap.urgency, cap.severity, cap.certainty, expires, sender,
        text_in(template.alert.title, (language,))[0], description, instruction, parameters, grounds,
    )  # fmt: skip


def words(book: Book | None, name: str, how: Any, language: str) -> str | None:
    """What a field of a message showed, in words; None where it showed nothing."""
    value = how.get("value") if isinstance(how, Mapping) else None
    if value is None:
        return None
    form = str(how.get("form", "exact"))
    if form == "range":
        return ranged(value)
    spec = book.playbook.field(name) if book is not None else None
    if book is None or spec is None:
        return plain(value)
    shape = tuple(value) if isinstance(value, list) else value
    try:
        if spec.type == "time" and isinstance(shape, str):
            shape = datetime.fromisoformat(shape) if form == "exact" else date.fromisoformat(shape)
        return phrase(book, name, form, shape, (language,))
    except (KeyError, ValueError, TypeError):
        return plain(value)  # a later playbook knows the field differently


def _clauses(template: Template, told: Mapping[str, str], language: str) -> tuple[str | None, str | None]:
    """Description and instruction: the template's clauses, each left out whole where it needs what was not shown.

    What is chosen from a list is what to do, in an alert that asks for more than attention.
    """
    acts = not _WATCHING.issuperset(template.alert.cap.response)
    description: list[str] = []
    instruction: list[str] = []
    for clause in text_in(template.alert.text, (language,))[0]:
        needs = clause_fields(clause)
        if any(name not in told for name in needs):
            continue
        text = _PLACEHOLDER.sub(lambda found: told[found[1]], clause)  # at once: what people typed may have braces too
        asks = acts and any(_type(template.book, name) == "choice" for name in needs)
        (instruction if asks else description).append(text)
    return "\n".join(description) or None, "\n".join(instruction) or None


def _grounds(book: Book | None, shown: Disclosed, told: Mapping[str, str]) -> Iterator[Ground]:
    """Where it is: as the message said it, and drawn as the playbook draws it where the message named areas of it."""
    language = shown.language if is_seen(shown.language) else ""
    for field, text in told.items():
        if field != _WHERE if book is None else _type(book, field) != "place":
            continue
        how = shown.fields[field]
        named = how["value"] if how.get("form") == "area" and isinstance(how["value"], Sequence) else ()
        areas = book.playbook.areas if book is not None else {}
        if not named or any(one not in areas for one in named):
            yield Ground(text)
            continue
        for one in named:
            area = areas[one]
            yield Ground(text_in(area.name, (language,))[0], area.circle, area.polygon)


def _type(book: Book, field: str) -> str | None:
    spec = book.playbook.field(field)
    return spec.type if spec is not None else None
