"""The whole house is held to each rule.

Each test first feeds its rule something bad, so that a rule which can no longer fail is noticed.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from tests.house_rules import (
    FLOORS,
    Rule,
    each_test_says_what_it_proves,
    no_room_without_a_name,
    no_room_without_a_reason,
    no_test_is_left_out,
    no_test_sleeps,
    of_one_machine,
    only_the_catalogue_words,
    only_the_clock_reads_time,
    only_the_command_line_prints,
    only_the_gate_clears,
    only_the_wiring_knows_networks,
    pins,
    unfinished,
)

HOUSE = Path(__file__).parent.parent


def files(*folders: str) -> list[tuple[str, Path]]:
    """The Python files of these folders, each with its place in the house (with slashes)."""
    return [
        (path.relative_to(HOUSE).as_posix(), path)
        for folder in folders
        for path in sorted((HOUSE / folder).rglob("*.py"))
    ]


def broken(rule: Rule, *folders: str, besides: str = "") -> list[str]:
    """What the rule finds in the house. Files whose place begins with ``besides`` are left out."""
    return [
        finding
        for place, path in files(*folders)
        if not (besides and place.startswith(besides))
        for finding in rule(place, parsed(path))
    ]


@cache
def parsed(path: Path) -> ast.Module:
    """A file's syntax tree; each rule looks at the same."""
    return ast.parse(path.read_text("utf-8"), str(path))


def caught(rule: Rule, place: str, source: str) -> bool:
    return bool(list(rule(place, ast.parse(source))))


def test_the_house_is_there() -> None:
    """Each floor has files, so that no rule passes for want of anything to look at."""
    assert all(files(floor) for floor in FLOORS)
    assert files("tests")


def test_only_the_clock_reads_the_time() -> None:
    """No floor reads the time of day or sleeps by itself: time comes from bot/clock.py."""
    for bad in (
        "import datetime\nat = datetime.datetime.now()",
        "from datetime import datetime as dt\nat = dt.now(UTC)",
        "from datetime import date\nfactory = date.today",
        "import time\ntime.sleep(1)",
        "from time import monotonic\nat = monotonic()",
    ):
        assert caught(only_the_clock_reads_time, "bot/engine.py", bad), bad
        assert not caught(only_the_clock_reads_time, "bot/clock.py", bad)
    assert broken(only_the_clock_reads_time, *FLOORS) == []


def test_only_the_command_line_prints() -> None:
    """Nothing but the command line and the rehearsal writes to the terminal."""
    assert caught(only_the_command_line_prints, "bot/engine.py", "print('here')")
    assert not caught(only_the_command_line_prints, "bot/cli_export.py", "print('here')")
    assert broken(only_the_command_line_prints, *FLOORS) == []


def test_only_the_gate_makes_cleared_text() -> None:
    """Text that may be sent is made in one place, tests included, so raw text has nowhere to go."""
    for bad in (
        "from playbooks.cleared import Cleared\nbody = Cleared('raw')",
        "from playbooks.sight import Cleared as C\nbody = C('raw')",
        "import playbooks.cleared as gate\nbody = gate.Cleared('raw')",
        "from playbooks import cleared\nbody = object.__new__(cleared.Cleared)",
        "from playbooks.cleared import Cleared\nbody = Cleared.__new__(Cleared)",
        "from playbooks.cleared import Cleared\nclass Mine(Cleared): pass",
        "from playbooks.cleared import Cleared\nC = Cleared",
        "from dataclasses import replace\nbody = replace(body, html='raw')",
        "from typing import cast\nbody = cast(Cleared, 'raw')",
        "object.__setattr__(body, 'html', 'raw')",
    ):
        assert caught(only_the_gate_clears, "handlers/alert.py", bad), bad
    assert not caught(only_the_gate_clears, "handlers/alert.py", "def send(body: Cleared) -> None: store(body.html)")
    assert broken(only_the_gate_clears, *FLOORS, "tests") == []


def test_only_the_catalogue_makes_wording() -> None:
    """Every word that the bot says is in the one catalogue."""
    assert caught(
        only_the_catalogue_words, "handlers/alert.py", "from playbooks.cleared import wording\nwording('Hello')"
    )
    assert caught(only_the_catalogue_words, "bot/engine.py", "import playbooks.cleared as c\nsay = c.wording")
    assert not caught(
        only_the_catalogue_words, "handlers/texts.py", "from playbooks.cleared import wording\nwording('')"
    )
    assert broken(only_the_catalogue_words, *FLOORS) == []


def test_only_the_wiring_builds_networks() -> None:
    """Whoever is not the wiring knows networks through their port alone."""
    for bad in (
        "from bot.networks.telegram import Telegram",
        "from bot.networks import matrix",
        "import bot.networks.rehearsal",
    ):
        assert caught(only_the_wiring_knows_networks, "bot/engine.py", bad), bad
        assert not caught(only_the_wiring_knows_networks, "bot/wiring.py", bad)
    assert not caught(only_the_wiring_knows_networks, "bot/engine.py", "from bot.networks.port import Heard")
    assert broken(only_the_wiring_knows_networks, *FLOORS) == []


def test_each_test_says_what_it_proves() -> None:
    """Every test has a sentence that says what it proves."""
    assert caught(each_test_says_what_it_proves, "tests/test_x.py", "class TestX:\n    async def test_it(self): pass")
    assert broken(each_test_says_what_it_proves, "tests") == []


def test_no_test_sleeps() -> None:
    """Tests wait for events, not for time; only the emulators of other people's servers may dawdle."""
    assert caught(no_test_sleeps, "tests/test_x.py", "import asyncio\nasync def f(): await asyncio.sleep(0.1)")
    assert not caught(no_test_sleeps, "tests/test_x.py", "import asyncio\nasync def f(): await asyncio.sleep(0)")
    assert broken(no_test_sleeps, "tests", besides="tests/emulators/") == []


def test_no_test_is_left_out() -> None:
    """No test is skipped or expected to fail."""
    assert caught(no_test_is_left_out, "tests/test_x.py", "import pytest\n@pytest.mark.skipif(True)\ndef test_x(): ...")
    assert caught(no_test_is_left_out, "tests/test_x.py", "from pytest import importorskip\nimportorskip('x')")
    assert broken(no_test_is_left_out, "tests") == []


def test_every_room_is_named_after_its_concept() -> None:
    """No file or folder has a name under which anything could be put."""
    assert caught(no_room_without_a_name, "bot/db_utils.py", "")
    assert caught(no_room_without_a_name, "handlers/base/alert.py", "")
    assert not caught(no_room_without_a_name, "storage/database.py", "")
    assert broken(no_room_without_a_name, *FLOORS, "tests") == []


def test_every_room_says_why_it_exists() -> None:
    """Every file that holds something opens with its reason."""
    assert caught(no_room_without_a_reason, "bot/x.py", "x = 1")
    assert broken(no_room_without_a_reason, *FLOORS, "tests") == []


def test_nothing_is_left_unfinished() -> None:
    """No comment marks unfinished work, and no source names a place on one machine."""
    assert list(unfinished("bot/x.py", "x = 1  # " + "TODO later\n"))
    assert list(of_one_machine("bot/x.py", "path = '" + "/".join(["", "home", "ada"]) + "'"))
    found = [
        finding
        for place, path in files(*FLOORS, "tests")
        for rule in (unfinished, of_one_machine)
        for finding in rule(place, path.read_text("utf-8"))
    ]
    assert found == []


def test_the_locks_agree_and_name_no_index() -> None:
    """Both locks hold nothing but pins and hashes, and development uses the very versions that run."""
    for bad in ("--index-url x", "nh3 @ https://example.org/nh3.whl", "nh3==0.3.2", "nh3>=0.3 \\"):
        try:
            pins("# title\n" + bad)
        except AssertionError:
            continue
        raise AssertionError(f"passed as a pin: {bad}")
    runtime, dev = (pins((HOUSE / "requirements" / f"{name}.txt").read_text("utf-8")) for name in ("runtime", "dev"))
    assert runtime.items() <= dev.items()
