"""A log told in lines for people at a terminal: when, what, who. ``--json`` and the export give the log itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import UTC, datetime, timedelta
from textwrap import wrap
from typing import Any, cast

from bot.pictures import why_left_out
from handlers.why import why
from playbooks.cleared import Reader
from playbooks.load import Book
from playbooks.rooms import RoomRef
from playbooks.selection import local_time
from playbooks.sight import Withheld
from storage import facts as f
from storage.entry import EXERCISE
from storage.store import Kept, Summary

WIDTH = 100
TOGETHER = timedelta(minutes=1)
"""Messages about one thing that left within so long of the first are told in one line."""

_QUIET = ("version", "epoch", "rule", "basis", "label", "send")


_HEAD = 27
"""Columns before the words: the entry's number and time."""

_A_SECOND = timedelta(seconds=1)

_HELD = {
    "clearance": "not cleared for it",
    "compartment": "not in its circle",
    "ceiling": "its network may not carry it",
    "no-permit": "no rule shares it, here and now",
    "agreement": "no agreement across that border",
    "forbidden": "a rule forbids it",
    "rule-failed": "a rule could not be evaluated",
    "no-form": "the place lies in no area of the playbook",
    "expired": "its time is over",
    "inactive": "takes no part",
    "undeclared": "not in the playbook",
    "hollow": "nothing would be left to say",
    "blind": "chosen by an area that it may not see",
}

_ADDRESSED = {
    "shown": "goes to",
    "held": "held back from",
    "unselected": "not meant for",
    "roomless": "no room is known of",
    "blind": "chosen by an area that they may not see, and so not reached",
}

_REFUSED = {
    "not-theirs": "which is not theirs to do",
    "not-their-ground": "which is not their ground",
    "no-such-place": "for a place that the playbook does not know",
    "revoked": "whose access was withdrawn",
    "no-partner": "in a chat of no partner",
    "role": "which their role does not allow",
    "taken": "the room is another partner's",
    "not-in-playbook": "the room is not in the playbook",
}


class Telling:
    """A log as lines. ``book`` is the playbook it was decided under, None where there is none to be read."""

    def __init__(self, stream: str, summary: Summary | None, kept: Sequence[Kept], book: Book | None) -> None:
        self._stream = stream
        self._summary = summary
        self._kept = kept
        self._book = book
        self._shown = {one.fact.send: one.fact for one in kept if isinstance(one.fact, f.Disclosed)}
        self._whose = {fact.room: fact.partner for fact in self._shown.values() if fact.partner is not None}
        self._zone = str(book.playbook.timezone) if book is not None else "UTC"

    def heading(self) -> Iterator[str]:
        """What this is the log of."""
        many = f"{len(self._kept)} {'entry' if len(self._kept) == 1 else 'entries'}"
        if self._summary is None:
            yield f"The log of {self._stream}: who is who, rooms and networks. {many}; times in {self._zone}."
            return
        one = self._summary
        closed = f"closed {self._local(one.closed_at):%Y-%m-%d %H:%M}" if one.closed_at else "open"
        title = f", {one.title}" if one.title else ""
        if one.exercise:
            yield EXERCISE
        yield f"The log of {self._stream}: {one.playbook}{title}. {many}, {closed}; times in {self._zone}."
        digest = next((one.playbook_sha256 for one in self._kept if one.playbook_sha256), None)
        if digest:
            yield f"Playbook {digest}"

    def lines(self) -> Iterator[str]:
        """Each entry in a line or a few; messages that left together in one."""
        told: set[int] = set()
        for number, kept in enumerate(self._kept):
            if kept.seq in told:
                continue
            if isinstance(kept.fact, f.MessageSent):
                group = self._together(number, told)
                told |= {one.seq for one in group}
                if len(group) > 1:
                    yield from self._folded(kept, self._sent(group))
                    continue
            yield from self._folded(kept, self._sentence(kept.fact))
            for line in self._below(kept.fact):
                yield from wrap(
                    line, WIDTH, initial_indent=" " * (_HEAD + 2), subsequent_indent=" " * (_HEAD + 4),
                    break_long_words=False, break_on_hyphens=False,
                )  # fmt: skip

    def _folded(self, kept: Kept, sentence: str) -> Iterator[str]:
        head = f"{kept.seq:>5} {self._local(kept.at):%Y-%m-%d %H:%M:%S}  "
        yield from wrap(
            sentence, WIDTH, initial_indent=head, subsequent_indent=" " * len(head),
            break_long_words=False, break_on_hyphens=False,
        ) or [head.rstrip()]  # fmt: skip

    def _local(self, at: datetime) -> datetime:
        return local_time(self._book, at) if self._book is not None else at.astimezone(UTC)

    # -- messages that left ----------------------------------------------------------------------------------------

    def _together(self, start: int, told: Set[int]) -> list[Kept]:
        """The sends about one thing that left with the one at this place."""
        first = self._kept[start]
        group: list[Kept] = []
        for kept in self._kept[start:]:
            if kept.at - first.at > TOGETHER:
                break
            if isinstance(kept.fact, f.MessageSent):
                if kept.seq not in told and self._about(kept.fact) == self._about(cast(f.MessageSent, first.fact)):
                    group.append(kept)
            elif self._about(cast(f.MessageSent, first.fact)) is None:
                break
        return group

    def _about(self, fact: f.MessageSent) -> str | None:
        shown = self._shown.get(fact.send)
        return shown.about if shown is not None else None

    def _sent(self, group: Sequence[Kept]) -> str:
        facts = [cast(f.MessageSent, one.fact) for one in group]
        about = self._about(facts[0])
        networks = Counter(fact.room.network.capitalize() for fact in facts)
        counts = ", ".join(f"{count} on {network}" for network, count in networks.items())
        until = f", until {self._local(group[-1].at):%H:%M:%S}" if group[-1].at - group[0].at > _A_SECOND else ""
        rooms = len({fact.room for fact in facts})
        many = f"{rooms} {'room' if rooms == 1 else 'rooms'}"
        return f"{about or 'Messages'} sent to {many}: {counts}{until} (the last is entry {group[-1].seq})"

    def _room(self, room: RoomRef) -> str:
        """A room by its partner and network, where both are known from what it was shown."""
        partner = self._whose.get(room)
        return f"{partner} ({room.network.capitalize()})" if partner is not None else str(room)

    # -- one fact --------------------------------------------------------------------------------------------------

    def _sentence(self, fact: f.Fact) -> str:
        match fact:
            case f.Started(program=program, playbooks=books):
                return f"Started, {program}, with {', '.join(books) or 'no playbook'}"
            case f.Stopped(reason=reason):
                return f"Stopped: {reason}"
            case f.RoomBound() as b:
                return f"Room {b.room} bound to {b.partner} in {b.playbook}, by {b.by}"
            case f.PersonEnrolled() as p:
                return f"{p.name} ({p.identity}) enrolled as {p.person}, {p.role}{_of(p.partner)}"
            case f.IdentityJoined() as j:
                return f"{j.person} is also {j.identity}"
            case f.IdentityLost() as lost:
                return f"{lost.identity} of {lost.person} is lost, said by {lost.by}"
            case f.DutyOffered() as d:
                return f"{d.person} asks {d.to} to take over duty for {d.partner}"
            case f.DutyTaken() as d:
                return f"{d.person} on duty for {d.partner}" + (f", after {d.given_by}" if d.given_by else "")
            case f.DutyLeft() as d:
                return f"{d.person} off duty for {d.partner}" + (f": {d.to} took over" if d.to else "")
            case f.ReachTestSent() as t:
                return f"Test of the alarm chain {t.test}, {t.playbook}, by {t.by}: {len(t.rooms)} rooms, {len(t.persons)} liaisons"
            case f.ReachTestAnswered() as t:
                return f"{t.test} received by {t.person}{_of(t.partner)} in {t.room}"
            case f.InvitationMade() as i:
                return f"Invitation {i.invitation} made by {i.by}: {i.role}{_of(i.partner)}, until {self._local(i.expires):%Y-%m-%d %H:%M}"
            case f.IncidentOpened() as o:
                kind = "EXERCISE" if o.exercise else "Rehearsal" if o.rehearsal else "Incident"
                title = f", {o.title}" if o.title else ""
                book = f"{o.playbook} version {o.playbook_version}"
                return f"{kind} {o.incident} opened by {o.person}{_of(o.partner)}: {book}{title}"
            case f.PlaybookProposed() as p:
                many = f"opens {p.opens}, closes {p.closes}"
                return f"{p.playbook} version {p.version} proposed by {p.person}{_of(p.partner)} ({many}): {p.digest}"
            case f.PlaybookKept() as k:
                return f"The proposed playbook declined by {k.person}{_of(k.partner)}"
            case f.PlaybookReloaded() as p:
                agreed = f"proposed by {p.proposed_by}, agreed by {p.person}{_of(p.partner)}"
                return f"Under {p.playbook} version {p.version} from here on, {agreed}: {p.digest}"
            case f.LeadTaken() as lead:
                where = " ".join(part for part in (lead.tier, lead.jurisdiction) if part)
                return f"Lead {where}: {', '.join(lead.partners)}. {lead.basis or ''}".rstrip(" .") + _by(lead.rule)
            case f.DangerDeclared() as d:
                return f"Danger declared by {d.person}{_of(d.partner)} until {self._local(d.until):%Y-%m-%d %H:%M}: {d.reason}{_by(d.rule)}"
            case f.AlertDrafted() as d:
                state = f"asks for {d.asking}" if d.asking else "waits to be confirmed"
                return f"Draft {d.draft}, {d.template}, by {d.person}{_of(d.partner)}: {state}"
            case f.DraftConfirmed(draft=draft, person=person):
                return f"Draft {draft} confirmed by {person}; a second person is needed"
            case f.DraftDropped(draft=draft, by=by):
                return f"Draft {draft} dropped by {by}"
            case f.AlertIssued() as a:
                alone = ", alone: nobody else came in time" if a.alone else f", confirmed by {a.confirmed_by}"
                return f"{a.alert} issued, {a.template}, by {a.person}{_of(a.partner)}{alone}{_by(a.rule)}"
            case f.CopyHeld() as h:
                reason = _HELD.get(h.reason, h.reason)
                what = f": {h.field} is needed, and withheld ({reason})" if h.field else f": {reason}"
                return f"{h.alert} held back from {h.partner}{what}{_by(h.rule)}"
            case f.AlertAddressed(alert=alert):
                return f"{alert} addressed"
            case f.Disclosed() as d:
                said = ", ".join(part for part in (d.language, d.label) if part)
                return f"{d.about or 'Message'} for {d.partner or 'nobody'} ({d.room.network.capitalize()}): {said}"
            case f.MessageSent() as m:
                return f"{self._about(m) or 'Message'} sent to {self._room(m.room)}"
            case f.MessageRefused() as m:
                return f"Refused by {self._room(m.room)}: {m.reason}"
            case f.MessageUnknown() as m:
                again = "; sent once more" if m.repeat else ""
                return f"Not known whether it arrived in {self._room(m.room)}: {m.reason}{again}"
            case f.MessageDropped() as m:
                return f"Not sent to {self._room(m.room)}: {m.reason}"
            case f.Acknowledged() as a:
                return f"{a.alert}: {a.partner} answers {a.choice} ({a.person}, {a.via})"
            case f.NoteAdded() as n:
                return f"Note by {n.person}{_of(n.partner)}: {n.text}"
            case f.CommandRefused() as c:
                reason = _REFUSED.get(c.reason, c.reason)
                return f"Refused to {c.person}{_of(c.partner)}: {c.command}, {reason}{_by(c.rule)}"
            case f.LogRead() as r:
                return f"Log read by {r.person}{_of(r.partner)}" + (f", {r.reason}" if r.reason else "")
            case f.Exported() as e:
                return f"Exported by {e.by} as a {e.form}, for {e.reader}: {e.reason}"
            case f.IncidentClosed() as c:
                return f"Closed by {c.person}{_of(c.partner)}" + (f": {c.reason}" if c.reason else "")
            case _:
                return _generic(fact)

    def _below(self, fact: f.Fact) -> Iterator[str]:
        match fact:
            case f.AlertDrafted() | f.AlertIssued():
                yield from (
                    f"{name.removeprefix('_')}: {_value(value)}"
                    for name, value in fact.fields.items()
                    if value is not None
                )
            case f.Disclosed() as d:
                yield from self._fields(d)
            case f.AlertAddressed():
                for state, partners in _grouped(fact.partners).items():
                    yield f"{_ADDRESSED.get(state, state)}: {', '.join(partners)}"
                yield from self._left_out(fact)
            case _:
                pass

    def _left_out(self, addressed: f.AlertAddressed) -> Iterator[str]:
        """The rooms that were sent nothing, though their partner's others may have been."""
        for partner, how in addressed.partners.items():
            for written, left in how.get("left_out", {}).items():
                room = RoomRef.parse(written)
                if self._book is None:
                    reason = _HELD.get(left["why"], str(left["why"]))
                else:
                    reason = why_left_out(self._book, room, partner, left)
                yield f"nothing in {partner} ({room.network.capitalize()}): {reason}"

    def _fields(self, disclosed: f.Disclosed) -> Iterator[str]:
        whole: list[str] = []
        coarser: list[str] = []
        withheld: dict[str, list[str]] = {}
        for path, said in disclosed.fields.items():
            name = path.removeprefix("_")
            if said is None:
                continue
            if "withheld" in said:
                withheld.setdefault(self._why(disclosed, said), []).append(name)
            elif said.get("value") is not None:
                exact = said["form"] == "exact"
                (whole if exact else coarser).append(name if exact else f"{name} only as {said['form']}")
        shown = [*whole, *coarser]
        if shown:
            yield "shows " + ", ".join(shown)
        for reason, names in withheld.items():
            yield f"withholds {', '.join(names)}: {reason}"

    def _why(self, disclosed: f.Disclosed, said: Mapping[str, Any]) -> str:
        if self._book is None:
            return _HELD.get(said["withheld"], str(said["withheld"]))
        reader = Reader(disclosed.room, disclosed.partner, True, ("en",))
        withheld = Withheld(said["withheld"], said.get("rule") or 0, said.get("detail") or "")
        return why(self._book, reader, withheld).text


def _grouped(partners: Mapping[str, Any]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for partner, how in partners.items():
        state = how.get("status", "?") if isinstance(how, Mapping) else str(how)
        grouped.setdefault(state, []).append(partner)
    return grouped


def _by(rule: str | None) -> str:
    """The playbook's line, as it can be looked up."""
    if not rule:
        return ""
    book, colon, line = rule.rpartition(":")
    return f" ({book}, line {line})" if colon else f" ({rule})"


def _value(value: Any) -> str:
    """A field's value without the name of its kind."""
    if isinstance(value, Mapping):
        return ", ".join(dict.fromkeys(plain(one) for one in value.values() if one is not None))
    return plain(value)


def _of(partner: str | None) -> str:
    return f" of {partner}" if partner else ""


def _generic(fact: f.Fact) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(fact).__name__).lower().capitalize()
    said = [
        f"{name} {plain(value)}"
        for name, value in f.parts(fact).items()
        if value not in (None, False) and name not in _QUIET
    ]
    return f"{words}: {', '.join(said)}" if said else words


def plain(value: Any) -> str:
    """A value of the log in a few words."""
    if isinstance(value, RoomRef):
        return str(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {plain(one)}" for key, one in value.items() if one is not None)
    if isinstance(value, list | tuple):
        return ", ".join(plain(one) for one in value)
    return str(value)
