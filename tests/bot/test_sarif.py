"""SARIF: valid by the standard as far as it is used here, with every finding at its place and explained."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from jsonschema import Draft202012Validator

from bot.checking import examine
from bot.sarif import sarif
from playbooks.codes import CODES
from tests.playbooks.checks import PAGE, examples, right, sections

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
RIGHT = right(PAGE.read_text())


def closed(required: list[str], **properties: Any) -> dict[str, Any]:
    """An object with these properties and no others."""
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


def listed(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items, "uniqueItems": True}


TEXT = {"type": "string", "minLength": 1}
INDEX = {"type": "integer", "minimum": 0}
FROM_ONE = {"type": "integer", "minimum": 1}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
SAID = closed(["text"], text=TEXT, markdown=TEXT)
AT = closed(["uri"], uri={"type": "string", "pattern": "^[!-~]+$"}, uriBaseId=TEXT, index=INDEX)
PLACE = closed(
    [],
    physicalLocation=closed(
        ["artifactLocation"],
        artifactLocation=AT,
        region=closed(["startLine", "startColumn"], startLine=FROM_ONE, startColumn=FROM_ONE),
    ),
)
RULE = closed(
    ["id"],
    id=TEXT,
    name=TEXT,
    shortDescription=SAID,
    fullDescription=SAID,
    help=SAID,
    helpUri={"type": "string", "pattern": "^[a-z]+:[!-~]+$"},
    defaultConfiguration=closed([], level=LEVEL),
)
NOTIFICATION = closed(
    ["message"], descriptor=closed(["id"], id=TEXT), level=LEVEL, message=SAID, locations=listed(PLACE)
)
RESULT = closed(["message"], ruleId=TEXT, ruleIndex=INDEX, level=LEVEL, message=SAID, locations=listed(PLACE))
RUN = closed(
    ["tool"],
    tool=closed(
        ["driver"],
        driver=closed(
            ["name"],
            name=TEXT,
            version=TEXT,
            semanticVersion={"type": "string", "pattern": r"^\d+\.\d+\.\d+([-+].*)?$"},
            rules=listed(RULE),
            notifications=listed(RULE),
        ),
    ),
    invocations=listed(
        closed(
            ["executionSuccessful"],
            executionSuccessful={"type": "boolean"},
            exitCode={"type": "integer"},
            toolExecutionNotifications=listed(NOTIFICATION),
        )
    ),
    originalUriBaseIds={"type": "object", "additionalProperties": closed([], description=SAID)},
    artifacts=listed(
        closed(
            [],
            location=AT,
            mimeType={"type": "string", "pattern": "^[^/]+/.+$"},
            encoding=TEXT,
            hashes={"type": "object", "additionalProperties": {"type": "string"}},
        )
    ),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results=listed(RESULT),
)
STANDARD = closed(
    ["version", "runs"],
    **{"$schema": {"type": "string"}, "version": {"const": "2.1.0"}, "runs": {"type": "array", "items": RUN}},
)
"""What SARIF 2.1.0 says of the properties that we use: its own JSON Schema, cut down to them by hand."""


def run_of(*paths: Path | str, code: int = 0) -> dict[str, Any]:
    """The only run of the log for these files, after the log was found to be valid."""
    log = json.loads(json.dumps(sarif(list(examine([Path(path) for path in paths], NOW)), code)))
    assert list(Draft202012Validator(STANDARD).iter_errors(log)) == []
    [run] = log["runs"]
    return dict(run)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command is run."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def test_what_the_standard_forbids_is_noticed() -> None:
    """The schema of these tests refuses what is not SARIF."""
    log = sarif([], 0)
    validator = Draft202012Validator(STANDARD)
    assert validator.is_valid(log)
    assert not validator.is_valid({**log, "version": "2.0.0"})
    assert not validator.is_valid({**log, "results": []})
    assert not validator.is_valid({"version": "2.1.0", "runs": [{"results": []}]})


def test_every_example_of_every_code_makes_a_valid_log_with_its_rule(folder: Path) -> None:
    """Each finding is a result with the level, place and rule of its code; each rule is explained and has an address."""
    file = folder / "river.yaml"
    tried = 0
    for section in sections(PAGE.read_text()):
        for example in examples(section, RIGHT):
            file.write_text(example.source)
            run = run_of("river.yaml", code=1)
            rules = run["tool"]["driver"]["rules"]
            placed = []
            for result in run["results"]:
                [place] = result["locations"]
                region = place["physicalLocation"]["region"]
                placed.append((region["startLine"], region["startColumn"], result["ruleId"]))
                assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
                assert result["level"] == CODES[result["ruleId"]].severity
                assert place["physicalLocation"]["artifactLocation"]["uri"] == "river.yaml"
            assert placed == list(example.marked)
            assert [rule["id"] for rule in rules] == [section.code]
            assert "**Way out:** " in rules[0]["help"]["markdown"]
            assert "```" not in rules[0]["help"]["markdown"]
            address, _, code = rules[0]["helpUri"].partition("#")
            assert code == section.code
            assert f"\n### {code}\n" in Path(unquote_to_bytes(urlsplit(address).path).decode()).read_text()
            tried += 1
    assert tried > len(CODES) / 2


def test_places_count_characters_and_say_so(folder: Path) -> None:
    """A character beyond the first 65536 is one column, which SARIF must be told."""
    (folder / "river.yaml").write_text(RIGHT.replace("name: City", "name: [🌊, 🌊]").replace("rooms:", "zimmer:", 1))
    run = run_of("river.yaml")
    assert run["columnKind"] == "unicodeCodePoints"
    assert {result["ruleId"] for result in run["results"]} == {"wrong-type", "unknown-key"}


def test_addresses_are_relative_below_where_it_runs_and_percent_encoded(folder: Path) -> None:
    """However a file was named; what lies elsewhere has a whole address."""
    odd = "Crue à 100% #1: x?.yaml"
    (folder / "books").mkdir()
    (folder / "books" / odd).write_text(RIGHT)
    outside = folder.parent / "out side.yaml"
    outside.write_text(RIGHT)
    for name in (f"books/{odd}", folder / "books" / odd, f"../here/books/../books/{odd}", "books"):
        run = run_of(name)
        [artifact] = run["artifacts"]
        assert artifact["location"]["uriBaseId"] in run["originalUriBaseIds"]
        assert artifact["location"]["uri"] == "books/Crue%20%C3%A0%20100%25%20%231%3A%20x%3F.yaml"
        assert unquote_to_bytes(artifact["location"]["uri"]).decode() == f"books/{odd}"
    far, near = run_of("../out side.yaml", "books", f"books/{odd}")["artifacts"]
    assert far["location"] == {"uri": outside.as_uri()}
    assert near["location"]["uri"].startswith("books/")


def test_a_file_that_cannot_be_read_is_told_of_the_run() -> None:
    """It is no result in a file: the run was not successful, and says why with the code for that."""
    run = run_of("nowhere.yaml", code=2)
    assert run["results"] == []
    [invocation] = run["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    [notification] = invocation["toolExecutionNotifications"]
    assert notification["descriptor"] == {"id": "unreadable-file"}
    assert [one["id"] for one in run["tool"]["driver"]["notifications"]] == ["unreadable-file"]


def test_braces_and_brackets_of_a_message_stand_for_themselves(folder: Path) -> None:
    """SARIF takes a brace for an argument unless it is doubled, and `[a](b)` for a link unless it is escaped."""
    (folder / "river.yaml").write_text(RIGHT.replace("to: everyone", "to: {}").replace("fr: Pays-Bas", "'[fr](b)': x"))
    texts = [result["message"]["text"] for result in run_of("river.yaml")["results"]]
    assert any("`{{kind: fire}}`" in text for text in texts)
    assert any(r"`\[fr](b)`" in text for text in texts)
    assert not any(re.search(r"(?<!\{)\{(?!\{)", text) for text in texts)
