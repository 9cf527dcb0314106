"""The activity log of each partner, as the blocks of ICS 214 (FEMA, ICS Forms Booklet, FEMA 502-2): for a partner its own, for an auditor that of every
partner that took part, in one PDF.

Blocks 1 to 8 are filled from what the copy shows: the incident; its time so far; the partner, and the position that the log knows it had (the lead of a tier
and jurisdiction, or an assisting agency); who acted for it (persons by their ids in the log) and as what; what it did and what befell it, in order, each
with its entry. What was only said in channels, and messages about other things than alerts, check-ins and their end, are no notable activities: the
timeline of the report has them.

Two readings of the copy: who acted for whom, then what happened.
"""

from __future__ import annotations

from datetime import datetime
from typing import BinaryIO, Final
from zoneinfo import ZoneInfo

from storage.entry import unreal
from storage.export.activities import Activities
from storage.export.books import Books
from storage.export.copy import About, Copy
from storage.export.paper import INNER, SMALL, Cell, Furniture, Paper
from storage.export.pdf import statement
from storage.export.staffing import ASSISTING, Led, Staffing
from storage.export.stated import moment
from storage.facts import Exported, Fact, IncidentClosed, LogRead
from storage.unseen import visible

_LOG: Final = (92.0, INNER - 142.0, 50.0)
_HALVES: Final = (INNER / 2, INNER / 2)
_THIRDS: Final = (INNER / 3, INNER / 3, INNER - 2 * (INNER / 3))


async def ics214(copy: Copy, out: BinaryIO) -> None:
    """Write the forms."""
    about = copy.about
    names = _names(copy)
    staffing, period = Staffing(about.recipient), _Period(about.at)
    async for line in copy.lines():
        fact = visible(line.kept.fact, {path for _, path, _ in line.shown})
        staffing.take(line.kept.at, fact)
        period.take(line.kept.at, fact)
    zone = ZoneInfo(about.zone)
    activities = Activities(lambda at: at.astimezone(zone), copy.naming, staffing)
    try:
        async for line in copy.lines():
            fact = visible(line.kept.fact, {path for _, path, _ in line.shown})
            activities.take(line.kept.seq, line.kept.at, line.kept.playbook_sha256, fact)
        activities.end()
        partners = activities.partners() if about.recipient.partner is None else [about.recipient.partner]
        paper = Paper(out, _furniture(about, ""))
        for partner in partners:
            paper.furnish(_furniture(about, partner))
            _form(paper, about, partner, names.get(partner, partner), staffing, period, activities)
        paper.furnish(_furniture(about, ""))
        paper.heading("About this copy")
        if not partners:
            paper.para("No partner took part in anything that is shown.")
        statement(paper, about)
        paper.close(f"Activity logs (ICS 214), {about.stream}")
    finally:
        activities.close()


class _Period:
    """From the first entry to the end of the incident; while it is open, to the last entry that is not about the log itself."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._first: datetime | None = None
        self._last: datetime | None = None
        self._closed: datetime | None = None

    def take(self, at: datetime, fact: Fact) -> None:
        """Take in an entry."""
        self._first = self._first or at
        if isinstance(fact, IncidentClosed):
            self._closed = self._closed or at
        elif not isinstance(fact, Exported | LogRead):
            self._last = at

    def ends(self) -> tuple[datetime, datetime]:
        """When it began, and until when it is told of."""
        first = self._first or self._now
        return first, self._closed or self._last or first


def _furniture(about: About, partner: str) -> Furniture:
    left = " · ".join(part for part in ("ICS 214", about.stream, about.title, partner) if part)
    return Furniture(left, f"for {about.recipient.name}", unreal(about.stream))


def _names(copy: Copy) -> dict[str, str]:
    """What partners are called, as far as the copy says."""
    names = {**Books(copy.playbooks).names(), **copy.naming.partners}
    recipient = copy.about.recipient
    return {**names, recipient.partner: recipient.name} if recipient.partner is not None else names


def _form(
    paper: Paper, about: About, partner: str, name: str, staffing: Staffing, period: _Period, activities: Activities
) -> None:
    local = ZoneInfo(about.zone)
    began, ended = (at.astimezone(local) for at in period.ends())
    agency = f"{name} ({partner})" if name != partner else partner
    position = "\n".join(_led(one, began, local) for one in staffing.led(partner)) or ASSISTING
    paper.heading(f"Activity log (ICS 214): {partner}")
    times = f"Date from: {began:%Y-%m-%d}   Date to: {ended:%Y-%m-%d}\nTime from: {began:%H:%M}   Time to: {ended:%H:%M}   ({about.zone})"
    incident = f"{about.stream}, {about.title}" if about.title else about.stream
    paper.boxes([("1. Incident name", incident), ("2. Operational period", times)], _HALVES)
    paper.boxes([("3. Name", name), ("4. ICS position", position), ("5. Home agency (and unit)", agency)], _THIRDS)
    paper.skip(6)
    _resources(paper, staffing, partner, agency)
    paper.skip(6)
    paper.para("7. Activity log", style="bold", size=SMALL)
    head = [Cell(f"Date, time ({about.zone})", "bold"), Cell("Notable activities", "bold"), Cell("Entry", "bold")]
    paper.row(head, _LOG, size=8)
    for activity in activities.of(partner):
        at = moment(datetime.fromisoformat(activity.at), about.zone)
        paper.row([Cell(at), Cell(activity.words), Cell(str(activity.seq))], _LOG, size=8, heading=head)
    paper.skip(6)
    prepared = f"Name: {about.by}\nPosition/title: from the log kept by {about.deployment}"
    signed = f"Date/time: {moment(about.at, about.zone)} ({about.zone})\nSignature:"
    paper.boxes([("8. Prepared by", prepared), ("", signed)], _HALVES)


def _resources(paper: Paper, staffing: Staffing, partner: str, agency: str) -> None:
    paper.para("6. Resources assigned", style="bold", size=SMALL)
    resources = staffing.resources(partner)
    if not resources:
        paper.para("No person is shown to have acted.", size=8)
        return
    head = [Cell("Name", "bold"), Cell("ICS position", "bold"), Cell("Home agency (and unit)", "bold")]
    paper.row(head, _THIRDS, size=8)
    for person, position in resources:
        paper.row([Cell(person), Cell(position), Cell(agency)], _THIRDS, size=8, heading=head)


def _led(led: Led, began: datetime, local: ZoneInfo) -> str:
    """``Lead operational be, from 09:26 to 09:58``; with the day where it is another than that on which the incident began."""
    since, until = (one.astimezone(local) if one is not None else None for one in (led.since, led.until))
    said = [
        f"{word} {one:%H:%M}" if one.date() == began.date() else f"{word} {one:%Y-%m-%d %H:%M}"
        for word, one in (("from", since), ("to", until))
        if one is not None
    ]
    return f"{led.what}, {' '.join(said)}"
