"""Lints of whom an alert reaches: those who are selected, and get nothing.

Asked of the code that sends alerts, from every jurisdiction that may issue one, in every phase, with every room of the
network's best: encrypted, if it is a Matrix room.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from playbooks.audience import Addressee, audience
from playbooks.examined import Examined, named
from playbooks.possible import Source, furthest
from playbooks.problems import Problem
from playbooks.schema import Alert, text_in
from playbooks.schema_words import quoted
from playbooks.selection import Circumstances
from playbooks.sight import Withheld


@dataclass(slots=True)
class _Reached:
    """What was found of an alert's addressees in all circumstances, each partner standing for those like it."""

    unseen: dict[str, set[str]] = field(default_factory=dict)
    """For each that is selected, the required fields that it never sees."""
    nothing: dict[str, tuple[Addressee, Source, Circumstances]] = field(default_factory=dict)
    """Those who get nothing while no danger is declared, with the first circumstances."""


def unreached(x: Examined) -> Iterator[Problem]:
    """Required fields that somebody never sees; and grave alerts from which somebody gets nothing, if only at times."""
    for name, alert in x.book.playbook.alerts.items():
        reached = _reached(x, name, alert)
        yield from _never(x, name, alert, reached)
        if alert.cap.severity in ("Extreme", "Severe"):
            yield from _nothing(x, name, reached)


def _reached(x: Examined, name: str, alert: Alert) -> _Reached:
    reached = _Reached()
    required = {each for each, need in alert.fields.items() if need == "required"}
    everyone = {partner: x.possible.rooms(partner, "alerts") for partner in x.possible.alike}
    for so in x.possible.now:
        for source in x.possible.sources_in(name, so):
            found = audience(x.possible.of_alert(name, source, so), name, everyone)
            for partner, one in found.addressees.items():
                if one.status == "held" or (one.blind and one.status == "unselected"):
                    reached.nothing.setdefault(partner, (one, source, so))
                _note(x, reached, one, required)
    for so in x.possible.ever:
        doubtful = {partner: everyone[partner] for partner, fields in reached.unseen.items() if fields}
        if not doubtful:
            break
        for source in x.possible.sources_in(name, so):
            found = audience(x.possible.of_alert(name, source, so), name, doubtful)
            for one in found.addressees.values():
                _note(x, reached, one, required)
    return reached


def _note(x: Examined, reached: _Reached, one: Addressee, required: set[str]) -> None:
    if one.status in ("shown", "held"):
        lacking = reached.unseen.setdefault(one.partner, set(required))
        if lacking:
            lacking -= {each for each in lacking for room in one.rooms if room.view.shape(x.book, each) is not None}


def _never(x: Examined, name: str, alert: Alert, reached: _Reached) -> Iterator[Problem]:
    for each, need in alert.fields.items():
        blind = [partner for partner, fields in reached.unseen.items() if each in fields]
        if need == "required" and blind:
            what = f"{quoted(name)} goes nowhere without {quoted(each)}, which {_all(x, blind)} can never see"
            found = reached.nothing.get(blind[0])
            fix = f"{_way_out(found[0], each) if found else 'permit it'}, make it optional, or leave them out of `to`"
            yield x.problem("required-never-seen", ("alerts", name, "fields", each), what, fix)


def _nothing(x: Examined, name: str, reached: _Reached) -> Iterator[Problem]:
    missed = [partner for partner in reached.nothing if not reached.unseen.get(partner)]
    if not missed:
        return
    one, source, so = reached.nothing[missed[0]]
    land = x.book.playbook.jurisdictions[source.jurisdiction]
    when = f"of what comes from {text_in(land.name, ['en'])[0]}"
    if len(x.book.playbook.phases) > 1:
        when += f" in {quoted(so.phase)}"
    if one.blind and one.status == "unselected":
        why = "may not see the area by which this selects"
    elif one.field is not None:
        why = f"may not see {quoted(one.field)}"
    else:
        why = "may see nothing that its text says"
    if len(missed) == 1 and len(x.possible.alike[missed[0]]) == 1:
        what = f"{_all(x, missed)} is selected, and gets nothing {when}: it {why}"
    else:
        what = f"{_all(x, missed)} are selected, and get nothing at times: {when}, {quoted(one.partner)} {why}"
    fix = f"{_way_out(one, one.field)}, or leave them out of `to`"
    yield x.problem("partner-gets-nothing", ("alerts", name, "to"), what, fix)


def _all(x: Examined, ones: Collection[str]) -> str:
    """The partners for which these stand, in the playbook's order."""
    return named(name for name in x.book.playbook.partners if x.possible.one_for[name] in ones)


def _way_out(one: Addressee, lacking: str | None) -> str:
    """What would have to change in its best room, by the rule's own reason."""
    if one.blind and one.status == "unselected":
        return "permit the place to them, if only as its area"
    if lacking is None:
        return "permit them a field that the text says by itself"
    match furthest(room.view.answers[lacking] for room in one.rooms):
        case Withheld("clearance", detail=level):
            return f"clear them for what is {level}, or give a coarser form a lower label"
        case Withheld("compartment", detail=compartment):
            return f"give them the compartment {quoted(compartment)}, or a coarser form without it"
        case Withheld("ceiling", detail=level):
            return f"give them a room on a network that may carry what is {level}, or a coarser form with a lower label"
        case Withheld("agreement", line, detail):
            origin, _, to = detail.partition("→")
            return f"name an agreement between {quoted(origin)} and {quoted(to)} under the permit in line {line}"
        case Withheld("forbidden", line):
            return f"narrow the forbid in line {line}"
        case Withheld("no-permit", line) if line:
            return f"widen the condition of the permit in line {line}"
        case _:
            return "permit it to them"
