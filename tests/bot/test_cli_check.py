"""``tocsin check``: exit codes, what is said where in text and JSON, and that no file is too odd to be told about."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.checking import examine
from bot.cli_check import check
from playbooks.problems import Severity
from tests.bot.running import FLOOD, tocsin
from tests.playbooks.checks import PAGE, examples, right, sections

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
RIGHT = right(PAGE.read_text())
BROKEN = "playbook: x\nversion: one\nsurprise: true\n"
WITHOUT_END = "/dev/zero"


def example(code: str) -> str:
    """A playbook in which there is this problem alone."""
    section = next(one for one in sections(PAGE.read_text()) if one.code == code)
    return next(examples(section, RIGHT)).source


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command is run, with a playbook that is right, one that is doubtful, and one that is broken."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "right.yaml").write_text(RIGHT)
    (tmp_path / "doubtful.yaml").write_text(example("lead-without-phone"))
    (tmp_path / "broken.yaml").write_text(BROKEN)
    return tmp_path


def asked(*names: str, mildest: Severity = "error", form: Any = "text") -> int:
    """The exit code for these files."""
    return check([Path(name) for name in names], form, mildest, NOW)


def test_problems_go_to_standard_error_line_by_line_and_the_rest_to_standard_output(folder: Path) -> None:
    """The program itself: a right playbook is 0, a broken one 1 with a line for each error, an unread one 2."""
    fine = tocsin(folder, "check", "right.yaml")
    assert (fine.code, fine.err) == (0, "")
    assert fine.out.splitlines()[0] == "right.yaml: fine: river version 1, 2 partners, 1 alert, 1 sharing rule"
    assert fine.out.splitlines()[-1] == "1 file: 1 fine"
    broken = tocsin(folder, "check", "right.yaml", "broken.yaml", "nowhere.yaml")
    assert broken.code == 2
    assert broken.err.splitlines() == [
        "broken.yaml:1:1: `jurisdictions` is missing; add `jurisdictions: …` [missing-key]",
        "broken.yaml:1:1: `languages` is missing; add `languages: …` [missing-key]",
        "broken.yaml:1:1: `partners` is missing; add `partners: …` [missing-key]",
        "broken.yaml:1:1: `phases` is missing; add `phases: …` [missing-key]",
        "broken.yaml:1:1: `timezone` is missing; add `timezone: …` [missing-key]",
        "broken.yaml:1:1: `title` is missing; add `title: …` [missing-key]",
        "broken.yaml:2:10: the text `one` stands where a whole number is meant; write plain digits, like 10 [wrong-type]",
        "broken.yaml:3:1: the key `surprise` is unknown here; remove it [unknown-key]",
        "nowhere.yaml: cannot be read: No such file or directory; name a playbook that can be [unreadable-file]",
    ]
    assert broken.out.splitlines()[-1] == "3 files: 1 fine, 1 not fine, 1 not read; 8 errors"
    assert tocsin(folder, "check", "broken.yaml", "--format", "json").code == 1


def test_warnings_are_told_and_make_a_playbook_bad_only_where_that_is_asked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --strict a warning leaves the exit code 0; with it, 1. The program knows the option."""
    assert asked("doubtful.yaml") == 0
    said = capsys.readouterr()
    [line] = said.err.splitlines()
    assert line.startswith("doubtful.yaml:")
    assert ": warning: " in line
    assert line.endswith("[lead-without-phone]")
    assert "doubtful.yaml: fine, with 1 warning: river version 1" in said.out
    assert said.out.splitlines()[-1] == "1 file: 1 fine; 1 warning"
    assert asked("doubtful.yaml", mildest="warning") == 1
    strict = capsys.readouterr()
    assert strict.err == said.err
    assert "fine:" not in strict.out
    assert strict.out.splitlines()[-1] == "1 file: 1 not fine; 1 warning"
    assert asked("right.yaml", mildest="warning") == 0
    assert tocsin(folder, "check", "--strict", "doubtful.yaml").code == 1
    assert tocsin(folder, "check", "doubtful.yaml").code == 0


def test_what_can_be_read_and_is_wrong_all_the_same_is_an_error(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A lint that is an error makes the playbook bad without --strict, and it is not called fine."""
    (folder / "leaderless.yaml").write_text(example("phase-without-lead"))
    assert asked("leaderless.yaml") == 1
    said = capsys.readouterr()
    assert said.err.rstrip().endswith("[phase-without-lead]")
    assert ": warning: " not in said.err
    assert "fine:" not in said.out
    assert said.out.splitlines()[-1] == "1 file: 1 not fine; 1 error"


def test_json_has_every_problem_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """Code, severity, place, what and fix of each; whether each file is fine; and the numbers of all."""
    assert asked("right.yaml", "doubtful.yaml", "broken.yaml", "nowhere.yaml", form="json") == 2
    said = json.loads(capsys.readouterr().out)
    fine, mild, bad, none = said["playbooks"]
    assert (fine["fine"], mild["fine"], bad["fine"], none["fine"]) == (True, True, False, None)
    assert (fine["errors"], fine["warnings"], fine["playbook"], fine["version"]) == ([], [], "river", 1)
    assert [one["code"] for one in mild["warnings"]] == ["lead-without-phone"]
    assert bad["errors"][-1] == {
        "code": "unknown-key",
        "severity": "error",
        "line": 3,
        "column": 1,
        "what": "the key `surprise` is unknown here",
        "fix": "remove it",
    }
    assert (none["code"], none["errors"]) == ("unreadable-file", [])
    assert none["unreadable"].startswith("cannot be read: No such file")
    assert said["summary"] == {"files": 4, "fine": 2, "unread": 1, "errors": 8, "warnings": 1}
    assert asked("doubtful.yaml", form="json", mildest="warning") == 1
    assert json.loads(capsys.readouterr().out)["playbooks"][0]["fine"] is False


def test_the_day_is_that_of_the_playbook_s_time_zone(folder: Path) -> None:
    """An agreement that ends today is in force until midnight in Brussels, not in Greenwich."""
    (folder / "ending.yaml").write_text(RIGHT.replace("until: 2035-12-31", "until: 2026-01-15"))

    def words(now: datetime) -> str:
        [one] = examine([Path("ending.yaml")], now)
        return " ".join(problem.what for problem in one.problems)

    before, after = (words(datetime(2026, 1, 15, hour, 30, tzinfo=UTC)) for hour in (22, 23))
    assert before
    assert before != after


def test_a_folder_stands_for_the_playbooks_in_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exercises and other files are passed over, a file is checked once, a folder without playbooks is no answer."""
    (folder / "right.script.yaml").write_text("script: river\n")
    (folder / "notes.txt").write_text("none")
    (folder / "empty").mkdir()
    names = ["broken.yaml", "doubtful.yaml", "right.yaml"]
    assert [one.path.name for one in examine([folder], NOW)] == names
    assert [one.path.name for one in examine([folder, Path("right.yaml"), Path("../" + folder.name)], NOW)] == names
    assert asked("empty", "right.yaml") == 2
    said = capsys.readouterr()
    assert said.err == "empty: there is no playbook in this folder; name a .yaml file [unreadable-file]\n"
    assert "right.yaml: fine" in said.out


def test_check_tells_an_exercise_from_a_playbook(capsys: pytest.CaptureFixture[str]) -> None:
    """An exercise is told to be one, in one line with the command that plays it."""
    assert asked(str(FLOOD.with_name("meuse-flood.script.yaml"))) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "this is an exercise, not a playbook" in line
    assert f"rehearse {FLOOD}" in line
    assert line.endswith("[not-a-playbook]")


def test_check_names_what_is_not_acted_on_yet(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Parts of a playbook that do nothing yet are noted, and the playbook is fine all the same."""
    (folder / "right.yaml").write_text(
        RIGHT + "risks: {high-water: {hazard: flood, likelihood: 4, impact: 5, owner: city, tlp: clear}}\n"
    )
    assert asked("right.yaml") == 0
    [note] = [line for line in capsys.readouterr().out.splitlines() if ": note: " in line]
    assert "risks (1)" in note
    assert asked("right.yaml", form="json") == 0
    said = json.loads(capsys.readouterr().out)["playbooks"][0]
    assert any(one.startswith("risks (1)") for one in said["notes"])


@contextmanager
def as_nobody() -> Iterator[None]:
    """With the rights of a user that owns nothing, where we are one that may read everything."""
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(mine)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def unreadable(path: Path) -> None:
    path.write_text(RIGHT)
    path.chmod(0)


def closed_folder(path: Path) -> None:
    path.mkdir()
    (path / "right.yaml").write_text(RIGHT)
    path.chmod(0)


def circle(path: Path) -> None:
    path.symlink_to("other.yaml")
    path.with_name("other.yaml").symlink_to(path.name)


def endless(path: Path) -> None:
    path.symlink_to(WITHOUT_END)


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(path.name)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (pipe, "it is a pipe, not a file"),
        (endless, "it is a device, not a file"),
        (listening, "it is a socket, not a file"),
        (unreadable, "Permission denied"),
        (closed_folder, "Permission denied"),
        (circle, "Too many levels of symbolic links"),
        (lambda path: path.symlink_to("nowhere"), "No such file or directory"),
        (lambda path: path.joinpath("in").mkdir(parents=True), "there is no playbook in this folder"),
    ],
    ids=["pipe", "device", "socket", "rights", "folder-rights", "circle", "lost", "folder"],
)
def test_what_is_no_readable_file_is_an_answer_of_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], make: Callable[[Path], None], said: str
) -> None:
    """Nothing is waited for, read without end, or ended in a traceback; the other files are checked all the same."""
    make(folder / "odd.yaml")
    folder.chmod(0o755)
    with as_nobody():
        assert asked("odd.yaml", "./odd.yaml", "right.yaml") == 2
    told = capsys.readouterr()
    [line] = told.err.splitlines()
    assert line.startswith("odd.yaml: ")
    assert said in line
    assert line.endswith(" [unreadable-file]")
    assert "right.yaml: fine" in told.out


def test_a_folder_with_a_name_like_a_playbook_s_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder inside the folder that is checked is not looked into, and is not passed over in silence."""
    (folder / "books" / "old.yaml").mkdir(parents=True)
    assert asked("books") == 2
    assert capsys.readouterr().err.startswith("books/old.yaml: cannot be read: it is a folder; ")


@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_a_file_s_name_breaks_no_line(folder: Path, capfdbinary: pytest.CaptureFixture[bytes], form: str) -> None:
    """Line ends, terminal controls and bytes that are no UTF-8 in a name stay inside it, in every form."""
    odd = os.fsdecode(b"a\nb\x1b[2J\xff.yaml")
    (folder / odd).write_text(BROKEN)
    ran = tocsin(folder, "check", "--format", form, odd)
    assert ran.code == 1
    assert "\x1b" not in ran.out + ran.err
    if form == "text":
        assert all(line.startswith("a\\u000ab\\u001b[2J\\udcff.yaml:") for line in ran.err.splitlines())
    elif form == "json":
        assert json.loads(ran.out)["playbooks"][0]["file"] == odd
    else:
        [artifact] = json.loads(ran.out)["runs"][0]["artifacts"]
        assert artifact["location"]["uri"] == "a%0Ab%1B%5B2J%FF.yaml"


def test_the_page_shows_what_the_command_says(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What CHECKS.md begins with is what comes of its first example of an unknown key."""
    page = PAGE.read_text()
    (folder / "river.yaml").write_text(example("unknown-key"))
    assert asked("river.yaml") == 1
    said = capsys.readouterr()
    assert f"```\n$ tocsin check river.yaml\n{said.err}{said.out}```\n" in page
