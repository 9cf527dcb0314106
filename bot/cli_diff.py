"""``tocsin diff``: what a change of a playbook opens, what it closes, who leads otherwise, and what else is otherwise.

Exit codes: 0 nothing opens, 1 something opens, 2 one of the files could not be read.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from textwrap import wrap
from typing import Any, Literal

from bot.cli_ending import BAD, FINE, UNANSWERED, Stop
from bot.prose import fitted
from playbooks.diff import diff
from playbooks.diff_changes import (
    Change,
    Difference,
    Domain,
    LeadChange,
    ListingChange,
    Origin,
    PowerChange,
    ReceiptChange,
    Region,
    SightChange,
    Span,
)
from playbooks.diff_words import closing, leading, opening, otherwise, remarks, summary
from playbooks.load import Book, PlaybookErrors, load
from playbooks.problems import on_one_line

_INDENT = 8


def compare(old: Path, new: Path, form: Literal["text", "json"], now: datetime) -> int:
    """Print what is otherwise in the new playbook from ``now`` on, and return the exit code."""
    before, after = _read(old, new)
    found = diff(before, after, now)
    if form == "json":
        sys.stdout.write(json.dumps(_json(found), ensure_ascii=False, indent=2) + "\n")
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
        sys.stdout.write("".join(f"{line}\n" for line in _text(found, width)))
    return BAD if found.opens_anything else FINE


def _read(*paths: Path) -> list[Book]:
    """The playbooks, or the end of the command with every error in any of them."""
    books: list[Book] = []
    wrong: list[str] = []
    for path in paths:
        try:
            books.append(load(path))
        except PlaybookErrors as errors:
            wrong += map(str, errors.errors)
        except OSError as error:
            words = f"cannot be read: {error.strerror or error}; name a playbook that can be"
            wrong.append(f"{on_one_line(str(path))}: {words}")
    if wrong:
        raise Stop(UNANSWERED, *wrong)
    return books


# --- for people -----------------------------------------------------------------------------------------------------------


def _text(found: Difference, width: int) -> Iterator[str]:
    yield from map(fitted, remarks(found))
    if found.nothing:
        return
    for word, sentences in (
        ("opens", opening(found)),
        ("closes", closing(found)),
        ("leads", leading(found)),
        ("other", otherwise(found)),
    ):
        yield from _listed(word, sentences, width)
    yield fitted(summary(found))


def _listed(word: str, sentences: Iterable[str], width: int) -> Iterator[str]:
    for sentence in sentences:
        line = f"{word:<{_INDENT}}{on_one_line(sentence)}"
        yield from (
            wrap(line, width, subsequent_indent=" " * _INDENT, break_on_hyphens=False)
            if width > 4 * _INDENT
            else [line]
        )


# --- for programs ---------------------------------------------------------------------------------------------------------


def _json(found: Difference) -> dict[str, Any]:
    domain = found.domain
    return {
        "old": asdict(found.old),
        "new": asdict(found.new),
        "at": found.now.isoformat(),
        "same_bytes": found.same_bytes,
        "remarks": list(remarks(found)),
        "summary": summary(found),
        "domain": {
            "phases": domain.phases,
            "hazards": domain.hazards,
            "danger": domain.danger,
            "from": [_origin(one) for one in domain.origins],
            "times": [_span(one) for one in domain.spans],
            "renamed": dict(domain.renamed),
            "partners": {
                name: {
                    "jurisdiction": jurisdiction,
                    "rooms": domain.rooms[name],
                    "places": {
                        word: [sorted(areas) for areas in examples] for word, examples in domain.grounds[name].items()
                    },
                }
                for name, jurisdiction in domain.jurisdictions.items()
            },
        },
        "opens": [one for change in found.opens for one in _change(domain, change)],
        "closes": [one for change in found.closes for one in _change(domain, change)],
        "leads": [_lead(domain, change) for change in found.leads],
        "loosened": [asdict(change) for change in found.loosened],
        "others": [asdict(change) for change in found.others],
    }


def _change(domain: Domain, change: Change) -> Iterator[dict[str, Any]]:
    """A change with its circumstances spelled out; one for each jurisdiction of its partners where that decides whose words."""
    if isinstance(change, ListingChange):
        yield {"what": "listed", "partners": change.partners}
        return
    groups: dict[str, list[str]] = {}
    for name in change.partners:
        relative = isinstance(change.region.origins, str)
        groups.setdefault(domain.jurisdictions[name] if relative else "", []).append(name)
    for jurisdiction, partners in groups.items():
        when = _region(domain, change.region, jurisdiction)
        match change:
            case SightChange():
                yield {
                    "what": "sees",
                    "partners": partners,
                    "fields": change.fields,
                    "alerts": change.alerts,
                    "before": change.before,
                    "after": change.after,
                    "since": change.since,
                    "when": when,
                    "because": [asdict(one) for one in change.reasons],
                }
            case ReceiptChange():
                yield {
                    "what": "receives",
                    "partners": partners,
                    "alerts": change.alerts,
                    "otherwise": change.otherwise,
                    "since": change.since,
                    "when": when,
                }
            case PowerChange():
                yield {
                    "what": change.power,
                    "partners": partners,
                    "alerts": change.alerts,
                    "areas": change.areas,
                    "since": change.since,
                    "when": {key: when[key] for key in ("phases", "hazards", "danger")},
                    "line": change.line,
                }


def _region(domain: Domain, region: Region, jurisdiction: str) -> dict[str, Any]:
    """All that is listed holds in every combination. null: all rooms, or places, that the partner has; as it is labelled."""
    origins: Sequence[Origin]
    match region.origins:
        case None:
            origins = domain.origins
        case "home":
            origins = [Origin(jurisdiction, jurisdiction)]
        case "abroad":
            origins = [one for one in domain.origins if one != Origin(jurisdiction, jurisdiction)]
        case listed:
            origins = listed
    return {
        "rooms": region.rooms,
        "phases": region.phases or domain.phases,
        "hazards": region.hazards or domain.hazards,
        "danger": region.danger or domain.danger,
        "from": [_origin(one) for one in origins],
        "times": [_span(one) for one in region.spans or domain.spans],
        "places": region.places,
        "raised": region.raised,
    }


def _origin(origin: Origin) -> dict[str, str | None]:
    return {"old": origin.old, "new": origin.new}


def _span(span: Span) -> dict[str, str | None]:
    return {"since": span.since.isoformat(), "until": span.until.isoformat() if span.until is not None else None}


def _lead(domain: Domain, change: LeadChange) -> dict[str, Any]:
    return {
        "tiers": change.tiers,
        "jurisdictions": change.jurisdictions,
        "phases": change.phases or domain.phases,
        "hazards": change.hazards or domain.hazards,
        "before": asdict(change.before) if change.before is not None else None,
        "after": asdict(change.after) if change.after is not None else None,
        "side": change.side,
        "line": change.line,
    }
