"""Under which circumstances something is otherwise, and for whom, in words: only what limits it is said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from playbooks.diff_changes import Difference, Origin, Region

MOST_NAMED = 8


def circumstances(found: Difference, region: Region, partners: Sequence[str]) -> str:
    """Under which circumstances, as far as these are not all there are."""
    on, rest = _rooms(region.rooms), []
    if region.phases is not None:
        rest.append(f"in {listed(region.phases, 'and')}")
    if region.hazards is not None:
        names = [one for one in region.hazards if one is not None]
        also = " or none named" if None in region.hazards and names else ""
        rest.append(f"with hazard {listed(names, 'or')}{also}" if names else "with no hazard named")
    if region.danger is not None:
        rest.append("only while danger is declared" if region.danger == (True,) else "while no danger is declared")
    if region.origins is not None:
        rest.append(_words(region.origins, len(partners) == 1))
    if region.places is not None:
        rest.append(_places(found, region.places, partners))
    if region.spans is not None:
        rest.append(_times(found, region))
    if region.raised is not None:
        rest.append(f"when the speaker raises it to {listed(region.raised, 'or')}")
    return f"{on}{''.join(f', {one}' for one in rest)}"


def _rooms(rooms: Sequence[str] | None) -> str:
    if rooms is None:
        return ""
    names = [one.partition(":")[0] for one in rooms]
    named = [
        name if names.count(name) == 2 or ":" not in one else f"{name} ({one.partition(':')[2]} rooms)"
        for one, name in zip(rooms, names, strict=True)
    ]
    return f" on {listed(list(dict.fromkeys(named)), 'and')}"


def _words(origins: Sequence[Origin] | str, one: bool) -> str:
    own = "its" if one else "their"
    if isinstance(origins, str):
        return (
            f"for words from {own} own jurisdiction"
            if origins == "home"
            else f"for words from outside {own} jurisdiction"
        )
    names, moved = [], []
    for origin in origins:
        if origin.old is None:
            names.append(f"{origin.new} (where nobody spoke before)")
        elif origin.new is None:
            names.append(f"{origin.old} (where nobody speaks any more)")
        elif origin.old == origin.new:
            names.append(origin.new)
        else:
            moved.append(f"of those who moved from {origin.old} to {origin.new}")
    said = [f"from {listed(names, 'and')}"] if names else []
    return f"for words {listed([*said, *moved], 'and')}"


_PLACES = {
    frozenset({"own"}): "on {own} ground",
    frozenset({"near"}): "near {own} ground",
    frozenset({"own", "near"}): "on or near {own} ground",
    frozenset({"elsewhere"}): "in areas away from {own} ground",
    frozenset({"outside"}): "outside every area",
    frozenset({"elsewhere", "outside"}): "away from {own} ground",
    frozenset({"near", "elsewhere"}): "in areas off {own} ground",
    frozenset({"near", "elsewhere", "outside"}): "off {own} ground",
    frozenset({"own", "near", "elsewhere"}): "in any area",
}


def _places(found: Difference, places: Sequence[str], partners: Sequence[str]) -> str:
    own = "its" if len(partners) == 1 else "their"
    if (words := _PLACES.get(frozenset(places))) is not None:
        return f"for places {words.format(own=own)}"
    if len(partners) == 1:
        examples = [one for place in places for one in found.domain.grounds[partners[0]].get(place, ())]
        return f"for places in {listed([' with '.join(sorted(one)) if one else 'no area' for one in examples], 'or')}"
    parts = []
    for place in places:
        was, arrow, now = place.partition("→")
        how = {
            "own": f"on {own} ground",
            "near": f"near {own} ground",
            "elsewhere": "away from it",
            "outside": "in no area",
        }
        parts.append(f"that are {how[now]} and were {how[was]}" if arrow else how[place])
    return f"for places {listed(parts, 'or')}"


def _times(found: Difference, region: Region) -> str:
    parts: list[tuple[datetime, datetime | None]] = []
    for span in region.spans or ():
        if parts and parts[-1][1] == span.since:
            parts[-1] = (parts[-1][0], span.until)
        else:
            parts.append((span.since, span.until))
    first = found.domain.spans[0].since
    said = []
    for since, until in parts:
        begins = "" if since == first else f"from {_day(since)}"
        ends = "" if until is None else f"until {_day(until, last=True)}"
        said.append(" ".join(filter(None, (begins, ends))))
    return " and ".join(said)


def _day(at: datetime, *, last: bool = False) -> str:
    """A day that begins then, or that ends then; with the time, where it is not midnight."""
    if (at.hour, at.minute) != (0, 0):
        return at.isoformat(" ", "minutes")
    return ((at - timedelta(days=1)) if last else at).date().isoformat()


# --- names ---


def named_partners(found: Difference, partners: Sequence[str]) -> str:
    """Partners; of very many their number and the first."""
    if len(partners) > 1 and len(partners) == len(found.domain.jurisdictions):
        return f"all {len(partners)} partners"
    if len(partners) > MOST_NAMED:
        return f"{len(partners)} partners ({', '.join(partners[:3])} and {len(partners) - 3} more)"
    return listed(partners, "and")


def named_fields(fields: Sequence[str]) -> str:
    """Fields, and what is said in channels."""
    named = [f"what is said in {one}" if one.startswith("#") else one for one in fields]
    if len(named) > MOST_NAMED:
        return f"{len(named)} fields ({', '.join(named)})"
    return listed(named, "and")


def named_alerts(found: Difference, alerts: Sequence[str], how: str) -> str:
    """Alerts, after a space and this word; empty where there are none."""
    if not alerts:
        return ""
    words = listed(alerts, "and")
    if len(alerts) > 1 and len(alerts) == len(found.domain.alerts):
        words = "every alert"
    elif len(alerts) > MOST_NAMED:
        words = f"{len(alerts)} alerts ({', '.join(alerts)})"
    return f" {how} {words}" if how else f" {words}"


def listed(names: Sequence[str], word: str) -> str:
    """Names with a word before the last."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"


def file_of(found: Difference, side: str) -> str:
    """The file of one of the playbooks."""
    return found.old.file if side == "old" else found.new.file
