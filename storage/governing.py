"""Which playbook an incident goes by: the one it began with, until it is reloaded. What is written beside it, as by whoever reads the log, changes nothing."""

from __future__ import annotations

from collections.abc import Iterable

from storage.facts import Fact, IncidentOpened, PlaybookReloaded
from storage.store import Kept

DECIDING: tuple[type[Fact], ...] = (IncidentOpened, PlaybookReloaded)
"""The facts that decide it."""


def in_force(kept: Iterable[Kept]) -> str | None:
    """The SHA-256 of the playbook in force after these facts of a stream; None where there is none, as in the deployment's."""
    digest = None
    for one in kept:
        if isinstance(one.fact, IncidentOpened):
            digest = one.playbook_sha256
        elif isinstance(one.fact, PlaybookReloaded):
            digest = one.fact.digest
    return digest
