"""``tocsin explain``: why a partner sees a field or not, in sentences, and the nearest change that would open what is withheld."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap
from typing import Any, Literal

from bot.asking import Narrowed, partner, read, supposed, wrong
from bot.cli_who_sees import WIDEST, cell, given, heading, notes
from playbooks.explaining import Explained, Way, explain
from playbooks.load import Book
from playbooks.sight import Seen, Withheld, ceiling_of
from playbooks.supposing import Supposition, fields


def show(path: Path, about: str, field: str, who: str, narrowed: Narrowed, form: Literal["text", "json"]) -> None:
    """Print it."""
    book = read(path)
    asked = supposed(book, about, narrowed)
    known = fields(book, asked)
    named = asked.alert if asked.alert.startswith("#") and field in (asked.alert, asked.alert[1:]) else field
    if named not in known:
        raise wrong(f"field of {about}", field, known)
    me = partner(book, who)
    found = explain(book, asked, named, me)
    if form == "json":
        sys.stdout.write(json.dumps(_json(book, asked, named, me, found), ensure_ascii=False, indent=2) + "\n")
        return
    width = min(WIDEST, max(shutil.get_terminal_size((WIDEST, 24)).columns, 40))
    lines = [line for words in _text(book, asked, named, me, found) for line in _wrapped(words, width)]
    sys.stdout.write("\n".join(lines) + "\n")


def _wrapped(words: str, width: int) -> list[str]:
    bare = words.lstrip(" ")
    indent = " " * (len(words) - len(bare))
    hang = indent + ("   " if bare[:2].rstrip(".").isdigit() else "")
    return wrap(bare, width, initial_indent=indent, subsequent_indent=hang, break_on_hyphens=False) or [""]


def _text(book: Book, asked: Supposition, field: str, me: str, found: tuple[Explained, ...]) -> Iterator[str]:
    who = book.playbook.partners[me]
    yield heading(book, asked)
    yield from notes(book, asked)
    if not found:
        on = f" on {asked.network}" if asked.network else ""
        yield ""
        yield f"{me} ({who.name}) has no room for it{on} (line {book.line('partners', me)}), so it is shown nothing."
    told: dict[tuple[str, ...], list[Explained]] = {}
    for each in found:
        told.setdefault(tuple(_one(book, asked, field, each)), []).append(each)
    for lines, rooms in told.items():
        yield ""
        yield f"{lines[0]} {_there(rooms)}."
        yield from lines[1:]
    if any(each.ways for each in found):
        yield ""
        yield "What would have to change is said, not advised: it is for those who signed the playbook to agree on."


def _there(rooms: list[Explained]) -> str:
    """Where that is so: on Telegram, in a Matrix room that is encrypted, plain, or either."""
    kinds = {(each.room.ref.network, each.room.encrypted) for each in rooms}
    words = [network.capitalize() for network in ("telegram",) if (network, False) in kinds]
    matrix = [word for word, kind in (("plain", False), ("encrypted", True)) if ("matrix", kind) in kinds]
    words += [f"Matrix ({' or '.join(matrix)})"] if matrix else []
    return f"on {' and on '.join(words)}"


def _one(book: Book, asked: Supposition, field: str, each: Explained) -> Iterator[str]:
    me, answer = each.room.partner, each.answer
    who = book.playbook.partners[me]
    if isinstance(answer, Seen):
        form = "in full" if answer.form == "exact" else f"only as {_FORMS.get(answer.form, answer.form)}"
        yield f"{me} ({who.name}) sees `{field}` {form}"
        yield from (f"  {words}" for words in _because(book, asked, field, each, answer))
        for form, obstacle in each.finer.items():
            yield f"  Not {_shown_as(form)}: {obstacle_in_words(book, each, field, form, obstacle)}"
    else:
        yield f"{me} ({who.name}) does not see `{field}`"
        for form, obstacle in each.finer.items() or {"": answer}.items():
            lead = f"{_shown_as(form)}: ".capitalize() if len(each.finer) > 1 else ""
            yield f"  {lead}{obstacle_in_words(book, each, field, form, obstacle)}"
    several = len(each.finer) > 1 or isinstance(answer, Seen)
    for way in each.ways:
        yield from (f"  {words}" for words in _way(way, several))
    if not each.ways and each.finer:
        yield "  No change of the playbook alone would open it."


_FORMS = {"area": "its area", "range": "a range", "initials": "initials", "count": "a count", "day": "its day"}


def _shown_as(form: str) -> str:
    return "in full" if form in ("exact", "") else f"as {_FORMS[form]}"


def _because(book: Book, asked: Supposition, field: str, each: Explained, seen: Seen) -> Iterator[str]:
    """The reasons for a yes, in the order of the rule's conditions."""
    me = each.room.partner
    who = book.playbook.partners[me]
    ceiling = ceiling_of(book, each.room)
    label = seen.label.tlp.word + "".join(f" + {name}" for name in sorted(seen.label.compartments))
    yield (
        f"Its label so is {label}: {me} is cleared for {who.clearance.tlp.word}"
        f"{''.join(f' + {name}' for name in who.clearance.compartments)} (line {book.line('partners', me, 'clearance')}), and"
        f" the room carries up to {ceiling.word if ceiling is not None else '?'} (line {book.line('networks', each.room.ref.network)})."
    )
    rule = (
        "The lead always sees who has it and who is silent."
        if not seen.line
        else _quoted(book, seen.line, "permits it")
    )
    yield rule
    origin = book.playbook.partners[asked.origin].jurisdiction
    if seen.agreements:
        yield from (_agreement(book, name, origin, who.jurisdiction) for name in seen.agreements)
    elif seen.label.tlp.word == "clear" and not seen.label.personal:
        yield "What is clear and not personal needs no agreement."
    elif origin == who.jurisdiction:
        yield f"It comes from {origin}, where {me} is too, and is not personal: no agreement is needed."
    if seen.basis:
        yield f"Basis: {seen.basis}."


def _agreement(book: Book, name: str, origin: str, to: str) -> str:
    made = book.playbook.agreements[name]
    title = next(iter(made.title.values()))
    dates = " and ".join(
        [f"from {made.from_}"] * (made.from_ is not None) + [f"until {made.until}"] * (made.until is not None)
    )
    force = f"in force {dates}" if dates else "in force without an end"
    return f"From {origin} to {to} under the agreement {name} ({title}, {force}; line {book.line('agreements', name)})."


def _quoted(book: Book, line: int, does: str) -> str:
    written = book.source.decode("utf-8-sig").splitlines()[line - 1].strip().removeprefix("- ")
    short = written if len(written) <= 200 else f"{written[:199]}…"
    return f"Line {line} {does}: {short}"


def obstacle_in_words(book: Book, each: Explained, field: str, form: str, obstacle: Withheld) -> str:
    """Why not, in a sentence, with the line that says so."""
    me, network = each.room.partner, each.room.ref.network
    who = book.playbook.partners[me]
    match obstacle.why:
        case "clearance":
            cleared = who.clearance.tlp.word
            return f"it is {obstacle.detail} so, and {me} is cleared for {cleared} (line {obstacle.line})."
        case "compartment":
            return f"it is in the compartment {obstacle.detail}, for which {me} is not cleared (line {obstacle.line})."
        case "ceiling":
            room = (
                "this encrypted room"
                if each.room.encrypted
                else network.capitalize()
                if network != "matrix"
                else "a plain Matrix room"
            )
            ceiling = ceiling_of(book, each.room)
            upto = (
                f"carries no more than {ceiling.word}"
                if ceiling is not None
                else "is not declared under `networks`, and carries nothing"
            )
            return f"it is {obstacle.detail} so, and {room} {upto} (line {obstacle.line})."
        case "forbidden":
            return _quoted(book, obstacle.line, "forbids it").removesuffix(".") + "."
        case "no-permit" if obstacle.line:
            return f"no permit means {me} in these circumstances. {_quoted(book, obstacle.line, 'would in others')}"
        case "no-permit":
            return f"no permit shares {field} {_shown_as(form)} with {me}."
        case "agreement":
            origin, _, to = obstacle.detail.partition("→")
            if origin == to:
                return f"it is personal, and the permit on line {obstacle.line} names no agreement of {origin} with itself in force for its purpose."
            return (
                f"the permit on line {obstacle.line} names no agreement from {origin} to {to} in force for its purpose."
            )
        case "no-form":
            return "there is no such form here: a place outside every area has no area."
        case "undeclared":
            return f"the playbook has no field {field}."
        case "inactive":
            return f"{me} takes no part."
        case "expired":
            return "it has expired."
        case "rule-failed":
            return (
                f"the rule on line {obstacle.line} could not be evaluated ({obstacle.detail}), and then nobody sees it."
            )


def _way(way: Way, several: bool) -> Iterator[str]:
    to = f"To be seen {_shown_as(way.form)}" if several else "To be seen"
    if len(way.changes) == 1:
        yield f"{to}, one thing would have to change: {_change(way, 0)}."
        return
    yield f"{to}, {len(way.changes)} things would have to change:"
    yield from (f"  {number + 1}. {_change(way, number)}." for number in range(len(way.changes)))


def _change(way: Way, number: int) -> str:
    change = way.changes[number]
    return change.words + (
        f" (line {change.line})" if change.line and f"line {change.line}" not in change.words else ""
    )


def _json(book: Book, asked: Supposition, field: str, me: str, found: tuple[Explained, ...]) -> dict[str, Any]:
    return {
        "playbook": book.playbook.playbook,
        "version": book.playbook.version,
        "sha256": book.digest,
        "file": book.file,
        "alert": None if asked.alert.startswith("#") else asked.alert,
        "channel": asked.alert[1:] if asked.alert.startswith("#") else None,
        "field": field,
        "partner": me,
        "given": given(asked),
        "rooms": [
            {
                "network": each.room.ref.network,
                "encrypted": each.room.encrypted if each.room.ref.network == "matrix" else None,
                **cell(book, each.answer),
                "because": list(_because(book, asked, field, each, each.answer))
                if isinstance(each.answer, Seen)
                else [],
                "against": {form: cell(book, obstacle) for form, obstacle in each.finer.items()},
                "ways": [
                    {
                        "form": way.form,
                        "changes": [{"what": one.words, "line": one.line or None} for one in way.changes],
                    }
                    for way in each.ways
                ],
            }
            for each in found
        ],
    }
