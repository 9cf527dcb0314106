"""The words a playbook is made of: names, texts, numbers, times, and references to names declared elsewhere.

Every type here reads one scalar (or one small shape) strictly and says in plain words what is wrong. References are
checked against the names that the loader collected beforehand (pydantic's validation context, kind -> names), so that
an undefined name is found together with every other error, in one pass. Without a context nothing is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from playbooks.problems import in_quotes

T = TypeVar("T")


class Part(BaseModel):
    """One part of a playbook: frozen, strict, no unknown keys; attributes are the YAML keys (`in_` for `in`).

    The docstring under an attribute is what an editor shows of that key: what it means, what is so without it, and after
    `Example:` one or more values as they are written. `schema_json` reads it.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    @model_validator(mode="before")
    @classmethod
    def _tell_reader(cls, value: Any, info: ValidationInfo) -> Any:
        # An unknown key is reported with the known ones, and pydantic's error does not say which model had them.
        readers: dict[int, type[Part]] | None = (info.context or {}).get("readers")
        if readers is not None:
            readers[id(value)] = cls
        return value


# ── Saying what is wrong ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, at a path relative to the value being read. `keyed` points at the key, not its value.

    `code` is one of `codes.CODES`.
    """

    code: str
    what: str
    fix: str
    at: tuple[str | int, ...] = ()
    keyed: bool = False


def refusal(*findings: Finding) -> PydanticCustomError:
    """What stops the reading of a value; the loader turns each finding into a place and a sentence."""
    return PydanticCustomError("tocsin", "{text}", {"text": findings[0].what, "findings": findings})


def unknown(what: str, given: str, known: Collection[str]) -> PydanticCustomError:
    """What stops a name that is none of the known ones; the loader suggests the nearest."""
    # Pydantic writes out every value of the context for each error: thousands of known names, thousands of times.
    context = {"text": what, "kind": what, "name": given, "known": lambda: known}
    return PydanticCustomError("tocsin_name", "{text}", context)


def quoted(value: object) -> str:
    """A value as it may stand in a sentence."""
    return in_quotes(value if isinstance(value, str) else repr(value))


# ── Names ─────────────────────────────────────────────────────────────────────────────────────────────────────────

RESERVED = frozenset({"everyone", "lead", "deputies"})
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_FIELD = re.compile(r"_?[a-z][a-z0-9_-]*")
_LONGEST = 64


def _named(pattern: re.Pattern[str], right: str, taken: Collection[str]) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise refusal(Finding("bad-name", f"{quoted(value)} is not a name", right))
        if len(value) > _LONGEST:
            raise refusal(
                Finding("bad-name", f"{quoted(value)} is too long for a name", f"use at most {_LONGEST} characters")
            )
        if value in taken:
            raise refusal(
                Finding("reserved-name", f"{quoted(value)} has a meaning of its own here", "choose another name")
            )
        return value

    return check


def _spelt(pattern: re.Pattern[str], taken: Collection[str] = ()) -> WithJsonSchema:
    schema: dict[str, Any] = {"type": "string", "pattern": f"^(?:{pattern.pattern})$", "maxLength": _LONGEST}
    return WithJsonSchema({**schema, "not": {"enum": sorted(taken)}} if taken else schema)


_RIGHT = "use lower case letters, digits and dashes"
_PLAYBOOK = re.compile(r"[a-z0-9][a-z0-9-]*")
Name = Annotated[str, AfterValidator(_named(_NAME, _RIGHT, ())), _spelt(_NAME)]
"""A free word: a competence, a purpose, a compartment, an answer."""
PlaybookName = Annotated[str, AfterValidator(_named(_PLAYBOOK, _RIGHT, ())), _spelt(_PLAYBOOK)]
PartnerName = Annotated[str, AfterValidator(_named(_NAME, _RIGHT, RESERVED)), _spelt(_NAME, RESERVED)]
AreaName = Annotated[str, AfterValidator(_named(_NAME, _RIGHT, {"affected"})), _spelt(_NAME, {"affected"})]
_USES = frozenset({"alerts", "checkins"})
ChannelName = Annotated[str, AfterValidator(_named(_NAME, _RIGHT, _USES)), _spelt(_NAME, _USES)]
_MOMENTS = frozenset({"activation", "calm"})
PhaseName = Annotated[str, AfterValidator(_named(_NAME, _RIGHT, _MOMENTS)), _spelt(_NAME, _MOMENTS)]
FieldName = Annotated[
    str,
    AfterValidator(_named(_FIELD, "use lower case letters, digits, dashes and underscores", {"tlp"})),
    _spelt(_FIELD, {"tlp"}),
]


def _defined(kind: str) -> Callable[[str, ValidationInfo], str]:
    def check(value: str, info: ValidationInfo) -> str:
        known: Collection[str] | None = (info.context or {}).get(kind)
        if known is not None and value not in known:
            raise unknown(kind, value, known)
        return value

    return check


PartnerRef = Annotated[str, AfterValidator(_defined("partner")), _spelt(_NAME)]
AreaRef = Annotated[str, AfterValidator(_defined("area")), _spelt(_NAME)]
AreaRefOrAffected = Annotated[str, AfterValidator(_defined("area or `affected`")), _spelt(_NAME)]
JurisdictionRef = Annotated[str, AfterValidator(_defined("jurisdiction")), _spelt(_NAME)]
AgreementRef = Annotated[str, AfterValidator(_defined("agreement")), _spelt(_NAME)]
FieldRef = Annotated[str, AfterValidator(_defined("field")), _spelt(_FIELD)]
PhaseRef = Annotated[str, AfterValidator(_defined("phase")), _spelt(_NAME)]
HazardRef = Annotated[str, AfterValidator(_defined("hazard")), _spelt(_NAME)]
AlertRef = Annotated[str, AfterValidator(_defined("alert")), _spelt(_NAME)]
RoomUse = Annotated[str, AfterValidator(_defined("channel, `alerts` or `checkins`")), _spelt(_NAME)]
Moment = Annotated[str, AfterValidator(_defined("phase, `activation` or `calm`")), _spelt(_NAME)]


# ── Texts ─────────────────────────────────────────────────────────────────────────────────────────────────────────

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def _language(value: str) -> str:
    if not _LANGUAGE.fullmatch(value):
        raise refusal(Finding("bad-language", f"{quoted(value)} is not a language", "use a tag like `fr` or `nl-BE`"))
    return value


def _filled(value: str) -> str:
    if not value.strip():
        raise refusal(Finding("empty-text", "this text is empty", "write it, or leave the key out"))
    return value


_TAG: dict[str, Any] = {"type": "string", "pattern": f"^(?:{_LANGUAGE.pattern})$"}
_FILLED: dict[str, Any] = {"type": "string", "pattern": r"\S"}

Language = Annotated[str, AfterValidator(_language), WithJsonSchema({**_TAG, "examples": ["fr", "nl-BE"]})]
"""A language tag of BCP 47: `fr`, `nl-BE`."""
Text = Annotated[str, AfterValidator(_filled), WithJsonSchema(_FILLED)]


def _in_every_language(value: object) -> object:
    return {"": value} if isinstance(value, str) else value


def _language_or_any(value: str) -> str:
    return value if value == "" else _language(value)


def _said(texts: Mapping[str, T]) -> Mapping[str, T]:
    if not texts:
        raise refusal(Finding("empty-text", "there is no text here", "write it in at least one language, `{en: …}`"))
    return texts


def by_language(one: Mapping[str, Any], hint: str) -> WithJsonSchema:
    """How a text is written for JSON Schema: once for every language, or for each; `one` is a text in one language."""
    tags = {"pattern": f"^(?:{_LANGUAGE.pattern})?$"}
    each = {"type": "object", "propertyNames": tags, "additionalProperties": dict(one), "minProperties": 1}
    return WithJsonSchema({"anyOf": [dict(one), each], HINT: hint})


HINT = "hint"
"""Under this key a type says in a line how its values are written; `schema_json` adds it to what a property means."""

LanguageOrAny = Annotated[str, AfterValidator(_language_or_any)]
Localized = Annotated[
    Mapping[LanguageOrAny, Text],
    BeforeValidator(_in_every_language),
    AfterValidator(_said),
    by_language(_FILLED, "A text, for every language; or one for each: `{en: Flood, fr: Crue}`."),
]
"""Text by language tag. A bare string means every language, and is kept under the empty tag: `{"": text}`."""


def text_in(localized: Mapping[str, T], languages: Sequence[str]) -> tuple[T, str]:
    """The text for the first of `languages` that has one, and the tag it was found under ("" means every language).

    `nl-BE` is served by `nl` where it has no text of its own. Where none of the languages has a text, the first one
    written is given with its tag, so that the reader can be told which language it is. Works for texts by clauses too.
    """
    for language in languages:
        for tag in (language, language.partition("-")[0]):
            if tag in localized:
                return localized[tag], tag
        if "" in localized:
            break
    tag = "" if "" in localized else next(iter(localized))
    return localized[tag], tag


# ── Numbers ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PydanticCustomError("float_type", "a number is wanted")
    return value


Number = Annotated[int | float, PlainValidator(_number, json_schema_input_type=float)]
Count = Annotated[int, Field(ge=0, le=10**9)]
OneToFive = Annotated[int, Field(ge=1, le=5), WithJsonSchema({"type": "integer", "enum": [1, 2, 3, 4, 5]})]


# ── Spellings ─────────────────────────────────────────────────────────────────────────────────────────────────────


def by_shape(value: Any) -> str:
    """Which of two spellings this is: the word or the mapping."""
    return "<mapping>" if isinstance(value, Mapping | BaseModel) else "<word>"
