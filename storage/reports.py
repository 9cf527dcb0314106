"""METHANE reports: what the facts say of each, whether they stand with the deployment or with an incident."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from storage.facts import ReportAnswered, ReportMade
from storage.store import Kept


@dataclass(frozen=True, slots=True)
class Reported:
    """A report as it stands. ``version`` counts how often it was complete; ``answered``: who saw to it; ``incident``: what began from it."""

    fact: ReportMade
    at: datetime
    opened_at: datetime
    version: int = 0
    answered: str | None = None
    incident: str | None = None


def apply(reports: Mapping[str, Reported], kept: Kept) -> Mapping[str, Reported]:
    """The reports after a fact; as they are where it concerns none of them."""
    match kept.fact:
        case ReportMade() as f:
            before = reports.get(f.report)
            version = (before.version if before else 0) + f.complete
            opened = before.opened_at if before else kept.at
            answered, incident = (before.answered, before.incident) if before else (None, None)
            return {**reports, f.report: Reported(f, kept.at, opened, version, answered, incident)}
        case ReportAnswered() as f if f.report in reports:
            return {**reports, f.report: replace(reports[f.report], answered=f.person, incident=f.incident)}
        case _:
            pass
    return reports
