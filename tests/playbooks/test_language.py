"""LANGUAGE.md cannot lag: it has every key of the language, none that there is not, and the rule of sight word for word."""

from __future__ import annotations

import re

from bot.cli import app
from playbooks.schema_fields import BUILT_IN
from playbooks.yaml12 import read
from tests.bot.running import ROOT
from tests.playbooks.language import PAGE, PARTS, SCHEMA, flow, rule, written
from tests.playbooks.test_schema_json import inside

TEXT = PAGE.read_text()
BY_HAND = re.sub(r"<!-- keys: \w+ -->.*?<!-- /keys -->", "", TEXT, flags=re.DOTALL)
OTHER_WORDS = {"true", "false", "affected", "nl"}
"""What stands between backticks and means something, and is neither a key, nor offered by editors."""


def test_the_page_has_what_the_program_says() -> None:
    """The lists of keys and the rule are those of this version."""
    assert written(TEXT) == TEXT, "run: .venv/bin/python -m tests.playbooks.language"


def test_every_part_of_the_language_has_its_place_and_only_one() -> None:
    """Each list of keys stands on the page once, and each section of a playbook that has parts has a heading, in its order."""
    marked = re.findall(r"<!-- keys: (\w+) -->", TEXT)
    assert sorted(marked) == sorted(PARTS)
    headings = re.findall(r"^### ([a-z]+)$", TEXT, re.MULTILINE)
    scalars = {"playbook", "version", "title", "languages", "timezone", "hazards", "phases"}
    assert headings == [key for key in SCHEMA["properties"] if key not in scalars]


def test_every_key_is_there_with_an_example() -> None:
    """No key is missing from the page, however it came to be written."""
    for part in PARTS.values():
        for key, schema in part["properties"].items():
            assert f"- **`{key}`**" in TEXT
            assert f"Example: `{flow(schema['examples'][0])}`\n" in TEXT


def strangers(text: str) -> list[str]:
    """What stands between backticks and looks like a key, a word or a command, and is none."""
    keys = {key for part in PARTS.values() for key in part["properties"]}
    words = {str(word) for schema in inside(SCHEMA) for word in schema.get("enum", ())}
    commands = {one.name or (one.callback and one.callback.__name__) for one in app.registered_commands}
    known = {*keys, *words, *BUILT_IN, *OTHER_WORDS}
    return [
        word
        for word in re.findall(r"`([^`\n]+)`", text)
        if (word.split()[1] not in commands if word.startswith("tocsin ") else re.fullmatch(r"[a-z_][a-z_.-]*", word))
        and (word.startswith("tocsin ") or not set(word.split(".")) <= known)
    ]


def test_no_key_is_explained_that_does_not_exist() -> None:
    """What is written by hand names only keys, words and commands that there are."""
    assert strangers("`level` `levle` `given.from` `fire` `tocsin check` `tocsin chek`") == ["levle", "tocsin chek"]
    assert strangers(BY_HAND) == []


def test_the_rule_is_the_whole_rule() -> None:
    """All six conditions are taken over from the module that decides, and how the finest form is found."""
    assert [line[:2] for line in rule().splitlines() if re.match(r"\d\.", line)] == ["1.", "2.", "3.", "4.", "5.", "6."]
    assert rule().startswith("**May partner P see form G of field F of event E in room R at time T?**")
    assert rule().rstrip().endswith("P gets the finest form it may see.")


def test_an_example_is_written_so_that_it_is_read_as_itself() -> None:
    """Values are put on one line as a playbook may write them, with quotes where they are needed."""
    for value in ("a: b", "#room:x", "1", "no", "", "0 8 * * 1", " x", "it's", "true", "État des services ?", "- a"):
        assert read(flow(value).encode(), "").value == value
    assert flow({"a": [1, True, "x y"]}) == "{a: [1, true, x y]}"


def test_what_explains_playbooks_is_found() -> None:
    """The README and the pages lead to each other, and to files that are there."""
    for page in ("README.md", "playbooks/GUIDE.md", "playbooks/LANGUAGE.md", "playbooks/CHECKS.md"):
        text = (ROOT / page).read_text()
        links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
        folder = (ROOT / page).parent
        assert all((folder / link).exists() for link in links), links
        known = {(folder / link).resolve().name for link in links} | {(ROOT / page).name}
        assert known >= {"GUIDE.md", "LANGUAGE.md", "CHECKS.md"}, page
    for anchor in re.findall(r"\]\(#([a-z-]+)\)", TEXT):
        headings = {
            head.lower().replace(" ", "-").replace(",", "") for head in re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
        }
        assert anchor in headings, anchor
