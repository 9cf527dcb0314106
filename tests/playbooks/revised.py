"""Two playbooks, of which the second is a revision of the first: what the properties of a comparison are tried on.

Both are generated as in ``generated``, with alerts and a channel, and differ in a few places.
"""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

from tests.playbooks.generated import (
    AREAS,
    FIELDS,
    LANDS,
    PARTNERS,
    TLPS,
    fields,
    forbids,
    permits,
    playbooks,
    selectors,
)
from tests.playbooks.generated import partners as all_partners

CAP = {"category": "Safety", "event": "Flood", "urgency": "Immediate", "severity": "Extreme", "certainty": "Observed"}
DANGER = {"by": "lead", "lasts": "2h"}


@st.composite
def alerts(draw: st.DrawFn) -> dict[str, Any]:
    """An alert with some of the fields, of which its clauses need some."""
    chosen = draw(st.lists(st.sampled_from(FIELDS), min_size=1, unique=True))
    clauses = draw(st.lists(st.lists(st.sampled_from(FIELDS), max_size=2), min_size=1, max_size=3))
    entry: dict[str, Any] = {
        "title": "Alarm",
        "cap": CAP,
        "fields": {name: draw(st.sampled_from(("required", "optional", "optional"))) for name in chosen},
        "text": [" ".join(["!", *(f"{{{name}}}" for name in clause)]) for clause in clauses],
        "to": draw(selectors),
    }
    if draw(st.booleans()):
        entry["by"] = draw(selectors)
    if draw(st.booleans()):
        entry["in_danger"] = {"by": draw(selectors), "basis": "vital interests"}
    return entry


@st.composite
def books(draw: st.DrawFn) -> dict[str, Any]:
    """A whole playbook, with an alert or two, and a channel."""
    data = draw(playbooks())
    data["alerts"] = {name: draw(alerts()) for name in ("alarm", "warning")[: draw(st.integers(1, 2))]}
    channel = {"title": "Ops", "members": draw(selectors), "label": {"tlp": draw(st.sampled_from(TLPS))}}
    if draw(st.booleans()):
        channel |= {"purpose": "life-safety", "under": "pact"}
    data["channels"] = {"ops": channel}
    if draw(st.booleans()):
        data["danger"] = DANGER
    if draw(st.booleans()):
        data["activate"] = {"by": draw(selectors)}
    return data


def revise(draw: st.DrawFn, data: dict[str, Any]) -> None:
    """One change of a playbook, in place: some of them small, some that change who and what there is at all."""
    how = draw(st.integers(0, 19))
    partner = draw(st.sampled_from(PARTNERS))
    entry = data["partners"][partner]
    if how <= 3:
        data["sharing"].insert(draw(st.integers(0, len(data["sharing"]))), draw(st.one_of(permits(), forbids())))
    elif how <= 5 and data["sharing"]:
        del data["sharing"][draw(st.integers(0, len(data["sharing"]) - 1))]
    elif how == 6:
        entry["clearance"] = draw(all_partners())[partner]["clearance"]
    elif how == 7:
        entry["covers"] = draw(st.lists(st.sampled_from(AREAS), min_size=1, unique=True))
    elif how == 8:
        entry["rooms"] = draw(st.sampled_from(([], [{"telegram": -77}], [{"matrix": "#new:example.org"}])))
    elif how == 9:
        entry["jurisdiction"] = draw(st.sampled_from(LANDS))
    elif how == 10:
        data["fields"] = {**data["fields"], **draw(fields())}
    elif how == 11:
        data["alerts"]["alarm"] = draw(alerts())
    elif how == 12:
        data["phases"] = ["watch", "response", "recovery"]
        data["leads"] = [*data["leads"], {"in": "recovery", "lead": partner}]
    elif how == 13:
        data["hazards"] = ["flood", "dam"]
        data["sharing"] = [*data["sharing"], {"permit": ["what"], "to": "everyone", "when": {"hazard": "dam"}}]
    elif how == 14:
        data.pop("danger", None) or data.update(danger=DANGER)
    elif how == 15:
        data["agreements"] = {**data["agreements"], **draw(playbooks())["agreements"]}
    elif how == 16:
        data["areas"] = {**data["areas"], "west": {"name": "West", "jurisdiction": "be", "circle": [50.6, 4.6, 1]}}
        entry["covers"] = [*(area for area in entry.get("covers", []) if area != "west"), "west"]
    elif how == 17:
        data["partners"] = {**data["partners"], "aid-nl": {**entry, "name": "New", "jurisdiction": "nl"}}
    elif how == 18:
        data["networks"] = draw(playbooks())["networks"]
    else:
        data["leads"] = draw(playbooks())["leads"]


@st.composite
def revisions(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A playbook and a revision of it, in this order or the other."""
    one = draw(books())
    other = copy.deepcopy(one)
    for _ in range(draw(st.integers(1, 3))):
        revise(draw, other)
    return (one, other) if draw(st.booleans()) else (other, one)
