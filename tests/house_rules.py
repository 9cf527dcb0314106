"""The rules of the house that no linter knows.

A rule takes a file's place and its syntax tree (or its source), and says what is wrong, line by line.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import PurePosixPath

FLOORS = ("bot", "handlers", "storage", "playbooks")

Rule = Callable[[str, ast.Module], Iterator[str]]

CLOCK = {
    *(f"datetime.datetime.{name}" for name in ("now", "utcnow", "today")),
    "datetime.date.today",
    *(f"time.{name}" for name in ("time", "time_ns", "monotonic", "monotonic_ns", "sleep", "localtime", "gmtime")),
}
GATE = ("playbooks/cleared.py", "playbooks/sight.py")
HTML_TOO = ("spoken", "out")
"""What people said, and what a network is handed, have ``html`` as well: so these are called, and nothing cleared is."""
WORDS = ("handlers/texts.py", *GATE)
BROUGHT = ("tests/stories/chromium.py", "tests/emulators/openssl.py")
"""No lock of ours brings along a browser, or the program openssl: what could not be tried without them is said in the last lines."""


@cache
def nodes(tree: ast.Module) -> tuple[ast.AST, ...]:
    """Every node of a file."""
    return tuple(ast.walk(tree))


@cache
def imported(tree: ast.Module) -> dict[str, str]:
    """Each name that an import binds anywhere in the file, with what it stands for: ``{"dt": "datetime.datetime"}``."""
    names: dict[str, str] = {}
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def dotted(node: ast.expr, names: dict[str, str]) -> str:
    """The full name of ``a.b.c`` with its first part resolved through the imports; empty for anything else."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        before = dotted(node.value, names)
        return f"{before}.{node.attr}" if before else ""
    return ""


@cache
def uses(tree: ast.Module) -> tuple[tuple[int, str], ...]:
    """Every name that is used, with its line."""
    names = imported(tree)
    return tuple(
        (node.lineno, dotted(node, names)) for node in nodes(tree) if isinstance(node, ast.Name | ast.Attribute)
    )


def calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """Every call, with the full name of what is called."""
    names = imported(tree)
    for node in nodes(tree):
        if isinstance(node, ast.Call):
            yield node, dotted(node.func, names)


def last(name: str) -> str:
    return name.rpartition(".")[2]


def only_the_clock_reads_time(place: str, tree: ast.Module) -> Iterator[str]:
    if place != "bot/clock.py":
        for line, name in uses(tree):
            if name in CLOCK:
                yield f"{place}:{line}: {name} is used; only bot/clock.py reads the clock, others are given the time"


def only_the_command_line_prints(place: str, tree: ast.Module) -> Iterator[str]:
    if not (fnmatch(place, "bot/cli*") or fnmatch(place, "bot/rehearse*")):
        for call, name in calls(tree):
            if name == "print":
                yield f"{place}:{call.lineno}: print; log it, or return it to the command line"


def only_the_gate_clears(place: str, tree: ast.Module) -> Iterator[str]:
    if place in GATE:
        return
    names = imported(tree)
    for call, name in calls(tree):
        first = dotted(call.args[0], names) if call.args else ""
        keywords = {keyword.arg for keyword in call.keywords}
        if (
            last(name) == "Cleared"
            or ".Cleared." in f".{name}"
            or (last(name) in ("__new__", "cast", "construct", "partial", "map") and last(first) == "Cleared")
            or (last(name) in ("replace", "__replace__") and "html" in keywords and last(first) not in HTML_TOO)
        ):
            yield f"{place}:{call.lineno}: Cleared text is made outside the gate; only {' and '.join(GATE)} make it"
        if last(name) == "__setattr__" and place.partition("/")[0] in FLOORS and first != "self":
            yield f"{place}:{call.lineno}: a frozen value is changed from outside"
    for node in nodes(tree):
        if isinstance(node, ast.ClassDef) and any(last(dotted(base, names)) == "Cleared" for base in node.bases):
            yield f"{place}:{node.lineno}: {node.name} inherits from Cleared, and could be made from anything"
        if isinstance(node, ast.Assign) and last(dotted(node.value, names)) == "Cleared":
            yield f"{place}:{node.lineno}: Cleared is given another name, behind which it could be made"
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if alias.name == "Cleared" and alias.asname not in (None, "Cleared"):
                    yield f"{place}:{node.lineno}: Cleared is imported under another name"


def only_the_catalogue_words(place: str, tree: ast.Module) -> Iterator[str]:
    if place not in WORDS:
        for line, name in uses(tree):
            if name in ("playbooks.cleared.wording", "playbooks.sight.wording") or last(name) == "Wording":
                yield f"{place}:{line}: the bot's own words outside the catalogue; put them in handlers/texts.py"


def only_the_wiring_knows_networks(place: str, tree: ast.Module) -> Iterator[str]:
    if place == "bot/wiring.py" or place.startswith("bot/networks/"):
        return
    for node in nodes(tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        within = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        found = [within + alias.name for alias in node.names]
        for name in found:
            if name.startswith("bot.networks.") and not f"{name}.".startswith("bot.networks.port."):
                yield f"{place}:{node.lineno}: {name}; only bot/wiring.py builds networks, others know the port"


def each_test_says_what_it_proves(place: str, tree: ast.Module) -> Iterator[str]:
    for node in nodes(tree):
        if not (isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")):
            continue
        if not (ast.get_docstring(node) or "").strip():
            yield f"{place}:{node.lineno}: {node.name} does not say in one sentence what it proves"


def no_test_sleeps(place: str, tree: ast.Module) -> Iterator[str]:
    for call, name in calls(tree):
        if last(name) == "sleep" and call.args and isinstance(call.args[0], ast.Constant) and call.args[0].value != 0:
            yield f"{place}:{call.lineno}: a test sleeps; wait for an event or a condition, with a timeout"


def no_test_is_left_out(place: str, tree: ast.Module) -> Iterator[str]:
    if place in BROUGHT:
        return
    left_out = {"skip", "skipif", "xfail", "importorskip", "SkipTest"}
    for line, name in uses(tree):
        if name.startswith(("pytest.", "unittest.")) and last(name) in left_out:
            yield f"{place}:{line}: {name}; a test runs, or is not there"


def no_room_without_a_name(place: str, tree: ast.Module) -> Iterator[str]:
    del tree
    for part in PurePosixPath(place).with_suffix("").parts:
        if set(part.split("_")) & {"util", "utils", "helper", "helpers", "manager", "base", "misc", "common"}:
            yield f"{place}:1: {part} says nothing; name the room after the concept that lives there"


def no_room_without_a_reason(place: str, tree: ast.Module) -> Iterator[str]:
    if tree.body and not (ast.get_docstring(tree) or "").strip():
        yield f"{place}:1: the file does not say why it exists"


MARKS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def unfinished(place: str, source: str) -> Iterator[str]:
    if not MARKS.search(source):
        return  # no comment has one either, and to take a source apart takes long
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and MARKS.search(token.string):
            yield f"{place}:{token.start[0]}: unfinished work is marked; finish it, or write it where work is planned"


def of_one_machine(place: str, source: str) -> Iterator[str]:
    for number, line in enumerate(source.splitlines(), 1):
        if re.search(r"(?<![\w.])/(?:root|home|Users)/\w", line):
            yield f"{place}:{number}: a path that exists on one machine only"


def pins(lock: str) -> dict[str, str]:
    """The pinned versions of a lock. Raises AssertionError where a line is neither a pin, nor a hash, nor the title."""
    versions: dict[str, str] = {}
    for line in lock.splitlines()[1:]:
        if re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?", line):
            continue
        pin = re.fullmatch(r"([a-z0-9-]+)==([0-9A-Za-z.+!]+)(?: ; [^\\:]+)? \\", line)
        assert pin, f"not a pin with hashes: {line!r}"
        versions[pin[1]] = pin[2]
    return versions
