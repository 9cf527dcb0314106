"""A small incident to put into a store."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from playbooks.rooms import RoomRef
from storage.database import SqliteStore
from storage.facts import Acknowledged, AlertIssued, Fact, IncidentOpened, NoteAdded
from storage.store import Changes

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
ROOM = RoomRef("telegram", "-100", "7")
PLAYBOOK = b"playbook: meuse-flood\n"
DIGEST = sha256(PLAYBOOK).hexdigest()
STREAM = "I-1"


def incident() -> list[Fact]:
    """A short incident: opened, an alert, an acknowledgement, a note."""
    fields = {"action": {"form": "full", "value": "Évacuer le quai"}, "casualties": None}
    return [
        IncidentOpened(
            STREAM, "meuse-flood", 1, "Crue", "ada", None, ROOM, "alert", False, False, "meuse-flood.yaml:9"
        ),
        AlertIssued("A-1", "D-1", "evacuation", "liege", "ada", "bo", False, "b", "r:1", (), None, None, fields),
        Acknowledged("A-1", "fire", "cy", ROOM, "acting", "button"),
        NoteAdded("ada", None, ROOM, "Le pont est fermé."),
    ]


async def opened(store: SqliteStore, *more: Fact) -> None:
    """Put the incident into a store, with its playbook."""
    facts = [*incident(), *more]
    await store.commit(Changes(NOW, records=[(STREAM, DIGEST, fact) for fact in facts], playbooks=[(DIGEST, PLAYBOOK)]))
