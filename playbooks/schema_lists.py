"""Lists: one value or many, a list that may not be empty, and lists that say nothing twice."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_after_validator_function, no_info_before_validator_function

from playbooks.problems import MOST_SHOWN
from playbooks.schema_words import HINT, Finding, quoted, refusal

T = TypeVar("T")


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
        return {"anyOf": [handler.resolve_ref_schema(many)["items"], many], HINT: "One, or a list of them."}


class Distinct:
    """Marks a list that may not say the same thing twice."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_after_validator_function(distinct, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler(core)
        for spelling in (schema, *schema.get("anyOf", ())):
            if spelling.get("type") == "array":
                spelling["uniqueItems"] = True
        return schema


Many = Annotated[tuple[T, ...], _OneOrMany()]
"""One value or a list of them, kept as a tuple."""

Some = Annotated[tuple[T, ...], Field(min_length=1), _OneOrMany()]
"""One value or a list of at least one, kept as a tuple."""

Listed = Annotated[tuple[T, ...], BeforeValidator(listed)]
"""A list, kept as a tuple."""
