"""Labels as they are written, and words with their meanings: what an editor offers where one of a few words is meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import GetJsonSchemaHandler, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError

from playbooks.labels import Label, Tlp
from playbooks.schema_lists import Many
from playbooks.schema_words import Name, Part, unknown


class Meaning:
    """What each of a few words means, in their order; a test keeps them the words that the type has."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self.words = words

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return self.into(handler(core))

    def into(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema of an enumeration with the meanings beside its words."""
        return {**schema, "enumDescriptions": [self.words[word] for word in schema["enum"]]}


TLP = {
    "clear": "Anybody may know it, the public too",
    "green": "For the partners and their communities; not for the public",
    "amber": "For organisations that need it to act, and those they must involve",
    "amber+strict": "For the organisations themselves only, nobody beyond",
    "red": "For the named recipients only; passed on to nobody",
}
"""The Traffic Light Protocol 2.0 (FIRST, 2022), least to most restricted."""
TLP_WORDS = tuple(TLP)


def _tlp(value: object) -> Tlp:
    if isinstance(value, Tlp):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "a text is wanted")
    try:
        return Tlp.parse(value)
    except ValueError:
        raise unknown("TLP level", value, TLP_WORDS) from None


def _in_any_case(words: str) -> str:
    return "".join(f"[{one}{one.upper()}]" if one.isalpha() else one for one in words)


# As FIRST writes them: TLP:AMBER+STRICT, in any case; WHITE is CLEAR's old name. Nobody is offered these, and none is refused.
_LEVELS = _in_any_case("clear|white|green|amber|amber[+]strict|red")
_AS_FIRST_WRITES = rf"^\s*({_in_any_case('tlp')}:)?({_LEVELS})\s*$"

TlpWord = Annotated[
    Tlp,
    PlainValidator(_tlp),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "anyOf": [
                Meaning(TLP).into({"type": "string", "enum": [*TLP_WORDS]}),
                {"type": "string", "pattern": _AS_FIRST_WRITES},
            ]
        }
    ),
]


class Labelled(Part):
    """How closely something is held: a TLP level (red unless stated), compartments, and whether it concerns a person."""

    tlp: TlpWord = Tlp.RED
    """How closely it is held, by the Traffic Light Protocol 2.0. Only partners cleared for this level, over networks
    trusted with it, can be shown it. Without it: `red`, so that what nobody thought about goes nowhere.

    Example: `amber`
    """
    compartments: Many[Name] = ()
    """Circles within the level, in free words: whoever is to see it must be cleared for all of them too. Without any,
    the level alone decides.

    Example: `[medical]`
    """
    personal: bool = False
    """Whether it is about a person who could be recognised. Then a permit alone is not enough, not even at home: it needs
    an agreement between the countries concerned, or a legal basis while danger is declared. Without it: no.

    Example: `true`
    """

    @property
    def label(self) -> Label:
        """The label, with no origin and no expiry of its own."""
        return Label(self.tlp, frozenset(self.compartments), self.personal)
