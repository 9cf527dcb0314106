"""The examples of CHECKS.md, read as its comment says they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bot.running import ROOT

PAGE: Path = ROOT / "playbooks" / "CHECKS.md"
WHOLE = "@@ the whole file @@"

Placed = tuple[int, int, str]
"""Line, column and code."""


@dataclass(frozen=True, slots=True)
class Example:
    """A playbook that has something wrong in it, and what: each with line, column and code."""

    source: str
    marked: tuple[Placed, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """What the page says about one code. `head` is its first line, `line` the page's line on which it begins."""

    code: str
    head: str
    body: str
    line: int


def right(page: str) -> str:
    """The small playbook that the examples change."""
    return page.split("```yaml\n", 1)[1].split("```", 1)[0]


def sections(page: str) -> list[Section]:
    """Every section that is about a code, in the order of the page."""
    found = []
    for heading in re.finditer(r"^### (.+)$", page, re.MULTILINE):
        body = re.split(r"^##", page[heading.end() :], maxsplit=1, flags=re.MULTILINE)[0].strip()
        line = page.count("\n", 0, heading.start()) + 1
        found.append(Section(heading[1], body.partition("\n")[0], body, line))
    return found


def examples(section: Section, small: str) -> Iterator[Example]:
    """The section's examples. Raises AssertionError where one is not a change to the small playbook."""
    for block in re.findall(r"^```diff\n(.*?)^```$", section.body, re.MULTILINE | re.DOTALL):
        yield changed(small, block.splitlines())


def changed(small: str, block: list[str]) -> Example:
    """The small playbook with this change made to it, and the places that the change marks."""
    rest = [] if block[0] == WHOLE else small.splitlines()
    made: list[str] = []
    marked: list[Placed] = []
    for passage in _passages(block):
        before = [line[1:] for line in passage if line[:1] in ("-", " ", "")]
        start = _found(before, rest) if before else 0
        made += rest[:start]
        rest = rest[start + len(before) :]
        for line in passage:
            if line.startswith("!"):
                caret = re.fullmatch(r"! *\^ ([a-z0-9-]+)", line)
                assert caret, f"not a mark: {line!r}"
                marked.append((len(made), line.index("^"), caret[1]))
            elif not line.startswith("-"):
                made.append(line[1:])
    return Example("\n".join([*made, *rest]) + "\n", tuple(sorted(marked)))


def _passages(block: list[str]) -> Iterator[list[str]]:
    passage: list[str] = []
    for line in [*block, "@@"]:
        if not line.startswith("@@"):
            assert line[:1] in ("", " ", "+", "-", "!"), f"begins with none of the signs: {line!r}"
            passage.append(line)
        elif passage:
            yield passage
            passage = []


def _found(passage: list[str], lines: list[str]) -> int:
    places = [at for at in range(len(lines)) if lines[at : at + len(passage)] == passage]
    assert places, f"not in the small playbook, or not in this order: {passage}"
    assert len(places) == 1, f"more than once in the small playbook, give more lines: {passage}"
    return places[0]
