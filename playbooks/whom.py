"""Every selector of a playbook: where it stands, and what is known when it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from playbooks.schema import Matching, Playbook, Selector, Term

Asked = Literal["of a room", "of an alert", "of a partner"]
"""When it is asked. Of a room: a sharing rule, for each room, with its network and, as far as it may see them, the event's areas.
Of an alert: to whom it goes; the areas are known. Of a partner: everything else, where nothing is known of any place."""


@dataclass(frozen=True, slots=True)
class Whom:
    """A selector, its path in the playbook, and when it is asked."""

    path: tuple[str | int, ...]
    selector: Selector
    asked: Asked


def selectors(playbook: Playbook) -> Iterator[Whom]:
    """All of them, in the order in which the language page has the sections."""
    if playbook.danger is not None:
        yield Whom(("danger", "by"), playbook.danger.by, "of a partner")
        if playbook.danger.tell is not None:
            yield Whom(("danger", "tell"), playbook.danger.tell, "of a partner")
    if playbook.activate is not None:
        yield Whom(("activate", "by"), playbook.activate.by, "of a partner")
    for index, rule in enumerate(playbook.sharing):
        yield Whom(("sharing", index, "to"), rule.to, "of a room")
    for name, alert in playbook.alerts.items():
        if alert.by is not None:
            yield Whom(("alerts", name, "by"), alert.by, "of a partner")
        if alert.in_danger is not None:
            yield Whom(("alerts", name, "in_danger", "by"), alert.in_danger.by, "of a partner")
            if alert.in_danger.tell is not None:
                yield Whom(("alerts", name, "in_danger", "tell"), alert.in_danger.tell, "of a partner")
        yield Whom(("alerts", name, "to"), alert.to, "of an alert")
    for name, checkin in playbook.checkins.items():
        yield Whom(("checkins", name, "to"), checkin.to, "of a partner")
    for name, channel in playbook.channels.items():
        yield Whom(("channels", name, "members"), channel.members, "of a partner")
    for index, duty in enumerate(playbook.duties):
        yield Whom(("duties", index, "for"), duty.for_, "of a partner")
    yield Whom(("log", "in"), playbook.log.in_, "of a partner")


def terms_in(selector: Selector) -> Iterator[Term]:
    """Its terms, and those of what it leaves out, all the way down."""
    for _, term in terms_at(selector):
        yield term


def terms_at(selector: Selector, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Term]]:
    """The same, each with its path below the selector's."""
    for index, term in enumerate(selector.terms):
        yield (*path, index), term
        if isinstance(term, Matching) and term.not_ is not None:
            yield from terms_at(term.not_, (*path, index, "not"))
