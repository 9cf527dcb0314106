"""Whose answer is still awaited: to an alert as its ``ack.from`` says, to a round from whoever has not answered."""

from __future__ import annotations

from playbooks.load import Book
from storage.incident import Incident, Watch


def waits(book: Book, incident: Incident, about: str) -> dict[str, Watch]:
    """Each partner whose answer is awaited to an alert or a round; nobody once it is over."""
    if about in incident.alerts:
        issued = incident.alerts[about]
        return {p: w for p, w in issued.watches.items() if w.open and p not in issued.answers}
    if about in incident.rounds:
        round_ = incident.rounds[about]
        return {p: w for p, w in round_.watches.items() if w.open and p not in round_.answers}
    return {}
