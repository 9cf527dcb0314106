"""What the Matrix side remembers of a person goes with them, beside a bot that runs."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.networks import matrix_forget
from bot.networks.matrix_edits import KnownEdit
from bot.networks.matrix_memory import MEMORY_FILE, LivePlace, Memory
from bot.networks.matrix_polls import Ballot
from playbooks.rooms import RoomRef
from storage.mentions import Mentions

ADA, BO, CHAT = "@ada:x.org", "@bo:x.org", "!private:x.org"
KNOWN = Mentions(["matrix:" + ADA, "telegram:501"], [RoomRef("matrix", CHAT)], ["Ada Lovelace"])
ENCRYPTED = {"algorithm": "m.megolm.v1.aes-sha2"}


def batch(*senders: str) -> str:
    """What a homeserver sends of these."""
    return json.dumps({"rooms": {"join": {"!r:x.org": {"timeline": {"events": [{"sender": one} for one in senders]}}}}})


def remember(memory: Memory, who: str, chat: str, name: str) -> None:
    """Everything that can be remembered of somebody, a row of each kind."""
    memory.set_joined(chat, True)
    memory.note_encryption(chat, ENCRYPTED)
    memory.set_direct(chat, who)
    memory.told(chat, json.dumps({"title": name}))
    memory.wait(f"$w{who[1]}", "!r:x.org", f"session {who[1]}", json.dumps({"sender": who, "room_id": "!r:x.org"}), 1.0)
    memory.note_poll(f"$p{who[1]}", "!r:x.org", who, Ballot(("yes", "no"), 1))
    memory.edits.note(
        {"event_id": f"$e{who[1]}", "sender": who, "content": {"body": name}}, KnownEdit("!r:x.org", "$m", who), 1.0
    )
    memory.begin_live(LivePlace(f"$l{who[1]}", "!r:x.org", who, 9, f"{name} is moving"))
    memory.move_live(f"$l{who[1]}", "$at", (50_633_123, 5_567_321))
    memory.spoiled(batch(who), "KeyError", 2.0)
    memory.set_aside(batch(who))


def on_disk(folder: Path) -> bytes:
    """Every byte of the file and of what lies beside it."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob(MEMORY_FILE + "*")))


def test_no_byte_of_an_account_is_left_while_the_bot_has_the_file_open(tmp_path: Path) -> None:
    """Nor a name, nor a place; what is another's stands, the mark of encryption too, and the bot writes on."""
    memory = Memory(tmp_path)
    remember(memory, ADA, CHAT, "Ada Lovelace")
    before = on_disk(tmp_path)
    assert ADA.encode() in before and b"Lovelace" in before
    remember(memory, BO, "!bo:x.org", "Bo")
    memory.begin_live(LivePlace("$about", "!r:x.org", BO, 9, "looking for Ada Lovelace"))
    memory.wait("$held", "!r:x.org", "session b", json.dumps({"sender": BO}), 1.0)
    names = {"event_id": "$names", "sender": BO, "content": {"body": "[red] Ada Lovelace"}}
    memory.edits.note(names, KnownEdit("!r:x.org", "$held", BO), 1.0)
    assert matrix_forget.forget(tmp_path, KNOWN)
    memory.set_joined(CHAT, False)
    after = on_disk(tmp_path)
    for secret in (ADA, "ada:x.org", "Lovelace", "session a"):
        assert secret.encode() not in after, secret
    memory.close()
    again = Memory(tmp_path)
    assert again.room(CHAT).encryption == ENCRYPTED and again.directs(ADA) == []
    assert (
        again.directs(BO) == ["!bo:x.org"]
        and again.poll("$pb") is not None
        and again.edits.known("!r:x.org", "$eb") is not None
    )
    assert [one.event for one in again.all_waiting()] == ["$wb"]
    assert again.live("$la") is None and again.live("$lb") is not None and again.live("$about") is not None
    assert [why for _, why in again.aside()] == ["KeyError", "KeyError"]
    again.close()


def test_what_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where another holds the file, or it is no database, so that whoever erases tries again; where there is none, all is well, and none is made."""
    assert matrix_forget.forget(tmp_path, KNOWN)
    assert list(tmp_path.iterdir()) == []
    Memory(tmp_path).close()
    monkeypatch.setattr(matrix_forget, "WAIT", 0.05)
    with closing(sqlite3.connect(tmp_path / MEMORY_FILE, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert not matrix_forget.forget(tmp_path, KNOWN)
    assert matrix_forget.forget(tmp_path, KNOWN)
    (tmp_path / MEMORY_FILE).write_bytes(b"no database" * 100)
    assert not matrix_forget.forget(tmp_path, KNOWN)
