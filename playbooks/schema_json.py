"""The language as JSON Schema, so that editors complete and check a playbook while it is written.

It is made from the models, and so never lags behind them. It is a little wider than the language: names that are not
defined, and rules that span several keys, are found by loading only.
"""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from playbooks.schema import Playbook

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _OfTheLanguage(GenerateJsonSchema):
    """Leaves out what pydantic would say of Python: names of attributes as titles, and defaults as Python sees them."""

    schema_dialect = DIALECT

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])


def json_schema() -> dict[str, Any]:
    """The schema of a playbook, JSON Schema 2020-12, with the keys as they are written in YAML."""
    schema = Playbook.model_json_schema(by_alias=True, schema_generator=_OfTheLanguage, mode="validation")
    return {"$schema": DIALECT, **_as_written(schema), "title": "Tocsin playbook"}


_LIMITS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}


def _as_written(schema: Any) -> Any:
    """The schema without Python's None, which no playbook can say, and with limits as JSON Schema has them."""
    if isinstance(schema, list):
        return [_as_written(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    rest = {_LIMITS.get(key, key): _as_written(value) for key, value in schema.items() if key != "anyOf"}
    choices = [_as_written(choice) for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        return {**choices[0], **rest}
    return {**rest, "anyOf": choices} if choices else rest
