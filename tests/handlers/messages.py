"""Every message of the catalogue, found where the handlers say it.

The handlers' source is the only list of what the bot says: it is read here, so that no translation can be forgotten
and none outlives what it translates.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

HANDLERS = Path(__file__).parents[2] / "handlers"

PASSED_ON = {
    ("handlers/case.py", "message"),
    ("handlers/case.py", "one"),
    ("handlers/case.py", "many"),
    ("handlers/texts.py", "message"),
    ("handlers/briefing_parts.py", "message"),
    ("handlers/briefing_parts.py", "one"),
    ("handlers/briefing_parts.py", "many"),
    ("handlers/help.py", "command.summary"),
    ("handlers/help.py", "command.typed"),
    ("handlers/addressing.py", "heading"),
}
"""What is said without being written there: messages handed through, those of ``Command``, a heading without words."""

_SAYS = {"say": 1, "says": 2, "tap": 1, "choice": 1, "translated": 1}
_GRAMMAR = re.compile(r"\b(?:because|words|reason)\b")
_WORDLESS = re.compile(r"\{[^{}]*\}|</?[a-z]+>|/[a-z]+\b")


@dataclass(frozen=True, slots=True)
class Message:
    """A message, its plural where it counts something, and where it is said.

    ``unasked``: it is sent to a room that did not ask, so that it must be there in that room's language.
    """

    one: str
    many: str | None
    place: str
    unasked: bool


def messages(folder: Path = HANDLERS) -> dict[str, Message]:
    """Every message by its English words. Raises ValueError for one that cannot be read from the source."""
    trees = {
        f"{folder.name}/{path.relative_to(folder).as_posix()}": ast.parse(path.read_text("utf-8"))
        for path in sorted(folder.rglob("*.py"))
    }
    tables = dict(table for tree in trees.values() for table in _tables(tree))
    found: dict[str, Message] = {}
    for place, tree in trees.items():
        for message in _in_file(place, tree, tables):
            before = found.get(message.one)
            if before is None or (message.unasked and not before.unasked):
                found[message.one] = message
    return found


def _in_file(place: str, tree: ast.Module, tables: Mapping[str, tuple[str, ...]]) -> Iterator[Message]:
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        if name == "Command":
            for one in _command(call):
                yield Message(one, None, f"{place}:{call.lineno}", unasked=False)
        elif name in _SAYS:
            method = isinstance(call.func, ast.Attribute)
            given = call.args[0 if method else 1 :][: _SAYS[name]]
            texts = [_texts(place, each, tables) for each in given]
            many = texts[1][0] if len(texts) == 2 and texts[1] else None
            for one in texts[0]:
                if has_words(one):
                    yield Message(one, many, f"{place}:{call.lineno}", unasked=not method)


def _command(call: ast.Call) -> Iterator[str]:
    """``Command(name, usage, summary, who, …)``: the last two are messages, and a usage with words of a language in it, as it is typed."""
    named = {word.arg: word.value for word in call.keywords}
    name, usage = (each.value if isinstance(each, ast.Constant) else None for each in call.args[:2])
    if isinstance(usage, str) and _GRAMMAR.search(usage) and "hidden" not in named:
        yield f"/{name} {usage}"
    for index, name in ((2, "summary"), (3, "who")):
        value = call.args[index] if len(call.args) > index else named.get(name)
        if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
            yield value.value


def _texts(place: str, node: ast.expr, tables: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The messages that an expression may be. Raises ValueError where that cannot be told from the source."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return (node.value,)
    if isinstance(node, ast.IfExp):
        return _texts(place, node.body, tables) + _texts(place, node.orelse, tables)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in tables:
        return tables[node.value.id]
    if isinstance(node, ast.JoinedStr):
        written = "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
        if not has_words(written.replace("/{}", "")):
            return ()
    if (place, ast.unparse(node)) in PASSED_ON:
        return ()
    raise ValueError(
        f"{place}:{node.lineno}: {ast.unparse(node)} is said, but is no literal; translators cannot find it. "
        "Write the message there, or in a table of literals in capitals, or list it in tests/handlers/messages.py"
    )


def _tables(tree: ast.Module) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Tables of literals at the top of a file: ``WORDS = {"acting": "Acting"}``."""
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and target.id.isupper() and isinstance(value, ast.Dict):
            texts = [each.value for each in value.values if isinstance(each, ast.Constant)]
            if texts and all(isinstance(text, str) for text in texts) and len(texts) == len(value.values):
                yield target.id, tuple(str(text) for text in texts)


def has_words(message: str) -> bool:
    """Whether there is anything to translate: besides what is put in, markup and commands, a letter or a colon."""
    return any(character.isalpha() or character == ":" for character in _WORDLESS.sub("", message))
