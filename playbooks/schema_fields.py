"""The fields: every piece of information that alerts carry, with its label, and the coarser forms it may be shared in.

A form has a label of its own where the playbook gives one, and the field's where it does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from playbooks.labels import Label, Tlp
from playbooks.schema_labels import Labelled, Meaning, TlpWord
from playbooks.schema_lists import Many, listed
from playbooks.schema_words import Finding, Localized, Name, Part, quoted, refusal
from playbooks.values import FORMS

TYPES = {
    "text": "Free words",
    "choice": "One of the `options`, translated beforehand",
    "place": "Where: coarser as its area",
    "number": "A whole number: coarser as a range",
    "person": "Who: coarser as initials, then as a count",
    "time": "When: coarser as its day",
}
FieldType = Annotated[Literal["text", "choice", "place", "number", "person", "time"], Meaning(TYPES)]
FORM_WORDS = {
    "exact": "As it was said",
    "area": "Of a place, only the area it lies in",
    "range": "Of a number, only the range it falls into",
    "initials": "Of persons, only their initials",
    "count": "Of persons, only how many",
    "day": "Of a time, only the day",
}
Form = Annotated[Literal["exact", "area", "range", "initials", "count", "day"], Meaning(FORM_WORDS)]
CoarserForm = Annotated[Literal["area", "range", "initials", "count", "day"], Meaning(FORM_WORDS)]


class FormLabel(Part):
    """The label of a coarser form. `personal` is None where it was not stated."""

    model_config = ConfigDict(title="Label of a form")

    tlp: TlpWord = Tlp.RED
    """How closely this form is held. Without it: `red`.

    Example: `green`
    """
    compartments: Many[Name] = ()
    """Circles for which whoever sees this form must be cleared too. Without any, the level alone decides; those of
    the field do not pass on to it.

    Example: `[medical]`
    """
    personal: bool | None = None
    """Whether somebody could still be recognised in this form. Without it: no; but initials are as personal as the field.

    Example: `false`
    """


def _bare_word(value: object) -> object:
    return {"tlp": value} if isinstance(value, str) else value


FormLabelEntry = Annotated[FormLabel, BeforeValidator(_bare_word, json_schema_input_type=TlpWord | FormLabel)]
"""A bare word is a TLP level, without compartments."""


def _is(kind: str) -> dict[str, Any]:
    return {"properties": {"type": {"const": kind}}, "required": ["type"]}


def _only(kind: str, key: str) -> dict[str, Any]:
    return {"if": {"required": [key]}, "then": _is(kind)}


_BY_TYPE: tuple[dict[str, Any], ...] = (
    _only("choice", "options"),
    _only("number", "ranges"),
    {"if": _is("choice"), "then": {"properties": {"options": {"minProperties": 1}}, "required": ["options"]}},
    {"if": {"properties": {"forms": {"required": ["range"]}}, "required": ["forms"]}, "then": {"required": ["ranges"]}},
    *(
        {"if": _is(kind), "then": {"properties": {"forms": {"propertyNames": {"enum": [*forms[1:]]}}}}}
        for kind, forms in FORMS.items()
    ),
)
"""What JSON Schema is told of the keys that belong to one type."""


class FieldSpec(Labelled):
    """One piece of information that alerts carry, with its label. Without a label it is red, and goes nowhere."""

    model_config = ConfigDict(title="Field", json_schema_extra={"allOf": [*_BY_TYPE], "required": []})

    type: FieldType
    """What sort of information it is. It decides which coarser forms there are. Without it only a built-in field is right,
    which is a text.

    Example: `place`
    """
    title: Localized | None = None
    """What people are asked for, and what the field is called in explanations. Without it: its id.

    Example: `{en: People on site, fr: Personnes sur place}`
    """
    many: bool = False
    """Of a `person` field: several names may be given, separated by commas. Without it: one.

    Example: `true`
    """
    options: Mapping[Name, Localized] = Field(default_factory=dict)
    """Of a `choice`: what can be chosen, each said in every language beforehand, so that no language stands in the way
    of the line that saves lives. A choice needs them; nothing else has them.

    Example: `{leave: {en: "Leave now, uphill", fr: "Partez, vers les hauteurs"}}`
    """
    ranges: Annotated[tuple[int, ...], Field(min_length=1, max_length=100), BeforeValidator(listed)] = ()
    """Of a `number`: where its ranges begin, ascending. `[1, 10, 50]` makes 0, 1-9, 10-49, 50 and more. Without them
    there is no coarser form than the number itself.

    Example: `[1, 10, 50, 200]`
    """
    forms: Mapping[CoarserForm, FormLabelEntry] = Field(default_factory=dict)
    """Coarser forms with labels of their own, so that who may not see the exact value may see roughly. Without
    one here, a form has the field's own label.

    Example: `{area: green}`
    Example: `{count: {tlp: amber, compartments: [medical]}}`
    """

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
        "_answer": FieldSpec(type="text", tlp=Tlp.GREEN),
    }
)
"""What no playbook declares and every playbook has. A playbook may relabel and permit them."""
MEANINGS: Mapping[str, str] = {
    "_title": "The incident's title, as whoever started it wrote it.",
    "_speaker": "Who speaks: the name of the person on duty.",
    "_note": "Remarks for the log (`/note`).",
    "_decision": "Decisions and their reasons.",
    "_report": "Reports from the ground.",
    "_delivery": "Who has an alert and who is silent. The lead and the coordinators see it by its nature.",
    "_presence": "Who is on duty, and who is safe or missing in a roll call, by name.",
    "_answer": "What was answered to check-ins, besides the lead. Each check-in's `label` counts; a label here can only raise it.",
}


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


class WithBuiltIns:
    """Says in the JSON Schema that a built-in field needs no type, and that no other field's name begins with `_`."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler(core)
        field = schema["additionalProperties"]
        another_type = {
            "properties": {"type": {"enum": [kind for kind in TYPES if kind != "text"]}},
            "required": ["type"],
        }
        known = "|".join(BUILT_IN)
        return {
            **schema,
            "propertyNames": {**schema["propertyNames"], "pattern": f"^(?:[a-z][a-z0-9_-]*|{known})$"},
            "properties": {
                name: {
                    **field,
                    "description": f"{MEANINGS[name]} Without it: {spec.tlp.word}.",
                    "examples": [{"tlp": "amber+strict"}],
                    "not": another_type,
                }
                for name, spec in BUILT_IN.items()
            },
            "additionalProperties": {**field, "required": ["type"]},
        }
