"""What each partner did and what befell it, in order, from what a copy shows: for activity logs.

An act stands in the log of the partner whose person did it, whomever it concerns: who rings another partner does so for their own. What was delivered is
told when a network accepted it, and what was not is told too: that something was decided for a partner does not mean that it got it.

Activities wait in temporary files, one for each partner, which stay in memory while they are small.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from heapq import merge
from tempfile import SpooledTemporaryFile
from typing import Final, NamedTuple

from storage import facts as f
from storage.export.arrivals import Arrivals
from storage.export.naming import Naming
from storage.export.staffing import Staffing
from storage.facts import Fact
from storage.sentences import Sentences
from storage.unseen import WITHHELD, is_seen

_IN_MEMORY = 1 << 16
"""Bytes of a partner's activities that are kept out of the file system."""

_OWN: Final = (
    f.AlertIssued, f.AlertRequested, f.RequestAnswered, f.AlertCancelled, f.AlertRetracted, f.Acknowledged, f.AnswerUndone, f.CopyHeld, f.Escalated,
    f.PartnerUnreachable, f.CheckinAnswered, f.PersonAccounted, f.DecisionTaken, f.Objected, f.NoteAdded, f.LeadOfferEnded, f.BriefingGiven,
    f.DutyShown, f.DutyConfirmed, f.StandInNamed, f.DangerDeclared, f.PartnerAdmitted, f.AdmissionEnded, f.CommandRefused,
)  # fmt: skip
"""Facts that are a notable activity of the partner that they name."""

_ON_OTHERS: Final = (f.CallTaken, f.CallReported, f.CallAsked, f.CopyReleased, f.CheckinStarted)
"""Facts that are an activity of whoever acts; the partners that they name are those concerned."""


class Activity(NamedTuple):
    """One activity: the entry, when (ISO 8601), and in words."""

    seq: int
    at: str
    words: str


class Activities:
    """Take in every entry, in order; then ask for each partner's. ``local`` puts a time into the zone in which it is told."""

    def __init__(self, local: Callable[[datetime], datetime], naming: Naming, staffing: Staffing) -> None:
        self._words = Sentences(local)
        self._naming = naming
        self._staffing = staffing
        self._arrivals = Arrivals(naming)
        self._asked: dict[str, list[str]] = {}
        self._files: dict[str, SpooledTemporaryFile[bytes]] = {}
        self._now: datetime | None = None
        self._said: set[tuple[str, str]] = set()
        self._common: list[Activity] = []
        self._open: list[tuple[str, Activity]] = []

    def take(self, seq: int, at: datetime, playbook: str | None, fact: Fact) -> None:
        """Take in an entry. ``fact``: as far as it is shown (``storage.unseen.visible``)."""
        read = self._naming.read(playbook, fact)
        for partner, words in self._arrivals.take(seq, at, fact, read):
            self._note(partner, seq, at, words)
        if (everybodys := self._everybodys(fact, read)) is not None:
            self._common.append(Activity(seq, at.isoformat(), everybodys))
            return
        for partner, words in self._concerned(fact, read):
            self._note(partner, seq, at, words)

    def end(self) -> None:
        """All entries were taken in: what is still on its way is told as that."""
        for partner, seq, at, words in self._arrivals.waiting():
            self._open.append((partner, Activity(seq, at.isoformat(), words)))
            self._file(partner)
        self._open.sort(key=lambda one: one[1])

    def partners(self) -> list[str]:
        """Those that took part."""
        return sorted(self._files)

    def of(self, partner: str) -> Iterator[Activity]:
        """A partner's activities, in order, with those that are everybody's."""
        yield from merge(self._common, self._own(partner), [one for whose, one in self._open if whose == partner])

    def close(self) -> None:
        """Let go of the files."""
        for file in self._files.values():
            file.close()

    def _everybodys(self, fact: Fact, read: Fact) -> str | None:
        """What stands in every partner's log, without the gaps where it is not shown who did it; None for anything else."""
        match fact:
            case f.IncidentOpened() | f.PhaseChanged():
                if isinstance(read, f.IncidentOpened) and not is_seen(read.title):
                    read = replace(read, title=None)
                said = self._sentence(read).replace(f"{WITHHELD} of ", "")
                return said.replace(f"; by {WITHHELD}", "").replace(f" by {WITHHELD}", "")
            case f.DangerEnded(by=by) if is_seen(by):
                return self._sentence(read)
            case f.IncidentClosed(person=person):
                return self._sentence(read) if is_seen(person) else "Closed"
            case _:
                return None

    def _concerned(self, fact: Fact, read: Fact) -> Iterator[tuple[str, str]]:
        """(partner, words): in whose logs an entry stands, and how."""
        said = self._sentence(read)
        match fact:
            case f.LeadTaken(partners=partners) if is_seen(partners):
                before = self._asked.get(f"{fact.tier} {fact.jurisdiction}", [])
                self._asked[f"{fact.tier} {fact.jurisdiction}"] = list(partners)
                yield from ((partner, said) for partner in dict.fromkeys([*before, *partners]))
            case f.LeadOffered(partners=partners, partner=partner) if is_seen(partners):
                yield from ((one, said) for one in dict.fromkeys([*partners, partner]) if isinstance(one, str))
            case f.Acknowledged(via="phone", partner=str() as partner):
                yield (
                    partner,
                    f"{fact.alert}: answers {fact.choice}, by telephone" + (", late" if fact.late is True else ""),
                )
                yield from self._by(fact.person, said, besides=partner)
            case f.CallReported(partner=str() as partner, reached=reached) if is_seen(reached):
                yield partner, f"{fact.about}: {'reached' if reached else 'not reached'} by telephone"
                yield from self._by(fact.person, said, besides=partner)
            case f.RollCallStarted(rollcall=name, persons=persons) if is_seen(name):
                asked = [how["partner"] for how in persons.values() if isinstance(how, dict)]
                self._asked[name] = list(
                    dict.fromkeys([*asked, *([fact.partner] if isinstance(fact.partner, str) else [])])
                )
                by = [fact.by] if isinstance(fact.by, str) else []
                said = said.replace(f" of {WITHHELD}", "").replace(f", by {WITHHELD}", "")
                yield from ((partner, said) for partner in dict.fromkeys([*self._asked[name], *by]))
            case f.CheckinStarted(round=number, partners=partners) if is_seen(number):
                self._asked[number] = list(partners)
                yield from self._by(fact.person, said)
            case f.CheckinEnded(round=name) | f.RollCallEnded(rollcall=name) if is_seen(name):
                yield from ((partner, said) for partner in self._asked.get(name, ()))
            case f.AlertExpired(alert=alert):
                yield from ((partner, said) for partner in self._arrivals.have(alert))
            case f.ReportMade(complete=True, partner=str() as partner):
                yield partner, said
            case _ if isinstance(fact, _ON_OTHERS):
                yield from self._by(getattr(fact, "person", None), said)
            case _ if isinstance(fact, _OWN):
                partner = getattr(fact, "partner", None)
                if isinstance(partner, str):
                    yield partner, said
            case _:
                pass

    def _by(self, person: object, said: str, besides: str | None = None) -> Iterator[tuple[str, str]]:
        """In the log of the partner that a person acts for."""
        home = self._staffing.home(person)
        if home is not None and home != besides:
            yield home, said

    def _sentence(self, read: Fact) -> str:
        return "\n".join([self._words.sentence(read), *(f"   {line}" for line in self._words.below(read))])

    def _own(self, partner: str) -> Iterator[Activity]:
        file = self._files.get(partner)
        if file is not None:
            file.seek(0)
            for line in file:
                yield Activity(*json.loads(line))

    def _note(self, partner: str, seq: int, at: datetime, words: str) -> None:
        """Write an activity down, once of what is said twice at one time (to two rooms, by two taps)."""
        if at != self._now:
            self._now = at
            self._said.clear()
        if (partner, words) not in self._said:
            self._said.add((partner, words))
            self._file(partner).write(json.dumps(Activity(seq, at.isoformat(), words)).encode() + b"\n")

    def _file(self, partner: str) -> SpooledTemporaryFile[bytes]:
        if partner not in self._files:
            self._files[partner] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  closed by ``close``
        return self._files[partner]
