"""What a bundle says of itself to somebody who has never heard of Tocsin: a lawyer, an inspector, a court.

A text a language (``readme/LANGUAGE.txt``): that of the recipient, then English.
"""

from __future__ import annotations

from pathlib import Path

from playbooks.phrasing import legible, one_line
from storage.export.copy import About
from storage.export.stated import moment
from storage.export.wording import fitting, table

_TEXTS = Path(__file__).with_name("readme")

BETWEEN = f"\n{'-' * 86}\n\n"
"""What stands between two languages."""


def readme(about: About) -> str:
    """README.txt of a bundle."""
    languages = dict.fromkeys((fitting(about.recipient.language), "en"))
    said = [_text(about, language) for language in languages]
    below = "(In English: below.)\n\n" if len(said) > 1 else ""
    return below + BETWEEN.join(said)


def _text(about: About, language: str) -> str:
    text = (_TEXTS / f"{language}.txt").read_text("utf-8")
    return text.format(
        name=_line(about.recipient.name),
        stream=about.stream,
        deployment=about.deployment,
        statement=_statement(about, language),
    )


def _statement(about: About, language: str) -> str:
    """For whom, by whom, why, by which right and when the copy was made, what is withheld, and the state of the log that it stands on."""
    words = table(language)["words"]
    withheld = sum(about.withheld.values())
    rows = [
        (words["forWhom"], words["auditor"] if about.recipient.partner is None else about.recipient.name),
        (words["byWhom"], words["operator"] if about.by == "operator" else about.by),
        (words["why"], about.reason),
        (words["basis"], about.basis or words["notStated"]),
        (words["when"], f"{moment(about.at, about.zone)} ({about.zone})"),
        (words["withheld"], f"{withheld} ({words['shownCount']}: {about.disclosed})"),
        (words["size"], str(about.checkpoint.size)),
        (words["root"], about.checkpoint.root.hex()),
    ]
    return "\n".join(f"{what}: {_line(said)}" for what, said in rows)


def _line(said: str) -> str:
    """What somebody wrote, in a line that nothing in it ends or turns round."""
    return one_line(legible(said))
