"""A report for the file, as PDF: for whom and why, the signed checkpoint, who led when, each alert with its deliveries and answers, what was decided and
why, and then the timeline, entry by entry. It speaks the recipient's language; what people wrote, and what networks answered, stands as it was.

Two readings of the copy; each page leaves for the file when it is full. The same copy has the same bytes: there is no date in the file but those that it
states, and no name of a program.
"""

from __future__ import annotations

from datetime import datetime
from typing import BinaryIO, Final
from zoneinfo import ZoneInfo

from storage.entry import unreal
from storage.export.copy import About, Copy
from storage.export.gathered import MOST_FAILED, Alert, Gathered, Told, by_network, sent_first, span
from storage.export.naming import Naming
from storage.export.paper import INNER, SMALL, Cell, Furniture, Paper
from storage.export.stated import moment, stated
from storage.export.timeline import rows
from storage.sentences import Sentences
from storage.tongue import ENGLISH, Tongue, tongue
from storage.unseen import is_seen, visible

LEADS: Final = (86.0, 86.0, 84.0, 96.0, INNER - 352.0)
ANSWERS: Final = (104.0, 96.0, 142.0, 84.0, INNER - 426.0)
TIMELINE: Final = (60.0, 48.0, INNER - 108.0)

_WITH_HEAD: Final = 50.0
"""What the head of a table takes with a row below it: it does not stand alone at the foot of a page."""

STATED: Final = (106.0, INNER - 106.0)


async def pdf(copy: Copy, out: BinaryIO) -> None:
    """Write the report."""
    about, ours = copy.about, tongue(copy.about.recipient.language)
    gathered = Gathered(ours)
    async for line in copy.lines():
        fact = visible(line.kept.fact, {path for _, path, _ in line.shown}, ours.unseen)
        gathered.take(line.kept.seq, line.kept.at, copy.naming.told(line.kept.playbook_sha256, fact))
    report = _Report(about, Paper(out, _furniture(about, ours), ours.locale), copy.naming, ours)
    report.front()
    report.leads(gathered)
    report.alerts(gathered)
    report.deliveries(gathered)
    report.decisions(gathered)
    await report.timeline(copy)
    report.paper.close(_titled(about, ours))


def _furniture(about: About, ours: Tongue) -> Furniture:
    """What stands on every page of a copy."""
    incident = f"{about.stream}, {about.title}" if about.title else about.stream
    reader = ours.code(about.recipient.name)
    return Furniture(incident, ours.named(ours.word("forWhom"), reader), ours.own(unreal(about.stream)))


def statement(paper: Paper, about: About, ours: Tongue = ENGLISH) -> None:
    """For whom, by whom, why, what is withheld, and the checkpoint with its note."""
    for what, words, exact in stated(about, ours):
        paper.row([Cell(what, "bold"), Cell(words, "mono" if exact else "regular")], STATED, size=8)
    paper.skip(4)
    paper.para(ours.named(ours.word("note"), "").rstrip(), size=SMALL)
    paper.para(about.note.rstrip("\n"), style="mono", size=SMALL, indent=6)


def _titled(about: About, ours: Tongue) -> str:
    return ours.say("Report on {incident}", incident=about.stream) + (f", {about.title}" if about.title else "")


class _Report:
    """The parts of the report, in order."""

    def __init__(self, about: About, paper: Paper, naming: Naming, ours: Tongue) -> None:
        self.paper = paper
        self._about = about
        self._naming = naming
        self._ours = ours
        self._zone = ZoneInfo(about.zone)
        self._words = Sentences(lambda at: at.astimezone(self._zone), ours)

    def front(self) -> None:
        """What this is."""
        self.paper.title(_titled(self._about, self._ours))
        if first := unreal(self._about.stream):
            self.paper.para(self._ours.own(first), style="bold", size=11)
        statement(self.paper, self._about, self._ours)
        self.paper.para(self._ours.say(READING), size=SMALL)

    def leads(self, gathered: Gathered) -> None:
        """Who led when."""
        word, say = self._ours.word, self._ours.say
        self.paper.heading(word("leads"))
        if not gathered.leads:
            self.paper.para(word("leadsNone"))
        head = [Cell(word(key)) for key in ("from", "until", "scope", "partners", "basis")]
        for number, led in enumerate(gathered.leads):
            fact = led.fact
            where = self._words.where(fact.tier, fact.jurisdiction)
            basis = self._ours.several(str(part) for part in (fact.basis, fact.rule) if part)
            until = self._moment(led.until) if led.until is not None else say("still")
            cells = [
                Cell(self._moment(led.since)),
                Cell(until),
                Cell(where),
                Cell(", ".join(fact.partners)),
                Cell(basis),
            ]
            self._row(cells, LEADS, head, first=number == 0)

    def alerts(self, gathered: Gathered) -> None:
        """Each alert: what it said, whom it reached when, and who answered what and when."""
        self.paper.heading(self._ours.word("alertsTitle"))
        if not gathered.alerts:
            self.paper.para(self._ours.word("alertsNone"))
        for alert in gathered.alerts.values():
            self._alert(alert)

    def _alert(self, alert: Alert) -> None:
        self.paper.skip(4)
        self.paper.room(70)
        if alert.issued is None or alert.at is None or not is_seen(alert.issued.person):
            self.paper.para(self._read(alert), style="bold")
            for line in alert.said:
                self.paper.para(line, indent=8)
        else:
            self.paper.para(f"{self._moment(alert.at)}  {self._words.sentence(alert.issued)}", style="bold")
            for line in self._words.below(alert.issued):
                self.paper.para(line, indent=8)
        if alert.over is not None:
            self.paper.para(f"{self._moment(alert.over[0])}  {alert.over[1]}", indent=8)
        word, say = self._ours.word, self._ours.say
        head = [word("partner"), say("Delivered"), word("answer"), say("Answered"), word("after")]
        for number, (partner, told) in enumerate(sorted(alert.partners.items())):
            self._row(
                [Cell(partner), *self._told(alert, partner, told)], ANSWERS, list(map(Cell, head)), first=number == 0
            )
        self.paper.skip(4)

    def _read(self, alert: Alert) -> str:
        """What a copy of it said on top, as far as it is shown."""
        issued = alert.issued
        if issued is None or alert.at is None:
            return self._ours.say("{alert}: who issued it is not shown", alert=alert.id)
        title = self._naming.title(alert.id) or (issued.template if is_seen(issued.template) else "")
        called = f"{alert.id}, {title}" if title else alert.id
        whose = issued.partner if is_seen(issued.partner) else None
        return f"{self._moment(alert.at)}  {called}" + (
            self._ours.say(", from {partner}", partner=whose) if whose is not None else ""
        )

    def _told(self, alert: Alert, partner: str, told: Told) -> list[Cell]:
        delivered = [f"{network} {self._time(at)}" for network, at in sorted(told.sent.items())]
        delivered += [
            self._ours.named(network, self._ours.say(OUTCOMES[what])) for network, what in sorted(told.failed.items())
        ]
        if told.held:
            delivered.append(self._ours.word("held"))
        late_ = f" ({self._ours.word('late')})"
        answers = [f"{what}{late_ if late else ''}" for _, what, late in told.answers]
        if not answers:
            answers = [self._none(alert, partner, told)]
        began = sent_first(told) or alert.at
        after = [span(at - began) if began is not None and at >= began else "" for at, _, _ in told.answers]
        return [
            Cell("\n".join(delivered) or self._ours.say("not shown")),
            Cell("\n".join(answers)),
            Cell("\n".join(self._moment(at) for at, _, _ in told.answers)),
            Cell("\n".join(after)),
        ]

    def _none(self, alert: Alert, partner: str, told: Told) -> str:
        """That there is no answer, and why none was to be expected."""
        if alert.issued is not None and partner == alert.issued.partner:
            return self._ours.say("issued it")  # and so is not asked
        ours = self._ours
        said = [ours.say("none" if self._about.recipient.partner is None else "none shown")]
        if told.again:
            said.append(ours.say("asked again: {count}", count=told.again))
        said += map(ours.code, told.others)
        if alert.over is not None:
            said.append(ours.say("{how} at {time}", how=alert.over[1], time=self._time(alert.over[0])))
        return ours.several(said)

    def deliveries(self, gathered: Gathered) -> None:
        """What the networks made of all messages, and each that failed."""
        self.paper.heading(self._ours.word("deliveries"))
        counted = by_network(gathered.outcomes)
        if not counted:
            self.paper.para(self._ours.word("deliveriesNone"))
        for network, outcomes in counted:
            said = ", ".join(f"{count} {self._ours.say(OUTCOMES[what])}" for what, count in sorted(outcomes.items()))
            self.paper.para(self._ours.named(network, said))
        for seq, at, fact in gathered.failed:
            self.paper.para(f"{seq}  {self._moment(at)}  {self._words.sentence(fact)}", indent=8)
        if len(gathered.failed) == MOST_FAILED:
            self.paper.para(self._ours.say("More failed; the timeline has them all."), indent=8)

    def decisions(self, gathered: Gathered) -> None:
        """What was decided, and why."""
        self.paper.heading(self._ours.say("Decisions"))
        if not gathered.decisions:
            self.paper.para(self._ours.say("No decision is shown in this copy."))
        for seq, at, fact in gathered.decisions:
            self.paper.room(40)
            entry = self._ours.word("entry", n=seq)
            self.paper.para(f"{self._moment(at)}  {self._words.sentence(fact)} · {entry}", style="bold")
            for line in self._words.below(fact):
                self.paper.para(line, indent=8)

    async def timeline(self, copy: Copy) -> None:
        """Every entry."""
        say = self._ours.say
        self.paper.heading(self._ours.word("timeline"))
        head = [Cell(say("Entry")), Cell(say("Time")), Cell(say("What happened"))]
        day = None
        async for row in rows(copy, self._ours):
            local = row.at.astimezone(self._zone)
            if local.date() != day:
                day = local.date()
                self.paper.room(50)
                self.paper.para(self._ours.day(local), style="bold")
                self._head(head, TIMELINE)
            words = "\n".join([row.said, *(f"   {line}" for line in row.below)])
            self.paper.row([Cell(row.entries), Cell(f"{local:%H:%M:%S}"), Cell(words)], TIMELINE, size=8, heading=head)

    def _row(self, cells: list[Cell], columns: tuple[float, ...], head: list[Cell], *, first: bool) -> None:
        if first:
            self.paper.room(_WITH_HEAD)
            self._head(head, columns)
        self.paper.row(cells, columns, size=8, heading=head)

    def _head(self, head: list[Cell], columns: tuple[float, ...]) -> None:
        self.paper.row([Cell(cell.text, "bold") for cell in head], columns, size=8)

    def _moment(self, at: datetime) -> str:
        return moment(at, self._about.zone, self._ours)

    def _time(self, at: datetime) -> str:
        return f"{at.astimezone(self._zone):%H:%M:%S}"


OUTCOMES = {"sent": "accepted", "refused": "refused", "unknown": "may or may not have arrived", "dropped": "not sent"}
"""What became of messages, behind how many."""

READING = (
    "This report is for reading. What it says can be traced to the numbered entries of the log; a bundle of the same log proves them, offline, "
    "without trust in whoever made it. Where it says “(withheld)”, or how many fields are withheld, the log holds more than this reader may see."
)
