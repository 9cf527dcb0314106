"""A log told in lines for people at a terminal: when, what, who. ``--json`` and the export give the log itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any

from playbooks.rooms import RoomRef
from storage import facts as f
from storage.store import Kept, Summary

WIDTH = 100
_QUIET = ("version", "epoch", "rule", "basis", "label", "send")


def heading(stream: str, summary: Summary | None, kept: Sequence[Kept]) -> Iterator[str]:
    """What this is the log of."""
    if summary is None:
        yield f"The log of {stream}: who is who, rooms and networks. {len(kept)} entries, times in UTC."
        return
    closed = f"closed {summary.closed_at:%Y-%m-%d %H:%M}" if summary.closed_at else "open"
    title = f", {summary.title}" if summary.title else ""
    yield f"The log of {stream}: {summary.playbook}{title}. {len(kept)} entries, {closed}, times in UTC."
    digest = next((one.playbook_sha256 for one in kept if one.playbook_sha256), None)
    if digest:
        yield f"Playbook {digest}"


def told(kept: Kept) -> Iterator[str]:
    """One fact in a line or a few."""
    head = f"{kept.seq:>5} {kept.at:%Y-%m-%d %H:%M:%S}  "
    lines = wrap(_sentence(kept.fact), WIDTH - len(head), break_long_words=False, break_on_hyphens=False) or [""]
    yield head + lines[0]
    for line in lines[1:]:
        yield " " * len(head) + line
    for line in _below(kept.fact):
        below = wrap(
            line, WIDTH - len(head) - 2, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )
        for part in below:
            yield " " * (len(head) + 2) + part


def _sentence(fact: f.Fact) -> str:
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
        case f.InvitationMade() as i:
            return (
                f"Invitation {i.invitation} made by {i.by}: {i.role}{_of(i.partner)}, until {i.expires:%Y-%m-%d %H:%M}"
            )
        case f.IncidentOpened() as o:
            kind = "Rehearsal" if o.rehearsal else "Exercise" if o.exercise else "Incident"
            title = f", {o.title}" if o.title else ""
            book = f"{o.playbook} version {o.playbook_version}"
            return f"{kind} {o.incident} opened by {o.person}{_of(o.partner)}: {book}{title}"
        case f.LeadTaken() as lead:
            where = " ".join(part for part in (lead.tier, lead.jurisdiction) if part)
            return f"Lead {where}: {', '.join(lead.partners)}. {lead.basis or ''}".rstrip(" .") + f" ({lead.rule})"
        case f.DangerDeclared() as d:
            return f"Danger declared by {d.person}{_of(d.partner)} until {d.until:%H:%M}: {d.reason} ({d.rule})"
        case f.AlertDrafted() as d:
            state = f"asks for {d.asking}" if d.asking else "waits to be confirmed"
            return f"Draft {d.draft}, {d.template}, by {d.person}{_of(d.partner)}: {state}"
        case f.DraftConfirmed(draft=draft, person=person):
            return f"Draft {draft} confirmed by {person}; a second person is needed"
        case f.DraftDropped(draft=draft, by=by):
            return f"Draft {draft} dropped by {by}"
        case f.AlertIssued() as a:
            alone = ", alone: nobody else came in time" if a.alone else f", confirmed by {a.confirmed_by}"
            return f"{a.alert} issued, {a.template}, by {a.person}{_of(a.partner)}{alone} ({a.rule})"
        case f.CopyHeld() as h:
            what = f": {h.field} is withheld" if h.field else ""
            return f"{h.alert} held back from {h.partner}{what}, {h.reason}" + (f" ({h.rule})" if h.rule else "")
        case f.AlertAddressed(alert=alert):
            return f"{alert} addressed"
        case f.Disclosed() as d:
            said = ", ".join(part for part in (d.language, d.label) if part)
            return f"{d.about or 'Message'} cleared for {d.partner or 'nobody'} in {d.room}: {said}"
        case f.MessageSent() as m:
            return f"Sent to {m.room} as {m.message}"
        case f.MessageRefused() as m:
            return f"Refused by {m.room}: {m.reason}"
        case f.MessageUnknown() as m:
            return f"Unknown whether it arrived in {m.room}: {m.reason}" + ("; repeated" if m.repeat else "")
        case f.MessageDropped() as m:
            return f"Not sent to {m.room}: {m.reason}"
        case f.Acknowledged() as a:
            return f"{a.alert}: {a.partner} answers {a.choice} ({a.person}, {a.via})"
        case f.NoteAdded() as n:
            return f"Note by {n.person}{_of(n.partner)}: {n.text}"
        case f.CommandRefused() as c:
            return f"Refused to {c.person}{_of(c.partner)}: {c.command}, {c.reason}" + (
                f" ({c.rule})" if c.rule else ""
            )
        case f.LogRead() as r:
            return f"Log read by {r.person}{_of(r.partner)}" + (f", {r.reason}" if r.reason else "")
        case f.Exported() as e:
            return f"Exported by {e.by} for {e.reader} as {e.form}: {e.reason}"
        case f.IncidentClosed() as c:
            return f"Closed by {c.person}{_of(c.partner)}" + (f": {c.reason}" if c.reason else "")
        case _:
            return _generic(fact)


def _below(fact: f.Fact) -> Iterator[str]:
    match fact:
        case f.AlertDrafted() | f.AlertIssued():
            yield from (f"{name}: {plain(value)}" for name, value in fact.fields.items() if value is not None)
        case f.Disclosed():
            shown = [
                f"{name} {one['form']}"
                for name, one in fact.fields.items()
                if one and one.get("form") and one.get("value") is not None
            ]
            withheld = [f"{name} ({one['withheld']})" for name, one in fact.fields.items() if one and "withheld" in one]
            if shown:
                yield "shows " + ", ".join(shown)
            if withheld:
                yield "withholds " + ", ".join(withheld)
        case f.AlertAddressed():
            for state, partners in _grouped(fact.partners).items():
                yield f"{state}: {', '.join(partners)}"
        case _:
            pass


def _grouped(partners: Mapping[str, Any]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for partner, how in partners.items():
        state = how.get("status", "?") if isinstance(how, Mapping) else str(how)
        grouped.setdefault(state, []).append(partner)
    return grouped


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
