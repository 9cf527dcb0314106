"""What a bundle says of itself to somebody who has never heard of Tocsin: a lawyer, an inspector, a court.

A text a language (``readme/LANGUAGE.txt``): that of the recipient, then English.
"""

from __future__ import annotations

from pathlib import Path

from storage.export.copy import About
from storage.export.wording import fitting

_TEXTS = Path(__file__).with_name("readme")

BETWEEN = f"\n{'-' * 86}\n\n"
"""What stands between two languages."""


def readme(about: About) -> str:
    """README.txt of a bundle."""
    languages = dict.fromkeys((fitting(about.recipient.language), "en"))
    texts = ((_TEXTS / f"{language}.txt").read_text("utf-8") for language in languages)
    said = [text.format(name=about.recipient.name, stream=about.stream, deployment=about.deployment) for text in texts]
    below = "(In English: below.)\n\n" if len(said) > 1 else ""
    return below + BETWEEN.join(said)
