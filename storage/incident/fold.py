"""The fold itself: the incident after each fact, one function for each matter it may concern."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby

from storage import stirs
from storage.facts import Disclosed, Fact, IncidentOpened
from storage.incident import alerts, course, messages, polls, rounds, talk
from storage.incident.replacing import replace
from storage.incident.state import Incident
from storage.store import Kept

_Apply = Callable[[Incident, Kept], Incident]

_MATTERS: Mapping[type[Fact], _Apply] = {
    kind: module.apply for module in (course, alerts, messages, rounds, talk, polls) for kind in module.CONCERNED
}
"""Which matter each kind of fact concerns; one that is in none changes nothing but how long the log is."""


def fold(state: Incident | None, facts: Iterable[Kept]) -> Incident | None:
    """The incident after these facts; None before it opened."""
    # One alert discloses to a thousand rooms: these facts are taken together, so that no mapping is copied for each.
    for disclosed, run in groupby(facts, lambda kept: isinstance(kept.fact, Disclosed)):
        together = list(run)
        state = _one_by_one(state, together) if state is None or not disclosed else messages.disclosed(state, together)
    return state


def _one_by_one(state: Incident | None, facts: Iterable[Kept]) -> Incident | None:
    last: int | None = None
    for kept in facts:
        fact = kept.fact
        if isinstance(fact, IncidentOpened):
            state = Incident(
                fact.incident,
                fact.playbook,
                kept.playbook_sha256 or "",
                fact,
                kept.at,
                fact.phase,
                kept.at,
                fact.hazard,
            )
        if state is not None:
            apply = _MATTERS.get(type(fact))
            if apply is not None:
                state = apply(state, kept)
            if type(fact) in stirs.CONCERNED:
                state = replace(state, stirs=stirs.noted(state.stirs, kept))
            last = kept.seq
    # How long the log is concerns none of them, and a new state for each fact would cost as much again.
    return state if state is None or last is None else replace(state, size=last + 1)
