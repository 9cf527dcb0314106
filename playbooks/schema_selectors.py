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
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Tag,
    ValidationInfo,
)
from pydantic_core import CoreSchema

from playbooks.rooms import Network
from playbooks.schema_labels import Meaning
from playbooks.schema_lists import Many, one_or_many
from playbooks.schema_words import (
    HINT,
    RESERVED,
    AreaRefOrAffected,
    Finding,
    JurisdictionRef,
    Name,
    Part,
    PartnerRef,
    by_shape,
    refusal,
    unknown,
)

KINDS = {
    "fire": "Fire and rescue service, civil protection",
    "police": "Police, gendarmerie",
    "medical": "Hospital, ambulance, public health",
    "municipality": "Town or city hall",
    "region": "Province, region, prefecture, governor",
    "national": "Ministry, national agency",
    "military": "Armed forces",
    "ngo": "Red Cross, volunteers, charity",
    "utility": "Water, power, gas, telecommunications",
    "transport": "Railway, roads, port, airport, waterway",
    "science": "Weather, river or seismic service, research",
    "industry": "Company, plant",
    "european": "Body of the European Union",
    "media": "Broadcaster, press",
    "other": "None of these",
}
Kind = Annotated[
    Literal[
        "fire", "police", "medical", "municipality", "region", "national", "military", "ngo", "utility", "transport",
        "science", "industry", "european", "media", "other",
    ],
    Meaning(KINDS),
]  # fmt: skip
LEVELS = {
    "local": "A town, a valley, a site",
    "regional": "A province or region",
    "national": "A whole country",
    "european": "Beyond one country",
}
Level = Annotated[Literal["local", "regional", "national", "european"], Meaning(LEVELS)]
NETWORK_NAMES = {"telegram": "Telegram chats and topics", "matrix": "Matrix rooms, plain and encrypted"}
OneNetwork = Annotated[Network, Meaning(NETWORK_NAMES)]


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
    """Partners for which every key matches; within a key, any of its values."""

    model_config = ConfigDict(
        title="Partners that match",
        json_schema_extra={"minProperties": 1, "dependentRequired": {"near": ["area"]}},
    )

    partner: Many[PartnerRef] | None = None
    """These partners, by id. Without it: any.

    Example: `[liege-fire, liege-city]`
    """
    kind: Many[Kind] | None = None
    """Partners of this kind. Without it: of any.

    Example: `[fire, police]`
    """
    level: Many[Level] | None = None
    """Partners on this level of government. Without it: on any.

    Example: `local`
    """
    jurisdiction: Many[JurisdictionRef] | None = None
    """Partners under the law of this country or region. Without it: of any.

    Example: `be`
    """
    competence: Many[Name] | None = None
    """Partners that have this competence. Without it: whatever theirs are.

    Example: `rescue`
    """
    area: Many[AreaRefOrAffected] | None = None
    """Partners whose ground this area is. `affected` stands for the areas in which the alert's place lies: it
    finds only partners who may be shown the area, for where it is must not be told by who is asked. Without it: wherever.

    Example: `affected`
    Example: `[chenee, vise]`
    """
    near: bool = False
    """With `area`: also those whose ground is called near to it (`near` of an area). Without it: only the area itself.

    Example: `true`
    """
    network: Many[OneNetwork] | None = None
    """In a rule of sharing: their rooms on this network. Elsewhere: partners who have a room on it. Without it: on any.

    Example: `telegram`
    """
    not_: Selector | None = Field(default=None, alias="not")
    """All of these except those that this selector finds. Without it: no exception.

    Example: `{kind: media}`
    Example: `lead`
    """

    @property
    def uses_event(self) -> bool:
        """Whether the match depends on where the event is (`area: affected`), itself or in its `not`."""
        return "affected" in (self.area or ()) or (self.not_ is not None and self.not_.uses_event)


Term = Everyone | Lead | Deputies | One | Matching
_WORDS: dict[str, Term] = {"everyone": Everyone(), "lead": Lead(), "deputies": Deputies()}
WORDS = {
    "everyone": "Every partner of the playbook",
    "lead": "Whoever leads operations now, in the country the words come from",
    "deputies": "The deputies of that lead",
}


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


SELECTOR = "Selector"
"""The title by which the JSON Schema of a selector is known."""


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

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        one = handler(core)["items"]["oneOf"]
        matching = next(spelling for spelling in one if "$ref" in spelling)
        word = Meaning(WORDS).into({"type": "string", "enum": [*WORDS]})
        partner = {
            "type": "string",
            "pattern": "^[a-z0-9][a-z0-9_-]*$",
            "not": {"enum": sorted(RESERVED)},
            "description": "One partner, by its id.",
        }
        return {
            "title": SELECTOR,
            "description": "Whom this is about. All keys of a mapping must match; of a list, any entry.",
            "anyOf": [
                word,
                partner,
                matching,
                {"type": "array", "items": {"anyOf": [word, partner, matching]}, "minItems": 1},
            ],
            "examples": ["everyone", "lead", {"kind": ["fire", "police"], "jurisdiction": "be"}, ["lead", "deputies"]],
            HINT: "A selector: `everyone`, `lead`, `deputies`, a partner's id, `{kind: fire, jurisdiction: be}`, "
            "or a list of these.",
        }


_TermSpelling = Annotated[
    Annotated[Annotated[Matching, AfterValidator(_matching)], Tag("<mapping>")]
    | Annotated[Annotated[str, AfterValidator(_word)], Tag("<word>")],
    Discriminator(by_shape),
    BeforeValidator(_spelling),
]
_SelectorSpelling = Annotated[tuple[_TermSpelling, ...], BeforeValidator(_terms), AfterValidator(Selector)]
EVERYONE = Selector((Everyone(),))
