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
from playbooks.schema import Alert, Permit, text_in
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
    """Those who get nothing while no danger is declared, with the first circumstances; from the first source, if they can."""


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
    rank = {source.jurisdiction: at for at, source in enumerate(possible.sources(name))}
    settled: set[str] = set()
    for so in possible.now(scope.rules, scope.selectors):
        for source in possible.sources_in(name, so):
            # Of an alert that is not grave, it is enough that they see it at times.
            settled |= {partner for partner, fields in reached.unseen.items() if not fields and not _is_grave(alert)}
            asked = {partner: rooms for partner, rooms in everyone.items() if partner not in settled}
            found = audience(possible.question(scope, name, source, so), name, asked)
            for partner, one in found.addressees.items():
                if one.status == "held" or (one.blind and one.status == "unselected"):
                    before = reached.nothing.get(partner)
                    if before is None or rank[source.jurisdiction] < rank[before[1].jurisdiction]:
                        reached.nothing[partner] = (one, source, so)
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
            fix = (
                f"{_way_out(x, found[0], each) if found else 'permit it'}, make it optional, or leave them out of `to`"
            )
            yield x.problem("required-never-seen", ("alerts", name, "fields", each), what, fix)


def _nothing(x: Examined, name: str, reached: _Reached) -> Iterator[Problem]:
    # Who can never see what it requires is told of at that field.
    missed = [one for one in reached.stands_for if one in reached.nothing and not reached.unseen.get(one)]
    if not missed:
        return
    # What comes from where most of it comes from, the first that may issue it, is understood before the way back.
    lands = [source.jurisdiction for source in x.possible.sources(name)]
    missed.sort(key=lambda one: lands.index(reached.nothing[one][1].jurisdiction))
    one, source, so = reached.nothing[missed[0]]
    land = x.book.playbook.jurisdictions[source.jurisdiction]
    when = f"of what comes from {text_in(land.name, ['en'])[0]}"
    if len(x.book.playbook.phases) > 1:
        when += f" in {quoted(so.phase)}"
    alike = [
        each
        for each in missed
        if reached.nothing[each][1:] == (source, so) and _why(reached.nothing[each][0]) == _why(one)
    ]
    if len(alike) == 1 and len(reached.stands_for[alike[0]]) == 1:
        what = f"{_all(x, reached, alike)} is selected, and gets nothing {when}: it {_why(one)}"
    else:
        what = f"{_all(x, reached, alike)} are selected, and get nothing {when}: they {_why(one)}"
    others = [each for each in missed if each not in alike]
    if others:
        what += f" (at times, nothing reaches {_all(x, reached, others)} either)"
    fix = f"{_way_out(x, one, one.field)}, or leave them out of `to`"
    yield x.problem("partner-gets-nothing", ("alerts", name, "to"), what, fix)


def _why(one: Addressee) -> str:
    if one.blind and one.status == "unselected":
        return "may not see the area by which this selects"
    return "may see nothing that its text says" if one.field is None else f"may not see {quoted(one.field)}"


def _all(x: Examined, reached: _Reached, ones: Iterable[str]) -> str:
    """The partners for which these stand, in the playbook's order."""
    them = {name for one in ones for name in reached.stands_for[one]}
    return named(name for name in x.book.playbook.partners if name in them)


def _way_out(x: Examined, one: Addressee, lacking: str | None) -> str:
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
            return _agreement(x, origin, to, line)
        case Withheld("forbidden", line):
            return f"narrow the forbid on line {line}"
        case Withheld("no-permit", line) if line:
            return f"widen the condition of the permit on line {line}"
        case _:
            return "permit it to them"


def _agreement(x: Examined, origin: str, to: str, line: int) -> str:
    """The agreement that a permit would have to name: one that is there and in force, if there is one."""
    playbook = x.book.playbook
    permit = next(rule for at, rule in enumerate(playbook.sharing) if x.book.line("sharing", at) == line)
    between = f"between {quoted(origin)} and {quoted(to)}"
    for name, agreement in playbook.agreements.items():
        if not isinstance(permit, Permit) or name in permit.under or not agreement.in_force(x.today):
            continue
        if agreement.joins(origin, to):
            fitting = permit.purpose in agreement.purposes
            purpose = "" if fitting else f", for {named(agreement.purposes, 'or')}"
            return f"name {quoted(name)}, which is {between}, under the permit on line {line}{purpose}"
    return f"name an agreement {between} under the permit on line {line}"
