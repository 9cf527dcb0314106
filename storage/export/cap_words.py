"""An alert's words for CAP: from the playbook where the copy has it (an auditor's), and from what was shown alone where it has not.

Without the playbook the recipient was not told how the alert is classed: category Other, urgency, severity and certainty Unknown say just that.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from playbooks.load import Book
from playbooks.phrasing import phrase
from playbooks.schema import Alert
from playbooks.schema_alerts import clause_fields
from playbooks.schema_words import text_in
from storage.export.cap_alert import Info
from storage.export.naming import Naming
from storage.facts import AlertIssued, Disclosed
from storage.plain import plain, ranged
from storage.unseen import is_seen

UNTOLD = "und"
"""BCP 47 for a language that is not known."""

_ACTION, _WHERE = "action", "where"
"""The fields that CAP has a place of its own for, where no playbook says which they are."""


def info(shown: Disclosed, issued: AlertIssued | None, book: Book | None, expires: str | None, naming: Naming) -> Info:
    """What one message said, in its language. ``issued``: the alert as far as the recipient may see it; without the playbook, ``naming`` says what it is called
    and who issued it, as the room read it.
    """
    language = shown.language if is_seen(shown.language) and shown.language else UNTOLD
    template = issued.template if issued is not None and is_seen(issued.template) else None
    alert = book.playbook.alerts.get(template) if book is not None and template is not None else None
    said = {name: words(book, name, how, language) for name, how in shown.fields.items()}
    told = {name: text for name, text in said.items() if text is not None}
    area = next((told[name] for name in told if _is_place(book, name)), None)
    kept_back = sorted(name for name, how in shown.fields.items() if isinstance(how, Mapping) and "withheld" in how)
    parameters = [("withheld", name.removeprefix("_")) for name in kept_back]
    sender = issued.partner if issued is not None and is_seen(issued.partner) else None
    if alert is None or book is None:
        action = told.get(_ACTION)
        rest = [f"{name.removeprefix('_')}: {text}" for name, text in told.items() if name != _ACTION]
        called = naming.title(shown.about, language) or template or str(shown.about)
        name = naming.partners.get(sender, sender) if sender is not None else None
        return Info(
            language, ["Other"], called, [], "Unknown", "Unknown", "Unknown", expires, name, called,
            "\n".join(rest) or None, action, parameters, area,
        )  # fmt: skip
    cap = alert.cap
    listed = book.playbook.partners.get(sender) if sender is not None else None
    description, instruction = _clauses(alert, book, told, language)
    return Info(
        language, list(cap.category), cap.event, list(cap.response), cap.urgency, cap.severity, cap.certainty, expires,
        listed.name if listed is not None else sender,
        text_in(alert.title, (language,))[0], description, instruction, parameters, area,
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


def _clauses(alert: Alert, book: Book, told: Mapping[str, str], language: str) -> tuple[str | None, str | None]:
    """Description and instruction: the playbook's clauses, each left out whole where it needs what was not shown."""
    description: list[str] = []
    instruction: list[str] = []
    for clause in text_in(alert.text, (language,))[0]:
        needs = clause_fields(clause)
        if any(name not in told for name in needs):
            continue
        text = clause
        for name in needs:
            text = text.replace(f"{{{name}}}", told[name])
        asks = any((spec := book.playbook.field(name)) is not None and spec.type == "choice" for name in needs)
        (instruction if asks else description).append(text)
    return "\n".join(description) or None, "\n".join(instruction) or None


def _is_place(book: Book | None, name: str) -> bool:
    if book is None:
        return name == _WHERE
    spec = book.playbook.field(name)
    return spec is not None and spec.type == "place"
