"""GUIDE.md as its reader follows it: the playbook after each box, and what each command says then.

The boxes, by the words after their fence: `yaml` goes into the playbook, section by section; `yaml FILE` is another file;
`diff` is a change; `diff slip` is a change that is undone after the next commands; `console` has commands, each with what it says.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bot.running import ROOT, SECONDS, environment

PAGE = ROOT / "playbooks" / "GUIDE.md"
FILE = "steinbach.yaml"
COLUMNS = 72
NOW = "2027-01-15T07:00+00:00"
"""When the reader follows the page: what it shows does not grow old."""
_BOX = re.compile(r"^```(?P<kind>[a-z]*)(?: (?P<about>\S+))?\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_LEFT_OUT = "…"
"""A line that stands for lines which the page does not show, up to the next that it does."""

Runs = Callable[[str], str]
"""Types a command in the reader's folder, and gives what is then on the screen."""


@dataclass(frozen=True, slots=True)
class Box:
    """One box of the page: what it is, what stands in it, and where in the page that is."""

    kind: str
    about: str
    body: str
    start: int
    end: int


def boxes(page: str) -> Iterator[Box]:
    """The boxes, in the order of the page."""
    for box in _BOX.finditer(page):
        yield Box(box["kind"], box["about"] or "", box["body"], box.start("body"), box.end("body"))


def merged(playbook: str, snippet: str) -> str:
    """The playbook with the snippet's sections in it: at the end of those that it has, else at its own end.

    The sections of the header stay before the first that has entries of its own.
    """
    for section in re.split(r"^(?=[a-z#])", snippet, flags=re.MULTILINE):
        name, _, entries = section.partition("\n")
        if not section:
            continue
        found = re.search(rf"^{re.escape(name)}\n(?:[ \n].*\n?|\n)*", playbook, re.MULTILINE) if entries else None
        if found is None:
            playbook += section
        else:
            playbook = playbook[: found.end()] + entries + playbook[found.end() :]
    return playbook


def changed(playbook: str, change: str) -> str:
    """The playbook with the lines marked `-` replaced by those marked `+`; what is unmarked must stand there too."""
    lines = change.splitlines()
    assert all(line[:1] in "-+ " for line in lines), change
    old = "".join(f"{line[1:]}\n" for line in lines if line[0] in "- ")
    new = "".join(f"{line[1:]}\n" for line in lines if line[0] in "+ ")
    assert old in playbook, f"not in the playbook by then:\n{old}"
    return playbook.replace(old, new, 1)


def followed(page: str, folder: Path, run: Runs) -> str:
    """The page as it should be: every box put to use in the folder, every command's output as it is."""
    path = folder / FILE
    path.write_text("")
    told, written, meant = 0, [], None
    for box in boxes(page):
        match box.kind, box.about:
            case "yaml", "":
                path.write_text(merged(path.read_text(), box.body))
            case "yaml", name:
                (folder / name).write_text(box.body)
            case "diff", about:
                meant = path.read_text() if about == "slip" else None
                path.write_text(changed(path.read_text(), box.body))
            case "console", _:
                written += [page[told : box.start], _screen(box.body, run)]
                told = box.end
                if meant is not None:
                    path.write_text(meant)
                    meant = None
            case _:
                pass
    return "".join([*written, page[told:]])


def _screen(body: str, run: Runs) -> str:
    commands = re.split(r"^(?=\$ )", body, flags=re.MULTILINE)[1:]
    shown = []
    for one in commands:
        command, _, before = one.partition("\n")
        shown.append(f"{command}\n{shortened(run(command[2:]), before)}")
    return "".join(shown)


def shortened(now: str, before: str) -> str:
    """What a command says, without the lines that the page leaves out: those after the last that it shows."""
    shown = before.rstrip().splitlines()
    lines = now.splitlines()
    if shown[-1:] != [_LEFT_OUT] or shown[-2] not in lines:
        return now
    last = len(lines) - lines[::-1].index(shown[-2])
    return "".join(f"{line}\n" for line in [*lines[:last], _LEFT_OUT])


_PROGRAM = f"""
from datetime import datetime
from bot import cli, clock
clock.SystemClock.now = lambda self: datetime.fromisoformat("{NOW}")
cli.main()
"""


def typed_in(folder: Path) -> Runs:
    """Types commands in this folder, on a narrow screen, on the day of the page."""

    def run(command: str) -> str:
        program, *words = command.split()
        if program == "cp":
            (folder / words[1]).write_bytes((folder / words[0]).read_bytes())
            return ""
        assert program == "tocsin", command
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, *words],
            cwd=folder,
            env={**environment(folder), "COLUMNS": str(COLUMNS)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert "Traceback" not in done.stdout, done.stdout
        return done.stdout

    return run


def rewritten(folder: Path) -> str:
    """The page with every output as it is now."""
    return followed(PAGE.read_text(), folder, typed_in(folder))


if __name__ == "__main__":
    with TemporaryDirectory() as name:
        PAGE.write_text(rewritten(Path(name)))
