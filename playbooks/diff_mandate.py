"""Who may do what, and who leads where, under two playbooks: asked of ``mandate`` and of selectors, for every circumstance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from playbooks.audience import place_field
from playbooks.diff_changes import Command, LeadChange, Power, PowerChange, Region, Side, Since
from playbooks.diff_domain import Edge, Grid, in_order
from playbooks.diff_kinds import Direction, Ground, chosen
from playbooks.diff_looks import asks_who_leads
from playbooks.mandate import may_activate, on_ground
from playbooks.schema import Lead, Selector, Tier
from playbooks.selection import Circumstances, Leading, matches
from playbooks.values import Place

TIERS: tuple[Tier, ...] = ("strategic", "tactical", "operational")
_LEAD = Selector((Lead(),))

Areas = frozenset[str | None]
"""Areas of an alert's place; None among them is an alert without one."""
NOWHERE: Areas = frozenset()
ANYWHERE: Areas = frozenset({None})


class Mandates:
    """One playbook, asked who may do what. ``placed`` are the alerts that are somewhere, in every playbook that has them."""

    def __init__(self, edge: Edge, placed: frozenset[str]) -> None:
        self.edge = edge
        self._placed = placed
        self._grounds: dict[str, Areas] = {}
        self._meant: dict[tuple[int, str, tuple[Leading, ...] | None], bool] = {}
        self._by_lead: dict[int, bool] = {}

    def may_issue(self, alert: str, partner: str, phase: str, hazard: str | None, danger: bool) -> Areas:
        """For which areas this partner may issue this alert then: those of its ground, or none."""
        spec = self.edge.playbook.alerts[alert]
        so = self.edge.circumstances(phase, hazard, danger)
        theirs = self._means(spec.by or _LEAD, partner, so)
        if not theirs and danger and spec.in_danger is not None:
            theirs = self._means(spec.in_danger.by, partner, so)
        if not theirs:
            return NOWHERE
        return self._ground(partner) if alert in self._placed else ANYWHERE

    def may_declare_danger(self, partner: str, phase: str, hazard: str | None) -> Areas:
        """Whether this partner may declare danger then, anywhere or nowhere."""
        rule = self.edge.playbook.danger
        so = self.edge.circumstances(phase, hazard, False)
        return ANYWHERE if rule is not None and self._means(rule.by, partner, so) else NOWHERE

    def may_activate(self, partner: str) -> Areas:
        """Whether this partner's people may start an incident."""
        return ANYWHERE if may_activate(self.edge.book, partner) is not None else NOWHERE

    def may(self, power: Power, alert: str, partner: str | None, phase: str, hazard: str | None, danger: bool) -> Areas:
        """Whether and where it may, in whichever of the circumstances it may least where this playbook does not know them."""
        if partner is None:
            return NOWHERE
        if power == "activate":
            return self.may_activate(partner)
        if power == "issue" and alert not in self.edge.playbook.alerts:
            return NOWHERE
        edge = self.edge
        found = [
            self.may_issue(alert, partner, p, h, edge.danger(danger))
            if power == "issue"
            else self.may_declare_danger(partner, p, h)
            for p in edge.phases(phase)
            for h in edge.hazards(hazard)
        ]
        return frozenset.intersection(*found)

    def line(self, power: Power, alert: str, partner: str, phase: str, hazard: str | None, danger: bool) -> int:
        """The line that says who may."""
        book = self.edge.book
        if power != "issue":
            return book.line(power)
        spec = book.playbook.alerts[alert]
        so = self.edge.circumstances(self.edge.phases(phase)[0], self.edge.hazards(hazard)[0], self.edge.danger(danger))
        if danger and spec.in_danger is not None and not self._means(spec.by or _LEAD, partner, so):
            return book.line("alerts", alert, "in_danger")
        return book.line("alerts", alert, "by")

    def _means(self, selector: Selector, partner: str, so: Circumstances) -> bool:
        if id(selector) not in self._by_lead:
            self._by_lead[id(selector)] = asks_who_leads(selector)
        key = (id(selector), partner, so.leads if self._by_lead[id(selector)] else None)
        if key not in self._meant:
            self._meant[key] = matches(self.edge.book, selector, partner, so, partner, frozenset(), None)
        return self._meant[key]

    def _ground(self, partner: str) -> Areas:
        if partner not in self._grounds:
            book = self.edge.book
            own = (a for a in book.playbook.areas if on_ground(book, partner, Place("…", None, (a,))))
            self._grounds[partner] = frozenset({None, *own})
        return self._grounds[partner]


def power_changes(ground: Ground) -> Iterator[tuple[Direction, PowerChange]]:
    """Each change of what one partner may do."""
    books = (ground.old.edge.book, ground.new.edge.book)
    nowhere = {
        name for book in books for name, alert in book.playbook.alerts.items() if place_field(book, alert) is None
    }
    placed = frozenset(name for book in books for name in book.playbook.alerts if name not in nowhere)
    old, new = Mandates(ground.old.edge, placed), Mandates(ground.new.edge, placed)
    domain = ground.domain
    grid = Grid(len(domain.phases), len(domain.hazards), len(domain.danger))
    points = [(domain.phases[p], domain.hazards[h], domain.danger[d]) for p, h, d in grid.points()]
    order: dict[str | None, int] = {None: -1}
    order |= {area: place for place, area in enumerate(in_order(*_areas(ground)))}
    powers: list[tuple[Power, str]] = [("activate", ""), ("danger", "")]
    powers += [("issue", alert) for alert in in_order(old.edge.playbook.alerts, new.edge.playbook.alerts)]
    for power, alert in powers:
        for pair in ground.pairs:
            found: dict[_Turn, int] = {}
            for bit, at in enumerate(points):
                before = old.may(power, alert, pair.old, *at)
                after = new.may(power, alert, pair.new, *at)
                # Where it could not at all before, it may now on all its ground, and that need not be spelled out.
                if pair.new is not None and not after <= before:
                    since = _since(pair.old, power, alert, old)
                    line = new.line(power, alert, pair.new, *at)
                    turn: _Turn = ("opens", after - before if before else None, line, since)
                    found[turn] = found.get(turn, 0) | 1 << bit
                if pair.old is not None and not before <= after:
                    since = _since(pair.new, power, alert, new)
                    line = old.line(power, alert, pair.old, *at)
                    turn = ("closes", before - after if after else None, line, since)
                    found[turn] = found.get(turn, 0) | 1 << bit
            for (direction, areas, line, since), bits in found.items():
                named = None if areas is None else tuple(sorted(areas, key=order.__getitem__))
                for phases, hazards, danger in grid.boxes(bits):
                    region = Region(
                        phases=chosen(domain.phases, phases),
                        hazards=chosen(domain.hazards, hazards),
                        danger=chosen(domain.danger, danger),
                    )
                    alerts = (alert,) if alert else ()
                    yield direction, PowerChange(power, (pair.name,), alerts, region, named, line, since)


_Turn = tuple[Direction, Areas | None, int, Since | None]


def _areas(ground: Ground) -> tuple[Iterable[str], Iterable[str]]:
    return ground.old.edge.playbook.areas, ground.new.edge.playbook.areas


def _since(partner: str | None, power: Power, alert: str, other: Mandates) -> Since | None:
    if partner is None:
        return "partner"
    return "alert" if power == "issue" and alert not in other.edge.playbook.alerts else None


# --- leads ----------------------------------------------------------------------------------------------------------------


def lead_changes(ground: Ground) -> tuple[LeadChange, ...]:
    """Where another leads: for each tier and jurisdiction, phase and hazard."""
    domain, old, new = ground.domain, ground.old.edge, ground.new.edge
    lands = tuple(dict.fromkeys((*new.playbook.jurisdictions, *old.playbook.jurisdictions)))
    grid = Grid(len(TIERS), len(lands), len(domain.phases), len(domain.hazards))
    found: dict[tuple[Command | None, Command | None, int, Side], int] = {}
    for bit, (t, j, p, h) in enumerate(grid.points()):
        at = (TIERS[t], lands[j], domain.phases[p], domain.hazards[h])
        before, old_line = _command(old, *at, domain.renamed)
        after, new_line = _command(new, *at, {})
        if before != after:
            side: Side = "old" if after is None else "new"
            key = (before, after, old_line if after is None else new_line, side)
            found[key] = found.get(key, 0) | 1 << bit
    return tuple(
        LeadChange(
            chosen(TIERS, tiers),
            chosen(lands, jurisdictions),
            chosen(domain.phases, phases),
            chosen(domain.hazards, hazards),
            before,
            after,
            line,
            side,
        )
        for (before, after, line, side), points in found.items()
        for tiers, jurisdictions, phases, hazards in grid.boxes(points)
    )


def _command(
    edge: Edge, tier: str, jurisdiction: str, phase: str, hazard: str | None, renamed: Mapping[str, str]
) -> tuple[Command | None, int]:
    """Who leads there, under the names of the new playbook, and by which line; None: nobody, or there is no such phase.

    A hazard that the playbook does not know is none that it names.
    """
    if phase not in edge.playbook.phases:
        return None, 0
    leading = leading_for(edge.leads(phase, hazard if hazard in edge.playbook.hazards else None), tier, jurisdiction)
    if leading is None:
        return None, 0
    return (
        Command(
            tuple(renamed.get(one, one) for one in leading.partners),
            renamed.get(leading.decides, leading.decides),
            tuple(renamed.get(one, one) for one in leading.deputies),
        ),
        leading.rule,
    )


def leading_for(leads: Iterable[Leading], tier: str, jurisdiction: str) -> Leading | None:
    """The lead of one tier in one jurisdiction: its own, else the one for all of them; as ``Circumstances.lead_for`` has it."""
    found = {(one.tier, one.jurisdiction): one for one in reversed(tuple(leads))}
    places = ((t, j) for t in (tier, None) for j in (jurisdiction, None))
    return next((found[place] for place in places if place in found), None)
