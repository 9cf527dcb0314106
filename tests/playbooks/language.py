"""LANGUAGE.md with its lists of keys and its rule as the program has them. ``python -m tests.playbooks.language`` writes them anew."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from playbooks import sight
from playbooks.schema_fields import BUILT_IN, MEANINGS
from playbooks.schema_json import json_schema
from playbooks.yaml12 import read
from tests.bot.running import ROOT

PAGE = ROOT / "playbooks" / "LANGUAGE.md"
SCHEMA = json_schema()
PARTS: Mapping[str, dict[str, Any]] = {
    "Playbook": SCHEMA,
    **{name: part for name, part in SCHEMA["$defs"].items() if "properties" in part},
}


def written(page: str) -> str:
    """The page with its generated passages as they should be."""
    explained: set[str] = set()
    page = re.sub(
        r"(<!-- keys: (\w+) -->\n).*?(<!-- /keys -->)",
        lambda found: f"{found[1]}{''.join(keys(found[2], explained))}{found[3]}",
        page,
        flags=re.DOTALL,
    )
    for name, passage in (("built-in", built_in()), ("rule", rule())):
        marks = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
        page = re.sub(marks, lambda found, text=passage: f"{found[1]}{text}{found[2]}", page, flags=re.DOTALL)
    return page


def keys(part: str, explained: set[str]) -> Iterator[str]:
    """The keys of a part as a list; words that were explained higher up are not explained again."""
    for key, schema in PARTS[part]["properties"].items():
        meaning, *further = schema["description"].split("\n\n")
        needed = " ●" if key in PARTS[part].get("required", ()) else ""
        example = flow(schema["examples"][0])
        yield f"- **`{key}`**{needed} {meaning} Example: `{example}`\n"
        for words in further:
            if words.startswith("- ") and words not in explained:
                explained.add(words)
                yield "".join(f"  {line}\n" for line in words.splitlines())


def built_in() -> str:
    """The built-in fields, with their levels."""
    return "".join(f"- **`{name}`** ({spec.tlp.word}) {MEANINGS[name]}\n" for name, spec in BUILT_IN.items())


def rule() -> str:
    """The rule of sight, as it opens the module that decides: from its question to its last sentence about forms."""
    text = sight.__doc__ or ""
    words = text[text.index("**May partner P") : text.index("Every answer carries")]
    return words.replace("``", "`").strip() + "\n"


def flow(value: Any) -> str:
    """A value as a playbook writes it on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(below)}" for key, below in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    if not isinstance(value, str):
        return json.dumps(value)
    plain = re.fullmatch(r"[^\s\"'#&*!|>%@`{}\[\],:?-][^#{}\[\],:\"]*", value) and value == value.strip()
    return value if plain and read(value.encode(), "").value == value else json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
