"""What is shared: the fields with their labels and coarser forms, and the rules that permit and forbid.

A form has a label of its own where the playbook gives one, and the field's where it does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Discriminator, Field, Tag

from playbooks.labels import Label, Tlp
from playbooks.schema_selectors import Selector
from playbooks.schema_words import (
    AgreementRef,
    FieldRef,
    Finding,
    HazardRef,
    Labelled,
    Localized,
    Many,
    Name,
    Part,
    PhaseRef,
    Some,
    Text,
    TlpWord,
    distinct,
    listed,
    quoted,
    refusal,
)
from playbooks.values import FORMS

FieldType = Literal["text", "choice", "place", "number", "person", "time"]
Form = Literal["exact", "area", "range", "initials", "count", "day"]
CoarserForm = Literal["area", "range", "initials", "count", "day"]


class FormLabel(Part):
    """The label of a coarser form. `personal` is None where it was not stated."""

    tlp: TlpWord = Tlp.RED
    compartments: Many[Name] = ()
    personal: bool | None = None


def _bare_word(value: object) -> object:
    return {"tlp": value} if isinstance(value, str) else value


FormLabelEntry = Annotated[FormLabel, BeforeValidator(_bare_word, json_schema_input_type=TlpWord | FormLabel)]


class FieldSpec(Labelled):
    """One piece of information that alerts and reports carry. Without a label it is red."""

    type: FieldType
    title: Localized | None = None
    many: bool = False
    options: Mapping[Name, Localized] = Field(default_factory=dict)
    ranges: Annotated[tuple[int, ...], Field(min_length=1, max_length=100), BeforeValidator(listed)] = ()
    """Where the ranges of a number begin: [1, 10, 50] makes 1-9, 10-49, 50 and more."""
    forms: Mapping[CoarserForm, FormLabelEntry] = Field(default_factory=dict)

    @property
    def labelled(self) -> bool:
        """Whether the playbook gives it a TLP level of its own."""
        return "tlp" in self.model_fields_set

    @property
    def all_forms(self) -> tuple[str, ...]:
        """Its forms, finest first. A number without ranges has no range."""
        return tuple(form for form in FORMS[self.type] if form != "range" or self.ranges)

    def label_of(self, form: str) -> Label:
        """The label of this form: its own entry under `forms`, else the field's. No origin, no expiry.

        A form's entry is not personal unless it says so, except initials, which are as personal as the field.
        """
        entry = next((entry for name, entry in self.forms.items() if name == form), None)
        if entry is None:
            return self.label
        personal = entry.personal if entry.personal is not None else form == "initials" and self.personal
        return Label(entry.tlp, frozenset(entry.compartments), personal)


def _field(value: FieldSpec) -> FieldSpec:
    findings = [
        Finding(
            "unknown-value",
            f"a {value.type} has no form `{form}`",
            f"its coarser forms are: {', '.join(FORMS[value.type][1:])}" if FORMS[value.type][1:] else "leave it out",
            ("forms", form),
            True,
        )
        for form in value.forms
        if form not in FORMS[value.type]
    ]
    if value.type == "choice" and not value.options:
        findings.append(
            Finding("missing-key", "this choice has nothing to choose from", "add `options: {name: {en: …}}`")
        )
    if value.type != "choice" and value.options:
        findings.append(
            Finding(
                "misplaced-key", f"a {value.type} has no options", "make it a `choice`, or drop it", ("options",), True
            )
        )
    if value.type != "number" and value.ranges:
        findings.append(
            Finding(
                "misplaced-key", f"a {value.type} has no ranges", "make it a `number`, or drop it", ("ranges",), True
            )
        )
    if "range" in value.forms and value.type == "number" and not value.ranges:
        findings.append(
            Finding("missing-key", "there are no ranges to give", "add `ranges: [1, 10, 50]`", ("forms", "range"), True)
        )
    findings += [
        Finding("wrong-order", "these ranges do not ascend", "write each limit once, smallest first", ("ranges", i))
        for i in range(1, len(value.ranges))
        if value.ranges[i] <= value.ranges[i - 1]
    ][:1]
    if findings:
        raise refusal(*findings)
    return value


FieldEntry = Annotated[FieldSpec, AfterValidator(_field)]

BUILT_IN: Mapping[str, FieldSpec] = MappingProxyType(
    {
        "_title": FieldSpec(type="text", tlp=Tlp.GREEN),
        "_speaker": FieldSpec(type="text", tlp=Tlp.GREEN),
        "_note": FieldSpec(type="text", tlp=Tlp.AMBER),
        "_decision": FieldSpec(type="text", tlp=Tlp.AMBER),
        "_report": FieldSpec(type="text", tlp=Tlp.AMBER),
        "_delivery": FieldSpec(type="text", tlp=Tlp.AMBER),
        "_presence": FieldSpec(type="text", tlp=Tlp.AMBER),
    }
)
"""What no playbook declares and every playbook has. A playbook may relabel and permit them."""


def built_ins(value: object) -> object:
    """A built-in field that is relabelled keeps its type and, unless stated, its label."""
    if not isinstance(value, Mapping):
        return value
    return {name: _relabelled(name, spec) for name, spec in value.items()}


def _relabelled(name: object, spec: object) -> object:
    if not isinstance(name, str) or name not in BUILT_IN or not isinstance(spec, Mapping):
        return spec
    return {"type": "text", "tlp": BUILT_IN[name].tlp, **spec}


def only_known_built_ins(fields: Mapping[str, FieldSpec]) -> Mapping[str, FieldSpec]:
    """Names that begin with `_` are Tocsin's own, and are texts."""
    findings = [
        Finding(
            "reserved-name",
            f"{quoted(name)} is not a built-in field",
            f"these are: {', '.join(BUILT_IN)}",
            (name,),
            True,
        )
        for name in fields
        if name.startswith("_") and name not in BUILT_IN
    ] + [
        Finding("misplaced-key", f"{quoted(name)} is a text", "leave `type` out", (name, "type"))
        for name, spec in fields.items()
        if name in BUILT_IN and spec.type != "text"
    ]
    if findings:
        raise refusal(*findings)
    return fields


# ── Rules ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class When(Part):
    """Under which circumstances a rule applies: all keys given must hold."""

    phase: Some[PhaseRef] | None = None
    hazard: Some[HazardRef] | None = None
    danger: bool | None = None


class Permit(Part):
    """These fields, in this form or a coarser one, may be shown to these partners for this purpose."""

    permit: Annotated[Some[FieldRef], AfterValidator(distinct)]
    as_: Form | None = Field(default=None, alias="as")
    to: Selector
    purpose: Name | None = None
    under: Annotated[Many[AgreementRef], AfterValidator(distinct)] = ()
    when: When | None = None
    basis: Text | None = None


class Forbid(Part):
    """These fields may not be shown to these partners, whatever any permit says."""

    forbid: Annotated[Some[FieldRef], AfterValidator(distinct)]
    to: Selector
    when: When | None = None


def _permit(value: Permit) -> Permit:
    if value.under and value.purpose is None:
        raise refusal(
            Finding(
                "missing-key",
                "an agreement allows sharing for a purpose, and none is given",
                "add `purpose:`",
                ("under",),
                True,
            )
        )
    return value


def _permit_or_forbid(value: Any) -> str | None:
    keys = value if isinstance(value, Mapping) else value.__class__.model_fields if isinstance(value, BaseModel) else ()
    if "permit" in keys:
        return "<permit>"
    return "<forbid>" if "forbid" in keys else None


Rule = Permit | Forbid
RuleEntry = Annotated[
    Annotated[Annotated[Permit, AfterValidator(_permit)], Tag("<permit>")] | Annotated[Forbid, Tag("<forbid>")],
    Discriminator(_permit_or_forbid, custom_error_type="tocsin_rule", custom_error_message="neither permit nor forbid"),
]
