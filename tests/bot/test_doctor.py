"""The doctor: each thing that was tried on a line, with what to do, and code 1 where something must be mended."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
from datetime import UTC, datetime
from pathlib import Path

from bot.clock import VirtualClock
from bot.doctor import examine
from bot.settings import Settings
from storage.database import hold, open_store
from storage.facts import NoteAdded
from tests.bot.running import FLOOD, tocsin, within
from tests.playbooks.linted import river
from tests.playbooks.small import SMALL
from tests.storage.small import NOW, ROOM


def test_without_networks_all_is_said(tmp_path: Path) -> None:
    """Data, disk, SQLite, clock, playbooks, log and key are tried, and the key is named with the advice to keep a copy apart."""
    ran = tocsin(tmp_path, "doctor")
    assert ran.code == 0, ran.out
    for about in ("data", "disk", "sqlite", "clock", "playbook", "log", "key"):
        assert f"ok   {about}: " in ran.out
    assert "signing.key" in ran.out
    assert "apart" in ran.out
    assert "warn networks: " in ran.out
    assert not (tmp_path / "data" / "signing.key").exists()  # the doctor makes none
    (tmp_path / "kept.txt").write_text(deployment(tmp_path / "other", 1))
    kept = within(tmp_path, "doctor", "--checkpoint", "kept.txt")
    assert (kept.code, "nothing was ever signed here" in kept.out) == (1, True)


def test_a_key_that_is_lost_is_asked_for(tmp_path: Path) -> None:
    """Without the key that signed the log nothing is opened and none is made, whether the database or only the file beside it tells of it."""
    deployment(tmp_path, 2)
    key = tmp_path / "data" / "signing.key"
    key.rename(tmp_path / "aside")
    for command in (("doctor",), ("export", "I-1", "--reason", "x", "-o", "x.zip"), ("rotate-key", "--reason", "x")):
        ran = within(tmp_path, *command)
        said = ran.out + ran.err
        assert ran.code in (1, 2) and f"{key} is missing, and this log was signed with the key " in said, said
        assert "put it back from its copy" in said and "Traceback" not in said
        assert not key.exists() and not (tmp_path / "x.zip").exists()
    (tmp_path / "data" / "tocsin.sqlite").rename(tmp_path / "tocsin.sqlite")
    assert "this log was signed before" in within(tmp_path, "doctor").out
    assert not key.exists()
    (tmp_path / "tocsin.sqlite").rename(tmp_path / "data" / "tocsin.sqlite")
    (tmp_path / "aside").rename(key)
    assert within(tmp_path, "doctor").code == 0


def test_the_rehearsals_key_is_told_apart(tmp_path: Path) -> None:
    """Its fingerprint stands on a line of its own, where there is one."""

    async def rehearsed() -> str:
        store = await open_store(tmp_path / "data" / "rehearsal", "tocsin-rehearsal", "rehearsal.sqlite")
        await store.close()
        return store.signer.verifier.fingerprint

    assert "rehearsals: " not in within(tmp_path, "doctor").out
    fingerprint = asyncio.run(rehearsed())
    [line] = [line for line in within(tmp_path, "doctor").out.splitlines() if "rehearsals: " in line]
    assert line.startswith("ok   rehearsals: ") and line.endswith(fingerprint)
    (tmp_path / "data" / "rehearsal" / "signing.key").write_text("no key")
    assert "warn rehearsals: " in within(tmp_path, "doctor").out
    assert not (tmp_path / "data" / "signing.key").exists()


def test_what_is_wrong_fails_with_what_to_do(tmp_path: Path) -> None:
    """A wrong setting, a broken playbook, an open folder and a network that is not there are each told."""
    settings = tocsin(tmp_path, "doctor", WEB="nowhere")
    assert (settings.code, "fail settings: TOCSIN_WEB" in settings.out) == (1, True)
    assert "ok   playbook: " in settings.out
    assert "     -> write host:port" in settings.out
    (tmp_path / "broken.yaml").write_text("playbook: x\n")
    (tmp_path / "copy.yaml").write_bytes(FLOOD.read_bytes())
    os.chmod(tmp_path / "data", 0o755)  # noqa: PTH101 whatever the umask was
    ran = tocsin(
        tmp_path,
        "doctor",
        "--json",
        PLAYBOOKS=f"broken.yaml,copy.yaml,{FLOOD}",
        TELEGRAM_TOKEN="123456:AAAA-not-a-real-token",
        TELEGRAM_BASE_URL="http://127.0.0.1:9",
        ADMINS="telegram:501",
    )
    assert ran.code == 1
    found = {(one["level"], one["about"]): one for one in json.loads(ran.out)["findings"]}
    assert "check broken.yaml" in ran.out
    assert "is also in copy.yaml" in found["fail", "playbook"]["says"]
    assert all(one["todo"] for one in found.values() if one["level"] == "fail")
    assert "chmod 700" in found["warn", "data"]["todo"]
    assert "no connection to Telegram (http://127.0.0.1:9)" in found["fail", "telegram"]["says"]
    assert found["ok", "admins"]["says"] == "telegram:501"


def test_what_the_checks_find_in_a_playbook_is_told(tmp_path: Path) -> None:
    """An error fails, though the playbook is used all the same; a warning is a warning."""
    (tmp_path / "unsound.yaml").write_text(SMALL.replace("in: [watch, response]", "in: watch"))
    found = tocsin(tmp_path, "doctor", PLAYBOOKS=str(tmp_path / "unsound.yaml"))
    assert found.code == 1
    [line] = [line for line in found.out.splitlines() if line.startswith("fail playbook: ")]
    assert "[phase-without-lead]" in line


async def test_the_day_is_the_one_where_the_playbook_lives(tmp_path: Path) -> None:
    """When its agreement ended there at midnight that is told, though it is still the day before by the machine's clock."""
    (tmp_path / "river.yaml").write_bytes(river().source)
    settings = Settings(data=tmp_path / "data", playbooks=str(tmp_path / "river.yaml"))

    async def found(at: datetime) -> str:
        [says] = [one.says async for one in examine(settings, VirtualClock(at)) if one.about == "playbook"]
        return says

    assert (await found(datetime(2035, 12, 31, 22, 59, tzinfo=UTC))).endswith(": 1 warning")  # it ends today
    assert (await found(datetime(2035, 12, 31, 23, 0, tzinfo=UTC))).endswith(": 2 warnings")  # and now reaches nobody


def test_a_log_that_was_rolled_back_is_told(tmp_path: Path) -> None:
    """An older database put back under newer checkpoints is found."""
    data = tmp_path / "data"
    deployment(tmp_path, 1)
    (data / "checkpoints.log").write_text(
        json.dumps({"stream": "deployment", "size": 9, "root": "00" * 32, "note": "", "at": ""}) + "\n"
    )
    ran = tocsin(tmp_path, "doctor")
    assert ran.code == 1
    assert "fail log: " in ran.out
    assert "     -> stop the bot, restore the newest backup" in ran.out


def deployment(folder: Path, size: int, *, again: bool = False) -> str:
    """A deployment whose log of I-1 is continued by so many notes and signed; its last checkpoint of I-1. ``again``: under a new key."""

    async def grow() -> str:
        store = await open_store(folder / "data", "tocsin")
        if again:
            await store.replace_key("lent", "operator", NOW)
        await store.append("I-1", *[NoteAdded("ada", None, ROOM, f"note {one}") for one in range(size)], now=NOW)
        await store.sign(NOW)
        note = await store.checkpoint("I-1")
        await store.close()
        assert note is not None
        return note

    return asyncio.run(grow())


def test_what_a_partner_kept_is_held_against_the_log(tmp_path: Path) -> None:
    """A checkpoint that stands is fine; where the whole data folder was put back, checkpoints.log with it, what a partner kept fails the doctor."""
    (tmp_path / "kept.txt").write_text(deployment(tmp_path, 3))
    stands = within(tmp_path, "doctor", "--checkpoint", "kept.txt")
    assert stands.code == 0, stands.out
    assert (
        "ok   kept: the log of I-1 stands: its first 3 entries are those that were kept; now there are 3" in stands.out
    )
    shutil.copytree(tmp_path / "data", tmp_path / "older")
    (tmp_path / "kept.txt").write_text(deployment(tmp_path, 4))
    (tmp_path / "rotated.txt").write_text(deployment(tmp_path, 1, again=True))
    shutil.rmtree(tmp_path / "data")
    (tmp_path / "older").rename(tmp_path / "data")
    assert within(tmp_path, "doctor").code == 0
    back = within(tmp_path, "doctor", "--checkpoint", "kept.txt")
    assert back.code == 1
    assert "fail kept: ROLLED BACK: 7 entries of I-1 were kept, and here are 3" in back.out
    assert "     -> stop the bot, restore the newest backup and tell the partners" in back.out
    rotated = within(tmp_path, "doctor", "--checkpoint", "rotated.txt")
    assert "fail kept: no key that is known here signed what was kept of tocsin/I-1" in rotated.out
    assert "an older data folder was put back" in rotated.out
    deployment(tmp_path, 6)
    replaced = within(tmp_path, "doctor", "--checkpoint", "kept.txt")
    assert (replaced.code, "REPLACED: the first 7 entries of I-1" in replaced.out) == (1, True)
    (tmp_path / "kept.txt").write_text("hello")
    nothing = within(tmp_path, "doctor", "--checkpoint", "kept.txt")
    assert (nothing.code, "no signed checkpoint is in it" in nothing.err) == (2, True)


def test_a_memory_that_was_removed_is_noticed_and_filled_again(tmp_path: Path) -> None:
    """Without checkpoints.log nothing on the machine would show a rollback: the doctor says so, and the next signing writes it again."""
    deployment(tmp_path, 3)
    (tmp_path / "data" / "checkpoints.log").unlink()
    ran = within(tmp_path, "doctor")
    assert "warn log: " in ran.out and "knows nothing of what was signed last of I-1" in ran.out
    assert "doctor --checkpoint FILE" in ran.out
    deployment(tmp_path, 0)
    assert "knows nothing" not in within(tmp_path, "doctor").out


def test_a_bot_that_runs_is_no_trouble(tmp_path: Path) -> None:
    """While the program runs here, the address it listens on is its own; another's is told with what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        alone = tocsin(tmp_path, "doctor", WEB=address)
        with hold(tmp_path / "data" / "rehearsal"):
            ours = tocsin(tmp_path, "doctor", WEB=address)
    assert (alone.code, ours.code) == (1, 0)
    assert f"fail web: cannot listen on {address}" in alone.out
    assert f"ok   web: http://{address} is in use" in ours.out


def test_what_was_not_tried_is_said(tmp_path: Path) -> None:
    """Where the database cannot be opened, everything else is tried, and what was not is named."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "tocsin.sqlite").write_bytes(b"no database" * 999)
    ran = tocsin(tmp_path, "doctor", TELEGRAM_TOKEN="123456:AAAA-not-a-real-token")
    assert ran.code == 1
    assert "fail database: " in ran.out
    assert "warn not tried: the log and telegram" in ran.out


def test_what_depends_on_a_wrong_setting_is_not_guessed(tmp_path: Path) -> None:
    """With a name that cannot sign, or a data folder that is none, no log is opened under another; the rest is tried."""
    ran = tocsin(tmp_path, "doctor", NAME="two words", PLAYBOOKS="nowhere")
    assert ran.code == 1
    assert "warn not tried: the log\n     -> mend TOCSIN_NAME first" in ran.out
    assert "ok   web: " in ran.out
    assert " playbook: " not in ran.out
    assert not (tmp_path / "data" / "signing.key").exists()
    (tmp_path / "file").touch()
    assert tocsin(tmp_path / "data", "doctor", DATA=str(tmp_path / "file")).code == 1
    assert not list((tmp_path / "data").iterdir())
