"""An exercise written down: who does what, and when. It lies beside its playbook, as NAME.script.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from playbooks.load import Book, content
from playbooks.problems import PlaybookErrors, Problem
from playbooks.rooms import Network, RoomRef
from playbooks.yaml12 import Tree, read

PLAYS = "exercise"
"""What names a partner's room for exercises."""

DEEDS = ("say", "tap", "reply", "edit", "delete", "react", "unreact", "picture", "note")
"""What a step can be."""

NAMING = ("reply", "edit", "delete", "react", "unreact")
"""What is done to a message that ``to`` may name."""

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _span(value: Any) -> Any:
    if isinstance(value, str) and value[:-1].isdigit() and value[-1:] in _SECONDS:
        return timedelta(seconds=int(value[:-1]) * _SECONDS[value[-1]])
    if isinstance(value, timedelta):
        return value
    raise ValueError("write a time since the beginning like 90s or 5m")


Span = Annotated[timedelta, BeforeValidator(_span)]


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Player(_Written):
    """A person of the exercise."""

    name: str
    partner: str
    role: Literal["responder", "liaison", "official", "coordinator", "observer", "auditor"] = "responder"
    network: Network = "telegram"


class Step(_Written):
    """One thing somebody does, or words for the spectator. ``at`` is the time since the beginning; without it, at once, and
    for words, with the step after them.

    ``in`` names a room: a partner, a partner/network, a partner/exercise (its room for exercises), or ``private``; by default the room the person was in before,
    else their partner's.
    ``tap`` is what a button says, how that begins, its emoji, or its command or the last word of that.
    ``reply`` answers, and ``react`` and ``unreact`` put an emoji to or take it from, the bot's last message there; ``edit`` changes, and ``delete: true``
    takes back, what the person said there last; ``to`` names another message there, by words that are in it. ``picture`` sends one, with words under it or
    with none (``""``). Words that are no command are simply said, and in a room of a channel carried to its other rooms.
    In words and taps, ``{incident}`` and ``{alert}`` stand for the last one's short id.
    """

    at: Span | None = None
    as_: str | None = Field(None, alias="as")
    in_: str | None = Field(None, alias="in")
    say: str | None = None
    tap: str | None = None
    reply: str | None = None
    edit: str | None = None
    delete: Literal[True] | None = None
    react: str | None = None
    unreact: str | None = None
    picture: str | None = None
    to: str | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Step:
        given = [name for name in DEEDS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"a step has one of {', '.join(DEEDS[:-1])} and {DEEDS[-1]}")
        if given != ["note"] and self.as_ is None:
            raise ValueError("say who does it: as: NAME")
        if self.to is not None and given[0] not in NAMING:
            raise ValueError(f"`to` goes with {', '.join(NAMING[:-1])} and {NAMING[-1]}")
        return self


class Script(_Written):
    """An exercise for one playbook."""

    script: str
    title: str
    people: Mapping[str, Player]
    steps: tuple[Step, ...] = Field(min_length=1)

    def time_of(self, number: int) -> timedelta | None:
        """When the step of this number (from 0) is played; None: at once. Words for the spectator come with what they announce."""
        step = self.steps[number]
        if step.at is not None or step.note is None:
            return step.at
        return next((after.at for after in self.steps[number:] if after.note is None), None)

    def left_open(self) -> Script:
        """The same without its closing, for whoever goes on by hand."""
        closing = next((i for i, step in enumerate(self.steps) if (step.say or "").startswith("/close")), None)
        return self.model_copy(update={"steps": self.steps[:closing]}) if closing else self


def load_script(path: Path, book: Book) -> Script:
    """Read a script for a playbook. Raises PlaybookErrors with places, OSError where it cannot be read."""
    tree = read(content(path), str(path))
    if tree.problems:
        raise PlaybookErrors(tree.problems)
    try:
        script = Script.model_validate(tree.value)
    except ValidationError as error:
        raise PlaybookErrors(_problem(tree, path, detail) for detail in error.errors(include_url=False)) from None
    wrong = list(_undefined(script, book, tree, path))
    if wrong:
        raise PlaybookErrors(wrong)
    return script


def room_of(book: Book, name: str) -> RoomRef | None:
    """The room that ``partner``, ``partner/network`` or ``partner/exercise`` means, as the playbook writes it."""
    partner, _, which = name.partition("/")
    known = book.playbook.partners.get(partner)
    played, network = which == PLAYS, "" if which == PLAYS else which
    rooms = (
        [room for room in known.rooms if room.exercises == played and network in ("", room.network)] if known else []
    )
    rooms.sort(key=lambda room: "alerts" not in room.for_)
    return rooms[0].ref if rooms else None


def _undefined(script: Script, book: Book, tree: Tree, path: Path) -> Any:
    if script.script != book.playbook.playbook:
        yield _at(
            tree,
            path,
            ("script",),
            f"it is for the playbook {script.script}, not {book.playbook.playbook}",
            "name another script",
        )
    for name, player in script.people.items():
        if player.partner not in book.playbook.partners:
            yield _at(tree, path, ("people", name), f"there is no partner {player.partner}", "name one of the playbook")
    for number, step in enumerate(script.steps):
        if step.as_ is not None and step.as_ not in script.people:
            yield _at(tree, path, ("steps", number), f"there is no person {step.as_}", "add them to people")
        if step.in_ not in (None, "private") and room_of(book, step.in_ or "") is None:
            yield _at(
                tree, path, ("steps", number), f"there is no room {step.in_}", "write a partner, or partner/network"
            )


def _at(
    tree: Tree, path: Path, place: tuple[str | int, ...], what: str, fix: str, code: str = "undefined-name"
) -> Problem:
    while place not in tree.marks and place:
        place = place[:-1]
    mark = tree.marks.get(place) or tree.values[()]
    return Problem(str(path), mark.line, mark.column, what, fix, code)


def _problem(tree: Tree, path: Path, detail: Any) -> Problem:
    place = tuple(detail["loc"])
    what, code = str(detail["msg"]).removeprefix("Value error, "), "unknown-value"
    if detail["type"] == "extra_forbidden":
        what, code = f"there is no key {place[-1]} here", "unknown-key"
    elif detail["type"] == "missing":
        what, code = f"{place[-1]} is missing", "missing-key"
    return _at(tree, path, place, what, "see the scripts that ship beside the playbooks", code)
