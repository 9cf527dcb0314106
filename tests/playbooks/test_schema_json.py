"""The JSON Schema: it explains every key, and an editor that reads it refuses the shapes that loading refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped,unused-ignore]
import pytest
from hatchling.builders.wheel import WheelBuilder

from playbooks.labels import Tlp
from playbooks.load import PlaybookErrors, parse
from playbooks.schema_json import FILE, MODELINE, json_schema
from playbooks.yaml12 import read
from tests.bot.running import LIBRARY, ROOT
from tests.playbooks.small import changed

SCHEMA = json_schema()
SHIPPED = LIBRARY / FILE
EDITOR = jsonschema.Draft202012Validator(SCHEMA)
EXAMPLE = Path(__file__).with_name("example.yaml")
PARTS = {"Playbook": SCHEMA, **SCHEMA["$defs"]}
PROPERTIES = [
    (part, key, schema) for part, whole in PARTS.items() for key, schema in whole.get("properties", {}).items()
]

LOADING_ONLY = {"undefined-name", "wrong-order"}
"""What only loading finds, with days that no calendar has and time zones that nobody lives in."""


def plain(value: Any) -> Any:
    """What was read, as JSON has it."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return {key: plain(item) for key, item in value.items()} if isinstance(value, dict) else value


def as_read(source: str) -> Any:
    """What stands in a playbook, by the language's own reading of YAML."""
    return plain(read(source.encode(), "a playbook").value)


def found(source: str) -> set[str]:
    """The codes of what loading finds wrong."""
    try:
        parse(source.encode(), "a playbook")
    except PlaybookErrors as wrong:
        return {problem.code for problem in wrong.errors}
    return set()


def inside(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema in a schema, itself included."""
    if isinstance(schema, dict):
        yield schema
    for below in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from inside(below)


def test_it_is_a_schema() -> None:
    """It is JSON Schema 2020-12, and every reference in it leads somewhere."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for schema in inside(SCHEMA):
        if isinstance(reference := schema.get("$ref"), str):
            assert reference.removeprefix("#/$defs/") in SCHEMA["$defs"]


@pytest.mark.parametrize(("part", "key", "schema"), PROPERTIES, ids=lambda one: one if isinstance(one, str) else "")
def test_every_key_is_explained(part: str, key: str, schema: dict[str, Any]) -> None:
    """Each says in whole sentences what it means, what is so without it, and how it is written, in examples that are right."""
    meaning = schema["description"].split("\n")[0]
    assert len(meaning.split()) >= 3
    assert meaning.endswith((".", ").")), meaning
    if key not in PARTS[part].get("required", ()):
        alternative = "Either this" in meaning or "Instead of" in meaning or "It needs one" in meaning
        assert alternative or "Without" in meaning or "needs them" in meaning, "what is so without it?"
    assert schema["examples"]
    validator = EDITOR.evolve(schema={**schema, "$defs": SCHEMA["$defs"]})
    for example in [*schema["examples"], *([schema["default"]] if "default" in schema else [])]:
        validator.validate(example)


def test_every_part_has_a_name_and_a_meaning_and_no_other_keys() -> None:
    """Titles are words that people use, not Python's; what a part does not know it refuses."""
    for name, part in PARTS.items():
        assert part["description"].endswith(".")
        assert part["title"] == part["title"].strip()
        assert "_" not in part["title"]
        assert part["title"] == name or " " in part["title"] or part["title"] in {
            "Field", "Test", "Permit", "Check-in", "Log", "Acknowledgement"
        }  # fmt: skip
        if part.get("type") == "object":
            assert part["additionalProperties"] is False
    assert not [key for _, key, _ in PROPERTIES if key.endswith("_")]


def test_every_word_that_can_be_chosen_is_explained() -> None:
    """Kinds, levels, colours, tiers, steps, forms and the rest have a meaning each; the colours are TLP's, in its order."""
    lists = [schema for schema in inside(SCHEMA) if "enumDescriptions" in schema]
    words = {word for schema in lists for word in schema["enum"]}
    assert {"fire", "local", "strategic", "other_network", "initials", "withheld", "acting", "two-person"} <= words
    for schema in lists:
        assert len(schema["enum"]) == len(schema["enumDescriptions"]) == len(set(schema["enumDescriptions"]))
    for _, _, schema in PROPERTIES:
        for below in inside(schema):
            if "enumDescriptions" in below:
                assert all(f"- `{word}`: " in schema["description"] for word in below["enum"])
        assert "enumDescriptions" in schema or not isinstance(schema.get("enum", [1])[0], str)
    (colours,) = {tuple(s["enum"]) for s in lists if "green" in s["enum"]}
    assert colours == tuple(tlp.word for tlp in Tlp)


# ── The editor and `tocsin check` agree ───────────────────────────────────────────────────────────────────────────

REFUSED = {
    "an unknown key": ("    level: local", "    levle: local", "unknown-key"),
    "an unknown section": ("version: 1", "version: 1\nregion: north", "unknown-key"),
    "a key that is missing": ("    level: local\n", "", "missing-key"),
    "a text where a number is meant": ("version: 1", 'version: "1"', "wrong-type"),
    "a truth value where a text is meant": ("    name: City", "    name: true", "wrong-type"),
    "a list where a mapping is meant": ("networks:\n  matrix: {ceiling: amber, encrypted: red}", "networks: [matrix]", "wrong-type"),
    "a kind that there is not": ("kind: municipality", "kind: townhall", "unknown-value"),
    "a colour that there is not": ("clearance: {tlp: amber}", "clearance: {tlp: orange}", "unknown-value"),
    "a form that the type has not": ("forms: {area: green}", "forms: {range: green}", "unknown-value"),
    "a network that there is not": ("  matrix: {", "  signal: {", "unknown-value"),
    "an empty text": ("    name: City", '    name: " "', "empty-text"),
    "a selector of nobody": ("    to: everyone", "    to: {}", "empty-selector"),
    "near to nothing": ("    to: everyone", "    to: {near: true}", "misplaced-key"),
    "a rule that does nothing": ("  - {permit: [what, where], to", "  - {to", "missing-key"),
    "an agreement for no purpose": (", purpose: life-safety, under: pact", ", under: pact", "missing-key"),
    "the same twice": ("phases: [watch, response]", "phases: [watch, watch, response]", "listed-twice"),
    "a name with capital letters": ("  city:\n", "  City:\n", "bad-name"),
    "a name with a meaning of its own": ("  town: {", "  affected: {", "reserved-name"),
    "ground of no shape": (", circle: [50.6, 5.6, 2]", "", "missing-key"),
    "ground of two shapes": ("circle: [50.6, 5.6, 2]", "circle: [50.6, 5.6, 2], polygon: [[1, 1], [2, 2], [3, 1]]", "conflicting-keys"),
    "a degree too far north": ("[50.6, 5.6, 2]", "[95.6, 5.6, 2]", "out-of-range"),
    "a circle without its radius": ("[50.6, 5.6, 2]", "[50.6, 5.6]", "wrong-count"),
    "a room on no network": ('{matrix: "#city:example.org"}', "{for: [alerts]}", "missing-key"),
    "a room on two networks": ('{matrix: "#city:example.org"}', '{matrix: "#a:b", telegram: -1}', "conflicting-keys"),
    "a topic on Matrix": ('{matrix: "#city:example.org"}', '{matrix: "#a:b", topic: 1}', "misplaced-key"),
    "an address that is none": ('"#city:example.org"', '"city@example.org"', "bad-address"),
    "two who lead": ("lead: city}", "lead: city, decides: city}", "conflicting-keys"),
    "nobody who leads": (", lead: city}", "}", "missing-key"),
    "a command without a last word": (
        "phases: [watch, response]\nleads:\n  - {in: [watch, response], lead: city}",
        "  fort: {name: Fort, kind: fire, level: local, jurisdiction: be}\nphases: watch\nleads:\n  - {unified: [city, fort]}",
        "missing-key",
    ),
    "a choice without options": ("what: {type: text", "what: {type: choice", "missing-key"),
    "ranges of a text": ("what: {type: text", "what: {type: text, ranges: [1, 2]", "misplaced-key"),
    "a built-in field that there is not": ("fields:\n", "fields:\n  _what: {type: text}\n", "reserved-name"),
    "a built-in field of another type": ("fields:\n", "fields:\n  _note: {type: place}\n", "misplaced-key"),
    "a brace without a partner": ('text: {en: ["{what}"', 'text: {en: ["{what"', "bad-placeholder"),
    "a date of another country": ("until: 2027-12-31", "until: 31.12.2027", "bad-time"),
    "a duration of another kind": ("    to: everyone", "    to: everyone\n    expires: 2 hours", "bad-time"),
    "an alert without fields": ("    fields: {what: required, where: optional}", "    fields: {}", "wrong-count"),
    "a check-in by two clocks": ("alerts:\n", 'checkins:\n  c: {every: 1h, cron: "0 8 * * 1", to: everyone, ask: Well?}\nalerts:\n', "conflicting-keys"),
}  # fmt: skip
"""What is wrong: the passage of the small playbook that gives way to another, and the code that loading gives."""


@pytest.mark.parametrize("wrong", REFUSED)
def test_what_loading_refuses_for_its_shape_an_editor_refuses(wrong: str) -> None:
    """One thing of each kind that can be wrong with a playbook, found by both."""
    old, new, code = REFUSED[wrong]
    source = changed(old, new)
    assert code in found(source)
    assert not EDITOR.is_valid(as_read(source))


ACCEPTED = {
    "as it is": ("version: 1", "version: 1"),
    "TLP as FIRST writes it": ("{tlp: amber}", "{tlp: TLP:AMBER+STRICT}"),
    "TLP 1": ("{tlp: amber}", "{tlp: White}"),
    "a built-in field relabelled": ("fields:\n", "fields:\n  _note: {tlp: red}\n"),
    "one for a list": ("phases: [watch, response]\nleads:\n  - {in: [watch, response]", "phases: watch\nleads:\n  - {in: watch"),
    "a text for every language": ('text: {en: ["{what}", "{where}"]}', 'text: "{what}"'),
    "two persons": ("    to: everyone", "    to: everyone\n    confirm: {two-person: {alone_after: 2m}}"),
    "a selector in a selector": ("    to: everyone", "    to: [lead, city, {kind: fire, not: {area: affected, near: true}}]"),
}  # fmt: skip


@pytest.mark.parametrize("right", ACCEPTED)
def test_what_loading_accepts_an_editor_accepts(right: str) -> None:
    """Every shorter spelling is known to both."""
    source = changed(*ACCEPTED[right])
    assert found(source) == set()
    EDITOR.validate(as_read(source))


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a playbook."""
    if path:
        yield path
    for key, below in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(below, (*path, key))


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The same with another value there; `...` takes it away."""
    copy = dict(value) if isinstance(value, dict) else list(value)
    if path[1:]:
        copy[path[0]] = put(copy[path[0]], path[1:], new)
    elif new is ...:
        del copy[path[0]]
    else:
        copy[path[0]] = new
    return copy


def accepted(tree: Any, path: tuple[Any, ...]) -> bool:
    """Whether an editor accepts a playbook that was right but for this place: below a section, it is the section that tells."""
    if not path[1:]:
        return bool(EDITOR.is_valid(tree))
    section = EDITOR.evolve(schema={**SCHEMA["properties"][path[0]], "$defs": SCHEMA["$defs"]})
    return bool(section.is_valid(tree[path[0]]))


def test_whatever_stands_at_any_place_of_the_example_both_say_the_same() -> None:
    """At each place that differs in kind: nothing, a number and odd words are refused by both or by none."""
    example = as_read(EXAMPLE.read_text())
    for section in ("partners", "areas"):
        example[section] = dict(list(example[section].items())[:2])
    kinds = {tuple("*" if isinstance(step, int) else step for step in path): path for path in places(example)}
    assert len(kinds) > 150
    for path in kinds.values():
        for new in (..., 7, "Ü x"):
            tree = put(example, path, new)
            codes = found(json.dumps(tree, ensure_ascii=False))
            if not codes or codes - LOADING_ONLY:
                assert accepted(tree, path) == (not codes), (path, new, codes)


# ── What ships ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_schema_ships_beside_the_playbooks() -> None:
    """The file in the library is the schema of this version, as `tocsin schema` prints it."""
    printed = json.dumps(SCHEMA, indent=2, ensure_ascii=False) + "\n"
    assert SHIPPED.read_text() == printed, f"run: .venv/bin/tocsin schema > playbooks/library/{FILE}"


@pytest.mark.parametrize(
    "path", sorted(set(LIBRARY.glob("*.yaml")) - set(LIBRARY.glob("*.script.yaml"))), ids=lambda p: p.stem
)
def test_a_shipped_playbook_tells_editors_of_it(path: Path) -> None:
    """The first line of each names the schema beside it, and the playbook is right by it."""
    assert path.read_text().startswith(f"{MODELINE}\n")
    EDITOR.validate(as_read(path.read_text()))


def test_the_wheel_has_what_is_read_beside_the_code() -> None:
    """Whoever installs the program has the playbooks, their exercises and the schema."""
    packed = {file.distribution_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    expected = [path for path in (ROOT / "playbooks").rglob("*.*") if path.suffix in (".yaml", ".json")]
    assert SHIPPED in expected
    assert {path.relative_to(ROOT).as_posix() for path in expected} <= packed
