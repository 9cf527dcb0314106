"""The process from which others are forked that are the program: ``python -m tests.emulators.mother SOCKET``.

To begin Python and read the program's code takes two seconds, to fork a process that has read it a few hundredths of one. What is
forked is a process like any other: it has its own number, files and end, and is killed for good.

She reads one order from each connection to her socket, a line of JSON: ``module`` (what is run, as by ``python -m``), ``arguments``,
``folder``, ``environment``, and the files ``out`` and ``err``, written on at their ends. She answers ``born PID``, and when it is over
``ended CODE``. Whoever hangs up before that kills it. She ends herself when her own standard input does.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import sys
import time
from typing import Any

PACKAGES = ("playbooks", "storage", "handlers", "bot")


def _read_the_program() -> None:
    """Import every module of it, and read its words in every language."""
    for package in PACKAGES:
        for found in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            importlib.import_module(found.name)
    from handlers.texts import COMPLETE, say

    for language in COMPLETE:
        say((language,), "closed at {time}", time=0)
    gc.collect()
    gc.freeze()


def _serve(door: socket.socket) -> dict[str, Any] | None:
    """Take orders. It returns twice: with an order in a process that is to be what it says; in the mother, at the end, with None."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nobody shall hold what she was heard through
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # those who wait for a process are waited for by nobody
    while True:
        ready, _, _ = select.select([door, sys.stdin.fileno()], [], [])
        if door not in ready:
            return None
        asking, _ = door.accept()
        if os.fork() == 0:
            door.close()
            return _attend(asking)
        asking.close()


def _attend(asking: socket.socket) -> dict[str, Any]:
    """Fork what was asked for, wait for its end, and tell it. Returns in the forked process only."""
    reading, writing = os.pipe()
    for end in (reading, writing):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(writing)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    with asking.makefile("r") as lines:
        order: dict[str, Any] = json.loads(lines.readline())
    child = os.fork()
    if child == 0:
        signal.set_wakeup_fd(-1)
        for end in (reading, writing):
            os.close(end)
        asking.close()
        return order
    asking.sendall(f"born {child}\n".encode())
    while not (over := os.waitpid(child, os.WNOHANG))[0]:
        ready, _, _ = select.select([asking, reading], [], [])
        if reading in ready:
            os.read(reading, 4096)
        if asking in ready and not asking.recv(1):
            os.kill(child, signal.SIGKILL)
            over = os.waitpid(child, 0)
            break
    with contextlib.suppress(OSError):
        asking.sendall(f"ended {os.waitstatus_to_exitcode(over[1])}\n".encode())
    os._exit(0)


def _be(order: dict[str, Any]) -> None:
    """Be what was ordered, to the end of this process."""
    for number in (signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    out, err = (os.open(order[name], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644) for name in ("out", "err"))
    for here, there in ((nothing, 0), (out, 1), (err, 2)):
        os.dup2(here, there)
        os.close(here)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    sys.argv = ["tocsin", *order["arguments"]]
    sys.modules["__main__"].__package__ = ""  # as of the script that is installed
    if order["module"] == "bot.cli":
        from bot.cli import main

        main()
    runpy.run_module(order["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _read_the_program()
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(sys.argv[1])
        door.listen(64)
        print("ready", flush=True)
        ordered = _serve(door)
    if ordered is not None:
        _be(ordered)
