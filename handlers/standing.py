"""How an alert stands with each partner: who has it in full, in part, not at all, and what each has answered.

Counted over what one reader may know. A partner that is not listed is nobody to others. Whom an alert was chosen for by where
it is, a room that may not see that is not told; coordinators are told who has it, and not who was passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from handlers.addressing import said_event, sees_place
from handlers.waiting import counted_from, next_step, steps, waits, within
from handlers.world import World, circumstances, in_order
from playbooks import sight
from playbooks.cleared import Reader, listed
from playbooks.load import Book
from playbooks.selection import Circumstances, Event
from playbooks.values import FORMS
from storage.incident import Answer, Copy, Incident, Issued, Watch

State = Literal["acting", "seen", "cannot", "silent", "waiting", "unreachable", "held", "roomless", "blind"]
"""``waiting``: its copy is on its way; ``silent``: it has it, and has not answered; ``blind``: it may not see where it is."""

HAS_IT: tuple[State, ...] = ("acting", "seen", "cannot", "silent")
HAS_NOT: tuple[State, ...] = ("unreachable", "held", "roomless", "blind")
NEEDS_SOMEBODY: tuple[State, ...] = ("silent", "unreachable", "cannot", "held", "roomless", "blind")
"""Where a person must do something, the most urgent first."""


@dataclass(frozen=True)
class Standing:
    """How an alert stands, for one reader.

    ``full`` and ``part``: how many have it in full, and in part, as far as the reader's room sees it; None for coordinators, who
    see none of it. ``partly``: the room does not see all of it itself. ``unsaid``: there may be others, chosen by where it is.
    """

    partners: Mapping[str, State] = field(default_factory=dict)
    watches: Mapping[str, Watch] = field(default_factory=dict)
    full: int | None = None
    part: int = 0
    partly: bool = False
    unsaid: bool = False

    def of(self, state: State) -> list[str]:
        """The partners in one state."""
        return [partner for partner, its in self.partners.items() if its == state]

    def count(self, *states: State) -> int:
        """How many partners are in one of these states."""
        return sum(1 for its in self.partners.values() if its in states)


def standing(
    world: World, incident: Incident, about: str, reader: Reader, room: sight.Room | None, now: datetime
) -> Standing:
    """How an alert stands now, for one reader."""
    book, issued = world.book_of(incident), incident.alerts[about]
    so = circumstances(world, incident, now)
    event = said_event(book, issued, room.partner if room is not None else None)
    alert = book.playbook.alerts[issued.fact.template]
    sees = sees_place(book, so, event, room)
    copies = _copies(issued)
    waiting = waits(book, incident, about, world.who)
    partners = {
        partner: _state(issued, partner, copies.get(partner, ()), waiting)
        for partner in _meant(book, issued, copies, sees=sees, coordinator=room is None)
        if listed(book, reader, partner) and not _knows_anyway(issued, partner, waiting)
    }
    open_ = {partner: watch for partner, watch in waiting.items() if partner in partners}
    unsaid = alert.to.uses_event and not sees and room is not None
    if room is None:
        return Standing(partners, open_)
    visible, partly = _visible(book, so, event, room, tuple(alert.fields))
    has = [partner for partner, state in partners.items() if state in HAS_IT]
    full = sum(1 for partner in has if any(_is_full(book, copy, visible) for copy in copies.get(partner, ())))
    return Standing(partners, open_, full, len(has) - full, partly, unsaid)


def answer_of(answers: Sequence[Answer]) -> Answer | None:
    """The answer that stands for several: the last that says what they do, else the last. ``seen`` takes nothing back."""
    said = [answer for answer in answers if answer.choice != "seen"] or answers
    return said[-1] if said else None


def upcoming(book: Book, incident: Incident, about: str, watch: Watch) -> tuple[datetime, str] | None:
    """What happens next about a partner that does not answer, and when."""
    then = steps(book, incident, about)
    at = next_step(then, watch)
    if at is not None:
        begun = at - then[watch.done].after
        coming = (
            step for step in then[watch.done :] if step.do != "other_network" or _has_another(book, watch.partner)
        )
        return next(((begun + step.after, step.do) for step in coming), None)
    limit = within(book, incident, about)
    waits_for_network = limit is not None and counted_from(watch) is None and _has_another(book, watch.partner)
    return (watch.began + limit, "other_network") if limit is not None and waits_for_network else None


def _has_another(book: Book, partner: str) -> bool:
    """Whether a partner has rooms on a second network, so that trying it reaches anybody."""
    who = book.playbook.partners.get(partner)
    return who is not None and len({room.network for room in who.rooms if not room.exercises}) > 1


def _copies(issued: Issued) -> dict[str, list[Copy]]:
    found: dict[str, list[Copy]] = {}
    for copy in issued.copies.values():
        if copy.state != "dropped":
            found.setdefault(copy.partner, []).append(copy)
    return found


def _meant(
    book: Book, issued: Issued, copies: Mapping[str, object], *, sees: bool, coordinator: bool
) -> dict[str, None]:
    """Whom the reader may know that it is for, in the order of the playbook."""
    found: dict[str, None] = {}
    for partner in in_order(book, issued.addressed):
        how = issued.addressed[partner]
        status = how.get("status") if isinstance(how, Mapping) else None
        by_place = isinstance(how, Mapping) and bool(how.get("by_place"))
        meant = sees if status == "blind" else status != "unselected" and (sees or coordinator or not by_place)
        if meant and (status is not None or partner in copies):
            found[partner] = None
    if not issued.addressed:
        found |= dict.fromkeys(copies)
    return found


def _state(issued: Issued, partner: str, copies: Sequence[Copy], waiting: Mapping[str, Watch]) -> State:
    answer = answer_of(issued.answers.get(partner, ()))
    if answer is not None and (partner not in waiting or answer.choice == "cannot"):
        return "acting" if answer.choice == "acting" else "cannot" if answer.choice == "cannot" else "seen"
    if not copies:
        return _without(issued, partner)
    watch = issued.watches.get(partner)
    if any(copy.state in ("sent", "removed") for copy in copies) or (watch is not None and watch.since is not None):
        return "silent"
    late = watch is not None and watch.unreachable
    return "waiting" if not late and any(copy.state == "waiting" for copy in copies) else "unreachable"


def _without(issued: Issued, partner: str) -> State:
    """Why a partner has no copy."""
    if partner in issued.held:
        return "held"
    how = issued.addressed.get(partner)
    status = how.get("status") if isinstance(how, Mapping) else None
    if status == "blind":
        return "blind"
    return "roomless" if status == "roomless" else "unreachable"


def _knows_anyway(issued: Issued, partner: str, waiting: Mapping[str, Watch]) -> bool:
    """Whether it is the partner that sent it: nobody waits for its answer, and it is counted only if it gave one."""
    return partner == issued.fact.partner and partner not in waiting and partner not in issued.answers


def _visible(
    book: Book, so: Circumstances, event: Event, room: sight.Room, fields: Sequence[str]
) -> tuple[dict[str, str], bool]:
    """The fields that a room sees, each with its form; and whether there may be more than it sees."""
    view = sight.view(book, so, event, room, fields)
    shapes = {name: view.shape(book, name) for name in fields}
    seen = {name: shape[0].form for name, shape in shapes.items() if shape is not None}
    partly = any(isinstance(view.answers[name], sight.Withheld) for name in fields)
    return seen, partly or any(form != "exact" for form in seen.values())


def _is_full(book: Book, copy: Copy, visible: Mapping[str, str]) -> bool:
    """Whether a copy shows as much as is visible here."""
    for name, form in visible.items():
        shown = copy.fields.get(name)
        theirs = shown.get("form") if isinstance(shown, Mapping) else None
        spec = book.playbook.field(name)
        if theirs is None or spec is None:
            return False
        forms = FORMS[spec.type]
        if theirs in forms and form in forms and forms.index(theirs) > forms.index(form):
            return False
    return True
