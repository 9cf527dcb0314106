"""``tocsin who-sees``: partners by fields, each cell with what decided it; as a table for people or as JSON for programs."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import wrap
from typing import Any, Literal

from bot.asking import Narrowed, read, supposed
from playbooks.happening import impossible
from playbooks.load import Book
from playbooks.sight import Answer, Seen, Withheld
from playbooks.supposing import Supposition, question
from playbooks.who_sees import Gets, Matrix, Row, who_sees

MOST_COMPARED = 10_000
"""Cells up to which other circumstances are looked at too, to say that they differ."""
WIDEST = 100
_WHY = {
    "undeclared": "undeclared", "inactive": "absent", "expired": "expired", "clearance": "clearance", "compartment": "compartment",
    "ceiling": "ceiling", "no-permit": "no permit", "agreement": "agreement", "forbidden": "forbidden",
    "rule-failed": "rule failed", "no-form": "no form",
}  # fmt: skip
_GETS: dict[Gets, str] = {"shown": "", "held": "held", "unselected": "not for it", "member": "", "no-member": ""}


def show(path: Path, about: str, narrowed: Narrowed, form: Literal["text", "json"]) -> None:
    """Print the matrix."""
    book = read(path)
    asked = supposed(book, about, narrowed)
    matrix = who_sees(book, asked)
    if form == "json":
        sys.stdout.write(json.dumps(_json(book, matrix), ensure_ascii=False, separators=(",", ":")) + "\n")
        return
    width = shutil.get_terminal_size((WIDEST, 24)).columns
    sys.stdout.write("\n".join(line.rstrip() for line in _text(book, matrix, max(width, 40))) + "\n")


# --- for people -------------------------------------------------------------------------------------------------------


def _text(book: Book, matrix: Matrix, width: int) -> Iterator[str]:
    yield from _wrapped(heading(book, matrix.supposed), width)
    yield from (line for note in notes(book, matrix.supposed) for line in _wrapped(note, width))
    rows = _grouped(matrix.rows)
    for block in _blocks(matrix.fields, rows, width):
        yield ""
        yield from block
    yield ""
    yield from _wrapped(_legend(book, matrix), width)
    if matrix.roomless:
        on = f" on {matrix.supposed.network}" if matrix.supposed.network else ""
        yield from _wrapped(f"No room for it{on}: {', '.join(matrix.roomless)}.", width)
    if len(matrix.rows) * len(matrix.fields) <= MOST_COMPARED:
        yield from (line for words in _otherwise(book, matrix) for line in _wrapped(words, width, "  "))


def _wrapped(words: str, width: int, hang: str = "") -> list[str]:
    return wrap(words, width, subsequent_indent=hang, break_on_hyphens=False)


def notes(book: Book, asked: Supposition) -> Iterator[str]:
    """That what is supposed could not happen, where it could not."""
    why = impossible(book, asked, question(book, asked))
    if why is not None:
        yield f"Note: {why}."


def heading(book: Book, asked: Supposition) -> str:
    """What is supposed, in a sentence."""
    playbook = book.playbook
    what = f"Said in {asked.alert}" if asked.alert.startswith("#") else asked.alert
    where = "" if not playbook.areas else f" at {asked.area}" if asked.area else " outside every area"
    more = [f"hazard {asked.hazard}"] if asked.hazard and len(playbook.hazards) > 1 else []
    more += ["danger declared"] if asked.danger else []
    more += [f"{asked.network} only"] if asked.network else []
    more += [] if asked.encrypted is None else ["Matrix rooms encrypted" if asked.encrypted else "Matrix rooms plain"]
    also = f" ({', '.join(more)})" if more else ""
    return (
        f"{what}, by {asked.origin}, in {asked.phase}{where}, {asked.at:%Y-%m-%d %H:%M} {playbook.timezone}{also}."
        f" Playbook {playbook.playbook} version {playbook.version}."
    )


def _grouped(rows: Iterable[Row]) -> list[tuple[list[str], Row]]:
    """Rows whose cells read the same, together, with the partners' names."""
    found: dict[object, tuple[list[str], Row]] = {}
    for row in rows:
        key = (row.network, row.encrypted, row.gets, tuple(map(_cell, row.answers.values())))
        found.setdefault(key, ([], row))[0].append(row.partner)
    return list(found.values())


def _blocks(fields: Sequence[str], rows: list[tuple[list[str], Row]], width: int) -> Iterator[list[str]]:
    """The table, cut into blocks of as many fields as fit side by side."""
    names = [_lines_of(partners, row) for partners, row in rows]
    first = max([len(line) for lines in names for line in lines], default=0) + 2
    table = [[_cell(row.answers[field]) for field in fields] for _, row in rows]
    widths = [max([len(field), *(len(line[i]) for line in table)]) + 2 for i, field in enumerate(fields)]
    at = 0
    while at < len(fields):
        upto = at + 1
        while upto < len(fields) and first + sum(widths[at : upto + 1]) <= width + 2:
            upto += 1
        lines = [" " * first + "".join(fields[i].ljust(widths[i]) for i in range(at, upto))]
        for name, cells in zip(names, table, strict=True):
            lines.append(name[0].ljust(first) + "".join(cells[i].ljust(widths[i]) for i in range(at, upto)))
            lines += name[1:]
        yield lines
        at = upto


def _lines_of(partners: Sequence[str], row: Row) -> list[str]:
    """Who it is, and of which rooms this is said."""
    kind = {None: row.network, True: "matrix, encrypted", False: "matrix, plain"}[row.encrypted]
    gets = _GETS.get(row.gets, "")
    said = f"  {kind}{f' · {gets}' if gets else ''}"
    return [*wrap(", ".join(partners), 32, break_long_words=False, break_on_hyphens=False), said]


def _cell(answer: Answer) -> str:
    """One cell in a word or two, with the line of the file that decided it."""
    line = f" :{answer.line}" if answer.line else ""
    if isinstance(answer, Seen):
        return ("full" if answer.form == "exact" else answer.form) + line
    if answer.why in ("clearance", "compartment"):
        return f"– {_WHY[answer.why]}"  # whose line is each partner's own
    return f"– {answer.detail if answer.why == 'agreement' else _WHY[answer.why]}{line}"


def _legend(book: Book, matrix: Matrix) -> str:
    answers = [answer for row in matrix.rows for answer in row.answers.values()]
    parts = [f":n is the line of {book.file} that decides", "full: as it was said"]
    forms = sorted({answer.form for answer in answers if isinstance(answer, Seen)} - {"exact"})
    parts += [f"{', '.join(forms)}: only so"] if forms else []
    parts += ["–: withheld, and why first"] if any(isinstance(answer, Withheld) for answer in answers) else []
    parts += ["held: not sent there, for a required field is withheld"] if _any(matrix, "held") else []
    parts += ["not for it: the alert's `to` does not name it"] if _any(matrix, "unselected") else []
    return "; ".join(parts) + "."


def _any(matrix: Matrix, gets: Gets) -> bool:
    return any(row.gets == gets for row in matrix.rows)


def _otherwise(book: Book, matrix: Matrix) -> Iterator[str]:
    """Where one other circumstance would make a difference: how many cells, and how to look."""
    asked = matrix.supposed
    others = [
        (f"In {phase}", f"--phase {phase}", replace(asked, phase=phase))
        for phase in book.playbook.phases
        if phase != asked.phase
    ]
    if book.playbook.danger is not None and not asked.danger:
        others.append(("With danger declared", "--danger", replace(asked, danger=True)))
    for words, option, other in others:
        more, less = _difference(matrix, who_sees(book, other))
        changes = ([f"{more} {_cells(more)} more"] if more else []) + ([f"{less} {_cells(less)} less"] if less else [])
        if changes:
            yield f"{words} {', '.join(changes)} ({option})."


def _cells(count: int) -> str:
    return "cell shows" if count == 1 else "cells show"


def _difference(one: Matrix, other: Matrix) -> tuple[int, int]:
    """How many cells are seen finer in the other than in the one, and how many coarser."""
    before, after = _forms(one), _forms(other)
    more = sum(after[cell] < before[cell] for cell in before if cell in after)
    return more, sum(after[cell] > before[cell] for cell in before if cell in after)


def _forms(matrix: Matrix) -> dict[tuple[str, str, bool, str], int]:
    """How fine each cell is: 0 the finest."""
    order = ("exact", "area", "range", "initials", "day", "count")
    return {
        (row.partner, row.network, encrypted, field): order.index(answer.form)
        if isinstance(answer, Seen)
        else len(order)
        for row in matrix.rows
        for encrypted in ((False, True) if row.encrypted is None else (row.encrypted,))
        for field, answer in row.answers.items()
    }


# --- for programs -----------------------------------------------------------------------------------------------------


def _json(book: Book, matrix: Matrix) -> dict[str, Any]:
    asked = matrix.supposed
    return {
        "playbook": book.playbook.playbook,
        "version": book.playbook.version,
        "sha256": book.digest,
        "file": book.file,
        "alert": None if asked.alert.startswith("#") else asked.alert,
        "channel": asked.alert[1:] if asked.alert.startswith("#") else None,
        "given": given(asked),
        "fields": list(matrix.fields),
        "rows": [
            {
                "partner": row.partner,
                "network": row.network,
                "encrypted": row.encrypted,
                "gets": row.gets,
                "cells": {field: cell(book, answer) for field, answer in row.answers.items()},
            }
            for row in matrix.rows
        ],
        "roomless": list(matrix.roomless),
    }


def given(asked: Supposition) -> dict[str, Any]:
    """What was supposed, as JSON."""
    return {
        "from": asked.origin,
        "phase": asked.phase,
        "area": asked.area,
        "network": asked.network,
        "encrypted": asked.encrypted,
        "at": asked.at.isoformat(timespec="seconds"),
        "danger": asked.danger,
        "hazard": asked.hazard,
    }


def cell(book: Book, answer: Answer) -> dict[str, Any]:
    """One answer as JSON: ``sight`` is full, generalised or withheld; ``rule`` the place of what decided, as file:line."""
    rule = f"{book.file}:{answer.line}" if answer.line else None
    if isinstance(answer, Withheld):
        return {"sight": "withheld", "form": None, "rule": rule, "why": answer.why, "detail": answer.detail or None}
    return {
        "sight": "full" if answer.form == "exact" else "generalised",
        "form": answer.form,
        "rule": rule,
        "agreements": list(answer.agreements),
        "basis": answer.basis,
    }
