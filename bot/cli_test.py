"""``tocsin test``: whether what a playbook's authors wrote down as agreed is what would be sent, and what nobody wrote down."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from bot.checking import read
from bot.cli_ending import BAD, FINE, UNANSWERED, complain
from bot.clock import SystemClock
from bot.prose import fitted
from playbooks.assertions import Outcome, run, unexercised
from playbooks.load import Book, Mark
from playbooks.problems import on_one_line
from playbooks.proposals import Proposal, proposals
from playbooks.schema import Expectation
from playbooks.survivors import Survey, Survivor, survey

WIDTH = 110
_PLACE = re.compile(r":\d+:\d+\b")


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one playbook's tests. ``idle``: places in ``sharing`` that no test exercises and that do something.

    ``survey`` is None where there are no tests, which would notice nothing.
    """

    book: Book
    outcomes: tuple[Outcome, ...]
    idle: tuple[int, ...]
    survey: Survey | None
    proposals: tuple[Proposal, ...]

    def code(self, strictness: Literal["strict", "plain"]) -> int:
        """The exit code: bad where a test does not hold; where it is strict, also where something is not tested."""
        if any(not one.holds for one in self.outcomes):
            return BAD
        untested = self.survey is None or self.idle or self.survey.survivors
        return BAD if untested and strictness == "strict" else FINE


def trial(paths: Sequence[Path], form: Literal["text", "json"], strictness: Literal["strict", "plain"]) -> int:
    """Try each playbook's tests now, say what became of them, and return the exit code."""
    now = SystemClock().now()
    code = FINE
    said: list[dict[str, Any]] = []
    for one in read(paths):
        if one.book is None:
            code = UNANSWERED
            lines = (
                [f"{on_one_line(str(one.path))}: {one.unread[0]}"]
                if one.unread
                else [str(problem) for problem in one.problems]
            )
            said.append({"file": str(one.path), "holds": None, "unreadable": lines})
            if form == "text":
                complain(*lines)
            continue
        report = examine(one.book, now)
        code = max(code, report.code(strictness))
        said.append(as_data(report))
        if form == "text":
            print("\n".join(_fitted(line) for line in as_text(report)))
    if form == "json":
        print(json.dumps({"at": now.isoformat(), "playbooks": said}, ensure_ascii=False, indent=2))
    return code


def examine(book: Book, now: datetime) -> Report:
    """Everything that can be said of a playbook's tests at this time."""
    outcomes = run(book, now)
    if not outcomes:
        return Report(book, (), unexercised(book, ()), None, ())
    found = survey(book, outcomes, now)
    idle = tuple(index for index in unexercised(book, outcomes) if index not in found.without_effect)
    return Report(book, outcomes, idle, found, proposals(book, found.survivors, now))


# --- for people -------------------------------------------------------------------------------------------------------


def as_text(report: Report) -> list[str]:
    """The report as lines."""
    book, playbook = report.book, report.book.playbook
    lines = [f"{book.file}: {playbook.playbook} version {playbook.version}"]
    if report.survey is None:
        return [
            *lines,
            "It has no tests: nothing says what was agreed. Write down under `tests:` who must see what, and who not.",
        ]
    for one in report.outcomes:
        lines.append(f"{'✓' if one.holds else '✗'} {_at(book, one.mark)}: {one.name}")
        lines += [f"    {_at(book, differs.mark)}: {differs.why}" for differs in one.differences]
        lines += [f"    note: {one.remark}"] if one.remark else []
    held = sum(one.holds for one in report.outcomes)
    lines.append(
        f"{held} of {_count(len(report.outcomes), 'assertion')} {'holds' if 1 in (held, len(report.outcomes)) else 'hold'}."
    )
    return [*lines, *_rules(report, report.survey), *_slips(report, report.survey)]


def _fitted(line: str) -> str:
    """Sentences fit the terminal; what names a place in a file, or is to be copied into one, stays as it is."""
    return line if line.startswith("  ") or _PLACE.search(line) else fitted(line)


def _rules(report: Report, found: Survey) -> list[str]:
    book, idle = report.book, report.idle
    working = len(book.playbook.sharing) - len(found.without_effect)
    decide = "decides" if len(idle) == 1 else "decide"
    lines = [f"Every sharing rule decides something that is asserted: {working} of {working}."]
    if idle:
        head = f"{len(idle)} of {_count(working, 'sharing rule')} {decide} nothing that is asserted:"
        lines = ["", head, *_written(book, idle)]
    if without := sorted(found.without_effect):
        head = f"{_count(len(without), 'more rule')} could be taken away, each alone, and everyone would see the same:"
        lines += [head, *_written(book, without)]
    return lines


def _written(book: Book, rules: Iterable[int]) -> list[str]:
    return [f"  {_at(book, book.mark('sharing', index))}: {_rule(book, index)}" for index in rules]


def _slips(report: Report, found: Survey) -> list[str]:
    book = report.book
    total = len(found.caught) + len(found.survivors)
    but = (
        f" ({len(found.equivalent)} more would change nothing that a test could ask about)" if found.equivalent else ""
    )
    held = " by the assertions that hold" if any(not one.holds for one in report.outcomes) else ""
    if not found.survivors:
        return [f"Every slip of the pen would be noticed{held}: {len(found.caught)} of {total} tried{but}."]
    lines = [
        "",
        f"{len(found.survivors)} of {total} slips of the pen would go unnoticed{held}{but}.",
        "What follows is so today, and would not be after the slip. If it is what was agreed, put it under `tests:`.",
    ]
    for one in report.proposals:
        slips = [f"# {_at(book, _mark(book, slip))}: {slip.mutant.change}: {_harm(slip)}" for slip in one.catches]
        lines += ["", *(f"  {line}" for line in (*slips, *as_yaml(book, one.test)))]
    return lines


def _harm(survivor: Survivor) -> str:
    """What a slip would change at its witness, in a few words."""
    witness = survivor.witness
    who = witness.partner
    if witness.before is None or witness.after is None:
        return f"{who} could issue it" if who not in witness.issuers else f"{who} could no longer issue it"
    if not witness.before and witness.after and not any(name.startswith("_") for name in witness.after):
        return f"{who} would get it"
    for field, form in witness.after.items():
        if witness.before.get(field) != form:
            return f"{who} would see `{field}` as {form}"
    lost = next(field for field in witness.before if field not in witness.after)
    return f"{who} would not see `{lost}`"


def as_yaml(book: Book, test: Expectation) -> list[str]:
    """A test as it can be put under ``tests:``, in lines."""
    given = _given(book, test)
    lines = [f"- name: {test.name}", f"  alert: {test.alert}", f"  given: {_flow(given)}"]
    if test.sees:
        lines += ["  sees:", *(f"    {partner}: {_flow(forms)}" for partner, forms in test.sees.items())]
    if test.may_issue is not None:
        lines.append(f"  may_issue: [{', '.join(test.may_issue)}]")
    return lines


def _given(book: Book, test: Expectation) -> dict[str, Any]:
    given = test.given.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True)
    if test.given.at is not None:
        given["at"] = test.given.at.isoformat().removesuffix("T00:00:00")
    return given


def _flow(entries: Mapping[str, Any]) -> str:
    words = (f"{key}: {str(value).lower() if isinstance(value, bool) else value}" for key, value in entries.items())
    return f"{{{', '.join(words)}}}"


def _rule(book: Book, index: int) -> str:
    """A rule's first line as it stands in the file."""
    line = book.source.decode("utf-8-sig").splitlines()[book.line("sharing", index) - 1].strip().removeprefix("- ")
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"


def _at(book: Book, mark: Mark) -> str:
    return f"{book.file}:{mark.line}:{mark.column}"


def _mark(book: Book, survivor: Survivor) -> Mark:
    return book.mark(*survivor.mutant.path)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


# --- for programs -----------------------------------------------------------------------------------------------------


def as_data(report: Report) -> dict[str, Any]:
    """The report as JSON can have it."""
    book, found = report.book, report.survey
    return {
        "file": book.file,
        "playbook": book.playbook.playbook,
        "version": book.playbook.version,
        "sha256": book.digest,
        "holds": all(one.holds for one in report.outcomes) if report.outcomes else None,
        "assertions": [_assertion(one) for one in report.outcomes],
        "rules": {
            "count": len(book.playbook.sharing),
            "unexercised": _places(book, report.idle),
            "without_effect": _places(book, sorted(found.without_effect) if found else ()),
        },
        "changes": found
        and {
            "caught": len(found.caught),
            "equivalent": len(found.equivalent),
            "survived": [
                {
                    **_place(_mark(book, slip)),
                    "change": slip.mutant.change,
                    "effect": _harm(slip),
                    "assert": {
                        "alert": one.test.alert,
                        "given": _given(book, one.test),
                        **({"sees": one.test.sees} if one.test.sees else {}),
                        **({"may_issue": one.test.may_issue} if one.test.may_issue is not None else {}),
                    },
                }
                for one in report.proposals
                for slip in one.catches
            ],
        },
    }


def _assertion(outcome: Outcome) -> dict[str, Any]:
    return {
        "name": outcome.name,
        **_place(outcome.mark),
        "holds": outcome.holds,
        "note": outcome.remark,
        "differences": [
            {
                "about": one.about,
                "partner": one.partner,
                "field": one.field,
                "wanted": one.wanted,
                "found": one.found,
                "why": one.why,
                "decided_by_line": one.line or None,
                **_place(one.mark),
            }
            for one in outcome.differences
        ],
    }


def _places(book: Book, rules: Iterable[int]) -> list[dict[str, Any]]:
    return [{**_place(book.mark("sharing", index)), "rule": _rule(book, index)} for index in rules]


def _place(mark: Mark) -> dict[str, int]:
    return {"line": mark.line, "column": mark.column}
