"""The statements that destroy what is to be forgotten, inside a transaction. SQLite overwrites what it deletes here (``secure_delete``)."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime

from storage import canonical
from storage.connection import change
from storage.erasing import Erasure
from storage.persons import Keyring
from storage.queries import SQL, micros


def destroy(inner: sqlite3.Connection, keyring: Keyring, erasure: Erasure, now: datetime) -> None:
    """Everything that is named, wherever else it stands, too: what was heard and what was sent keep no words once they are done."""
    for query in ("doom", "forget_person"):
        change(inner, query, [(key,) for key in sorted(erasure.keys)])
    for stream, seq, path in erasure.fields:
        _field(inner, keyring, stream, seq, path)
    for stream, upto in erasure.streams.items():
        change(inner, "forget_disclosures", [(stream, upto)])
        change(inner, "forget_personal", [(stream, upto)])
    touched = sorted({stream for stream, _ in erasure.facts})
    for query in ("forget_said", "forget_reactions", "forget_sent"):
        change(inner, query, [(stream,) for stream in touched])
    change(inner, "forget_sent_to", [(room.network, room.id) for room in erasure.rooms])
    for query in ("forget_sent_with", "forget_failed_with"):
        # Both as it is, and as JSON may write it.
        change(inner, query, [(words, json.dumps(words)[1:-1]) for words in erasure.named])
    change(inner, "forget_heard", [(micros(now),)])


def _field(inner: sqlite3.Connection, keyring: Keyring, stream: str, seq: int, path: str) -> None:
    keyring.refresh()
    place = f"{stream}/{seq}"
    for (body,) in inner.execute(SQL["disclosures_at"], (stream, seq)).fetchall():
        inner.execute(SQL["set_disclosures"], (_without(body, path), stream, seq))
    for key, sealed in inner.execute(SQL["personal_at"], (stream, seq)).fetchall():
        opened = keyring.open(key, place, sealed)
        if opened is not None:
            again = keyring.seal_again(key, place, _without(opened, path))
            inner.execute(SQL["set_personal"], (again, stream, seq, key))


def _without(body: bytes, path: str) -> bytes:
    return canonical.encode([one for one in json.loads(body) if one[1] != path])
