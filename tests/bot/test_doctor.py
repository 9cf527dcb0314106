"""The doctor: each thing that was tried on a line, with what to do, and code 1 where something must be mended."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

from storage.database import hold
from tests.bot.running import FLOOD, tocsin
from tests.playbooks.small import SMALL


def test_without_networks_all_is_said(tmp_path: Path) -> None:
    """Data, disk, SQLite, clock, playbooks, log and key are tried, and the key is named with the advice to keep a copy apart."""
    ran = tocsin(tmp_path, "doctor")
    assert ran.code == 0, ran.out
    for about in ("data", "disk", "sqlite", "clock", "playbook", "log", "key"):
        assert f"ok   {about}: " in ran.out
    assert "signing.key" in ran.out
    assert "apart" in ran.out
    assert "warn networks: " in ran.out


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


def test_a_log_that_was_rolled_back_is_told(tmp_path: Path) -> None:
    """An older database put back under newer checkpoints is found."""
    data = tmp_path / "data"
    assert tocsin(tmp_path, "doctor").code == 0
    (data / "checkpoints.log").write_text(
        json.dumps({"stream": "deployment", "size": 9, "root": "00" * 32, "note": "", "at": ""}) + "\n"
    )
    ran = tocsin(tmp_path, "doctor")
    assert ran.code == 1
    assert "fail log: " in ran.out
    assert "     -> restore the newest backup" in ran.out


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
