"""What the Bot API's own machine-readable description allows: methods, parameters, types.

``bot-api.json`` beside this file is that description. A request that it does not describe is refused, so a test
that passes against the emulator has used the API as it is. One difference: the real server ignores parameters it
does not know, and here they are refused, because they are our mistakes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Complaint = str | None
Check = Callable[[Any], Complaint]

ATTACHED = "attached files"  # in decoded parameters: the files of the form that are no parameter themselves, by name

_INTEGER = re.compile(r"-?\d{1,19}")


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of a form: its name, MIME type and bytes."""

    name: str
    type: str
    data: bytes


class Refusal(Exception):
    """The Bot API's answer to a request that it does not take: status, description, parameters."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters


def bad(description: str) -> Refusal:
    """A 400 as the Bot API words it."""
    return Refusal(400, f"Bad Request: {description}")


def _integer(value: Any) -> Complaint:
    return None if isinstance(value, int) and not isinstance(value, bool) else "must be an Integer"


def _float(value: Any) -> Complaint:
    return None if isinstance(value, int | float) and not isinstance(value, bool) else "must be a Float"


def _string(value: Any) -> Complaint:
    return None if isinstance(value, str) else "must be a String"


def _boolean(value: Any) -> Complaint:
    return None if isinstance(value, bool) else "must be a Boolean"


class BotApi:
    """The description, with a check for each type, made when first asked for."""

    def __init__(self, description: Mapping[str, Any]) -> None:
        self.methods: Mapping[str, Any] = description["methods"]
        self.types: Mapping[str, Any] = description["types"]
        self._checks: dict[str, Check] = {
            "Integer": _integer,
            "Float": _float,
            "String": _string,
            "Boolean": _boolean,
            "True": lambda value: None if value is True else "must be True",
            "InputFile": lambda value: None if isinstance(value, Attached) else "must be a file",
        }
        self._parameters: dict[str, dict[str, tuple[tuple[str, ...], Check, bool]]] = {}

    @classmethod
    def load(cls) -> BotApi:
        """The description in the file beside this one."""
        return cls(json.loads(Path(__file__).with_name("bot-api.json").read_text(encoding="utf-8")))

    def complaint(self, kind: str, value: Any) -> Complaint:
        """What is wrong with a value that should be of this type of the API; None when nothing is."""
        return self._check(kind)(value)

    def decode(self, method: str, raw: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of a request, typed. Raises Refusal for what the description does not allow.

        Values of a form arrive as text (numbers and objects as JSON), or as files, values of a JSON body as they are. A file that is no
        parameter has to be referred to as ``attach://NAME``.
        """
        if method not in self._parameters:
            if method not in self.methods:
                raise Refusal(404, "Not Found: method not found")
            self._parameters[method] = {
                field["name"]: (tuple(field["types"]), self._any(field["types"]), field["required"])
                for field in self.methods[method]["fields"]
            }
        known = self._parameters[method]
        found: dict[str, Any] = {}
        attached = {name: one for name, one in raw.items() if isinstance(one, Attached) and name not in known}
        for name, value in raw.items():
            if name in attached and any(f"attach://{name}" in one for one in raw.values() if isinstance(one, str)):
                continue
            if name not in known:
                raise bad(f"unknown parameter {name} of {method}")
            types, check, _ = known[name]
            typed = _typed(name, value, types) if isinstance(value, str) else value
            if complaint := check(typed):
                raise bad(f"can't parse {name}: {complaint}")
            found[name] = typed
        for name, (_, _, required) in known.items():
            if required and (name not in found or found[name] == ""):
                wanted = "message text is empty" if name == "text" else f"{name.replace('_', ' ')} is empty"
                raise bad(wanted)
        return {**found, ATTACHED: attached} if attached else found

    def _check(self, kind: str) -> Check:
        if kind not in self._checks:
            self._checks[kind] = self._made(kind)
        return self._checks[kind]

    def _made(self, kind: str) -> Check:
        if kind.startswith("Array of "):
            item = kind.removeprefix("Array of ")

            def array(value: Any) -> Complaint:
                if not isinstance(value, list):
                    return f"must be an {kind}"
                check = self._check(item)
                return next((complaint for one in value if (complaint := check(one))), None)

            return array
        described = self.types[kind]
        if subtypes := described.get("subtypes"):
            return self._any(subtypes)
        fields = {field["name"]: (self._any(field["types"]), field["required"]) for field in described["fields"]}

        def thing(value: Any) -> Complaint:
            if not isinstance(value, dict):
                return f"must be a {kind}"
            for name, one in value.items():
                if name not in fields:
                    return f"{kind} has no field {name}"
                if complaint := fields[name][0](one):
                    return f"{name} {complaint}"
            missing = next((name for name, (_, required) in fields.items() if required and name not in value), None)
            return f"{kind} needs {missing}" if missing else None

        return thing

    def _any(self, kinds: list[str]) -> Check:
        if len(kinds) == 1:
            only = kinds[0]
            return lambda value: self._check(only)(value)

        def union(value: Any) -> Complaint:
            complaints = []
            for kind in kinds:
                complaint = self._check(kind)(value)
                if complaint is None:
                    return None
                complaints.append(complaint)
            return " or ".join(complaints)

        return union


def _typed(name: str, text: str, types: tuple[str, ...]) -> Any:
    if "Integer" in types and _INTEGER.fullmatch(text):
        return int(text)
    if "String" in types:
        return text
    if types == ("Boolean",):
        if text.lower() not in ("true", "false"):
            raise bad(f"can't parse {name}: must be a Boolean")
        return text.lower() == "true"
    try:
        return json.loads(text)
    except ValueError:
        raise bad(f"can't parse {name} JSON object") from None
