"""Which part of a message is answered, where several things that people said went as one: the one whose words, or else whose speaker, are quoted. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.speech import Line, plain, shown


def meant(lines: Sequence[Line | None], words: str, at: int) -> int | None:
    """Of the lines of a message (None: one that was removed) the number of the one from which ``words`` are quoted; None where there is none.

    ``at``: where these begin in the message, in UTF-16 units, as Telegram tells it: it decides where the same was said more than once, and what is meant
    where the words span two parts.
    """
    left = [number for number, line in enumerate(lines) if line is not None]
    said = [line for line in lines if line is not None]
    if not said:
        return None
    ends = [_units(plain(shown(said[: number + 1]))) for number in range(len(said))]
    there = next((number for number, end in enumerate(ends) if at < end), len(said) - 1)
    wanted = " ".join(words.split())
    for texts in ([line.words for line in said], [line.head for line in said]):
        holding = [number for number, text in enumerate(texts) if wanted in " ".join(plain(text).split())]
        if holding and wanted:
            return left[min(holding, key=lambda number: abs(number - there))]
    return left[there]


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
