"""The doctor: each thing that was tried on a line, with what to do, and code 1 where something must be mended."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.bot.running import FLOOD, tocsin


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
    (tmp_path / "broken.yaml").write_text("playbook: x\n")
    (tmp_path / "data").mkdir(mode=0o755)
    os.chmod(tmp_path / "data", 0o755)  # noqa: PTH101 whatever the umask was
    ran = tocsin(
        tmp_path,
        "doctor",
        "--json",
        PLAYBOOKS=f"broken.yaml,{FLOOD}",
        TELEGRAM_TOKEN="123456:AAAA-not-a-real-token",
        TELEGRAM_BASE_URL="http://127.0.0.1:9",
        ADMINS="telegram:501",
    )
    assert ran.code == 1
    found = {(one["level"], one["about"]): one for one in json.loads(ran.out)["findings"]}
    assert "tocsin check broken.yaml" in found["fail", "playbook"]["todo"]
    assert "chmod 700" in found["warn", "data"]["todo"]
    assert "no connection" in found["fail", "telegram"]["says"]


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
