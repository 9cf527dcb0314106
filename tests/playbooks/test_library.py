"""The playbooks that ship, and the example on the language page: they load, and keep what they promise."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped,unused-ignore]
import pytest
import yaml

import playbooks
from playbooks.load import Book, load, parse
from playbooks.mandate import leads
from playbooks.schema import Expectation
from playbooks.schema_json import json_schema
from playbooks.selection import Circumstances, Event, matches
from playbooks.sight import Room, Seen, decide, visible_areas
from playbooks.values import Choice, Moment, Number, Person, Place, Text, Value

LIBRARY = Path(playbooks.__file__).parent / "library"
SHIPPED = sorted(path for path in LIBRARY.glob("*.yaml") if not path.name.endswith(".script.yaml"))
EXAMPLE = Path(__file__).with_name("example.yaml")


@pytest.fixture(scope="module")
def meuse() -> Book:
    return load(LIBRARY / "meuse-flood.yaml")


@pytest.mark.parametrize("path", [*SHIPPED, EXAMPLE], ids=lambda path: path.stem)
def test_what_ships_loads_and_its_json_schema_agrees(path: Path) -> None:
    """Each shipped playbook and the language's example have no errors, and an editor would find none."""
    load(path)
    jsonschema.Draft202012Validator(json_schema()).validate(plain(path))


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


def staged(book: Book, test: Expectation) -> tuple[Circumstances, Event]:
    """A test's circumstances, and its alert with every field filled in."""
    given, alert, playbook = test.given, book.playbook.alerts[test.alert], book.playbook
    values: dict[str, Value] = {
        "text": Text("words"), "choice": Choice("leave"), "number": Number(7), "person": Person(("Ada Lovelace",)),
        "time": Moment(datetime(2026, 6, 1, tzinfo=playbook.timezone)),
        "place": Place("here", None, (given.area or "",)),
    }  # fmt: skip
    specs = {name: spec for name in alert.fields if (spec := playbook.field(name)) is not None}
    phase = given.phase or playbook.phases[0]
    circumstances = Circumstances(
        now=(given.at or datetime(2026, 6, 1)).replace(tzinfo=playbook.timezone),  # noqa: DTZ001
        phase=phase,
        active=frozenset(playbook.partners),
        danger=given.danger,
        leads=leads(book, phase, "flood"),
    )
    return circumstances, Event(
        origin=given.from_,
        origins=frozenset({playbook.partners[given.from_].jurisdiction}),
        fields={name: values[spec.type] for name, spec in specs.items()},
        place=next((name for name, spec in specs.items() if spec.type == "place"), None),
    )


def seen(book: Book, test: Expectation, partner: str) -> dict[str, str]:
    """The forms in which a partner sees an alert's fields under a test's circumstances."""
    circumstances, event = staged(book, test)
    answers = {
        name: decide(book, circumstances, event, Room(room.ref, partner, encrypted=bool(test.given.encrypted)), name)
        for room in book.playbook.partners[partner].rooms
        if test.given.network in (None, room.network) and "alerts" in room.for_ and not room.exercises
        for name in event.fields
    }
    return {name: answer.form for name, answer in answers.items() if isinstance(answer, Seen)}


def receivers(book: Book, test: Expectation) -> set[str]:
    """The partners that the test's alert is for."""
    circumstances, event = staged(book, test)
    to = book.playbook.alerts[test.alert].to
    return {
        name
        for name, partner in book.playbook.partners.items()
        for room in partner.rooms
        if matches(
            book,
            to,
            name,
            circumstances,
            event.origin,
            visible_areas(book, circumstances, event, Room(room.ref, name)),
            room.network,
        )
    }


def test_the_meuse_flood_keeps_its_own_promises(meuse: Book) -> None:
    """Each of the playbook's own tests holds: what it lists is seen in that form, and what it does not is withheld."""
    assert len(meuse.playbook.tests) >= 5
    for test in meuse.playbook.tests:
        if test.receives is not None:
            assert receivers(meuse, test) == set(test.receives), test.name
        for partner, forms in test.sees.items():
            assert seen(meuse, test, partner) == forms, (test.name, partner)


def test_a_book_is_the_same_whoever_reads_its_bytes(meuse: Book) -> None:
    """The digest depends on the bytes alone, not on the file's name."""
    assert parse(meuse.source, "elsewhere.yaml").digest == meuse.digest
