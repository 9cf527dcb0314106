"""Pydantic's findings in our own words, each at its place in the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic_core import ErrorDetails, ValidationError

from playbooks.characters import Mark
from playbooks.problems import Problem, suggestion
from playbooks.schema_words import Finding, Part, quoted
from playbooks.yaml12 import Path, Tree

_WORD = re.compile(r"'((?:[^'\\]|\\.)*)'")


def problems(error: ValidationError, tree: Tree, file: str, readers: Mapping[int, type[Part]]) -> Iterator[Problem]:
    """Every finding that is not already reported, in our words.

    `readers` tells for each mapping (by identity) the model that read it, and so which keys it may have.
    """
    for detail in error.errors(include_url=False):
        path, keyed = _locate(detail["loc"], tree)
        if any(path[:i] in tree.broken for i in range(len(path) + 1)):
            continue
        for finding in _findings(detail, path, keyed, tree, readers):
            mark = _mark(finding, path, tree)
            yield Problem(file, mark.line, mark.column, finding.what, finding.fix, finding.code)


def _locate(loc: tuple[int | str, ...], tree: Tree) -> tuple[Path, bool]:
    """The deepest place in the file that pydantic's location leads to, and whether its key is meant.

    Steps that are not in the file (names of alternatives, the index of a value that stands for a list of one) are
    passed over.
    """
    path: Path = ()
    node: Any = tree.value
    for step in loc:
        below = (*path, step)
        if below in tree.marks and isinstance(node, Mapping | tuple):
            node = node[step]  # type: ignore[index,unused-ignore]
            path = below
    return path, loc[-1:] == ("[key]",)


def _mark(finding: Finding, path: Path, tree: Tree) -> Mark:
    at = path
    for step in finding.at:
        if (*at, step) not in tree.marks:
            break
        at = (*at, step)
    node = _node(at, tree)
    places = tree.marks if finding.keyed or isinstance(node, Mapping | tuple) else tree.values
    return places.get(at, Mark(1, 1))


def _findings(
    detail: ErrorDetails,
    path: Path,
    keyed: bool,
    tree: Tree,
    readers: Mapping[int, type[Part]],
) -> tuple[Finding, ...]:
    kind, given, context = detail["type"], detail["input"], detail.get("ctx", {})
    node = _node(path, tree)
    if kind == "tocsin":
        if any((*path, step) in tree.broken for step in (node if isinstance(node, Mapping) else ())):
            return ()  # what the entry lacks may be just what could not be read
        return tuple(replace(finding, keyed=finding.keyed or keyed) for finding in context["findings"])
    if kind == "tocsin_name":
        noun, known = context["kind"], context["known"]()
        name = context["name"]
        fix = suggestion(name, known, _DECLARE.get(noun, "check the spelling"))
        return (Finding(_NAMELESS.get(noun, "undefined-name"), f"there is no {noun} {quoted(name)}", fix, (), keyed),)
    if kind == "tocsin_rule":
        return (
            Finding(
                "missing-key", "this rule neither permits nor forbids", "begin it with `permit: […]` or `forbid: […]`"
            ),
        )
    if kind == "missing":
        key = detail["loc"][-1]
        if isinstance(key, int):
            return (Finding("wrong-count", "this list is too short", f"it has {key} of its values: write all of them"),)
        return (Finding("missing-key", f"`{key}` is missing", f"add `{key}: …`"),)
    if kind == "extra_forbidden":
        return (_unknown_key(path, tree, readers),)
    if kind == "literal_error":
        words = [word for word in _WORD.findall(context["expected"]) if word]
        if not isinstance(given, str):
            return (Finding("wrong-type", f"{_called(given)} stands where a word is meant", _one_of(words), (), keyed),)
        noun = next((step for step in reversed(path[:-1] if keyed else path) if isinstance(step, str)), "value")
        return (
            Finding(
                "unknown-value",
                f"{quoted(given)} is not known for `{noun}`",
                suggestion(given, words, _one_of(words)),
                (),
                keyed,
            ),
        )
    if kind in _WANTED:
        wanted, fix_for = _WANTED[kind]
        return (Finding("wrong-type", f"{_called(given)} stands where {wanted} is meant", fix_for(given), (), keyed),)
    if kind == "too_short" and _size(path, tree) >= context["min_length"]:
        return ()  # enough was written, and what is wrong with it is reported by itself
    if kind in _LIMITS:
        limit, code, words_of = _LIMITS[kind]
        value = context.get(limit)
        if kind == "too_long" and (decimals := _decimals(path, node)):
            return (Finding(code, "there are too many numbers here", f"write decimals with a point: `{decimals}`"),)
        return (Finding(code, words_of[0].format(given=quoted(given) if not isinstance(given, Mapping | tuple) else ""),
                        words_of[1].format(limit=value, s="" if value == 1 else "s"), (), keyed),)  # fmt: skip
    return (
        Finding(
            "unknown-value", "this is not right here", "see the playbook language for what may stand here", (), keyed
        ),
    )


def _decimals(path: Path, node: Any) -> str | None:
    """The numbers of a place as they were meant, where each was written with a decimal comma."""
    if not {"circle", "polygon"} & set(path) or not isinstance(node, tuple) or not 3 < len(node) < 7:
        return None
    if any(isinstance(one, bool | float | Mapping | tuple) for one in node):
        return None
    if len(node) % 2:
        return "[50.611, 5.615, 2.0]"
    return "[" + ", ".join(f"{node[at]}.{node[at + 1]}" for at in range(0, len(node), 2)) + "]"


def _size(path: Path, tree: Tree) -> int:
    """How many entries stand there; a single value stands for a list of one."""
    node = _node(path, tree)
    return len(node) if isinstance(node, Mapping | tuple) else 1


def _node(path: Path, tree: Tree) -> Any:
    node: Any = tree.value
    for step in path:
        node = node[step]
    return node


def _unknown_key(path: Path, tree: Tree, readers: Mapping[int, type[Part]]) -> Finding:
    node = _node(path[:-1], tree)
    model = readers.get(id(node))
    keys = [] if model is None else [info.alias or name for name, info in model.model_fields.items()]
    key = str(path[-1])
    others = [known for known in keys if known not in node]
    return Finding(
        "unknown-key", f"the key {quoted(key)} is unknown here", suggestion(key, others, "remove it"), (), True
    )


def _called(value: object) -> str:
    """What stands there, in a word."""
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if isinstance(value, int | float):
        return f"the number {quoted(value)}"
    if isinstance(value, str):
        return f"the text {quoted(value)}"
    return "a list" if isinstance(value, tuple | list) else "a mapping"


def _one_of(words: list[str]) -> str:
    return "use one of: " + ", ".join(f"`{word}`" for word in words)


def _text_fix(value: object) -> str:
    if isinstance(value, Mapping | tuple):
        return "write a text"
    return f'put it in quotes: "{str(value).lower() if isinstance(value, bool) else value}"'


def _number_fix(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", value):
        return "remove the quotes"
    if isinstance(value, float):
        return "write a whole number"
    return "write plain digits, like 10"


def _always(fix: str) -> Callable[[object], str]:
    return lambda value: fix


_WANTED: Mapping[str, tuple[str, Callable[[object], str]]] = {
    "string_type": ("a text", _text_fix),
    "int_type": ("a whole number", _number_fix),
    "int_from_float": ("a whole number", _number_fix),
    "float_type": ("a number", _number_fix),
    "bool_type": ("true or false", _always("write `true` or `false`, without quotes")),
    "tuple_type": ("a list", _always("write it as `[one, two]`")),
    "dict_type": ("a mapping", _always("write it as `key: value`")),
    "mapping_type": ("a mapping", _always("write it as `key: value`")),
    "model_type": ("a mapping", _always("write it as `key: value`")),
    "model_attributes_type": ("a mapping", _always("write it as `key: value`")),
}
_LIMITS: Mapping[str, tuple[str, str, tuple[str, str]]] = {
    "too_short": ("min_length", "wrong-count", ("there is not enough here", "write at least {limit} value{s}")),
    "too_long": ("max_length", "wrong-count", ("there is too much here", "write at most {limit} value{s}")),
    "greater_than": ("gt", "out-of-range", ("{given} is too small", "write a number above {limit}")),
    "greater_than_equal": ("ge", "out-of-range", ("{given} is too small", "write {limit} or more")),
    "less_than": ("lt", "out-of-range", ("{given} is too large", "write a number below {limit}")),
    "less_than_equal": ("le", "out-of-range", ("{given} is too large", "write {limit} or less")),
}
_NAMELESS = {"TLP level": "unknown-value", "time zone": "unknown-value"}  # not declared in the playbook
_DECLARE = {
    "partner": "declare it under `partners`",
    "area": "declare it under `areas`",
    "area or `affected`": "declare it under `areas`, or use `affected`",
    "jurisdiction": "declare it under `jurisdictions`",
    "agreement": "declare it under `agreements`",
    "field": "declare it under `fields`",
    "phase": "add it to `phases`",
    "phase, `activation` or `calm`": "add it to `phases`",
    "hazard": "add it to `hazards`",
    "alert": "declare it under `alerts`",
    "channel, `alerts` or `checkins`": "declare it under `channels`",
    "time zone": "use a name of the IANA database, like `Europe/Brussels`",
}
