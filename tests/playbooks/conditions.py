"""Takes one condition after the other out of the rule of sight, and says which slips no test notices.

Run as a program, ``python -m tests.playbooks.conditions [STEP]``, it prints as JSON every slip by its name, with what noticed it
(None: nothing did). With a STEP, every STEP-th is tried. Each slip is tried in a process of its own, in which the changed module
stands in the place of the one in the file; the file is only read. What may notice a slip: the plain rule's answers to some thousand
decisions, and then the tests of sight, selection, rules and answers, as they are.
"""

from __future__ import annotations

import ast
import gc
import importlib
import json
import os
import signal
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from inspect import signature
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest

import playbooks.load
from playbooks.load import Book
from playbooks.schema import Agreement, FieldSpec
from tests.playbooks.mutating import Slip, slips

UNCHANGED = frozenset(sys.modules)
"""What every slip's process shares: the language, which does not know the rule."""

WHOLE = ("playbooks.sight", "playbooks.answers", "playbooks.rules", "playbooks.selection")
"""The modules that are the rule."""

PARTS: tuple[tuple[type, str], ...] = ((Agreement, "in_force"), (Agreement, "joins"), (FieldSpec, "label_of"))
"""Functions of the language in which conditions of the rule stand."""

TESTS = ("test_rules", "test_answers", "test_selection", "test_sight")
BOOKS, EVENTS, ROOMS = 60, 3, 4
"""Of the chosen decisions: for each book so many events, for each event so many rooms, and there every field."""
PATIENCE = 5
"""Seconds of work after which a process is ended, and counts as having noticed: some slips make the rule ask itself for ever."""


@dataclass(frozen=True)
class Try:
    """A slip in a module, or in a function of a class that stands in it."""

    module: str
    slip: Slip
    kind: type | None = None

    @property
    def place(self) -> str:
        """The function in which it is."""
        return f"{self.module}.{self.slip.name.partition(':')[0]}"

    @property
    def name(self) -> str:
        """The slip's name, with its module's where it is of a whole one."""
        return self.slip.name if self.kind else f"{self.module.rpartition('.')[2]}.{self.slip.name}"


def tries() -> list[Try]:
    """Every slip."""
    found = [Try(name, slip) for name in WHOLE for slip in slips(_source(name))]
    for kind, function in PARTS:
        own = slips(_source(kind.__module__), f"{kind.__name__}.{function}")
        assert own, f"{kind.__name__}.{function} is not where it was, or has no condition"
        found += [Try(kind.__module__, slip, kind) for slip in own]
    return found


def _source(module: str) -> str:
    return _file(module).read_text("utf-8")


def _file(module: str) -> Path:
    return Path(playbooks.load.__file__).with_name(f"{module.rpartition('.')[2]}.py")


def noticed(one: Try, books: list[Book], right: list[str], likely: Collection[str]) -> str | None:
    """What notices a slip. Only to be asked in a process that ends afterwards.

    ``likely`` are tests that noticed other slips in the same function: they are asked first, which saves time and no more.
    """
    signal.setitimer(signal.ITIMER_PROF, PATIENCE)
    gc.disable()
    try:
        _put_in_place(one)
        for name, test in _tests() if likely else ():
            if name in likely and _fails(test):
                return name
        if any(found != wanted for found, wanted in zip(by_sight(books), right, strict=True)):
            return "the plain rule"
    except Exception as error:
        return f"the plain rule, {type(error).__name__}"
    return next((name for name, test in _tests() if _fails(test)), None)


def _put_in_place(one: Try) -> None:
    """The changed module, or function, where the others will find it."""
    tree = one.slip.made()
    if one.kind is not None:
        name = one.slip.name.partition(":")[0].rpartition(".")[2]
        owner = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == one.kind.__name__)
        made: dict[str, Any] = {}
        function = next(node for node in owner.body if isinstance(node, ast.FunctionDef) and node.name == name)
        future = next(node for node in tree.body if isinstance(node, ast.ImportFrom))
        exec(compile(ast.Module([future, function], []), one.module, "exec"), vars(sys.modules[one.module]), made)
        setattr(one.kind, name, made[name])
        return
    module = ModuleType(one.module)
    module.__file__ = str(_file(one.module))
    sys.modules[one.module] = module
    setattr(playbooks, one.module.rpartition(".")[2], module)
    exec(compile(tree, one.module, "exec"), vars(module))


Asked = tuple[Book, Any, Any, list[Any], list[str]]
"""A book, what is so, an event, rooms and fields: of the classes as they are imported at the time."""


def questions(books: list[Book]) -> Iterator[Asked]:
    """What is asked about these books."""
    seeded = importlib.import_module("tests.playbooks.seeded")
    for number, book in enumerate(books):
        random = Random(number)
        for _ in range(EVENTS):
            event, so = seeded.event(random, book), seeded.situation(random, book)
            yield book, so, event, seeded.rooms(random, book, ROOMS), seeded.fields(random, book)


def by_sight(books: list[Book]) -> Iterator[str]:
    """What sight answers, each event being one question."""
    sight = importlib.import_module("playbooks.sight")
    in_a_word = importlib.import_module("tests.playbooks.two_rules").in_a_word
    for book, so, event, rooms, fields in questions(books):
        question = sight.Question(book, so, event)
        yield from (in_a_word(question.decide(room, field)) for room in rooms for field in fields)


def by_the_plain_rule(books: list[Book]) -> Iterator[str]:
    """What the plain rule answers."""
    plainly = importlib.import_module("tests.playbooks.two_rules").plainly
    for book, so, event, rooms, fields in questions(books):
        yield from (plainly(book, so, event, room, field) for room in rooms for field in fields)


def _fails(test: Callable[[], None]) -> bool:
    try:
        test()
    except (Exception, pytest.fail.Exception):
        return True
    return False


def _tests() -> Iterator[tuple[str, Callable[[], None]]]:
    """The tests of the rule, each with what its parameters give it, as they would be run in their files."""
    for file in TESTS:
        module = importlib.import_module(f"tests.playbooks.{file}")
        for name, function in vars(module).items():
            if name.startswith("test_"):
                for given in _given(function):
                    yield f"{file}::{name}", partial(_run, function, given)


def _given(function: Callable[..., None]) -> list[dict[str, Any]]:
    """What each run of a test is given."""
    rows: list[dict[str, Any]] = [{}]
    for mark in getattr(function, "pytestmark", ()):
        names, values = mark.args
        names = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
        own = [dict(zip(names, value if len(names) > 1 else [value], strict=True)) for value in values]
        rows = [{**row, **more} for row in rows for more in own]
    return rows


def _run(function: Callable[..., None], given: Mapping[str, Any]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        function(**given, **({"monkeypatch": patch} if "monkeypatch" in signature(function).parameters else {}))


def _forget() -> None:
    """What was imported to prepare the questions is imported anew in each slip's process."""
    for name in set(sys.modules) - UNCHANGED:
        if name.startswith(("playbooks.", "tests.playbooks.")):
            del sys.modules[name]
            vars(sys.modules[name.rpartition(".")[0]]).pop(name.rpartition(".")[2], None)


def main(step: int = 1) -> dict[str, str | None]:
    """Try the slips, as many at once as there are processors."""
    seeded = importlib.import_module("tests.playbooks.seeded")
    generated = importlib.import_module("tests.playbooks.generated")
    books = [generated.book_of(seeded.playbook(Random(f"{number}"))) for number in range(BOOKS)]
    right = list(by_the_plain_rule(books))
    assert list(by_sight(books)) == right
    _forget()
    gc.freeze()
    waiting, found = tries()[::step], {}
    running: dict[int, tuple[Try, int]] = {}
    likely: dict[str, set[str]] = {}
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            one = waiting.pop(0)
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                os.write(writing, json.dumps(noticed(one, books, right, likely.get(one.place, ()))).encode())
                os._exit(0)
            os.close(writing)
            running[child] = (one, reading)
        child, _ = os.wait()
        one, reading = running.pop(child)
        with os.fdopen(reading) as pipe:
            said = pipe.read()
        found[one.name] = json.loads(said) if said else "it did not end, or ended the process"
        if said and "::" in said:
            likely.setdefault(one.place, set()).add(json.loads(said))
    return found


if __name__ == "__main__":
    print(json.dumps(main(*map(int, sys.argv[1:])), indent=1, ensure_ascii=False))
