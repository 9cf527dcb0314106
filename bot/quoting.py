"""Which part of a message is answered, where several things that people said went as one: the one whose words, or else whose speaker, are quoted, and
every other whose words are quoted with them. Pure."""

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


def spanned(lines: Sequence[Line | None], words: str, at: int) -> list[int]:
    """The numbers of all lines of which ``words`` quote something, as ``meant`` takes them; of all lines, where these words stand nowhere in the message."""
    one = meant(lines, words, at)
    wanted = "".join(words.split())
    if one is None or wanted in "".join(plain(_part(lines[one])).split()):
        return [] if one is None else [one]
    left = [(number, line) for number, line in enumerate(lines) if line is not None]
    whole = [plain(shown([line for _, line in left[: n + 1]])) for n in range(len(left))]
    # Spaces apart: networks change them in what they quote.
    ends = [len("".join(text.split())) for text in whole]
    text = "".join(whole[-1].split())
    near = len("".join(_up_to(whole[-1], at).split()))
    places = [n for n in range(len(text)) if text.startswith(wanted, n)]
    if not wanted or not places:
        return [number for number, _ in left]
    begins = min(places, key=lambda place: abs(place - near))
    starts = [0, *ends[:-1]]
    return [
        number
        for (number, _), start, end in zip(left, starts, ends, strict=True)
        if start < begins + len(wanted) and begins < end
    ]


def _part(line: Line | None) -> str:
    return line.words if line is not None else ""


def _up_to(text: str, units: int) -> str:
    return text.encode("utf-16-le", "surrogatepass")[: 2 * max(units, 0)].decode("utf-16-le", "ignore")


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
