"""The words of the reports: one table a language (``words/LANGUAGE.json``), which people translate without reading the program.

| in a table | what |
|---|---|
| ``language`` | what the language calls itself |
| ``words`` | headings and short sentences by key; {name} is filled in |
| ``kinds`` | what each kind of entry is called |
| ``codes`` | words of the log's own, like ``acting`` or ``no-permit`` |
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "fr", "nl", "de", "it", "es")
"""Those that have a table; English first."""

_TABLES = Path(__file__).with_name("words")


@cache
def table(language: str) -> Mapping[str, Any]:
    """The table of one of ``LANGUAGES``."""
    read: Mapping[str, Any] = json.loads((_TABLES / f"{language}.json").read_text("utf-8"))
    return read


def fitting(tag: str, otherwise: str = "en") -> str:
    """Which of ``LANGUAGES`` serves a tag of BCP 47; ``otherwise`` where none does."""
    base = tag.partition("-")[0].lower()
    return base if base in LANGUAGES else otherwise
