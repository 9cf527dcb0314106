"""A comparison of two playbooks in sentences, for those who have to agree to it: what opens before what closes.

Each change is one sentence. What holds everywhere is not said: a sentence without a phase is about every phase. Where a sentence is
about many partners it gives their number and the first names; the value it was made from has them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from playbooks.diff_changes import (
    Command,
    Difference,
    LeadChange,
    ListingChange,
    OtherChange,
    PowerChange,
    Reason,
    ReceiptChange,
    Region,
    SightChange,
)
from playbooks.diff_when import circumstances, file_of, listed, named_alerts, named_fields, named_partners

MOST_ALIKE = 8
"""Entries of other partners with the same key that are otherwise, above which their number is told."""
_FORMS = {"area": "an area", "range": "a range", "initials": "initials", "count": "a count", "day": "a day"}


def remarks(found: Difference) -> Iterator[str]:
    """What must be known about the two files themselves."""
    old, new = found.old, found.new
    if found.same_bytes:
        yield "The two files are the same, byte for byte."
        return
    if old.playbook != new.playbook:
        yield f"These are two playbooks, {old.playbook} and {new.playbook}. They are compared all the same."
    elif new.version == old.version:
        yield f"Both call themselves version {new.version}; give the new one version {old.version + 1}."
    elif new.version < old.version:
        yield f"The new one is version {new.version}, and the old one {old.version}; are they the right way round?"
    if found.nothing:
        yield "Nothing in them is otherwise but comments, spelling, or the order of what has none."


def summary(found: Difference) -> str:
    """Whether it opens anything, in one sentence."""
    opens = len(found.opens) + len(found.loosened)
    closes, leads, others = map(len, (found.closes, found.leads, found.others))
    parts = [
        f"{opens or 'nothing'} {'open' if opens > 1 else 'opens'}",
        f"{closes or 'nothing'} {'close' if closes > 1 else 'closes'}",
        f"{leads or 'no'} change{'' if leads == 1 else 's'} of who leads" if leads else "the same lead",
        f"{others or 'no'} {'entry' if others == 1 else 'entries'} of the file {'is' if others == 1 else 'are'} otherwise",
    ]
    words = ", ".join(parts)
    return f"{words[0].upper()}{words[1:]}."


def opening(found: Difference) -> Iterator[str]:
    """What opens, a sentence each."""
    yield from (_change(found, change, "opens") for change in found.opens)
    yield from _entries(found, found.loosened)


def closing(found: Difference) -> Iterator[str]:
    """What closes, a sentence each."""
    return (_change(found, change, "closes") for change in found.closes)


def leading(found: Difference) -> Iterator[str]:
    """Who leads where, where another does."""
    return (_lead(found, change) for change in found.leads)


def otherwise(found: Difference) -> Iterator[str]:
    """The entries that are otherwise; where very many are alike, their number."""
    return _entries(found, found.others)


def _entries(found: Difference, entries: Iterable[OtherChange]) -> Iterator[str]:
    groups: dict[tuple[str, ...], list[OtherChange]] = {}
    for change in entries:
        steps = tuple(change.path.split("."))
        kind = "gone" if not change.after else "new" if not change.before else "other"
        key = (steps[0], "…", *steps[2:], kind) if len(steps) > 1 else (*steps, kind, str(change.line))
        groups.setdefault(key, []).append(change)
    for (*named, kind), changes in groups.items():
        if len(changes) > MOST_ALIKE:
            verb = {"gone": "are gone", "new": "are new", "other": "are otherwise"}[kind]
            lines = f"{file_of(found, changes[0].side)}:{changes[0].line}"
            yield f"{'.'.join(named)}: {len(changes)} {verb}, the first at {lines}"
        else:
            yield from (_other(found, change) for change in changes)


# --- changes --------------------------------------------------------------------------------------------------------------


def _change(found: Difference, change: SightChange | ReceiptChange | PowerChange | ListingChange, way: str) -> str:
    many = len(change.partners) != 1
    who = named_partners(found, change.partners)
    match change:
        case SightChange():
            return _sight(found, change, way, who, "see" if many else "sees")
        case ReceiptChange():
            return _receipt(found, change, way, who, "receive" if many else "receives")
        case PowerChange():
            return _power(found, change, way, who)
        case ListingChange():
            be = "are" if many else "is"
            if way == "opens":
                return f"{who} {be} listed: every partner may know of {'them' if many else 'it'} (was not listed)"
            return f"{who} {be} no longer listed: only those who must may know of {'them' if many else 'it'}"


def _sight(found: Difference, change: SightChange, way: str, who: str, see: str) -> str:
    what = named_fields(change.fields)
    where = named_alerts(found, change.alerts, "in")
    before, after = change.before, change.after
    if after is None:
        said = f"{who} no longer {see} {what}"
    elif before == after == "range":
        said = f"{who} {see} {what} in {'finer' if way == 'opens' else 'coarser'} ranges"
    elif after == "exact":
        said = f"{who} {see} {what}" + (" in full" if before is not None else "")
    else:
        said = f"{who} {see} {what} {'only ' if way == 'closes' else ''}as {_FORMS[after]}"
    return f"{said}{where}{circumstances(found, change.region, change.partners)}{_was(change, way)}{_because(found, change, way)}"


def _was(change: SightChange, way: str) -> str:
    if change.since is not None:
        channel = change.fields[0].startswith("#")
        words = {
            "partner": ("new as a partner", "no longer a partner"),
            "alert": ("a new channel", "the channel is gone") if channel else ("a new alert", "the alert is gone"),
            "field": ("not a field of it before", "no longer a field of it"),
            "room": ("had no room there", "no room there any more"),
            "type": ("was a field of another type", "now a field of another type"),
        }
        return f" ({words[change.since][way == 'closes']})"
    if change.before is None:
        return " (was withheld)"
    if change.before == change.after:
        return ""
    return f" (was {'in full' if change.before == 'exact' else _FORMS[change.before]})" if change.after else ""


_WHY = {
    "permit": "permit",
    "members": "members",
    "forbidden": "forbid",
    "clearance": "clearance",
    "label": "label",
    "ceiling": "ceiling",
    "agreement": "no agreement in force",
    "no-permit": "no permit",
    "rule-failed": "a rule that fails",
    "inactive": "no partner",
    "undeclared": "no such field",
    "expired": "expired",
    "no-form": "no such form",
}


def _because(found: Difference, change: SightChange, way: str) -> str:
    yes = {"permit", "members"}
    now = [one for one in change.reasons if one.side == "new" and (way == "closes" or one.what in yes)]
    was = [one for one in change.reasons if one.side == "old"]
    if way == "opens":
        was = [
            one
            for one in was
            if one.what not in yes and (one.line or one.what == "clearance") and one.what != "no-permit"
        ]
    else:
        was = [one for one in was if one.what in yes]
        if change.after is not None:
            now = [one for one in now if one.what in yes] or now
    said = _reasons(found, now)
    before = _reasons(found, was)
    if said and before:
        return f": {said}; before: {before}"
    return f": {said}" if said else f"; before: {before}" if before else ""


def _reasons(found: Difference, reasons: Iterable[Reason]) -> str:
    lines: dict[tuple[str, str], list[int]] = {}
    for one in reasons:
        known = lines.setdefault((_WHY[one.what], one.side), [])
        known += [one.line] if one.line else []
    parts = []
    for (what, side), at in lines.items():
        places = f"{file_of(found, side)}:{', '.join(map(str, at))}" if at else ""
        parts.append(f"{what}, {places}" if places and what != "no permit" else what)
    return " and ".join(dict.fromkeys(parts))


def _receipt(found: Difference, change: ReceiptChange, way: str, who: str, receive: str) -> str:
    verb = receive if way == "opens" else f"no longer {receive}"
    why = {
        "partner": ("new as a partner", "no longer a partner"),
        "alert": ("a new alert", "the alert is gone"),
    }.get(change.since or "")
    other = {
        "unselected": ("was not meant", "not meant any more"),
        "held": ("was held back", "held back now"),
        "roomless": ("had no room for alerts", "no room for alerts any more"),
    }[change.otherwise]
    where = named_alerts(found, change.alerts, "")
    return (
        f"{who} {verb}{where}{circumstances(found, change.region, change.partners)} ({(why or other)[way == 'closes']})"
    )


def _power(found: Difference, change: PowerChange, way: str, who: str) -> str:
    what = {"issue": "issue", "activate": "start an incident", "danger": "declare danger"}[change.power]
    may = "may" if way == "opens" else "may no longer"
    file = found.new.file if way == "opens" else found.old.file
    where = ""
    if change.areas is not None:
        names = [area if area is not None else "no place in particular" for area in change.areas]
        where = f" for {listed(names, 'or')}"
    since = {"partner": " (new as a partner)", "alert": " (a new alert)"} if way == "opens" else {
        "partner": " (no longer a partner)", "alert": " (the alert is gone)",
    }  # fmt: skip
    said = f"{who} {may} {what}{named_alerts(found, change.alerts, '')}{where}"
    return f"{said}{circumstances(found, change.region, change.partners)}{since.get(change.since or '', '')}: {file}:{change.line}"


def _lead(found: Difference, change: LeadChange) -> str:
    tier = listed(change.tiers, "and") if change.tiers is not None else "every tier"
    land = f" in {listed(change.jurisdictions, 'and')}" if change.jurisdictions is not None else ""
    region = Region(phases=change.phases, hazards=change.hazards)
    where = f"{tier}{land}{circumstances(found, region, ())}"
    was, now = change.before, change.after
    parts = []
    if _head(was) != _head(now):
        parts.append(f"{_head(now)} (was {_head(was)})")
    old, new = (was.deputies if was else ()), (now.deputies if now else ())
    if old != new:
        parts.append(f"deputies {', '.join(new) or 'none'} (were {', '.join(old) or 'none'})")
    elif now is not None and new:
        parts.append(f"deputies {', '.join(new)} as before")
    return f"{where}: {'; '.join(parts)}: {file_of(found, change.side)}:{change.line}"


def _head(command: Command | None) -> str:
    if command is None:
        return "nobody"
    if len(command.partners) == 1:
        return command.decides
    return f"unified {', '.join(command.partners)}, {command.decides} decides"


def _other(found: Difference, change: OtherChange) -> str:
    at = f"{file_of(found, change.side)}:{change.line}"
    if change.before and change.after:
        return f"{change.path}: {change.before} → {change.after} ({at})"
    return f"{change.path}: {'new' if change.after else 'gone'}: {change.after or change.before} ({at})"
