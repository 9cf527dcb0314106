"""Which key a playbook names as a partner's, read so plainly that whoever has Python alone reads the same.

A cosignature counts where the playbook names its key. `verify.py`, the verifier in every copy of a log, checks that too, and has no reader of YAML. So the rule
is not what YAML makes of the file, but what these functions find: word for word the same ones stand there, and a test holds them equal. They know how lines
are indented, names, quotations, brackets, texts of several lines and comments; what else there is they call unreadable, and never guess. Where they do not
find what YAML does, `tocsin check` finds an error (`lint_partners.unplain_witness`).
"""

from __future__ import annotations

import re

__all__ = ["keys_named"]

YAML_QUOTED_NAME = re.compile(r"(?:\"([^\"\\]*)\"|'([^']*)')\s*:(?=\s|$)")
YAML_NAME_ENDS = re.compile(r"\s#|:(?=\s|$)")
YAML_TEXT = re.compile(r"[|>][-+0-9]*\s*(\s#.*)?")
YAML_QUOTATION = re.compile(r"\"[^\"\\]*(?:\\.[^\"\\]*)*\"|'[^']*(?:''[^']*)*'", re.DOTALL)
YAML_PLAIN_QUOTATION = re.compile(r"\"[^\"\\\n]*\"|'[^'\n]*'")


def after_quotation(text: str, at: int) -> int:
    """Where a quotation of YAML ends that begins here. Raises ValueError where it does not end."""
    found = YAML_QUOTATION.match(text, at)
    if found is None:
        raise ValueError("a quotation does not end")
    return found.end()


def after_brackets(text: str, at: int) -> int:
    """Where brackets of YAML close that open here. Raises ValueError where they do not."""
    depth, word = 0, False  # within a word, quotes are characters like others
    while at < len(text):
        char = text[at]
        if char in "\"'" and not word:
            at = after_quotation(text, at)
            continue
        if char == "#" and text[at - 1].isspace():
            at = text.index("\n", at)
            continue
        depth += (char in "[{") - (char in "]}")
        if not depth:
            return at + 1
        if char in "[]{},":
            word = False
        elif char == ":":
            word = word and text[at + 1 : at + 2] not in (" ", "\t", "\n", ",", "[", "]", "{", "}")
        elif not char.isspace():
            word = True
        at += 1
    raise ValueError("brackets do not close")


def yaml_rows(text: str) -> list[tuple[int, bool, str | None, str]]:
    """The rows of YAML: how far each is indented, whether it is of a list, its name, and its value as it is written. Raises ValueError for what is not known
    here, though it may be good YAML: it is better doubted than guessed."""
    text = text.replace("\r\n", "\n").replace("\r", "\n") + "\n"
    if any(char in text for char in "\0\x85\u2028\u2029\ufeff"):
        raise ValueError("it has characters that are line ends to some readers")
    rows: list[tuple[int, bool, str | None, str]] = []
    bare = beyond = -1  # a value follows, a text of several lines goes on, while it is indented further than this
    at = 0
    while at < len(text):
        end = text.index("\n", at)
        line = text[at:end].strip()
        indent = end - at - len(text[at:end].lstrip(" "))
        begin, at = at + indent, end + 1
        if not line or line[0] == "#":
            continue
        if 0 <= beyond < indent:
            rows[-1] = (*rows[-1][:3], rows[-1][3].partition("\n")[0] + "\n")
            continue
        if indent == 0 and (line in ("---", "...") or line[0] == "%"):
            continue
        if text[begin] == "\t" or line[:2] in ("-\t", "?", "? "):
            raise ValueError("a row does not begin as rows do")
        dashes = re.findall("^(?:-(?: +|$))*", line)[0]
        rest, name, start = line[len(dashes) :], None, len(dashes)
        quoted, ends = YAML_QUOTED_NAME.match(rest), YAML_NAME_ENDS.search(rest)
        if quoted is not None:
            name, start = quoted[1] if quoted[1] is not None else quoted[2], start + quoted.end()
        elif rest[:1] not in ("", *"\"'[]{},#&*!|>%@`") and ends is not None and ends[0] == ":":
            name, start = rest[: ends.start()].rstrip(), start + ends.end()
        start += len(line[start:]) - len(line[start:].lstrip())
        value, column = line[start:], indent + (len(dashes) if name is not None else dashes.rfind("-"))
        if name is None and not dashes:
            if not 0 <= bare < indent:
                raise ValueError("a row has no name")
            column = bare
        beyond = -1
        if value[:1] in ("", "#"):
            value = ""
        elif value[0] in "\"'[{":
            closed = (after_quotation if value[0] in "\"'" else after_brackets)(text, begin + start)
            at = text.index("\n", closed) + 1
            if not re.fullmatch(r"\s*(\s#.*)?", text[closed : at - 1]):
                raise ValueError("something stands behind a value")
            value = text[begin + start : closed]
        else:
            if value[0] in "&*!%@`,]}" or (value[0] in "|>" and not YAML_TEXT.fullmatch(value)):
                raise ValueError("a value has a sign before it")
            value, beyond = re.split(r"\s#", value)[0].rstrip(), column
        bare = -1 if value else column
        rows.append((indent, bool(dashes), name, value))
    return rows


def keys_named(source: bytes) -> dict[str, str | None] | None:
    """The key that a playbook (YAML) names for each of its partners: empty where it names none, None where that is not written as it is read here, which is:
    "partners:", the partner's id below it, and "witness: KEY" below that, each on a line of its own. None for all where nothing can be read."""
    try:
        rows = yaml_rows(source.decode("utf-8-sig"))
    except ValueError:
        return None
    if rows and rows[0][0]:
        return None  # all of it is indented
    found: dict[str, str | None] = {}
    section = who = ""
    wide = deep = 0  # how far partners are indented, and what is said of one
    for indent, listed, name, value in rows:
        if indent == 0 and not listed:
            section, wide = name or "", 0
            if name is None or (name == "partners" and value):
                return None
        elif section == "partners":
            wide = wide or indent
            if indent < wide or (indent == wide and (name is None or listed)):
                return None
            if indent == wide:
                who, deep = name or "", 0
                found[who] = None if who in found or "witness" in value or "\\" in value else ""
                continue
            deep = deep or indent
            if indent < deep or (indent == deep and name is None and not listed):
                found[who] = None
            elif indent == deep and name == "witness" and not listed:
                key = value[1:-1] if YAML_PLAIN_QUOTATION.fullmatch(value) else value
                plain = key and key[0] not in "\"'[{|>" and "\n" not in key
                found[who] = key if plain and found[who] == "" else None
    return found
