"""Every code that reading and linting a playbook can give, how severe it is, and what it stands for in a line.

Programs, links and people's notes rely on codes: one that has been released keeps its meaning, and is not used again
for another. `CHECKS.md` beside this file explains each of them, with an example that a test runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from playbooks.problems import Severity

__all__ = ["CODES", "LINTS", "READING", "Code"]


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of problem. `code` is in kebab case; `title` is a line without a full stop."""

    code: str
    severity: Severity
    title: str


def _errors(*entries: tuple[str, str]) -> tuple[Code, ...]:
    return tuple(Code(code, "error", title) for code, title in entries)


def _warnings(*entries: tuple[str, str]) -> tuple[Code, ...]:
    return tuple(Code(code, "warning", title) for code, title in entries)


READING = _errors(
    # the file
    ("unreadable-file", "The file cannot be read"),
    ("not-a-playbook", "The file holds something else than a playbook, or nothing"),
    ("too-large", "There is more in the file than a playbook can need"),
    ("too-deep", "Values are nested deeper than a playbook can need"),
    ("not-utf8", "The file is not text in UTF-8"),
    ("invisible-character", "A character stands in the file that nobody can see"),
    ("not-listed", "There are more problems than are listed"),
    # its YAML
    ("not-yaml", "The file breaks off being YAML here"),
    ("yaml-version", "The file says that it is written in another version of YAML"),
    ("second-document", "A second document begins in the same file"),
    ("tag", "A tag gives a value another type than it shows"),
    ("anchor-or-alias", "A value is borrowed from elsewhere in the file"),
    ("bad-key", "A key is not a plain word"),
    ("duplicate-key", "A key stands twice in one mapping"),
    ("empty-value", "A key or a list item has no value"),
    # its keys
    ("unknown-key", "The language has no such key here"),
    ("missing-key", "A key is missing without which this entry has no meaning"),
    ("conflicting-keys", "Two keys exclude each other"),
    ("misplaced-key", "A key has no meaning beside the others here"),
    # its values
    ("wrong-type", "A value is of another type than is meant here"),
    ("wrong-count", "A list is too short or too long"),
    ("wrong-order", "Values that must ascend do not"),
    ("out-of-range", "A number or a duration is too small or too large"),
    ("unknown-value", "A word is none of those that may stand here"),
    ("listed-twice", "A list says the same thing twice"),
    ("empty-text", "A text says nothing"),
    ("empty-selector", "A selector says nobody"),
    ("bad-placeholder", "A brace in a text is not part of a `{field}`"),
    ("bad-time", "A duration, a date, a moment or a clock time cannot be read as one"),
    ("bad-language", "A language is not written as a tag"),
    ("bad-address", "A room, a topic or a telephone number cannot be one"),
    # its names
    ("undefined-name", "A name is used that the playbook does not declare"),
    ("bad-name", "A name has characters that names do not have, or is too long"),
    ("reserved-name", "A name is taken that has a meaning of its own"),
)
"""What reading can find, in the order of CHECKS.md."""

LINTS: tuple[Code, ...] = (
    *_errors(),
    *_warnings(),
)
"""What the lints can find in a playbook that can be read, in the order of CHECKS.md."""


def _by_name(codes: Iterable[Code]) -> Mapping[str, Code]:
    return MappingProxyType({code.code: code for code in codes})


CODES: Mapping[str, Code] = _by_name((*READING, *LINTS))
