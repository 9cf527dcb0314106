"""Facts as the log keeps them: a path and a JSON value for each field that is committed to by itself, and back again."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields
from datetime import datetime
from functools import cache
from typing import Any

from playbooks.rooms import RoomRef
from storage import canonical
from storage.facts import FACTS
from storage.facts.fact import Fact, decoys, timestamp

UPCASTS: Mapping[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""(fact, version) → how to read that version's fields into the next one's."""


def apart(how: Any) -> tuple[Any, Any]:
    """What was decided about a field that a message shows, and its value."""
    if not isinstance(how, Mapping):
        return how, None
    return {name: one for name, one in how.items() if name != "value"}, how.get("value")


def parts(fact: Fact, split: Callable[[Any], tuple[Any, Any]] = apart) -> dict[str, Any]:
    """A fact's fields as the log commits to them: path → JSON value, None where absent.

    Paths are attribute names, and ``name/key`` for the keys of an ``each`` attribute. Times are RFC 3339
    strings in UTC. ``split`` is ``apart``; for many facts at once, ``Once`` of it. Decoys are not among them.
    """
    result: dict[str, Any] = {}
    for name, is_each, values, to_json, _ in _codec(typing.cast(Hashable, type(fact))):
        value = getattr(fact, name)
        if is_each and values:
            for key, item in value.items():
                result[f"{name}/{key}"], result[f"{values}/{key}"] = split(item)
        elif is_each:
            for key, item in value.items():
                result[f"{name}/{key}"] = item
        else:
            result[name] = None if value is None else to_json(value)
    return result


def committed(fact: Fact, split: Callable[[Any], tuple[Any, Any]] = apart) -> dict[str, Any]:
    """All that an entry of a fact commits to: its ``parts``, and the decoys beside them."""
    found = parts(fact, split)
    return found | dict.fromkeys(decoys(type(fact), len(found)))


def from_parts(kind: str, version: int, values: Mapping[str, Any]) -> Fact:
    """Read what ``parts`` wrote, absent paths being None. Raises ValueError for an unknown fact or shape."""
    if kind not in FACTS:
        raise ValueError(f"unknown fact {kind}")
    values = dict(values)
    while version < FACTS[kind].V:
        values = UPCASTS[kind, version](values)
        version += 1
    if version > FACTS[kind].V:
        raise ValueError(f"{kind} has version {version}; this program knows {FACTS[kind].V}")
    attributes: dict[str, Any] = {}
    for name, is_each, beside, _, from_json in _codec(typing.cast(Hashable, FACTS[kind])):
        if is_each:
            prefix = name + "/"
            found = {path[len(prefix) :]: v for path, v in values.items() if path.startswith(prefix)}
            attributes[name] = (
                {k: _joined(how, values, f"{beside}/{k}") for k, how in found.items()} if beside else found
            )
        else:
            value = values.get(name)
            attributes[name] = from_json(value) if value is not None else {} if from_json is _in_order else None
    return FACTS[kind](**attributes)


def as_read(fact: Fact, compose: Callable[[Any], Any]) -> Fact:
    """The fact as ``from_parts`` reads its composed ``parts`` again: texts in one form, times to the millisecond.

    ``compose`` is ``canonical.composed``; for many facts at once, ``Once`` of it.
    """
    attributes: dict[str, Any] = {}
    for name, is_each, values, to_json, from_json in _codec(typing.cast(Hashable, type(fact))):
        value = getattr(fact, name)
        if is_each:
            # In the order in which the log has them: a restart must not change the order of anything that is shown.
            read = dict(sorted(canonical.composed_mapping(value, compose).items()))
            attributes[name] = {key: _joined(how, {key: None}, key) for key, how in read.items()} if values else read
        else:
            attributes[name] = None if value is None else from_json(compose(to_json(value)))
    return type(fact)(**attributes)


def _same(value: Any) -> Any:
    return value


def _in_order(value: Mapping[str, Any]) -> dict[str, Any]:
    return dict(sorted(value.items()))


def _joined(how: Any, values: Mapping[str, Any], path: str) -> Any:
    """What was decided about a field, with its value again where there is one: what is withheld has none, and what was erased has none any more."""
    if not isinstance(how, Mapping) or "withheld" in how or "value" in how or path not in values:
        return how
    return {**how, "value": values[path]}


@cache
def _codec(kind: Hashable) -> tuple[tuple[str, bool, str | None, Callable[[Any], Any], Callable[[Any], Any]], ...]:
    hints = typing.get_type_hints(typing.cast("type[Fact]", kind))
    rows = []
    for attribute in fields(typing.cast("type[Fact]", kind)):
        hint = hints[attribute.name]
        if isinstance(hint, types.UnionType):
            hint = next(part for part in typing.get_args(hint) if part is not type(None))
        to_json: Callable[[Any], Any] = _same
        from_json: Callable[[Any], Any] = _same
        if hint is RoomRef:
            to_json, from_json = str, RoomRef.parse
        elif hint is datetime:
            to_json, from_json = timestamp, datetime.fromisoformat
        elif typing.get_origin(hint) is tuple:
            to_json, from_json = list, tuple
        elif typing.get_origin(hint) is Mapping:
            to_json, from_json = _in_order, _in_order
        metadata = attribute.metadata
        rows.append((attribute.name, metadata.get("each", False), metadata.get("values"), to_json, from_json))
    return tuple(rows)
