"""A playbook put into Cedar, the policy language of others: their engine's opinion on who sees what.

What the rule says for every origin of an event, Cedar, which knows no *for every*, is told for every jurisdiction there is. Whether
the event's area is seen is a question of its own, put to Cedar before the others. All else is one Cedar policy for each condition
of the page and for each rule of the file. It is tests' opinion only: the bot knows nothing of Cedar.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import cedarpy

from playbooks.load import Book
from playbooks.schema import BUILT_IN, FieldSpec, Matching, Permit, Selector
from playbooks.selection import Circumstances, Event
from playbooks.sight import Room
from playbooks.values import FORMS, Place
from tests.playbooks.plain_rule import leading, mentions_affected

TLP = "(if context.raised > resource.tlp then context.raised else resource.tlp)"
PROTECTED = "(context.encrypted && !context.world_readable && !context.open_join)"
Asked = tuple[Room, str, str]
"""A room, a field, a form of it."""


class Cedar:
    """The policies and entities of one playbook."""

    def __init__(self, book: Book) -> None:
        self.book = book
        channels = {
            f"#{name}": FieldSpec(type="text", **c.label.model_dump()) for name, c in book.playbook.channels.items()
        }
        self.fields = {**BUILT_IN, **book.playbook.fields, **channels}
        self.text = "\n".join(self._policies())
        self._policies_read = cedarpy.PolicySet.from_str(self.text)
        self._entities = cedarpy.Entities.from_json_str(json.dumps([*self._partners(), *self._forms()]))

    def seen(self, so: Circumstances, event: Event, asked: Sequence[Asked]) -> list[bool]:
        """Whether each form of a field of an event may be seen in a room. The forms must be ones that the fields have."""
        spec = self.fields.get(event.place) if event.place else None
        rooms = list(dict.fromkeys(room for room, _, _ in asked))
        sees = dict.fromkeys(rooms, True)
        if event.place is not None and spec is not None and spec.type == "place":
            places = [(room, event.place, "area") for room in rooms]
            sees = dict(zip(rooms, self._answers(so, event, places, dict.fromkeys(rooms, False)), strict=True))
        return self._answers(so, event, asked, sees)

    def _answers(self, so: Circumstances, event: Event, asked: Sequence[Asked], sees: dict[Room, bool]) -> list[bool]:
        """With what is known of who sees the area; of the place itself that is not asked."""
        common = self._context(so, event)
        requests = [
            {
                "principal": f'Partner::"{room.partner}"',
                "action": 'Action::"see"',
                "resource": f'Form::"{field}/{form}"',
                "context": {
                    **common,
                    "network": room.ref.network,
                    "encrypted": room.encrypted,
                    "world_readable": room.world_readable,
                    "open_join": room.open_join,
                    "sees_area": sees[room] and field != event.place,
                },
            }
            for room, field, form in asked
        ]
        found = cedarpy.is_authorized_batch(requests, self._policies_read, self._entities)
        for (room, *_), answer in zip(asked, found, strict=True):  # a policy that fails is passed over: none may
            assert not answer.diagnostics.errors or room.partner not in self.book.playbook.partners, (
                answer.diagnostics.errors
            )
        return [answer.decision is cedarpy.Decision.Allow for answer in found]

    def _context(self, so: Circumstances, event: Event) -> dict[str, Any]:
        lead = leading(so, self.book.playbook.partners[event.origin].jurisdiction)
        place = event.fields.get(event.place) if event.place else None
        context = {
            "active": _refs(so.active),
            "phase": so.phase,
            "hazard": so.hazard or "",
            "danger": so.danger,
            "now": int(so.now.timestamp()),
            "day": so.now.astimezone(self.book.playbook.timezone).date().toordinal(),
            "leads": _refs(lead.partners if lead else ()),
            "deputies": _refs(lead.deputies if lead else ()),
            "origins": sorted(event.origins),
            "raised": COLOURS.index(event.raised or "clear"),
            "areas": sorted(place.areas) if isinstance(place, Place) else [],
        }
        return context | ({"expires": int(event.expires.timestamp())} if event.expires else {})

    # --- entities

    def _partners(self) -> Iterator[dict[str, Any]]:
        areas = self.book.playbook.areas
        for name, who in self.book.playbook.partners.items():
            ground = list(who.covers) or [a for a, area in areas.items() if area.jurisdiction == who.jurisdiction]
            attributes = {
                "kind": who.kind,
                "level": who.level,
                "jurisdiction": who.jurisdiction,
                "competences": list(who.competences),
                "tlp": int(who.clearance.tlp),
                "compartments": list(who.clearance.compartments),
                "ground": ground,
                "beside": [a for a, area in areas.items() if set(area.near) & set(ground)],
            }
            yield _entity("Partner", name, attributes, [{"type": "Group", "id": "partners"}])

    def _forms(self) -> Iterator[dict[str, Any]]:
        for name, spec in self.fields.items():
            for form in FORMS[spec.type]:
                own = dict(spec.forms).get(form)  # type: ignore[call-overload]
                label, personal = (spec, spec.personal) if own is None else (own, own.personal)
                if personal is None:
                    personal = form == "initials" and spec.personal
                attributes = {
                    "tlp": int(label.tlp),
                    "compartments": list(label.compartments),
                    "personal": personal,
                    "field_personal": spec.personal,
                }
                yield _entity("Form", f"{name}/{form}", attributes, [])

    # --- policies

    def _policies(self) -> Iterator[str]:
        playbook = self.book.playbook
        yield _rule("forbid", 'unless { principal in Group::"partners" && context.active.contains(principal) }')
        yield _rule("forbid", "when { context has expires && context.now >= context.expires }")
        yield _rule("forbid", f"when {{ {TLP} > principal.tlp }}")
        yield _rule("forbid", "unless { principal.compartments.containsAll(resource.compartments) }")
        known = " || ".join(f'context.network == "{network}"' for network in playbook.networks)
        yield _rule("forbid", f"unless {{ {known or 'false'} }}")
        for network, trust in playbook.networks.items():
            ceiling = str(int(trust.ceiling))
            if trust.encrypted is not None:
                ceiling = f"(if {PROTECTED} then {int(trust.encrypted)} else {ceiling})"
            yield _rule("forbid", f'when {{ context.network == "{network}" && {TLP} > {ceiling} }}')
        for rule in playbook.sharing:
            if isinstance(rule, Permit):
                forms = [f"{name}/{form}" for name in rule.permit for form in self._covered(name, rule.as_)]
                danger = rule.when is not None and rule.when.danger is True and rule.basis is not None
                yield self._permit(forms, rule.to, rule.purpose, rule.under, rule.when, danger)
            else:
                forms = [f"{name}/{form}" for name in rule.forbid for form in self._covered(name, None)]
                means = self._selector(rule.to, forbids=True)
                yield _rule("forbid", f"when {{ {_among(forms)} && {self._when(rule.when)} && {means} }}")
        for name, channel in playbook.channels.items():
            yield self._permit([f"#{name}/exact"], channel.members, channel.purpose, channel.under, None, False)
        yield _rule(
            "permit",
            f"when {{ {_among(['_delivery/exact'])} && context.leads.contains(principal) && {self._carried(None, ())} }}",
        )

    def _covered(self, field: str, finest: str | None) -> tuple[str, ...]:
        forms = FORMS[self.fields[field].type]
        if finest is None:
            return forms
        return forms[forms.index(finest) :] if finest in forms else ()

    def _permit(
        self, forms: list[str], to: Selector, purpose: str | None, under: Sequence[str], when: Any, danger: bool
    ) -> str:
        carried = self._carried(purpose, under) if not danger else "true"
        means = self._selector(to, forbids=False)
        return _rule("permit", f"when {{ {_among(forms)} && {self._when(when)} && {means} && {carried} }}")

    def _when(self, when: Any) -> str:
        if when is None:
            return "true"
        parts = ["true"]
        if when.phase is not None:
            parts.append(f"{_words(when.phase)}.contains(context.phase)")
        if when.hazard is not None:
            parts.append(f"{_words(when.hazard)}.contains(context.hazard)")
        if when.danger is not None:
            parts.append(f"context.danger == {str(when.danger).lower()}")
        return " && ".join(parts)

    def _carried(self, purpose: str | None, under: Sequence[str]) -> str:
        """From every origin that the event has to the partner's jurisdiction."""
        each = []
        for origin in self.book.playbook.jurisdictions:
            ways = [f'!context.origins.contains("{origin}")']
            ways.append(f'(principal.jurisdiction == "{origin}" && !resource.field_personal)')
            for name in under:
                agreement = self.book.playbook.agreements[name]
                others = list(agreement.between)
                if purpose not in agreement.purposes or origin not in others:
                    continue
                others.remove(origin)
                begins, ends = agreement.from_ or date.min, agreement.until or date.max
                ways.append(
                    f"({_words(others)}.contains(principal.jurisdiction)"
                    f" && context.day >= {begins.toordinal()} && context.day <= {ends.toordinal()})"
                )
            each.append(f"({' || '.join(ways)})")
        return f"(({TLP} == 0 && !resource.personal) || ({' && '.join(each)}))"

    def _selector(self, selector: Selector, *, forbids: bool) -> str:
        return f"({' || '.join(self._term(term, forbids=forbids) for term in selector.terms)})"

    def _term(self, term: Any, *, forbids: bool) -> str:
        if not isinstance(term, Matching):
            words = {
                "Everyone": "true",
                "Lead": "context.leads.contains(principal)",
                "Deputies": "context.deputies.contains(principal)",
            }
            return words.get(type(term).__name__) or f'principal == Partner::"{term.partner}"'
        about_area = "affected" in (term.area or ())
        about_not = term.not_ is not None and any(mentions_affected(inner) for inner in term.not_.terms)
        parts = ["true"]
        if (about_area or about_not) and not forbids:
            parts.append("context.sees_area")
        if term.partner is not None:
            parts.append("[" + ", ".join(f'Partner::"{name}"' for name in term.partner) + "].contains(principal)")
        simple = ((key, getattr(term, key)) for key in ("kind", "level", "jurisdiction"))
        parts += [f"{_words(words)}.contains(principal.{key})" for key, words in simple if words is not None]
        if term.competence is not None:
            parts.append(f"principal.competences.containsAny({_words(term.competence)})")
        if term.network is not None:
            parts.append(f"{_words(term.network)}.contains(context.network)")
        if term.area is not None:
            named = _words(area for area in term.area if area != "affected")
            lies = [f"principal.{where}.containsAny({named})" for where in ("ground", "beside")[: 1 + term.near]]
            if about_area:
                lies += [
                    f"principal.{where}.containsAny(context.areas)" for where in ("ground", "beside")[: 1 + term.near]
                ]
                lies += ["!context.sees_area"] if forbids else []
            parts.append(f"({' || '.join(lies)})")
        if term.not_ is not None:
            excluded = self._selector(term.not_, forbids=forbids)
            parts.append(f"!(context.sees_area && {excluded})" if about_not else f"!{excluded}")
        return f"({' && '.join(parts)})"


COLOURS = ("clear", "green", "amber", "amber+strict", "red")


def _rule(effect: str, conditions: str) -> str:
    return f"{effect} (principal, action, resource) {conditions};"


def _among(forms: Iterable[str]) -> str:
    listed = ", ".join(f'Form::"{form}"' for form in forms)
    return f"[{listed}].contains(resource)"


def _words(words: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"


def _refs(partners: Iterable[str]) -> list[dict[str, Any]]:
    return [{"__entity": {"type": "Partner", "id": name}} for name in sorted(partners)]


def _entity(kind: str, name: str, attributes: dict[str, Any], parents: list[dict[str, str]]) -> dict[str, Any]:
    return {"uid": {"type": kind, "id": name}, "attrs": attributes, "parents": parents}
