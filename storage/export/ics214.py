"""The activity log of each partner, as the blocks of ICS 214 (FEMA, ICS Forms Booklet, FEMA 502-2): for a partner its own, for an auditor that of every
partner that took part, in one PDF.

Blocks 1 to 8 are filled from what the copy shows: the incident; its time so far; who acted for the partner (persons by their ids in the log); in the position
that the log knows it had (the lead of a tier and jurisdiction, or an assisting agency); what it did and what befell it, in order, each with its entry. What was
only said in channels, and messages about other things than alerts, are no notable activities: the timeline of the report has them.

One reading of the copy: activities wait in temporary files, one for each partner, which stay in memory while they are small.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from heapq import merge
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, Final, NamedTuple
from zoneinfo import ZoneInfo

from storage import facts as f
from storage.entry import unreal
from storage.export.books import Books
from storage.export.copy import About, Copy
from storage.export.paper import INNER, SMALL, Cell, Furniture, Paper
from storage.export.pdf import statement
from storage.export.stated import moment
from storage.facts import Fact
from storage.plain import shown
from storage.sentences import Sentences
from storage.unseen import is_seen, visible

_IN_MEMORY = 1 << 16
"""Bytes of a partner's activities that are kept out of the file system."""

_LOG: Final = (92.0, INNER - 142.0, 50.0)
_HALVES: Final = (INNER / 2, INNER / 2)
_THIRDS: Final = (INNER / 3, INNER / 3, INNER - 2 * (INNER / 3))

_OWN: Final = (
    f.AlertDrafted, f.AlertIssued, f.AlertRequested, f.RequestAnswered, f.AlertCancelled, f.AlertRetracted, f.Acknowledged, f.AnswerUndone, f.CopyHeld,
    f.Escalated, f.PartnerUnreachable, f.CallReported, f.CheckinAnswered, f.RollCallStarted, f.PersonAccounted, f.DecisionTaken, f.Objected, f.NoteAdded,
    f.LeadOffered, f.LeadOfferEnded, f.BriefingGiven, f.DutyShown, f.DutyConfirmed, f.StandInNamed, f.DangerDeclared, f.ReportMade, f.PartnerAdmitted,
    f.AdmissionEnded, f.CommandRefused,
)  # fmt: skip
"""Facts that are a notable activity of the partner that they name."""

_EVERYBODYS: Final = (f.IncidentOpened, f.PhaseChanged, f.DangerEnded, f.IncidentClosed)
"""Facts that stand in every partner's log."""


class Activity(NamedTuple):
    """One activity: the entry, when (ISO 8601), and in words."""

    seq: int
    at: str
    words: str


async def ics214(copy: Copy, out: BinaryIO) -> None:
    """Write the forms."""
    about = copy.about
    logs = _Logs(about)
    names = _names(copy)
    try:
        async for line in copy.lines():
            fact = visible(line.kept.fact, {path for _, path, _ in line.shown})
            logs.take(line.kept.seq, line.kept.at, copy.naming.put(line.kept.playbook_sha256, fact))
        partners = logs.partners() if about.recipient.partner is None else [about.recipient.partner]
        paper = Paper(out, _furniture(about, ""))
        for partner in partners:
            paper.furnish(_furniture(about, partner))
            _form(paper, about, logs, partner, names.get(partner, partner))
        paper.furnish(_furniture(about, ""))
        paper.heading("About this copy")
        if not partners:
            paper.para("No partner took part in anything that is shown.")
        statement(paper, about)
        paper.close(f"Activity logs (ICS 214), {about.stream}")
    finally:
        logs.close()


def _furniture(about: About, partner: str) -> Furniture:
    left = " · ".join(part for part in ("ICS 214", about.stream, about.title, partner) if part)
    return Furniture(left, f"for {about.recipient.name}", unreal(about.stream))


def _names(copy: Copy) -> dict[str, str]:
    """What partners are called, as far as the copy says."""
    names = Books(copy.playbooks).names()
    recipient = copy.about.recipient
    return {**names, recipient.partner: recipient.name} if recipient.partner is not None else names


def _form(paper: Paper, about: About, logs: _Logs, partner: str, name: str) -> None:
    local = ZoneInfo(about.zone)
    began, ended = (at.astimezone(local) for at in logs.period())
    people = logs.people.get(partner, {})
    position = "; ".join(logs.positions.get(partner, [])) or "Assisting or cooperating agency"
    paper.heading(f"Activity log (ICS 214): {partner}")
    period = f"Date from: {began:%Y-%m-%d}   Date to: {ended:%Y-%m-%d}\nTime from: {began:%H:%M}   Time to: {ended:%H:%M}   ({about.zone})"
    incident = f"{about.stream}, {about.title}" if about.title else about.stream
    paper.boxes([("1. Incident name", incident), ("2. Operational period", period)], _HALVES)
    paper.boxes(
        [("3. Name", name), ("4. ICS position", position), ("5. Home agency (and unit)", partner)],
        _THIRDS,
    )
    assigned = "\n".join(f"{person}, for {partner}" for person in people) or "No person is shown to have acted."
    paper.boxes([("6. Resources assigned (name, home agency)", assigned)], (INNER,))
    paper.skip(6)
    paper.para("7. Activity log", style="bold", size=SMALL)
    head = [Cell("Date, time"), Cell("Notable activities"), Cell("Entry")]
    paper.row([Cell(cell.text, "bold") for cell in head], _LOG, size=8)
    for activity in logs.activities(partner):
        at = moment(datetime.fromisoformat(activity.at), about.zone)
        paper.row([Cell(at), Cell(activity.words), Cell(str(activity.seq))], _LOG, size=8, heading=head)
    paper.skip(6)
    prepared = f"Name: {about.by}\nPosition/title: from the log kept by {about.deployment}"
    signed = f"Date/time: {moment(about.at, about.zone)}\nSignature:"
    paper.boxes([("8. Prepared by", prepared), ("", signed)], _HALVES)


class _Logs:
    """The activities of every partner, in order."""

    def __init__(self, about: About) -> None:
        zone = ZoneInfo(about.zone)
        self._about = about
        self._words = Sentences(lambda at: at.astimezone(zone))
        self._files: dict[str, SpooledTemporaryFile[bytes]] = {}
        self._common: list[Activity] = []
        self._first: datetime | None = None
        self._last: datetime | None = None
        self._closed: datetime | None = None
        self._told: dict[str, set[str]] = {}
        self._leads: dict[tuple[str | None, str | None], tuple[str, ...]] = {}
        self.people: dict[str, dict[str, None]] = {}
        self.positions: dict[str, list[str]] = {}

    def take(self, seq: int, at: datetime, fact: Fact) -> None:
        """Take in an entry."""
        self._first = self._first or at
        if isinstance(fact, f.IncidentClosed):
            self._closed = self._closed or at
        elif not isinstance(fact, f.Exported | f.LogRead):
            self._last = at
        words = "\n".join([self._words.sentence(fact), *(f"   {line}" for line in self._words.below(fact))])
        match fact:
            case f.LeadTaken(partners=partners) if is_seen(partners):
                before = self._leads.get((fact.tier, fact.jurisdiction), ())
                self._leads[fact.tier, fact.jurisdiction] = partners
                for partner in dict.fromkeys([*before, *partners]):
                    self._note(partner, Activity(seq, at.isoformat(), words))
                for partner in partners:
                    where = " ".join(str(part) for part in (fact.tier, fact.jurisdiction) if part)
                    position = f"Lead {where}".strip()
                    if position not in self.positions.setdefault(partner, []):
                        self.positions[partner].append(position)
            case f.Disclosed(about=alert, partner=str() as partner) if is_seen(alert) and alert.startswith("A-"):
                said = self._told.setdefault(partner, set())
                if alert not in said and fact.fields.keys() - {"_note"}:
                    said.add(alert)
                    self._note(
                        partner,
                        Activity(
                            seq,
                            at.isoformat(),
                            f"{alert} received: {', '.join(shown(fact)) or 'nothing of it is shown'}",
                        ),
                    )
            case f.LeadOffered(partners=partners) if is_seen(partners):
                for partner in dict.fromkeys(
                    [*partners, *([fact.partner] if fact.partner and is_seen(fact.partner) else [])]
                ):
                    self._note(partner, Activity(seq, at.isoformat(), words))
            case f.AlertDrafted() | f.ReportMade(complete=False):
                self._person(fact)
            case _ if isinstance(fact, _EVERYBODYS):
                self._common.append(Activity(seq, at.isoformat(), words))
                self._person(fact)
            case _ if isinstance(fact, _OWN):
                whose = getattr(fact, "partner", None)
                if isinstance(whose, str):
                    self._note(whose, Activity(seq, at.isoformat(), words))
                    self._person(fact)
            case _:
                pass

    def partners(self) -> list[str]:
        """Those that took part."""
        return sorted(self._files)

    def period(self) -> tuple[datetime, datetime]:
        """From the first entry to the end of the incident; while it is open, to the last entry that is not about the log itself."""
        first = self._first or self._about.at
        return first, self._closed or self._last or first

    def activities(self, partner: str) -> Iterator[Activity]:
        """A partner's activities, in order, with those that are everybody's."""
        yield from merge(self._common, self._own(partner))

    def close(self) -> None:
        """Let go of the files."""
        for file in self._files.values():
            file.close()

    def _own(self, partner: str) -> Iterator[Activity]:
        file = self._files.get(partner)
        if file is not None:
            file.seek(0)
            for line in file:
                yield Activity(*json.loads(line))

    def _note(self, partner: str, activity: Activity) -> None:
        if partner not in self._files:
            self._files[partner] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  closed by ``close``
        self._files[partner].write(json.dumps(activity).encode() + b"\n")

    def _person(self, fact: Fact) -> None:
        if getattr(fact, "via", None) == "phone":
            return  # recorded by somebody else
        person, partner = getattr(fact, "person", None), getattr(fact, "partner", None)
        if (
            isinstance(person, str)
            and isinstance(partner, str)
            and not isinstance(fact, f.PersonAccounted | f.CallReported)
        ):
            self.people.setdefault(partner, {})[person] = None
