"""``tocsin new``: a small playbook to start from, with an exercise and what editors need to explain the language."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from unicodedata import normalize

from bot.cli_ending import UNANSWERED, Stop
from bot.program import program
from bot.settings import library
from playbooks.schema_json import FILE, json_schema

TEMPLATE = library().with_name("first")
"""Where the playbook lies that every new one begins as; apart from those that ship, for nobody should run it."""


def new(wanted: Path) -> None:
    """Write the files, and say what next. Raises Stop where that would overwrite anything, and then writes nothing."""
    path = wanted if wanted.suffix in (".yaml", ".yml") else wanted.with_name(f"{wanted.name}.yaml")
    script, schema = path.with_name(f"{path.stem}.script.yaml"), path.with_name(FILE)
    name = _id(path)
    if not path.parent.is_dir():
        raise Stop(UNANSWERED, f"{path}: there is no folder {path.parent}; make it first, or name another")
    for one in (path, script):
        if one.exists() or one.is_symlink():
            raise Stop(UNANSWERED, f"{one}: this is there already, and is left as it is; name another file")
    if schema.exists() and not _is_ours(schema):
        raise Stop(UNANSWERED, f"{schema}: this is there already, and is no schema of playbooks; name another folder")
    for one, template in ((path, "first.yaml"), (script, "first.script.yaml")):
        with one.open("x", encoding="utf-8") as file:
            file.write(_called(name, (TEMPLATE / template).read_text("utf-8")))
    schema.write_text(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n", "utf-8")
    print("\n".join(_next(path, script, schema)))


def _id(path: Path) -> str:
    """The file's name as a playbook's id."""
    letters = normalize("NFKD", path.stem.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:64].rstrip("-")
    if not name or path.stem.endswith(".script"):
        raise Stop(
            UNANSWERED, f"{path}: this cannot be the name of a playbook; use letters and digits, like river-flood"
        )
    return name


def _called(name: str, template: str) -> str:
    """The template under this id."""
    return re.sub(r"^(playbook: |script: |.*/activate )first\b", rf"\g<1>{name}", template, flags=re.MULTILINE)


def _is_ours(schema: Path) -> bool:
    try:
        found = json.loads(schema.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("title") == json_schema()["title"]


def _next(path: Path, script: Path, schema: Path) -> list[str]:
    tocsin, file = program(), shlex.quote(str(path))
    commands = (
        (f"check {file}", "is it right?"),
        (f"who-sees {file} evacuation", "who would be shown what?"),
        (f"test {file}", "does it keep what you promised each other?"),
        (f"rehearse {file}", "how does it feel? Nothing leaves the program"),
    )
    width = max(len(command) for command, _ in commands)
    return [
        f"{path}: a small playbook that is right as it is; every section says what it is for",
        f"{script}: an exercise for it",
        f"{schema}: with this beside it, editors complete and explain what you write",
        "",
        "Put your own partners in, and ask as you go:",
        *(f"  {tocsin} {command:<{width}}  {why}" for command, why in commands),
        "playbooks/GUIDE.md builds one step by step; playbooks/LANGUAGE.md has every key.",
    ]
