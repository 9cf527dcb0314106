"""A small playbook that is right, for tests that break it in one place."""

from __future__ import annotations

from playbooks.load import Book, Mark, PlaybookErrors, parse

SMALL = """\
playbook: small
version: 1
title: {en: Small, fr: Petit}
languages: [en, fr]
timezone: Europe/Brussels
hazards: [flood]
networks:
  matrix: {ceiling: amber, encrypted: red}
jurisdictions:
  be: {name: Belgium}
  nl: {name: Netherlands}
agreements:
  pact: {title: A pact, between: [be, nl], purposes: [life-safety], from: 2021-01-01, until: 2027-12-31}
areas:
  town: {name: Town, jurisdiction: be, circle: [50.6, 5.6, 2]}
partners:
  city:
    name: City
    kind: municipality
    level: local
    jurisdiction: be
    competences: [order-evacuation]
    covers: [town]
    clearance: {tlp: amber}
    rooms: [{matrix: "#city:example.org"}]
phases: [watch, response]
leads:
  - {in: [watch, response], lead: city}
fields:
  what: {type: text, tlp: green}
  where: {type: place, tlp: amber, forms: {area: green}}
sharing:
  - {permit: [what, where], to: everyone, purpose: life-safety, under: pact}
alerts:
  evacuation:
    title: Evacuate
    cap: {category: Safety, event: Flood, urgency: Immediate, severity: Extreme, certainty: Observed}
    fields: {what: required, where: optional}
    main: what
    text: {en: ["{what}", "{where}"]}
    to: everyone
"""


def changed(old: str, new: str) -> str:
    """The small playbook with one passage replaced; the passage must stand in it once."""
    assert SMALL.count(old) == 1, old
    return SMALL.replace(old, new)


def read(text: str) -> Book:
    """The book that this text makes."""
    return parse(text.encode(), "small.yaml")


def errors(source: str | bytes) -> list[str]:
    """What is wrong with this source, as it is told to people; nothing if it is right."""
    try:
        parse(source if isinstance(source, bytes) else source.encode(), "small.yaml")
    except PlaybookErrors as found:
        return [str(problem) for problem in found.errors]
    return []


def places(source: str) -> set[Mark]:
    """Where the errors are."""
    try:
        parse(source.encode(), "small.yaml")
    except PlaybookErrors as found:
        return {Mark(problem.line, problem.column) for problem in found.errors}
    return set()


def place_of(source: str, passage: str) -> Mark:
    """Where a passage first stands in a source."""
    before = source[: source.index(passage)]
    return Mark(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
