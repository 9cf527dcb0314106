"""The command line: exit codes, where errors go, and that nothing a person can cause ends in a traceback."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.bot.running import FLOOD, afresh, environment, tocsin
from tests.patience import PATIENCE

BROKEN = "playbook: x\nversion: one\nsurprise: true\n"
TELEGRAM = {"TELEGRAM_TOKEN": "123456:AAAA-not-a-real-token", "TELEGRAM_BASE_URL": "http://127.0.0.1:9"}


def test_version_and_help(tmp_path: Path) -> None:
    """The program says its version and its commands."""
    assert afresh(tmp_path, "--version").out.startswith("tocsin ")
    said = afresh(tmp_path, "--help")
    for name in ("run", "rehearse", "check", "test", "schema", "incidents", "log", "export", "verify", "doctor"):
        assert f"\n  {name} " in said.out
    assert "..." not in said.out.partition("Commands:")[2]


def test_schema_is_json_schema(tmp_path: Path) -> None:
    """The schema of the language can be read by an editor."""
    assert json.loads(afresh(tmp_path, "schema").out)["$schema"].startswith("https://json-schema.org/")


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("check",),
        ("check", "--format", "xml", str(FLOOD)),
        ("log", "I-1"),
        ("export", "I-1", "-o", "x.zip", "--reason", "r"),
        ("export", "I-1", "-o", "x.zip"),
        ("export", "I-1", "-o", "x.zip", "--reason", "r", "--format", "pdf"),
        ("export", "I-1", "-o", "x.zip", "--reason", "r", "--for", "red-cross"),
        ("export", "I-1", "-o", "no/such/folder.zip", "--reason", "r"),
        ("rehearse", "nowhere.yaml"),
        ("verify", "nowhere.zip"),
        ("verify", str(FLOOD), "--checkpoint", "nowhere.txt"),
    ],
)
def test_what_cannot_be_answered_is_code_2_with_words(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """A question that cannot be answered ends in code 2, with words on standard error, and makes no data."""
    ran = tocsin(tmp_path, *arguments)
    assert ran.code == 2
    assert ran.err.strip()
    assert not (tmp_path / "data").exists()


def test_wrong_settings_are_code_2(tmp_path: Path) -> None:
    """A half-given setting ends the program with one line that names it."""
    ran = tocsin(tmp_path, "run", MATRIX_HOMESERVER="https://m.example.org", MATRIX_PASSWORD="hush")
    assert ran.code == 2
    assert ran.err.splitlines() == [ran.err.strip()]
    assert ran.err.startswith("TOCSIN_MATRIX_USER: ")
    limits = tocsin(tmp_path, "run", **TELEGRAM, TELEGRAM_LIMITS="fast")
    assert (limits.code, limits.err[:23]) == (2, "TOCSIN_TELEGRAM_LIMITS:")


@pytest.mark.parametrize("command", [("run",), ("doctor",), ("doctor", "--json"), ("incidents",), ("log", "I-1")])
def test_a_line_of_env_that_cannot_be_read_is_code_2(tmp_path: Path, command: tuple[str, ...]) -> None:
    """A setting in .env whose quote is not closed ends every command that reads settings, with one line and code 2."""
    (tmp_path / ".env").write_text('\nTOCSIN_TELEGRAM_TOKEN="123456:AAAA\n')
    ran = tocsin(tmp_path, *command)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert ran.err.startswith(".env:2: TOCSIN_TELEGRAM_TOKEN: ")


def test_the_sample_alone_on_a_real_network_is_told(tmp_path: Path) -> None:
    """Where networks are set up and only the sample playbook is used, the doctor and the bot say so at once."""
    assert "warn playbook: only the sample" in tocsin(tmp_path, "doctor", **TELEGRAM).out
    (tmp_path / "own.yaml").write_bytes(FLOOD.read_bytes() + b"# ours\n")
    assert "only the sample" not in tocsin(tmp_path, "doctor", **TELEGRAM, PLAYBOOKS="own.yaml").out


def test_a_broken_playbook_is_left_out(tmp_path: Path) -> None:
    """The bot runs with the playbooks that are whole, and tells every error of the others; with none it does not."""
    (tmp_path / "broken.yaml").write_text(BROKEN)
    ran = afresh(tmp_path, "run", PLAYBOOKS=f"broken.yaml,{FLOOD}")
    assert ran.code == 0
    assert "broken.yaml:2:" in ran.err
    alone = tocsin(tmp_path, "run", PLAYBOOKS="broken.yaml")
    assert alone.code == 2
    assert "broken.yaml:2:" in alone.err


def test_an_address_that_is_taken_is_told(tmp_path: Path) -> None:
    """Where something else listens at the address of the web pages, the bot says so and does not start."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = tocsin(tmp_path, "run", **TELEGRAM, WEB=f"127.0.0.1:{taken.getsockname()[1]}")
    assert ran.code == 2
    assert "TOCSIN_WEB" in ran.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    """With a network that does not answer, the bot starts, and ends within five seconds of a signal, with code 0."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "bot.cli", "run"],
        cwd=tmp_path,
        env=environment(tmp_path, **TELEGRAM),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = ""
        while "Web  " not in said:
            line = process.stdout.readline()
            assert line, process.communicate(timeout=PATIENCE)[1]
            said += line
        before = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert time.monotonic() - before < 10  # then whoever stopped it would kill it
    assert "Telegram (http://127.0.0.1:9)" in said
    assert "only the sample playbook" in said
    assert "Stopped." in out
    assert "Traceback" not in err
    assert TELEGRAM["TELEGRAM_TOKEN"] not in out + err


@pytest.mark.parametrize("ending", [None, b"exit\n", b"\x04"], ids=["Ctrl-C", "exit", "Ctrl-D"])
def test_somebody_at_a_terminal_speaks_as_any_room(tmp_path: Path, ending: bytes | None) -> None:
    """After the exercise, lines typed at a terminal are said in rooms, mistakes are told, and each way to end has code 0."""
    script = tmp_path / "short.script.yaml"
    (tmp_path / "short.yaml").write_bytes(FLOOD.read_bytes())
    script.write_text("script: meuse-flood\ntitle: Short\npeople: {}\nsteps:\n  - {note: Short}\n")
    seat, end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "bot.cli", "run"],
        cwd=tmp_path,
        env=environment(tmp_path, PLAYBOOKS="short.yaml"),
        stdin=end,
        stdout=end,
        stderr=end,
        start_new_session=True,
    )
    os.close(end)
    said = b""

    def read_until(words: bytes, start: int) -> int:
        nonlocal said
        deadline = time.monotonic() + PATIENCE
        while words not in said[start:]:
            ready, _, _ = select.select([seat], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, said.decode(errors="replace")
            said += os.read(seat, 65536)
        return said.index(words, start) + len(words)

    try:
        at = read_until(b"the end", 0)
        os.write(seat, b"liege-city> /activate meuse-flood\n")
        at = read_until(b"X-1", at)
        os.write(seat, b"what now\n")
        at = read_until(b"`help`", at)
        os.write(seat, b"nowhere> /help\n")
        at = read_until(b"no room nowhere", at)
        os.write(seat, b"wait 5m\nas coordinator\n")
        at = read_until(b"You are the coordinator", at)
        at = read_until(b"> ", at)
        if ending is None:
            process.send_signal(signal.SIGINT)
        else:
            os.write(seat, ending)
            read_until(b"The rehearsal is over.", at)
        assert process.wait(timeout=PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
        os.close(seat)


def test_sentences_fit_the_terminal_and_lines_with_a_place_stay_whole(tmp_path: Path) -> None:
    """`check` and `test` at 60 columns: what is prose is folded, what names a line of the file, or is to be copied into one, is not."""
    for command in ("check", "test"):
        seat, end = pty.openpty()
        fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
        surroundings = {key: value for key, value in environment(tmp_path).items() if key != "COLUMNS"}
        process = subprocess.Popen(
            [sys.executable, "-m", "bot.cli", command, str(FLOOD)], env=surroundings, stdout=end, stderr=end
        )
        os.close(end)
        said = b""
        with contextlib.suppress(OSError):  # so Linux ends a terminal that nobody has open any more
            while chunk := os.read(seat, 65536):
                said += chunk
        os.close(seat)
        assert process.wait(timeout=PATIENCE) in (0, 1)
        lines = said.decode().splitlines()
        assert len(lines) > 2
        wide = [line for line in lines if len(line) > 60]
        assert all(re.search(r":\d+:\d+", line) or line.startswith("  ") for line in wide), wide


def test_an_exercise_is_no_playbook_to_rehearse(tmp_path: Path) -> None:
    """Who names the script is told what to type."""
    ran = tocsin(tmp_path, "rehearse", FLOOD.with_name("meuse-flood.script.yaml"))
    assert (ran.code, ran.out) == (2, "")
    assert "this is an exercise, not a playbook; play it with" in ran.err
    assert f"rehearse {FLOOD}" in ran.err
