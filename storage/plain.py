"""Values of the log in a few plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from playbooks.rooms import RoomRef
from storage.facts import Disclosed
from storage.tongue import ENGLISH, Tongue

REASONS: Mapping[str, str] = {
    "clearance": "not cleared for it",
    "compartment": "not in its circle",
    "ceiling": "its network may not carry it",
    "no-permit": "no rule shares it, here and now",
    "agreement": "no agreement across that border",
    "forbidden": "a rule forbids it",
    "rule-failed": "a rule could not be evaluated",
    "no-form": "the place lies in no area of the playbook",
    "expired": "its time is over",
    "inactive": "takes no part",
    "undeclared": "not in the playbook",
    "hollow": "nothing would be left to say",
    "blind": "chosen by an area that it may not see",
    "roomless": "no room is known of",
}
"""Why something is withheld: the codes of ``why`` in words."""


def plain(value: Any, tongue: Tongue = ENGLISH) -> str:
    """A value of the log in a few words."""
    if isinstance(value, RoomRef):
        return str(value)
    if isinstance(value, bool):
        return tongue.answer(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {plain(one, tongue)}" for key, one in value.items() if one is not None)
    if isinstance(value, list | tuple):
        return ", ".join(plain(one, tongue) for one in value)
    return str(value)


def field_value(value: Any, tongue: Tongue = ENGLISH) -> str:
    """A field's value without the name of its kind."""
    if isinstance(value, Mapping):
        return ", ".join(dict.fromkeys(plain(one, tongue) for one in value.values() if one is not None))
    return plain(value, tongue)


def called(path: str, tongue: Tongue = ENGLISH) -> str:
    """What a field is called: one that every playbook has (``_title``) in the language, any other as it is."""
    of, slash, name = path.rpartition("/")
    return f"{of}{slash}{tongue.own(name[1:]) if name.startswith('_') else name}"


def ranged(value: Any) -> str:
    """A range, as ``playbooks.phrasing`` writes one; the last is None for "and more"."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        return plain(value)
    first, last = value
    return f"{first}+" if last is None else str(first) if first == last else f"{first}–{last}"


def shown(disclosed: Disclosed, tongue: Tongue = ENGLISH) -> list[str]:
    """What a message showed, a field each, in the form in which it did: ``people: 50–199 (only as a range)``."""
    said = []
    for path, how in disclosed.fields.items():
        name = called(path, tongue)
        value = how.get("value") if isinstance(how, Mapping) else None
        if isinstance(how, Mapping) and "withheld" not in how and "value" not in how:
            said.append(tongue.named(name, f"({tongue.word('erased')})"))
        if value is not None:
            form = how.get("form", "exact")
            only = "" if form == "exact" else f" ({tongue.say('only {form}', form=tongue.code(form))})"
            words = ranged(value) if form == "range" else plain(value, tongue)
            said.append(tongue.named(name, f"{words}{only}"))
    return said


def content(said: Mapping[str, Any], tongue: Tongue = ENGLISH) -> str:
    """What was said, as far as it is shown; the name of who spoke is told apart."""
    parts = [plain(value, tongue) for name, value in sorted(said.items()) if value is not None and name != "name"]
    return tongue.named("", ", ".join(parts)) if parts else ""
