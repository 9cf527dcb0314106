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
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_before_validator_function

from playbooks.labels import Label, Tlp
from playbooks.problems import MOST_SHOWN, in_quotes

T = TypeVar("T")


class Part(BaseModel):
    """One part of a playbook: frozen, strict, no unknown keys; attributes are the YAML keys (`in_` for `in`)."""

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


# ── Lists ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def one_or_many(value: object) -> object:
    """A single value stands for a list of one."""
    if isinstance(value, list | tuple):
        return tuple(value)
    return value if value is None else (value,)


def listed(value: object) -> object:
    """Lists are kept as tuples; anything else is left for the type to refuse."""
    return tuple(value) if isinstance(value, list) else value


def distinct(values: tuple[T, ...]) -> tuple[T, ...]:
    """Refuse a list that says the same thing twice."""
    said: set[T] = set()
    findings: list[Finding] = []
    for i, value in enumerate(values):
        if value in said and len(findings) <= MOST_SHOWN:
            findings.append(Finding("listed-twice", f"{quoted(value)} is listed twice", "name it once", (i,)))
        said.add(value)
    if findings:
        raise refusal(*findings)
    return values


class _OneOrMany:
    """Reads a single value as a list of one, and says so in the JSON Schema."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_before_validator_function(one_or_many, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        many = handler(core)
        return {"anyOf": [handler.resolve_ref_schema(many)["items"], many]}


Many = Annotated[tuple[T, ...], _OneOrMany()]
"""One value or a list of them, kept as a tuple."""

Some = Annotated[tuple[T, ...], Field(min_length=1), _OneOrMany()]
"""One value or a list of at least one, kept as a tuple."""

Listed = Annotated[tuple[T, ...], BeforeValidator(listed)]
"""A list, kept as a tuple."""


# ── Names ─────────────────────────────────────────────────────────────────────────────────────────────────────────

RESERVED = frozenset({"everyone", "lead", "deputies"})
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_FIELD = re.compile(r"_?[a-z][a-z0-9_-]*")


def _named(pattern: re.Pattern[str], right: str, taken: Collection[str]) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise refusal(Finding("bad-name", f"{quoted(value)} is not a name", right))
        if len(value) > 64:
            raise refusal(Finding("bad-name", f"{quoted(value)} is too long for a name", "use at most 64 characters"))
        if value in taken:
            raise refusal(
                Finding("reserved-name", f"{quoted(value)} has a meaning of its own here", "choose another name")
            )
        return value

    return check


_RIGHT = "use lower case letters, digits and dashes"
Name = Annotated[
    str, AfterValidator(_named(_NAME, _RIGHT, ())), Field(json_schema_extra={"pattern": f"^{_NAME.pattern}$"})
]
"""A free word: a competence, a purpose, a compartment, an answer."""
PlaybookName = Annotated[str, AfterValidator(_named(re.compile(r"[a-z0-9][a-z0-9-]*"), _RIGHT, ()))]
PartnerName = Annotated[str, AfterValidator(_named(_NAME, _RIGHT, RESERVED))]
AreaName = Annotated[str, AfterValidator(_named(_NAME, _RIGHT, {"affected"}))]
ChannelName = Annotated[str, AfterValidator(_named(_NAME, _RIGHT, {"alerts", "checkins"}))]
PhaseName = Annotated[str, AfterValidator(_named(_NAME, _RIGHT, {"activation", "calm"}))]
FieldName = Annotated[
    str, AfterValidator(_named(_FIELD, "use lower case letters, digits, dashes and underscores", {"tlp"}))
]


def _defined(kind: str) -> Callable[[str, ValidationInfo], str]:
    def check(value: str, info: ValidationInfo) -> str:
        known: Collection[str] | None = (info.context or {}).get(kind)
        if known is not None and value not in known:
            raise unknown(kind, value, known)
        return value

    return check


PartnerRef = Annotated[str, AfterValidator(_defined("partner"))]
AreaRef = Annotated[str, AfterValidator(_defined("area"))]
AreaRefOrAffected = Annotated[str, AfterValidator(_defined("area or `affected`"))]
JurisdictionRef = Annotated[str, AfterValidator(_defined("jurisdiction"))]
AgreementRef = Annotated[str, AfterValidator(_defined("agreement"))]
FieldRef = Annotated[str, AfterValidator(_defined("field"))]
PhaseRef = Annotated[str, AfterValidator(_defined("phase"))]
HazardRef = Annotated[str, AfterValidator(_defined("hazard"))]
AlertRef = Annotated[str, AfterValidator(_defined("alert"))]
RoomUse = Annotated[str, AfterValidator(_defined("channel, `alerts` or `checkins`"))]
Moment = Annotated[str, AfterValidator(_defined("phase, `activation` or `calm`"))]


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


Language = Annotated[str, AfterValidator(_language)]
"""A language tag of BCP 47: `fr`, `nl-BE`."""
Text = Annotated[str, AfterValidator(_filled)]


def _in_every_language(value: object) -> object:
    return {"": value} if isinstance(value, str) else value


def _language_or_any(value: str) -> str:
    return value if value == "" else _language(value)


def _said(texts: Mapping[str, T]) -> Mapping[str, T]:
    if not texts:
        raise refusal(Finding("empty-text", "there is no text here", "write it in at least one language, `{en: …}`"))
    return texts


LanguageOrAny = Annotated[str, AfterValidator(_language_or_any)]
Localized = Annotated[
    Mapping[LanguageOrAny, Text],
    BeforeValidator(_in_every_language, json_schema_input_type=str | dict[str, str]),
    AfterValidator(_said),
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
OneToFive = Annotated[int, Field(ge=1, le=5)]


# ── Labels ────────────────────────────────────────────────────────────────────────────────────────────────────────

TLP_WORDS = ("clear", "green", "amber", "amber+strict", "red")


def _tlp(value: object) -> Tlp:
    if isinstance(value, Tlp):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "a text is wanted")
    try:
        return Tlp.parse(value)
    except ValueError:
        raise unknown("TLP level", value, TLP_WORDS) from None


TlpWord = Annotated[
    Tlp,
    PlainValidator(_tlp, json_schema_input_type=Annotated[str, Field(json_schema_extra={"enum": [*TLP_WORDS]})]),
    PlainSerializer(str, return_type=str),
]


class Labelled(Part):
    """A label as it is written: a TLP level (red unless stated), compartments, and whether it concerns a person."""

    tlp: TlpWord = Tlp.RED
    compartments: Many[Name] = ()
    personal: bool = False

    @property
    def label(self) -> Label:
        """The label, with no origin and no expiry of its own."""
        return Label(self.tlp, frozenset(self.compartments), self.personal)


def by_shape(value: Any) -> str:
    """Which of two spellings this is: the word or the mapping."""
    return "<mapping>" if isinstance(value, Mapping | BaseModel) else "<word>"
