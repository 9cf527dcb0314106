"""An exercise that was paused goes on: what it waits for waits as much longer as it stood still."""

from __future__ import annotations

from datetime import datetime, timedelta

from storage.incident.replacing import replace
from storage.incident.state import Incident, Watch


def resumed(state: Incident, at: datetime) -> Incident:
    """The incident as it goes on. What began or fell due in the pause is moved by what was left of the pause."""
    paused = state.paused_at if state.paused_at is not None else at

    def later(moment: datetime) -> datetime:
        return moment + (at - max(moment, paused))

    def until(moment: datetime | None) -> datetime | None:
        return None if moment is None or moment <= paused else moment + (at - paused)

    def watched(watch: Watch) -> Watch:
        since = later(watch.since) if watch.since is not None else None
        lost_at = later(watch.lost_at) if watch.lost_at is not None else None
        return replace(watch, began=later(watch.began), since=since, lost_at=lost_at) if watch.open else watch

    alerts = {
        name: replace(
            issued,
            fact=replace(issued.fact, expires=until(issued.fact.expires) or issued.fact.expires),
            watches={partner: watched(watch) for partner, watch in issued.watches.items()},
        )
        for name, issued in state.alerts.items()
    }
    rounds = {
        name: replace(
            one,
            fact=replace(one.fact, within=until(one.fact.within) or one.fact.within),
            at=later(one.at) if one.ended is None else one.at,
            watches={partner: watched(watch) for partner, watch in one.watches.items()},
        )
        for name, one in state.rounds.items()
    }
    offers = {
        name: replace(one, fact=replace(one.fact, until=until(one.fact.until) or one.fact.until))
        for name, one in state.offers.items()
    }
    danger = state.danger and replace(state.danger, until=until(state.danger.until) or state.danger.until)
    drafts = {
        name: replace(one, at=later(one.at), opened_at=later(one.opened_at)) for name, one in state.drafts.items()
    }
    return replace(
        state,
        paused=None,
        paused_at=None,
        held={},
        alerts=alerts,
        rounds=rounds,
        offers=offers,
        danger=danger,
        drafts=drafts,
    )


def stood_still(state: Incident, at: datetime) -> timedelta:
    """For how long a paused exercise has stood still."""
    return at - state.paused_at if state.paused_at is not None else timedelta()
