"""The language as JSON Schema, so that editors complete, explain and check a playbook while it is written.

It is made from the models, and so never lags behind them. What a property means is the docstring under its attribute, with what
its type says of how a value is written, and the examples that the docstring gives. The schema refuses every shape that
loading refuses. It is wider in three things, which are found by loading only: names that are not defined, what takes a calendar
or a clock to know (a day that no month has), and the order of lists.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from playbooks.labels import Tlp
from playbooks.schema import Playbook
from playbooks.schema_selectors import SELECTOR
from playbooks.schema_words import HINT, Part
from playbooks.yaml12 import read

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FILE = "playbook.schema.json"
"""Its name where it stands beside playbooks."""
MODELINE = f"# yaml-language-server: $schema={FILE}"
"""A playbook's first line, by which editors find the schema."""


def json_schema() -> dict[str, Any]:
    """The schema of a playbook, JSON Schema 2020-12, with the keys as they are written in YAML."""
    schema = Playbook.model_json_schema(by_alias=True, schema_generator=_OfTheLanguage, mode="validation")
    shared: dict[str, Any] = {}
    schema = _as_written(schema, shared)
    parts = {**schema.pop("$defs"), **shared}
    for model in _models(Part):
        part = schema if model is Playbook else parts.get(model.__name__)
        if part is not None:
            part["description"] = _lines(model.__doc__ or "")
            told = _docstrings(model)
            for name, info in model.model_fields.items():
                key = info.alias or name
                part["properties"][key] |= _explained(told[name], part["properties"][key], parts)
    found: dict[str, Any] = _without_hints({"$schema": DIALECT, **schema, "$defs": dict(sorted(parts.items()))})
    return found


class _OfTheLanguage(GenerateJsonSchema):
    """Leaves out what pydantic would say of Python: names of attributes as titles, and defaults that no playbook can write."""

    schema_dialect = DIALECT

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: Any) -> dict[str, Any]:
        inner = self.generate_inner(schema["schema"])
        match schema.get("default"):
            case bool() as default:
                return {**inner, "default": default}
            case Tlp() as default:
                return {**inner, "default": default.word}
            case str() as default:
                return {**inner, "default": default}
            case (_, *_) as default:
                return {**inner, "default": [*default]}
            case _:
                return inner

    def dict_schema(self, schema: Any) -> dict[str, Any]:
        written = super().dict_schema(schema)
        for pattern, values in written.pop("patternProperties", {}).items():
            names = {"pattern": pattern, **written.get("propertyNames", {})}
            written |= {"additionalProperties": values, "propertyNames": names}
        return written


_LIMITS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}


def _as_written(schema: Any, shared: dict[str, Any]) -> Any:
    """The schema without Python's None, which no playbook can say, and with limits as JSON Schema has them.

    Selectors become references to the one description of them, which is put into `shared`.
    """
    if isinstance(schema, list):
        return [_as_written(item, shared) for item in schema]
    if not isinstance(schema, dict):
        return schema
    rest = {_LIMITS.get(key, key): _as_written(value, shared) for key, value in schema.items() if key != "anyOf"}
    choices = [_as_written(choice, shared) for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if rest.get("required") == []:
        del rest["required"]
    written = {**choices[0], **rest} if len(choices) == 1 else {**rest, "anyOf": choices} if choices else rest
    if written.get("title") != SELECTOR:
        return written
    shared[SELECTOR] = written
    return {"$ref": f"#/$defs/{SELECTOR}"}


# ── What the properties mean ──────────────────────────────────────────────────────────────────────────────────────


def _models(part: type[Part]) -> Iterator[type[Part]]:
    for model in part.__subclasses__():
        yield model
        yield from _models(model)


def _docstrings(model: type[Part]) -> Mapping[str, str]:
    """What stands under each attribute of a model and of those it is made from.

    Pydantic could read them, but would do so whenever the program starts.
    """
    told: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if not issubclass(one, Part):
            continue
        (definition,) = ast.parse(inspect.getsource(one)).body
        assert isinstance(definition, ast.ClassDef)
        for statement, after in zip(definition.body, definition.body[1:], strict=False):
            match statement, after:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str() as text)):
                    told[name] = inspect.cleandoc(text)
                case _:
                    pass
    return told


_EXAMPLE = re.compile(r"^Example: `(.*)`$", re.MULTILINE)


def _explained(docstring: str, schema: dict[str, Any], parts: Mapping[str, Any]) -> dict[str, Any]:
    """The description and examples that a docstring gives, with a line on how the value is written."""
    said = [_lines(docstring[: docstring.index("\n\nExample: ")]), *dict.fromkeys(_hints(schema, parts))]
    return {"description": "\n\n".join(said), "examples": [_value(one) for one in _EXAMPLE.findall(docstring)]}


def _lines(text: str) -> str:
    """A text with each paragraph on one line."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _value(written: str) -> Any:
    tree = read(written.encode(), "an example")
    assert not tree.problems, tree.problems
    return _plain(tree.value)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, Mapping) else value


def _hints(schema: Mapping[str, Any], parts: Mapping[str, Any]) -> Iterator[str]:
    """How a value is written, as its types say: outermost first; words with their meanings."""
    if "$ref" in schema:
        schema = {HINT: parts[schema["$ref"].rpartition("/")[2]].get(HINT)}
    if schema.get(HINT):
        yield schema[HINT]
    inside = (schema.get(key) for key in ("propertyNames", "additionalProperties", "items"))
    for below in (*schema.get("anyOf", ()), *inside):
        if isinstance(below, Mapping):
            yield from _hints(below, parts)
    if "enumDescriptions" in schema:
        pairs = zip(schema["enum"], schema["enumDescriptions"], strict=True)
        yield "\n".join(f"- `{word}`: {meaning}" for word, meaning in pairs)


def _without_hints(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_hints(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _without_hints(value) for key, value in schema.items() if key != HINT}
