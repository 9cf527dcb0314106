"""``tocsin diff``: exit codes, what goes where, and what a program is given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bot.running import tocsin
from tests.playbooks.border import BORDER

OVER = BORDER.replace("from: 2021-01-01, until: 2026-06-30", "until: 2020-12-31")
"""With no date ahead, so that what is told does not depend on the day."""
FORBID = "  - {forbid: [people], to: {network: telegram}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a playbook, one that shows more, one that only says its version otherwise, and one that cannot be read."""
    (tmp_path / "old.yaml").write_text(OVER)
    (tmp_path / "more.yaml").write_text(OVER.replace(FORBID, "").replace("version: 1", "version: 2"))
    (tmp_path / "same.yaml").write_text(OVER.replace("version: 1", "version: 2"))
    (tmp_path / "broken.yaml").write_text("playbook: x\nversion: one\n")
    return tmp_path


def test_what_opens_ends_in_one_and_is_told_first(folder: Path) -> None:
    """A change that opens something ends in exit code 1, one that only closes or opens nothing in 0; what opens comes first."""
    opens = tocsin(folder, "diff", "old.yaml", "more.yaml")
    lines = opens.out.splitlines()
    assert (opens.code, opens.err) == (1, "")
    assert lines[0].startswith("opens   city and fire see people in evacuation, affected and count on telegram, ")
    assert lines[0].endswith("permit, more.yaml:100; before: forbid, old.yaml:106")
    assert lines[1:] == [
        "other   version: 1 → 2 (more.yaml:2)",
        "other   sharing: gone: {forbid: people, to: {network: telegram}} (old.yaml:106)",
        "1 opens, nothing closes, the same lead, 2 entries of the file are otherwise.",
    ]
    closes = tocsin(folder, "diff", "more.yaml", "old.yaml")
    assert closes.code == 0
    assert closes.out.splitlines()[1].startswith("closes  city and fire no longer see people")
    assert tocsin(folder, "diff", "old.yaml", "same.yaml").out.splitlines() == [
        "other   version: 1 → 2 (same.yaml:2)",
        "Nothing opens, nothing closes, the same lead, 1 entry of the file is otherwise.",
    ]


def test_the_same_file_is_no_change(folder: Path) -> None:
    """A file compared with itself is told to be the same, in one line, with exit code 0."""
    same = tocsin(folder, "diff", "old.yaml", "old.yaml")
    assert (same.code, same.out) == (0, "The two files are the same, byte for byte.\n")


def test_what_cannot_be_read_is_no_answer(folder: Path) -> None:
    """Files with errors, or that are not there, end in exit code 2, with every error of both on standard error."""
    ran = tocsin(folder, "diff", "broken.yaml", "nowhere.yaml", "--json")
    assert (ran.code, ran.out) == (2, "")
    lines = ran.err.splitlines()
    assert any(line.startswith("broken.yaml:2:") for line in lines)
    assert lines[-1].startswith("nowhere.yaml: cannot be read: ")


def test_a_program_is_given_every_circumstance(folder: Path) -> None:
    """In JSON nothing is condensed to `everywhere`: phases, hazards, times and origins are all listed, and partners by name."""
    ran = tocsin(folder, "diff", "old.yaml", "more.yaml", "--json")
    said = json.loads(ran.out)
    assert ran.code == 1
    assert (said["old"]["version"], said["new"]["version"], said["same_bytes"]) == (1, 2, False)
    change = said["opens"][0]
    assert (change["what"], change["partners"], change["fields"]) == ("sees", ["city", "fire"], ["people"])
    assert change["alerts"] == ["evacuation", "affected", "count"]
    assert (change["before"], change["after"]) == (None, "exact")
    when = change["when"]
    assert (when["rooms"], when["phases"], when["hazards"]) == (
        ["telegram"],
        ["watch", "response"],
        [None, "flood", "dam"],
    )
    assert when["from"] == [{"old": "be", "new": "be"}]
    assert when["times"][-1]["until"] is None
    assert {"side": "old", "what": "forbidden", "line": 106} in change["because"]
    assert said["domain"]["partners"]["aid"] == {
        "jurisdiction": "be",
        "rooms": ["telegram"],
        "places": {"own": [["town"]], "near": [["dorp"]], "elsewhere": [["hill"]], "outside": [[]]},
    }
    assert said["others"][-1]["line"] == 106
