"""Lints of whom an alert reaches: those who are selected, and get nothing.

Asked of the code that sends alerts, from every jurisdiction that may issue one, in every phase, with every room of the
network's best: encrypted, if it is a Matrix room.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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

    stands_for: Mapping[str, tuple[str, ...]]
    unseen: dict[str, set[str]] = field(default_factory=dict)
    """For each that is selected, the required fields that it never sees."""
    nothing: dict[str, tuple[Addressee, Source, Circumstances]] = field(default_factory=dict)
    """Those who get nothing while no danger is declared, with the first circumstances."""


def unreached(x: Examined) -> Iterator[Problem]:
    """Required fields that somebody never sees; and grave alerts from which somebody gets nothing, if only at times."""
    for name, alert in x.book.playbook.alerts.items():
        reached = _reached(x, name, alert)
        yield from _never(x, name, alert, reached)
        if _is_grave(alert):
            yield from _nothing(x, name, reached)


def _is_grave(alert: Alert) -> bool:
    return alert.cap.severity in ("Extreme", "Severe")


def _reached(x: Examined, name: str, alert: Alert) -> _Reached:
    possible, scope = x.possible, x.possible.scope(name)
    reached = _Reached(scope.sample.stands_for)
    required = {each for each, need in alert.fields.items() if need == "required"}
    everyone = {partner: possible.rooms(partner, "alerts") for partner in reached.stands_for}
    settled: set[str] = set()
    for so in possible.now(scope.rules, scope.selectors):
        for source in possible.sources_in(name, so):
            # Of an alert that is not grave, it is enough that they see it at times.
            settled |= {partner for partner, fields in reached.unseen.items() if not fields and not _is_grave(alert)}
            asked = {partner: rooms for partner, rooms in everyone.items() if partner not in settled}
            found = audience(possible.question(scope, name, source, so), name, asked)
            for partner, one in found.addressees.items():
                if one.status == "held" or (one.blind and one.status == "unselected"):
                    reached.nothing.setdefault(partner, (one, source, so))
                _note(x, reached, one, required)
    for so in possible.ever(scope.rules, scope.selectors):
        doubtful = {partner: everyone[partner] for partner, fields in reached.unseen.items() if fields}
        if not doubtful:
            break
        for source in possible.sources_in(name, so):
            found = audience(possible.question(scope, name, source, so), name, doubtful)
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
            what = f"{quoted(name)} goes nowhere without {quoted(each)}, which {_all(x, reached, blind)} can never see"
            found = reached.nothing.get(blind[0])
            fix = f"{_way_out(found[0], each) if found else 'permit it'}, make it optional, or leave them out of `to`"
            yield x.problem("required-never-seen", ("alerts", name, "fields", each), what, fix)


def _nothing(x: Examined, name: str, reached: _Reached) -> Iterator[Problem]:
    # Who can never see what it requires is told of at that field.
    missed = [one for one in reached.stands_for if one in reached.nothing and not reached.unseen.get(one)]
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
    if len(missed) == 1 and len(reached.stands_for[missed[0]]) == 1:
        what = f"{_all(x, reached, missed)} is selected, and gets nothing {when}: it {why}"
    else:
        what = f"{_all(x, reached, missed)} are selected, and get nothing at times: {when}, {quoted(one.partner)} {why}"
    fix = f"{_way_out(one, one.field)}, or leave them out of `to`"
    yield x.problem("partner-gets-nothing", ("alerts", name, "to"), what, fix)


def _all(x: Examined, reached: _Reached, ones: Iterable[str]) -> str:
    """The partners for which these stand, in the playbook's order."""
    them = {name for one in ones for name in reached.stands_for[one]}
    return named(name for name in x.book.playbook.partners if name in them)


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
