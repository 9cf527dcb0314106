"""What a change of a playbook opens, closes and hands to another: over everything that could happen under either of them.

``diff`` compares, for all circumstances that a rule can tell apart (``diff_domain``): what each partner sees of each field of each alert
and of each channel; who receives an alert; who may issue it, start an incident, declare danger; and who leads. What opens is what
somebody sees in a finer form than before, or may do and could not, anywhere. Everything comes from the rules by which the bot
acts; nothing is judged by the text of the file. The order of rules, which means nothing, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from playbooks.diff_cells import sight_changes
from playbooks.diff_changes import (
    Change,
    Difference,
    Domain,
    Edition,
    LeadChange,
    ListingChange,
    PowerChange,
    ReceiptChange,
    SightChange,
    Span,
)
from playbooks.diff_domain import Edge, Pair, Places, in_order, origins, partners, spans
from playbooks.diff_kinds import Direction, Ground
from playbooks.diff_loosening import guest_changes, loosens
from playbooks.diff_mandate import lead_changes, power_changes
from playbooks.diff_other import other_changes
from playbooks.diff_receipts import receipt_changes
from playbooks.load import Book

__all__ = ["Difference", "diff"]


def diff(old: Book, new: Book, now: datetime) -> Difference:
    """Everything that the new playbook changes from ``now`` (aware) on. What is alike is said together."""
    pairs = partners(old, new)
    stretches = spans(old, new, now)
    moments = [stretch.since for stretch in stretches]
    before, after = Edge(old, moments), Edge(new, moments)
    domain = _domain(before, after, pairs, stretches)
    found: dict[Direction, list[Change]] = {"opens": [], "closes": []}
    leads: tuple[LeadChange, ...] = ()
    if old.digest != new.digest:
        ground = Ground(before, after, domain, pairs)
        for direction, change in _changes(ground):
            found[direction].append(_cleared_at(ground, change))
        leads = lead_changes(ground)
    entries = (*other_changes(old, new, domain.renamed), *guest_changes(old, new))
    loosened = {change for change in entries if loosens(change, old, new)}
    return Difference(
        _edition(old),
        _edition(new),
        now,
        domain,
        tuple(sorted(found["opens"], key=_rare)),
        tuple(sorted(found["closes"], key=_rare)),
        leads,
        tuple(change for change in entries if change not in loosened),
        tuple(change for change in entries if change in loosened),
    )


def _cleared_at(ground: Ground, change: Change) -> Change:
    """The same, with the line of the clearance where it is that of one partner."""
    if not isinstance(change, SightChange) or len(change.partners) != 1:
        return change
    [pair] = (one for one in ground.pairs if one.name == change.partners[0])
    reasons = []
    for reason in change.reasons:
        name, edge = (pair.old, ground.old.edge) if reason.side == "old" else (pair.new, ground.new.edge)
        if reason.what == "clearance" and name is not None:
            reason = replace(reason, line=edge.book.line("partners", name, "clearance"))
        reasons.append(reason)
    return replace(change, reasons=tuple(reasons))


def _rare(change: Change) -> bool:
    """Whether it is so only of what a speaker holds more closely than it is labelled: that comes last."""
    return not isinstance(change, ListingChange) and change.region.raised is not None


def _domain(old: Edge, new: Edge, pairs: tuple[Pair, ...], stretches: tuple[Span, ...]) -> Domain:
    both = (old.playbook, new.playbook)
    places = Places(old.book, new.book)
    rooms = {one.name: dict.fromkeys((*new.rooms(one.new, "alerts"), *old.rooms(one.old, "alerts"))) for one in pairs}
    return Domain(
        in_order(*(each.alerts for each in both)),
        in_order(*(each.phases for each in both)),
        (None, *in_order(*(each.hazards for each in both))),
        (False, True) if any(each.danger is not None for each in both) else (False,),
        origins(old.book, new.book, pairs),
        stretches,
        {name: tuple(each) for name, each in rooms.items()},
        {one.name: {place.word: place.examples for place in places.of(one)} for one in pairs},
        {
            one.name: (new.playbook.partners[one.new] if one.new else old.playbook.partners[one.name]).jurisdiction
            for one in pairs
        },
        {one.old: one.new for one in pairs if one.old is not None and one.new is not None and one.old != one.new},
    )


# --- what is alike is said together ---------------------------------------------------------------------------------------


def _changes(ground: Ground) -> Iterator[tuple[Direction, Change]]:
    yield from _together(_listings(ground), "partners")
    # For one partner and field first the alerts, then the fields that it sees alike, then the partners that see them alike.
    yield from _together(sight_changes(ground), "alerts", "fields", "partners")
    yield from _together(receipt_changes(ground), "alerts", "partners")
    yield from _together(power_changes(ground), "alerts", "partners")


def _listings(ground: Ground) -> Iterator[tuple[Direction, ListingChange]]:
    old, new = ground.old.edge.playbook.partners, ground.new.edge.playbook.partners
    for pair in ground.pairs:
        if pair.old is not None and pair.new is not None and old[pair.old].listed != new[pair.new].listed:
            yield "opens" if new[pair.new].listed else "closes", ListingChange((pair.name,))


C = TypeVar("C", SightChange, ReceiptChange, PowerChange, ListingChange)


def _together(changes: Iterable[tuple[Direction, C]], *lists: str) -> Iterator[tuple[Direction, C]]:
    """Changes that differ in one of these lists alone are one change, with all that is listed; one list after the other."""
    found = list(changes)
    for name in lists:
        groups: dict[tuple[Direction, C], dict[str, None]] = {}
        for direction, change in found:
            listed = groups.setdefault((direction, _with(change, name, ())), {})
            listed.update(dict.fromkeys(getattr(change, name)))
        found = [(direction, _with(change, name, tuple(some))) for (direction, change), some in groups.items()]
    return iter(found)


def _with(change: C, name: str, listed: tuple[str, ...]) -> C:
    attributes: dict[str, Any] = {name: listed}
    return replace(change, **attributes)


def _edition(book: Book) -> Edition:
    return Edition(book.file, book.playbook.playbook, book.playbook.version, book.digest)
