"""``tocsin new``: what it writes is right and explains itself, and it overwrites nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bot.cli_ending import UNANSWERED, Stop
from bot.cli_new import TEMPLATE, new
from bot.settings import library
from playbooks.load import load
from playbooks.schema_json import FILE, MODELINE, json_schema
from tests.bot.running import tocsin


def test_what_it_writes_can_be_checked_tried_asked_and_rehearsed_at_once(tmp_path: Path) -> None:
    """The commands that it names all succeed on what it wrote, strictly, without a warning."""
    said = tocsin(tmp_path, "new", "river")
    assert (said.code, said.err) == (0, "")
    commands = re.findall(r"^  \S+ (\S.*?)  +\S", said.out, re.MULTILINE)
    assert [one.split()[0] for one in commands] == ["check", "who-sees", "test", "rehearse"]
    for command in commands:
        word, *rest = command.split()
        ran = tocsin(tmp_path, word, *(["--strict"] if word in ("check", "test") else []), *rest)
        assert (ran.code, ran.err) == (0, ""), ran


def test_editors_find_the_schema_beside_it(tmp_path: Path) -> None:
    """Its first line names the file that lies beside it, which is the schema of this version."""
    new(tmp_path / "river.yaml")
    assert (tmp_path / "river.yaml").read_text().startswith(f"{MODELINE}\n")
    assert json.loads((tmp_path / FILE).read_text()) == json_schema()


@pytest.mark.parametrize(
    ("wanted", "written", "name"),
    [
        ("river", "river.yaml", "river"),
        ("river.yml", "river.yml", "river"),
        ("Crue de l'Ourthe.yaml", "Crue de l'Ourthe.yaml", "crue-de-l-ourthe"),
        ("Große Flut", "Große Flut.yaml", "grosse-flut"),
    ],
)
def test_the_playbook_is_called_as_its_file(tmp_path: Path, wanted: str, written: str, name: str) -> None:
    """Its id is the file's name in the letters that ids have; the exercise is for that id."""
    new(tmp_path / wanted)
    assert load(tmp_path / written).playbook.playbook == name
    script = (tmp_path / written).with_suffix(".script.yaml").read_text()
    assert f"\nscript: {name}\n" in script
    assert f"/activate {name} " in script


@pytest.mark.parametrize("there", ["river.yaml", "river.script.yaml", FILE])
def test_nothing_is_overwritten(tmp_path: Path, there: str) -> None:
    """Where one of its files is there already, nothing is written, and what is there stays."""
    (tmp_path / there).write_text("mine")
    with pytest.raises(Stop, match="is there already") as stopped:
        new(tmp_path / "river")
    assert stopped.value.code == UNANSWERED
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(there, "mine")]


def test_a_second_playbook_in_the_folder_shares_the_schema(tmp_path: Path) -> None:
    """An older schema of playbooks is no obstacle: it is brought up to date."""
    (tmp_path / FILE).write_text(json.dumps({"title": json_schema()["title"]}))
    new(tmp_path / "river")
    new(tmp_path / "chemical")
    assert json.loads((tmp_path / FILE).read_text()) == json_schema()


@pytest.mark.parametrize("wanted", ["???", "river.script.yaml", "nowhere/river"])
def test_what_cannot_be_written_is_said(tmp_path: Path, wanted: str) -> None:
    """A name without letters, the name of an exercise, a folder that is not there."""
    with pytest.raises(Stop) as stopped:
        new(tmp_path / wanted)
    assert stopped.value.code == UNANSWERED
    assert wanted.rpartition("/")[2] in str(stopped.value)
    assert list(tmp_path.iterdir()) == []


def test_every_section_says_what_it_is_for() -> None:
    """Each key of the outermost level has a remark beside it, or above it or the section before it."""
    text = (TEMPLATE / "first.yaml").read_text()
    for block in re.split(r"\n\n", text):
        for line in re.findall(r"^[a-z]+:.*$", block, re.MULTILINE):
            assert "#" in line or block.startswith("#"), line


def test_the_template_is_not_among_the_playbooks_that_ship() -> None:
    """Nobody's deployment offers it by default."""
    assert TEMPLATE.is_dir()
    assert TEMPLATE not in (library(), *library().iterdir())
