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
    ("not-right", "Something is not right here"),
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
