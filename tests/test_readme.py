"""The README cannot lag: its tables are made from the program. ``python -m tests.test_readme`` writes them anew."""

from __future__ import annotations

import re
from pathlib import Path

from bot.settings import SETTINGS
from handlers import COMMANDS

README = Path(__file__).parents[1] / "README.md"


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join([*lines, *("| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |" for row in rows)])


def commands() -> str:
    """Every command that people type, in the order of the help."""
    rows = [(f"`{c.typed}`", c.summary, c.who) for c in COMMANDS if not c.hidden]
    return _table(("command", "what it does", "who"), rows)


def settings() -> str:
    """Every setting."""
    return _table(
        ("setting", "default", "meaning"),
        [(f"`{s.name}`", f"`{s.default}`" if s.default else "", s.meaning) for s in SETTINGS],
    )


def written(text: str) -> str:
    """The README with its tables as they should be."""
    for name, table in (("commands", commands()), ("settings", settings())):
        text = re.sub(
            rf"<!-- {name} -->.*?<!-- /{name} -->",
            lambda _, n=name, t=table: f"<!-- {n} -->\n{t}\n<!-- /{n} -->",
            text,
            flags=re.DOTALL,
        )
    return text


def test_the_tables_of_the_readme_are_those_of_the_program() -> None:
    """A command or a setting that the README does not have, or has otherwise, is found."""
    text = README.read_text()
    assert all(f"<!-- {name} -->" in text for name in ("commands", "settings"))
    assert written(text) == text, "run: .venv/bin/python -m tests.test_readme"


def test_the_commands_of_the_readme_exist() -> None:
    """Every `make` target and `tocsin` command that the README names is there."""
    text = README.read_text()
    makefile = (README.parent / "Makefile").read_text()
    for target in set(re.findall(r"\bmake ([a-z]+)\b", text)):
        assert re.search(rf"^{target}\b.*:", makefile, re.MULTILINE), target
    from bot.cli import app

    known = {c.name or c.callback.__name__ for c in app.registered_commands if c.callback}
    known |= {str(group.typer_instance.info.name) for group in app.registered_groups if group.typer_instance}
    for command in set(re.findall(r"bin/tocsin ([a-z-]+)", text)):
        assert command in known, command


if __name__ == "__main__":
    README.write_text(written(README.read_text()))
