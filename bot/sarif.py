"""What checking found in SARIF 2.1.0, for code review tools that show findings beside the lines they are about.

The format is OASIS's `Static Analysis Results Interchange Format`; the numbers in comments are its sections.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from os import fsencode
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bot.checking import Checked, whole
from playbooks import codes
from playbooks.codes import CODES, Code
from playbooks.problems import Problem

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"
_PAGE = Path(codes.__file__).with_name("CHECKS.md")


def sarif(checked: Sequence[Checked], exit_code: int) -> dict[str, Any]:
    """One log with one run. Files that could not be read are notifications of the run, not results in a file."""
    found = {problem.code for one in checked for problem in one.problems}
    rules = [code for name, code in CODES.items() if name in found]
    places = {code.code: i for i, code in enumerate(rules)}
    unread = {one.unread[1] for one in checked if one.unread is not None}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "tocsin",
                        "version": version("tocsin"),
                        "semanticVersion": version("tocsin"),
                        "rules": [_descriptor(code) for code in rules],
                        "notifications": [_descriptor(code) for name, code in CODES.items() if name in unread],
                    }
                },
                "invocations": [
                    {
                        "executionSuccessful": not unread,
                        "exitCode": exit_code,
                        "toolExecutionNotifications": [
                            _notification(one.path, *one.unread) for one in checked if one.unread is not None
                        ],
                    }
                ],
                "originalUriBaseIds": {_ROOT: {"description": {"text": "The folder that tocsin was run in."}}},
                "artifacts": [_artifact(one) for one in checked],
                # Line and column count characters, as Python does; not the halves of which UTF-16 makes some (3.14.27).
                "columnKind": "unicodeCodePoints",
                "results": [
                    _result(problem, places[problem.code], i, one.path)
                    for i, one in enumerate(checked)
                    for problem in one.problems
                ],
            }
        ],
    }


def _descriptor(code: Code) -> dict[str, Any]:
    return {
        "id": code.code,
        "name": "".join(word.capitalize() for word in code.code.split("-")),
        "shortDescription": {"text": _message(f"{code.title}.")},
        "fullDescription": {"text": _message(_plain(_explained()[code.code].partition("\n\n")[0]))},
        "help": {
            "text": _message(_plain(_explained()[code.code])),
            "markdown": _message(_explained()[code.code]),
        },
        "helpUri": f"{_PAGE.absolute().as_uri()}#{code.code}",
        "defaultConfiguration": {"level": code.severity},
    }


def _result(problem: Problem, rule: int, artifact: int, path: Path) -> dict[str, Any]:
    return {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": problem.severity,
        "message": {"text": _message(f"{problem.what}; {problem.fix}")},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {**_location(path), "index": artifact},
                    "region": {"startLine": problem.line, "startColumn": problem.column},
                }
            }
        ],
    }


def _notification(path: Path, words: str, code: str) -> dict[str, Any]:
    return {
        "descriptor": {"id": code},
        "level": "error",
        "message": {"text": _message(words)},
        "locations": [{"physicalLocation": {"artifactLocation": _location(path)}}],
    }


def _artifact(one: Checked) -> dict[str, Any]:
    found: dict[str, Any] = {"location": _location(one.path)}
    if one.book is not None:
        found |= {"mimeType": "application/yaml", "encoding": "utf-8", "hashes": {"sha-256": one.book.digest}}
    return found


def _location(path: Path) -> dict[str, Any]:
    """Relative to where we are run, where it lies below that; else from the root."""
    there, here = whole(path), Path.cwd()
    if there.is_relative_to(here):
        # Colons too: what begins with a word and a colon would be an address of another scheme.
        return {"uri": quote(fsencode(there.relative_to(here)), safe="/"), "uriBaseId": _ROOT}
    return {"uri": there.as_uri()}


def _message(text: str) -> str:
    """Braces stand for arguments in a message, unless they are doubled (3.11.5); a link is escaped (3.11.6)."""
    return re.sub(r"\[(?=[^\]]*\]\()", r"\\[", text).replace("{", "{{").replace("}", "}}")


@cache
def _explained() -> dict[str, str]:
    """What CHECKS.md says about each code, without its first line and its examples: they change a file shown there."""
    page = _PAGE.read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for section in re.split(r"^### ", page, flags=re.MULTILINE)[1:]:
        code, _, body = re.split(r"^## ", section, flags=re.MULTILINE)[0].partition("\n")
        body = re.sub(r"^```.*?^```\n", "", body, flags=re.MULTILINE | re.DOTALL)
        paragraphs = [" ".join(one.split("\n")) for one in re.split(r"\n\n+", body.strip())]
        found[code] = "\n\n".join(paragraphs[1:])
    return found


def _plain(markdown: str) -> str:
    return markdown.replace("**", "").replace("`", "")
