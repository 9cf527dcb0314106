"""The playbooks that ship, and the example on the language page: they load, and keep what they promise."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped,unused-ignore]
import pytest
import yaml

import playbooks
from playbooks.assertions import run, unexercised
from playbooks.load import Book, load, parse
from playbooks.schema_json import json_schema
from playbooks.survivors import survey

LIBRARY = Path(playbooks.__file__).parent / "library"
SHIPPED = sorted(path for path in LIBRARY.glob("*.yaml") if not path.name.endswith(".script.yaml"))
JUNE = datetime(2026, 6, 1, 12, tzinfo=UTC)
EXAMPLE = Path(__file__).with_name("example.yaml")


@pytest.fixture(scope="module")
def meuse() -> Book:
    return load(LIBRARY / "meuse-flood.yaml")


@pytest.mark.parametrize("path", [*SHIPPED, EXAMPLE], ids=lambda path: path.stem)
def test_what_ships_loads_and_its_json_schema_agrees(path: Path) -> None:
    """Each shipped playbook and the language's example have no errors, and an editor would find none."""
    load(path)
    jsonschema.Draft202012Validator(json_schema()).validate(plain(path))


SCRIPTS = sorted(LIBRARY.glob("*.script.yaml"))
PAGES = sorted(LIBRARY.parent.glob("*.md"))


def blocks(path: Path) -> list[str]:
    """The YAML in a file: all of it, or the passages of a page that are marked as YAML."""
    text = path.read_text("utf-8")
    return re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL) if path.suffix == ".md" else [text]


def ours(block: str) -> bool:
    """Whether the reader that playbooks are read with takes it."""
    try:
        return bool(list(yaml.load_all(block, yaml.CSafeLoader)))
    except yaml.YAMLError:
        return False


@pytest.mark.parametrize("path", [*SHIPPED, *SCRIPTS, EXAMPLE, *PAGES], ids=lambda path: path.name)
def test_what_ships_is_read_alike_by_every_reader(path: Path) -> None:
    """Readers that take an unquoted `?` between braces for the sign of a key find none: `{en: How many?}` fails in some editors."""
    for block in blocks(path):
        if path in PAGES and not ours(block):
            continue  # a page may show what is wrong
        assert list(yaml.load_all(block, yaml.SafeLoader)) == list(yaml.load_all(block, yaml.CSafeLoader))


def test_an_unquoted_question_is_where_readers_differ() -> None:
    """Else the test above would hold whatever is written."""
    assert yaml.load("{en: How many?, fr: x}", yaml.CSafeLoader) == {"en": "How many?", "fr": "x"}
    with pytest.raises(yaml.YAMLError):
        yaml.load("{en: How many?, fr: x}", yaml.SafeLoader)


def plain(path: Path) -> Any:
    """The file as an editor reads it: lists, mappings, and scalars by the rules of YAML 1.2."""

    class Editor(yaml.SafeLoader):
        pass

    Editor.yaml_implicit_resolvers = {}
    for kind, letters in (("int", "-0123456789"), ("float", "-0123456789"), ("bool", "tf")):
        rule = {"int": r"-?[0-9]+", "float": r"-?[0-9]+\.[0-9]+", "bool": r"true|false"}[kind]
        Editor.add_implicit_resolver(f"tag:yaml.org,2002:{kind}", re.compile(f"(?:{rule})$"), list(letters))
    return yaml.load(path.read_text("utf-8"), Editor)


def test_the_example_of_the_language_says_what_its_comments_say() -> None:
    """The values that the page explains are read as it explains them."""
    playbook = load(EXAMPLE).playbook
    assert [room.for_ for room in playbook.partners["liege-fire"].rooms][1] == ("ops",)
    assert playbook.alerts["evacuation"].confirm.kind == "two-person"
    assert playbook.fields["victims"].label_of("count").compartments == {"medical"}
    assert playbook.tests[0].sees == {"red-cross": {"action": "exact", "what": "exact", "where": "area"}}
    assert playbook.checkins["hourly"].in_ == ("response",)


def test_the_meuse_flood_is_a_partnership_over_three_borders_two_networks_and_four_languages(meuse: Book) -> None:
    """At least eight partners in Belgium, the Netherlands and Germany, reached on Matrix and Telegram."""
    playbook = meuse.playbook
    assert len(playbook.partners) >= 8
    assert {partner.jurisdiction for partner in playbook.partners.values()} == {"be", "nl", "de"}
    assert {room.network for partner in playbook.partners.values() for room in partner.rooms} == {"matrix", "telegram"}
    assert playbook.languages == ("en", "fr", "nl", "de")
    for alert in playbook.alerts.values():
        assert set(alert.text) == set(alert.title) == set(playbook.languages)


def test_no_chat_of_the_meuse_flood_belongs_to_two_partners_and_all_can_be_called(meuse: Book) -> None:
    """Chats and numbers are each one partner's own; each has a room for alerts and one to exercise in."""
    partners = meuse.playbook.partners.values()
    chats = [room.ref.chat for partner in partners for room in partner.rooms]
    phones = [partner.phone_24h for partner in partners]
    assert len(chats) == len(set(chats))
    assert len(phones) == len(set(phones))
    assert None not in phones
    for partner in partners:
        assert any("alerts" in room.for_ and not room.exercises for room in partner.rooms)
        assert any(room.exercises for room in partner.rooms)


def test_every_phase_of_the_meuse_flood_has_a_lead_in_every_country(meuse: Book) -> None:
    """For both tiers, each with its basis in law."""
    for phase in meuse.playbook.phases:
        for tier in ("operational", "strategic"):
            for jurisdiction in meuse.playbook.jurisdictions:
                assert any(
                    (rule.in_ is None or phase in rule.in_)
                    and (rule.tier, rule.jurisdiction) == (tier, jurisdiction)
                    and rule.basis
                    for rule in meuse.playbook.leads
                ), (phase, tier, jurisdiction)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_ships_keeps_its_own_promises_and_would_notice_every_slip(path: Path) -> None:
    """Each shipped playbook's assertions hold, every rule that has an effect is asserted, and no slip of the pen survives them."""
    book = load(path)
    outcomes = run(book, JUNE)
    assert outcomes
    assert [differs.why for one in outcomes for differs in one.differences] == []
    assert [one.remark for one in outcomes if one.remark] == []
    found = survey(book, outcomes, JUNE)
    assert [slip.mutant.change for slip in found.survivors] == []
    assert [
        book.line("sharing", rule) for rule in unexercised(book, outcomes) if rule not in found.without_effect
    ] == []


def test_a_book_is_the_same_whoever_reads_its_bytes(meuse: Book) -> None:
    """The digest depends on the bytes alone, not on the file's name."""
    assert parse(meuse.source, "elsewhere.yaml").digest == meuse.digest
