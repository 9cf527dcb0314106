"""YAML as the playbook language means it: one document; no anchors, aliases, merges, tags, empty values, double keys.

libyaml finds the structure; the scalars are read here by the rules of YAML 1.2, narrowed: `no` is a text, and what
looks like a number in another base or style (`010`, `0x1F`, `1_000`, `.inf`) stays a text, so that it is refused where
a number is meant. Every key and value keeps its place. All problems are collected; only broken syntax, or a file that
is too large or too deep, ends the reading early.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from playbooks import slips
from playbooks.characters import HIDDEN, Mark, characters, inside, lines
from playbooks.problems import MOST_SHOWN, Problem
from playbooks.schema_words import quoted

MOST_NODES = 100_000
DEEPEST = 40

Path = tuple[str | int, ...]
Value = str | int | float | bool | None | Mapping[str, Any] | tuple[Any, ...]


@dataclass(slots=True)
class Tree:
    """What was read. `marks` are the places of entries (a key, or an item of a list), `values` those of their values.

    `broken` are the paths whose value is already reported, and need no second complaint.
    """

    value: Value = None
    marks: dict[Path, Mark] = field(default_factory=dict)
    values: dict[Path, Mark] = field(default_factory=dict)
    broken: set[Path] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)


_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,20})?([eE][-+]?[0-9]{1,2})?")


class _UnreadableError(Exception):
    """Reading cannot go on; the problem has been noted."""


def read(source: bytes, file: str) -> Tree:
    """Read one document. Raises nothing: what is wrong is in `problems`."""
    tree = Tree()
    text, tree.problems = characters(source, file)
    if text is None:
        return tree
    rows = lines(text)
    reader = _Reader(file, tree, yaml.CSafeLoader(text), rows)
    try:
        reader.document()
    except _UnreadableError:
        tree.value = None
    except yaml.MarkedYAMLError as error:
        reader.breaks_off(error)
        tree.value = None
    except yaml.YAMLError:
        reader.note(Mark(1, 1), "not-yaml", "this is not YAML", "save it as plain text in UTF-8")
        tree.value = None
    _draw_back(tree, rows)
    return tree


def _draw_back(tree: Tree, rows: list[str]) -> None:
    """What is missing at the end is found, by libyaml, on a line that the file does not have: take the last one."""
    for places in (tree.marks, tree.values):
        for path, mark in places.items():
            if mark.line > len(rows):
                places[path] = inside(rows, *mark)
    tree.problems[:] = [
        replace(problem, **inside(rows, problem.line, problem.column)._asdict())
        if problem.line > len(rows)
        else problem
        for problem in tree.problems
    ]


class _Reader:
    """Walks libyaml's events down one document, building values and noting problems."""

    def __init__(self, file: str, tree: Tree, events: Any, rows: list[str]) -> None:
        self.file = file
        self.tree = tree
        self.events = events
        self.rows = rows
        self.nodes = 0
        self.folded: tuple[Mark, int] | None = None  # the last quoted text over several lines, and the line it ends on
        self.unquoted: int | None = None  # the last line with a `{word}` that should have quotes

    def note(self, mark: Mark, code: str, what: str, fix: str) -> None:
        if len(self.tree.problems) <= MOST_SHOWN:
            self.tree.problems.append(Problem(self.file, mark.line, mark.column, what, fix, code))

    def breaks_off(self, error: yaml.MarkedYAMLError) -> None:
        """Note why reading cannot go on: the slip that probably led there, or what libyaml did not expect."""
        mark, begins, theirs = error.problem_mark or error.context_mark, error.context_mark, error.problem or ""
        at = Mark(mark.line + 1, mark.column + 1) if mark else Mark(1, 1)
        if at.line == self.unquoted:
            return
        ended = theirs == "found unexpected end of stream"
        start = Mark(begins.line + 1, begins.column + 1) if begins else None
        row = self.rows[at.line - 1] if at.line <= len(self.rows) else ""
        tab = row[at.column - 1 : at.column] == "\t"
        if slip := None if tab else slips.meant(self.rows, at, start, self.folded, ended=ended):
            self.note(slip.mark, slip.code, slip.what, slip.fix)
            return
        self.note(inside(self.rows, *at), "not-yaml", *slips.in_our_words("found a tab character" if tab else theirs))

    def document(self) -> None:
        self.events.get_event()
        start = self.events.get_event()
        if isinstance(start, yaml.StreamEndEvent):
            self.note(Mark(1, 1), "not-a-playbook", "the file is empty", "begin with `playbook: NAME`")
            raise _UnreadableError
        if start.version not in (None, (1, 2)):
            self.note(
                _mark(start),
                "yaml-version",
                "this says that it is another version of YAML",
                "a playbook is YAML 1.2: remove it",
            )
        if start.tags:
            self.note(_mark(start), "tag", "tags are not part of the language", "remove the `%TAG` line")
        event = self.events.get_event()
        self.tree.marks[()] = self.tree.values[()] = _mark(event)
        self.tree.value = self.value(event, (), 1)
        self.events.get_event()
        after = self.events.get_event()
        if isinstance(after, yaml.DocumentStartEvent):
            self.note(_mark(after), "second-document", "a second document begins here", "keep one playbook in one file")

    def value(self, event: Any, path: Path | None, depth: int) -> Value:
        """The value that begins with this event. Below a path of None nothing is recorded."""
        self.nodes += 1
        if self.nodes > MOST_NODES:
            self.note(
                _mark(event), "too-large", f"there are more than {MOST_NODES} values in this file", "split the playbook"
            )
            raise _UnreadableError
        if depth > DEEPEST:
            self.note(
                _mark(event), "too-deep", f"this is nested deeper than {DEEPEST} levels", "a playbook is never so deep"
            )
            raise _UnreadableError
        if isinstance(event, yaml.AliasEvent):
            self.note(
                _mark(event),
                "anchor-or-alias",
                "aliases (`*`) are not part of the language",
                "write the value out, or quote the text",
            )
            self.broken(path)
            return None
        if event.anchor is not None:
            self.note(
                _mark(event),
                "anchor-or-alias",
                "anchors (`&`) are not part of the language",
                "remove it, or quote the text",
            )
        if event.tag is not None:
            self.note(_mark(event), "tag", "tags (`!`) are not part of the language", "remove it, or quote the text")
        if isinstance(event, yaml.ScalarEvent):
            return self.scalar(event, path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(path, depth)
        return self.mapping(path, depth, event)

    def broken(self, path: Path | None) -> None:
        if path is not None:
            self.tree.broken.add(path)

    def scalar(self, event: Any, path: Path | None) -> Value:
        text: str = event.value
        hidden = HIDDEN.search(text)
        if hidden:
            self.note(
                _mark(event),
                "invisible-character",
                f"this text has an invisible character (U+{ord(hidden[0]):04X})",
                "remove it",
            )
            self.broken(path)
        mark = _mark(event)
        if event.style:
            if event.end_mark.line + 1 > mark.line:
                self.folded = (mark, event.end_mark.line + 1)
            return text
        value = _plain(text)
        row = self.rows[mark.line - 1] if mark.line <= len(self.rows) else ""
        if value is None:
            slip = slips.nothing(row, mark) if text == "" else slips.Slip(mark, *slips.NOTHING)
            self.note(slip.mark, "empty-value", slip.what, slip.fix)
            self.broken(path)
        elif text.strip(slips.NO_BREAK) != text and (odd := slips.odd_space(row, mark.line)):
            self.note(odd.mark, odd.code, odd.what, odd.fix)
            self.broken(path)
        return value

    def sequence(self, path: Path | None, depth: int) -> tuple[Value, ...]:
        items: list[Value] = []
        while not isinstance(event := self.events.get_event(), yaml.SequenceEndEvent):
            below = self.at(path, len(items), event, event)
            items.append(self.value(event, below, depth + 1))
        return tuple(items)

    def mapping(self, path: Path | None, depth: int, begin: Any) -> Mapping[str, Value]:
        entries: dict[str, Value] = {}
        places: dict[str, Mark] = {}
        while not isinstance(event := self.events.get_event(), yaml.MappingEndEvent):
            key = self.key(event, depth)
            new = key is not None and key not in entries
            if key is not None and not new:
                first = f"the first is on line {places[key].line}"
                self.note(
                    _mark(event),
                    "duplicate-key",
                    f"the key {quoted(key)} stands here a second time",
                    f"keep one; {first}",
                )
            start = self.events.get_event()
            if not entries and begin.flow_style and self.without_quotes(path, begin, event, start):
                self.events.get_event()
                return {}
            value = self.value(start, self.at(path, key, event, start) if key is not None and new else None, depth + 1)
            if key is not None and new:
                entries[key] = value
                places[key] = _mark(event)
        return entries

    def without_quotes(self, path: Path | None, begin: Any, key: Any, value: Any) -> bool:
        """Whether this mapping is `{word}`: a text without its quotes. Then that is noted."""
        plain = isinstance(key, yaml.ScalarEvent) and isinstance(value, yaml.ScalarEvent) and not key.style
        if not plain or value.value or value.style:
            return False
        mark = _mark(begin)
        found = slips.clause(self.rows[mark.line - 1], mark.column)
        if found is None:
            return False
        what = f"without quotes, {quoted(found.word)} is a key that has no value"
        self.note(Mark(mark.line, found.mark.column), "empty-value", what, f'put a text in quotes: "{found.text}"')
        self.unquoted = mark.line
        self.broken(path)
        if path and found.mark.column < mark.column:
            self.broken(path[:-1])
        return True

    def at(self, path: Path | None, step: str | int, entry: Any, value: Any) -> Path | None:
        if path is None:
            return None
        below = (*path, step)
        self.tree.marks[below] = _mark(entry)
        self.tree.values[below] = _mark(value)
        return below

    def key(self, event: Any, depth: int) -> str | None:
        if not isinstance(event, yaml.ScalarEvent):
            if not isinstance(event, yaml.AliasEvent):
                self.note(
                    _mark(event), "bad-key", "a key cannot be a list or a mapping", "write one word before the `:`"
                )
            self.value(event, None, depth + 1)
            return None
        if event.value == "<<" and not event.style:
            self.note(
                _mark(event), "anchor-or-alias", "merges (`<<`) are not part of the language", "write the keys out"
            )
            return None
        if not event.style and (value := _plain(event.value)) is not None and not isinstance(value, str):
            kind = "true or false" if isinstance(value, bool) else "a number"
            self.note(
                _mark(event),
                "bad-key",
                f"the key {quoted(event.value)} is {kind}",
                f'put it in quotes: "{event.value}"',
            )
            return None
        if not event.style and event.value in _NULL:
            self.note(_mark(event), "bad-key", "a key is missing before this `:`", "write the key")
            return None
        text = self.value(event, None, depth + 1)
        return text if isinstance(text, str) else None


def _mark(event: Any) -> Mark:
    start = event.start_mark
    return Mark(start.line + 1, start.column + 1)


def _plain(text: str) -> Value:
    """A scalar without quotes, by the narrowed core schema."""
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text
