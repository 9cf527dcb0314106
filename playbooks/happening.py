"""Whether what is supposed could happen: a question about what cannot be is answered too, and whoever asks it is told so."""

from __future__ import annotations

from playbooks.load import Book
from playbooks.mandate import Mandated, declarers, may_issue
from playbooks.selection import matches
from playbooks.sight import Question
from playbooks.supposing import Supposition
from playbooks.values import Place


def impossible(book: Book, supposed: Supposition, question: Question) -> str | None:
    """Why it could not happen, without a full stop; None where it could. ``question`` is the one that was supposed."""
    so, origin = question.circumstances, supposed.origin
    found: list[str] = []
    if supposed.danger and book.playbook.danger is None:
        found.append("no danger can be declared under this playbook")
    elif supposed.danger and not declarers(book, so):
        found.append("nobody may declare danger then")
    if supposed.alert.startswith("#"):
        members = book.playbook.channels[supposed.alert[1:]].members
        if not matches(book, members, origin, so, origin, frozenset(), None):
            found.append(f"{origin} is no member of {supposed.alert}")
    elif why := not_mandated(book, supposed, question, origin):
        found.append(f"{origin} may not issue `{supposed.alert}` in these circumstances, {why}")
    return f"it could not happen: {'; '.join(found)}" if found else None


def not_mandated(book: Book, supposed: Supposition, question: Question, partner: str) -> str | None:
    """Why a partner may not issue the supposed alert, in a few words; None where it may."""
    answer = may_issue(book, question.circumstances, supposed.alert, partner, place(question))
    if isinstance(answer, Mandated):
        return None
    if answer.when_danger:
        return "only while danger is declared"
    led = book.playbook.alerts[supposed.alert].by is None
    return {
        "not-theirs": "it is the lead's, and it does not lead" if led else "`by` does not mean it",
        "not-their-ground": f"{supposed.area or 'the place'} is not its ground",
        "no-such-place": "the place lies in no area",
    }[answer.why]


def place(question: Question) -> Place | None:
    """Where the supposed alert is for."""
    value = question.event.fields.get(question.event.place or "")
    return value if isinstance(value, Place) else None
