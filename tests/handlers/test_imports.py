"""The rooms of this floor have an order: each can be read, and loaded, without those that use it."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import handlers

FLOOR = Path(handlers.__file__).parent
ROOMS = {path.stem: ast.parse(path.read_text()) for path in FLOOR.glob("*.py") if path.stem != "__init__"}


def imported(tree: ast.AST) -> set[str]:
    """The rooms of this floor that some code imports, but for what only the type checker reads."""
    found: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.ImportFrom) and node.module == "handlers":
            found |= {alias.name for alias in node.names} & ROOMS.keys()
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("handlers."):
            found.add(str(node.module).split(".")[1])
        found |= imported(node)
    return found


def test_no_two_rooms_need_each_other() -> None:
    """Neither when they are loaded nor later, by an import that waits inside a function."""
    assert list(TopologicalSorter({name: imported(tree) for name, tree in ROOMS.items()}).static_order())


def test_what_a_room_needs_stands_at_its_top() -> None:
    """Whoever reads the top of a file knows all that it rests on."""
    functions = (
        (name, node) for name, tree in ROOMS.items() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
    )
    inside = [
        name for name, node in functions for one in ast.walk(node) if isinstance(one, ast.Import | ast.ImportFrom)
    ]
    assert inside == []
