"""Playbooks far bigger than any that people sign: as many partners, fields and alerts as are wanted, with rules of every kind."""

from __future__ import annotations

KINDS = ("fire", "police", "medical", "municipality", "ngo")
_HEAD = """\
playbook: big
version: 1
title: Big
languages: [en]
timezone: Europe/Brussels
networks:
  telegram: {ceiling: amber}
  matrix: {ceiling: amber, encrypted: red}
jurisdictions:
  be: {name: Belgium}
  nl: {name: Netherlands}
agreements:
  pact: {title: A pact, between: [be, nl], purposes: [life-safety], until: 2099-12-31}
"""
_ALERT = """\
  alert{number}:
    title: Alert {number}
    cap: {{category: Safety, event: Flood, urgency: Immediate, severity: Extreme, certainty: Observed}}
    fields: {{{fields}}}
    main: field0
    text: [{clauses}]
    to: {to}
"""


def big(partners: int, fields: int, alerts: int = 1) -> str:
    """A playbook of this size, as text: a permit for each field, a forbid for every fifth, an area for every ten partners.

    ``field1`` says where; every tenth permit is for the partners on whose ground, or near it, that is.
    """
    lines = [_HEAD + "areas:"]
    for area in range(max(1, partners // 10)):
        near = f"near: [area{area - 1}]" if area else "near: []"
        lines.append(f"  area{area}: {{name: Area {area}, jurisdiction: be, circle: [50.{area:03}, 5.6, 2], {near}}}")
    lines.append("partners:")
    lines += [_partner(number, max(1, partners // 10)) for number in range(partners)]
    lines += ["phases: [watch, response]", "leads:", "  - {lead: partner0, deputies: [partner1]}", "fields:"]
    colours = ("clear", "green", "amber")
    lines += [f"  field{number}: {{type: text, tlp: {colours[number % 3]}}}" for number in range(fields) if number != 1]
    lines.append("  field1: {type: place, tlp: amber, forms: {area: green}}")
    lines.append("sharing:")
    for number in range(fields):
        to = f"{{kind: [{KINDS[number % 5]}, {KINDS[(number + 1) % 5]}]}}"
        if number % 10 == 8:
            to = "{area: affected, near: true}"
        when = ", when: {phase: response}" if number % 7 == 6 else ""
        lines.append(f"  - {{permit: [field{number}], to: {to}, purpose: life-safety, under: pact{when}}}")
    lines += [f"  - {{forbid: [field{number}], to: {{network: telegram}}}}" for number in range(3, fields, 5)]
    lines.append("alerts:")
    for number in range(alerts):
        names = [f"field{name}" for name in range(fields)]
        asked = ", ".join(f"{name}: optional" for name in names)
        clauses = ", ".join(f"'{{{name}}}'" for name in names)
        lines.append(_ALERT.format(number=number, fields=asked, clauses=clauses, to="everyone").rstrip())
    return "\n".join(lines) + "\n"


def _partner(number: int, areas: int) -> str:
    home = "be" if number % 3 else "nl"
    ground = f"\n    covers: [area{number % areas}]" if home == "be" else ""
    return f"""\
  partner{number}:
    name: Partner {number}
    kind: {KINDS[number % 5]}
    level: local
    jurisdiction: {home}
    competences: [rescue{number % 7}]{ground}
    clearance: {{tlp: {("green", "amber", "amber+strict")[number % 3]}}}
    languages: [en]
    phone_24h: "+32400{number:05}"
    rooms: [{{matrix: "#partner{number}:example.org"}}, {{telegram: -100{number + 1:07}}}]"""
