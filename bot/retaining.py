"""How long logs are kept: as the playbook that was last in force says."""

from __future__ import annotations

from datetime import datetime, timedelta

from playbooks.load import PlaybookErrors, parse
from storage import erasing
from storage.database import SqliteStore
from storage.erasing import Overdue
from storage.governing import DECIDING, in_force


async def overdue(store: SqliteStore, now: datetime) -> list[Overdue]:
    """Every closed incident, the oldest first, and whether its time is over."""
    kept_for = {one.incident: await _kept_for(store, one.incident) for one in await store.incidents()}
    return await erasing.retention(store, kept_for, now)


async def _kept_for(store: SqliteStore, incident: str) -> timedelta | None:
    digest = in_force(await store.facts_of(incident, *DECIDING))
    source = await store.playbook(digest) if digest is not None else None
    if source is None:
        return None
    try:
        return parse(source, incident).playbook.log.keep
    except PlaybookErrors:
        return None
