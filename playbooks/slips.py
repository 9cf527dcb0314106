"""What was probably meant where the hand slipped: quotes that are missing, a space too few, one that nobody can see.

YAML reads on after such a slip, often for many lines, and then complains about what was right. Here the lines before the
complaint are looked at with the eyes of a person. It is guessed, and only how a file that is wrong anyhow is spoken of hangs on it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from playbooks.characters import Mark
from playbooks.schema_words import quoted

NO_BREAK = "\N{NO-BREAK SPACE}"


class Slip(NamedTuple):
    """Where the slip was probably made, what it is, and what would be right."""

    mark: Mark
    what: str
    fix: str
    code: str = "not-yaml"


class Clause(NamedTuple):
    """A text that was written without quotes, and what of it YAML takes for something else."""

    mark: Mark
    text: str
    word: str


_ITEM = re.compile(r" *- +(?=[^\s\"'\[])")
_KEY = re.compile(r" *(?:- +)?[\w-]+: +(?=\{)")
_WORD = re.compile(r"\{ *[#\w-]+ *\}")
_REMARK = re.compile(r"(?:^|(?<=[:,\[{-])) +(#[\w-][^\s,\]}]*)")
_PAIR = re.compile(r"(?:^|[\s{\[,])([a-z][\w-]*):([^\s:/,}\]]+)$")
_NO_SPACE = re.compile(r" *(?:- +)?([a-z][\w-]*):([^\s:/][^:]*)")
_ODD_SPACE = re.compile(rf"^[ {NO_BREAK}]*{NO_BREAK}|(?<=[:,-]) *{NO_BREAK}|{NO_BREAK}(?=\s*$)")


_SYNTAX = (
    ("found character that cannot start any token", "this character cannot begin a value", "put the value in quotes"),
    ("mapping values are not allowed", "a `:` stands where no key can be", "check the indentation, or quote the text"),
    ("could not find expected ':'", "a key has no `:` after it", "write `key: value`"),
    ("did not find expected key", "a key was expected here", "check the indentation and the commas above"),
    ("did not find expected '-' indicator", "a list item was expected here", "begin it with `- `, indented alike"),
    ("did not find expected ',' or '}'", "a `{` is not closed", "add the missing `,` or `}`"),
    ("did not find expected ',' or ']'", "a `[` is not closed", "add the missing `,` or `]`"),
    ("found unexpected end of stream", "a quoted text does not end", "add the closing quote"),
    ("found undefined tag handle", "tags (`!`) are not part of the language", "remove it, or put the text in quotes"),
    ("found a tab character", "a tab stands where only spaces may", "indent with spaces"),
    ("found unknown escape character", "this text has an unknown `\\` escape", "write `\\\\` for a backslash"),
    ("did not find expected <document start>", "something follows the end of the document", "remove it"),
    ("block sequence entries are not allowed", "a list item cannot stand here", "begin the list on a line of its own"),
    ("did not find expected alphabetic", "`&` and `*` have a meaning of their own", "put the text in quotes"),
)
NOTHING = ("there is no value here", "write one, or leave the key out")


def in_our_words(problem: str) -> tuple[str, str]:
    """What libyaml did not expect, and what to do about it."""
    for theirs, what, fix in _SYNTAX:
        if theirs in problem:
            return what, fix
    return f"this is not YAML ({problem})", "check quotes, brackets and indentation here and above"


def clause(row: str, column: int) -> Clause | None:
    """The text that a `{word}` without quotes belongs to; None where a quote touches it, and so another one is missing."""
    word = _WORD.match(row, column - 1)
    if word is None or row[column - 2 : column - 1] in ('"', "'") or row[word.end() :][:1] in ('"', "'"):
        return None
    begins = _ITEM.match(row) or _KEY.match(row)
    start = begins.end() if begins else column - 1
    text = row[start:].rstrip()
    whole = begins and "{" not in row[start : column - 1] and '"' not in text and " #" not in text
    bare = word[0].replace(" ", "")
    return Clause(Mark(0, start + 1), text, bare) if whole and "\\" not in text else Clause(Mark(0, column), bare, bare)


def nothing(row: str, mark: Mark) -> Slip:
    """Why there is no value at this place in a row."""
    if (found := remark(row, mark.column)) is not None:
        return remarked(mark.line, *found)
    if pair := _PAIR.search(row[: mark.column - 1]):
        return _no_space(Mark(mark.line, pair.start(2) + 1), pair)
    return Slip(mark, *NOTHING)


def _no_space(mark: Mark, pair: re.Match[str]) -> Slip:
    what = f"a space is missing after {quoted(pair[1] + ':')}"
    return Slip(mark, what, f"write {quoted(f'{pair[1]}: {pair[2]}')}")


def remark(row: str, column: int) -> tuple[int, str] | None:
    """The column and the text of a value behind this column that YAML takes for a remark, as it begins with `#`."""
    found = _REMARK.search(row, max(0, column - 1))
    if found is None or row[: found.start(1)].count('"') % 2:
        return None
    return found.start(1) + 1, found[1]


def remarked(line: int, column: int, value: str) -> Slip:
    """A value that begins with `#`."""
    return Slip(Mark(line, column), "` #` begins a remark, so there is no value here", f'put it in quotes: "{value}"')


def odd_space(row: str, line: int) -> Slip | None:
    """A no-break space where YAML knows only plain ones."""
    found = _ODD_SPACE.search(row)
    if found is None or row[: found.start()].count('"') % 2:
        return None
    what = "there is an invisible no-break space here (U+00A0)"
    return Slip(
        Mark(line, found.end()), what, "put a plain space there, or none at the end of a line", "invisible-character"
    )


def meant(
    rows: Sequence[str], at: Mark, begins: Mark | None, folded: tuple[Mark, int] | None, *, ended: bool
) -> Slip | None:
    """The slip because of which a file probably breaks off being YAML at this place; None where nothing looks like one.

    `begins` is where what could not be read began; `folded` is where the last quoted text over several lines began, and the line it
    ended on; `ended` says that the file ended within a quoted text.
    """
    before = _before(rows, at.line)
    near = [line for line in (before, at.line) if line is not None and line <= len(rows)]
    for line in near:
        if (slip := odd_space(rows[line - 1], line)) is not None:
            return slip
    bracket = (
        begins is not None and begins.line <= len(rows) and rows[begins.line - 1][begins.column - 1 :][:1] in ("{", "[")
    )
    first = begins.line if begins is not None and bracket else at.line
    for line in range(max(first, at.line - 20), min(at.line, len(rows)) + 1):
        if (found := remark(rows[line - 1], 1)) is not None and not rows[line - 1].lstrip().startswith("#"):
            return remarked(line, *found)
    if (slip := _open(rows, at, begins, folded, ended=ended)) is not None:
        return slip
    for line in near:
        if pair := _NO_SPACE.fullmatch(rows[line - 1].rstrip()):
            return _no_space(Mark(line, pair.start(2) + 1), pair)
    return None


def _open(
    rows: Sequence[str], at: Mark, begins: Mark | None, folded: tuple[Mark, int] | None, *, ended: bool
) -> Slip | None:
    """The text that was opened with a quote and not closed where it should have been."""
    if folded is not None and folded[1] in (at.line, begins.line if begins is not None else at.line, at.line - 1):
        line, column = folded[0]
        what = f"a closing quote may be missing on this line: the text that begins here ends only on line {folded[1]}"
        return Slip(Mark(line, column), what, f"close it with `{rows[line - 1][column - 1]}`")
    if ended and begins is not None and begins.line <= len(rows):
        quote = rows[begins.line - 1][begins.column - 1]
        if rows[begins.line - 1][: begins.column - 1].count(quote) > 1:
            what = "a closing quote is missing on this line: the text that begins here does not end"
            return Slip(begins, what, f"close it with `{quote}`, or one of those before it")
        return Slip(begins, "the quoted text that begins here does not end", f"close it with `{quote}`")
    return None


def _before(rows: Sequence[str], line: int) -> int | None:
    """The nearest line above that says something."""
    for above in range(min(line - 1, len(rows)), 0, -1):
        said = rows[above - 1].strip()
        if said and not said.startswith("#"):
            return above
    return None
