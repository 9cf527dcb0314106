"""Two countries and a river between them: the playbook on which selection, sight, mandate and the gate are shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from playbooks.load import Book, parse
from playbooks.mandate import leads
from playbooks.rooms import RoomRef
from playbooks.selection import Circumstances, Event
from playbooks.sight import Room
from playbooks.values import Choice, Number, Person, Place, Text, Value

BORDER = """\
playbook: border
version: 1
title: {en: Flood at the border, fr: Crue à la frontière}
languages: [en, fr]
timezone: Europe/Brussels
hazards: [flood, dam]
networks:
  telegram: {ceiling: amber}
  matrix: {ceiling: amber, encrypted: red}
jurisdictions:
  be: {name: Belgium}
  nl: {name: Netherlands}
  de: {name: Germany}
agreements:
  pact: {title: A pact, between: [be, nl], purposes: [life-safety], from: 2021-01-01, until: 2026-06-30}
  three: {title: Of three, between: [be, nl, de], purposes: [flood-control]}
  home: {title: At home, between: [be, be], purposes: [life-safety]}
danger: {by: lead, lasts: 2h, tell: [city]}
areas:
  town: {name: {en: Town, fr: Ville}, jurisdiction: be, circle: [50.6, 5.6, 2], near: [dorp]}
  hill: {name: Hill, jurisdiction: be, circle: [50.4, 5.6, 2]}
  dorp: {name: Dorp, jurisdiction: nl, circle: [50.8, 5.6, 2], near: [town]}
activate: {by: {kind: municipality}}
partners:
  city:
    name: City & Sons <town hall>
    kind: municipality
    level: local
    jurisdiction: be
    competences: [order-evacuation]
    covers: [town]
    clearance: {tlp: red, compartments: [medical]}
    phone_24h: "+3210"
    languages: [en]
    rooms: [{matrix: "#city:x.org"}, {telegram: -11}]
  fire:
    name: Fire
    kind: fire
    level: regional
    jurisdiction: be
    competences: [rescue]
    clearance: {tlp: amber+strict, compartments: [medical]}
    phone_24h: "+3211"
    languages: [en]
    rooms: [{matrix: "#fire:x.org"}, {telegram: -12}]
  brandweer:
    name: Brandweer
    kind: fire
    level: regional
    jurisdiction: nl
    competences: [rescue]
    covers: [dorp]
    clearance: {tlp: amber, compartments: [medical]}
    phone_24h: "+3112"
    languages: [en]
    rooms: [{matrix: "#brandweer:x.org"}]
  aid:
    name: Aid
    kind: ngo
    level: national
    jurisdiction: be
    covers: [town]
    clearance: {tlp: green}
    phone_24h: "+3213"
    languages: [en]
    rooms: [{telegram: -14}]
  hilfe:
    name: Hilfe
    kind: ngo
    level: national
    jurisdiction: de
    clearance: {tlp: green}
    phone_24h: "+4914"
    languages: [en]
    rooms: [{telegram: -15}]
  watchers:
    name: Silent watchers
    kind: other
    level: national
    jurisdiction: be
    clearance: {tlp: amber}
    phone_24h: "+3299"
    listed: false
    languages: [en]
    rooms: [{telegram: -19}]
phases: [watch, response]
leads:
  - {in: [watch, response], tier: operational, jurisdiction: be, lead: fire, deputies: [city]}
  - {tier: operational, lead: brandweer}
  - {tier: strategic, lead: city}
fields:
  action: {type: choice, tlp: clear, options: {leave: {en: Leave now, fr: Partez}, stay: {en: Stay inside, fr: Restez}}}
  what: {type: text, tlp: green}
  where: {type: place, tlp: amber, forms: {area: green}}
  people: {type: number, tlp: amber, compartments: [medical], forms: {range: green}, ranges: [1, 10, 50]}
  victims: {type: person, many: true, tlp: amber, personal: true, forms: {count: green}}
  secret: {type: text, tlp: red}
sharing:
  - {permit: [action], to: everyone, purpose: life-safety}
  - {permit: [what, where, people], to: {kind: [fire, municipality]}, purpose: life-safety, under: pact}
  - {permit: [what], to: {jurisdiction: be}, purpose: life-safety}
  - {permit: [where], as: area, to: {kind: ngo}, purpose: life-safety}
  - {permit: [what], to: hilfe, purpose: life-safety, when: {danger: true}, basis: vital interests}
  - {permit: [victims], to: [city, fire], purpose: life-safety, under: home}
  - {permit: [secret], to: city, purpose: life-safety}
  - {forbid: [people], to: {network: telegram}}
alerts:
  evacuation:
    title: {en: Evacuate, fr: Évacuez}
    cap: {category: Safety, event: Flood, urgency: Immediate, severity: Extreme, certainty: Observed}
    by: {competence: order-evacuation}
    in_danger: {by: {competence: rescue}, basis: Law of rescue, tell: {competence: order-evacuation}}
    fields: {action: required, what: optional, where: optional, people: optional, victims: optional, secret: optional}
    main: what
    text: {en: ["{action}.", "Area: {where}.", "{what}", "People: {people}.", "Victims: {victims}.", "{secret}"]}
    to: everyone
    confirm: yes
    expires: 12h
    ack: {choices: [acting, seen, cannot]}
  affected:
    title: {en: For those concerned, fr: Pour les intéressés}
    cap: {category: Safety, event: Flood, urgency: Expected, severity: Minor, certainty: Observed}
    by: [city, fire]
    fields: {what: optional, where: optional, people: optional}
    main: what
    text: {en: ["{what}", "{where}", "{people}"]}
    to: {area: affected, near: true}
    confirm: no
  count:
    title: {en: How many, fr: Combien}
    cap: {category: Safety, event: Flood, urgency: Expected, severity: Minor, certainty: Observed}
    by: [city, fire]
    fields: {people: required, what: optional}
    main: what
    text: {en: ["{people}", "{what}"]}
    to: everyone
    confirm: no
  talk:
    title: {en: A word, fr: Un mot}
    cap: {category: Safety, event: Flood, urgency: Expected, severity: Minor, certainty: Observed}
    by: [city, fire, aid]
    fields: {what: optional}
    main: what
    text: {en: ["{what}"]}
    to: everyone
    confirm: {two-person: {alone_after: 2m}}
"""
BRUSSELS = ZoneInfo("Europe/Brussels")
NOON = datetime(2026, 6, 1, 12, tzinfo=BRUSSELS)


def border(*changes: tuple[str, str]) -> Book:
    """The playbook, with passages replaced that each stand in it once."""
    text = BORDER
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return parse(text.encode(), "border.yaml")


BOOK = border()


def so(book: Book = BOOK, **changes: Any) -> Circumstances:
    """Noon in the response phase, everybody there."""
    usual = Circumstances(NOON, "response", frozenset(book.playbook.partners), leads=leads(book, "response", None))
    return replace(usual, **changes)


def said(origin: str = "city", *origins: str, **changes: Any) -> Event:
    """An evacuation of the town, as the city would say it; further countries whose words it quotes."""
    home = BOOK.playbook.partners[origin].jurisdiction
    fields: dict[str, Value | None] = {
        "action": Choice("leave"),
        "what": Text("The quay is under water"),
        "where": Place("Quai 1", None, ("town",)),
        "people": Number(12),
        "victims": Person(("Ada Lovelace",)),
        "secret": Text("The dam"),
    }
    return replace(Event(origin, frozenset({home, *origins}), fields, place="where"), **changes)


def room(partner: str, network: str = "matrix", **traits: bool) -> Room:
    """A room of a partner; on Matrix encrypted, unless it is said otherwise."""
    ref = RoomRef(network, f"{partner}-room")  # type: ignore[arg-type]
    return Room(ref, partner, **{"encrypted": network == "matrix", **traits})
