"""Selectors: whom a rule, an alert or a channel means.

A selector is `everyone`, `lead`, `deputies`, a partner id, a mapping whose keys must all match, or a list of these of
which any may match. It is kept as its terms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    Tag,
    ValidationInfo,
)
from pydantic_core import CoreSchema

from playbooks.rooms import Network
from playbooks.schema_words import (
    AreaRefOrAffected,
    Finding,
    JurisdictionRef,
    Many,
    Name,
    Part,
    PartnerRef,
    by_shape,
    one_or_many,
    refusal,
    unknown,
)

Kind = Literal[
    "fire", "police", "medical", "municipality", "region", "national", "military", "ngo", "utility", "transport",
    "science", "industry", "european", "media", "other",
]  # fmt: skip
Level = Literal["local", "regional", "national", "european"]


@dataclass(frozen=True, slots=True)
class Everyone:
    """Every partner of the playbook."""


@dataclass(frozen=True, slots=True)
class Lead:
    """The operational lead for the event's origin."""


@dataclass(frozen=True, slots=True)
class Deputies:
    """The deputies of that lead."""


@dataclass(frozen=True, slots=True)
class One:
    """One partner, by its id."""

    partner: str


class Matching(Part):
    """Partners for which every key matches; within a key, any of its values. None where the key was not given."""

    partner: Many[PartnerRef] | None = None
    kind: Many[Kind] | None = None
    level: Many[Level] | None = None
    jurisdiction: Many[JurisdictionRef] | None = None
    competence: Many[Name] | None = None
    area: Many[AreaRefOrAffected] | None = None
    near: bool = False
    network: Many[Network] | None = None
    not_: Selector | None = Field(default=None, alias="not")

    @property
    def uses_event(self) -> bool:
        """Whether the match depends on where the event is (`area: affected`), itself or in its `not`."""
        return "affected" in (self.area or ()) or (self.not_ is not None and self.not_.uses_event)


Term = Everyone | Lead | Deputies | One | Matching
_WORDS: dict[str, Term] = {"everyone": Everyone(), "lead": Lead(), "deputies": Deputies()}


def _word(value: str, info: ValidationInfo) -> Everyone | Lead | Deputies | One:
    special = _WORDS.get(value)
    if special is not None:
        assert not isinstance(special, Matching)
        return special
    known = (info.context or {}).get("partner")
    if known is not None and value not in known:
        raise unknown("partner", value, (info.context or {})["partner or word"])
    return One(value)


def _terms(value: object) -> object:
    if isinstance(value, Selector):
        return tuple(term.partner if isinstance(term, One) else term for term in value.terms)
    if isinstance(value, list | tuple) and not value:
        raise refusal(Finding("empty-selector", "this selects nobody", "name whom, or leave the key out"))
    return one_or_many(value)


def _spelling(value: object) -> object:
    for word, term in _WORDS.items():
        if value == term and type(value) is type(term):
            return word
    return value


def _matching(value: Matching) -> Matching:
    if not value.model_fields_set:
        fix = "write `everyone`, or say whom: `{kind: fire}`"
        raise refusal(Finding("empty-selector", "this mapping matches nothing in particular", fix))
    if value.near and value.area is None:
        raise refusal(
            Finding(
                "misplaced-key",
                "`near` has no `area` to be near to",
                "add `area: affected`, or leave `near` out",
                ("near",),
                True,
            )
        )
    return value


@dataclass(frozen=True, slots=True)
class Selector:
    """Whom this concerns: any of the terms may match."""

    terms: tuple[Term, ...]

    @property
    def uses_event(self) -> bool:
        """Whether it depends on where the event is: then it matches only partners who may see the area."""
        return any(isinstance(term, Matching) and term.uses_event for term in self.terms)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler.generate_schema(_SelectorSpelling)


_TermSpelling = Annotated[
    Annotated[Annotated[Matching, AfterValidator(_matching)], Tag("<mapping>")]
    | Annotated[Annotated[str, AfterValidator(_word)], Tag("<word>")],
    Discriminator(by_shape),
    BeforeValidator(_spelling),
]
_SelectorSpelling = Annotated[
    tuple[_TermSpelling, ...],
    BeforeValidator(_terms, json_schema_input_type=_TermSpelling | list[_TermSpelling]),
    AfterValidator(Selector),
]
EVERYONE = Selector((Everyone(),))
