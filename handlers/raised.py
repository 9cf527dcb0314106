"""How closely whoever speaks wants their words held: a TLP label that they put in front, ``[red]``, and what looks as if it was meant for one.

A label is heard wherever people put it: before words, whatever stands in front of it (a mention, a bullet, a time, a quotation), in a poll's question
and options, in the name of a contact, and anywhere in that of a file. Where somebody may have meant to raise the label and nobody knows how far, nothing may be carried: a slip that
passed in silence would have shown everybody what was not for them. So in doubt it is no label, and they are told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import escape, unescape
from unicodedata import category, normalize

from playbooks.labels import Tlp
from playbooks.restricted import plain
from playbooks.spoken import Spoken

_COLOURS = {tlp.word: tlp for tlp in Tlp} | {"white": Tlp.CLEAR, "amberstrict": Tlp.AMBER_STRICT}
_COLOURS |= dict.fromkeys(("rouge", "rood", "rot", "rosso", "rojo"), Tlp.RED)
_COLOURS |= dict.fromkeys(("ambre", "ambra", "ámbar", "ambar"), Tlp.AMBER)
_COLOURS |= dict.fromkeys(("vert", "groen", "grün", "gruen", "verde"), Tlp.GREEN)
_MEANT = frozenset(
    (
        *("strict", "secret", "confidential", "restricted", "private", "classified", "internal", "yellow", "orange"),
        *("geheim", "vertraulich", "vertrouwelijk", "confidentiel", "confidencial", "secreto", "segreto", "riservato"),
        *("gelb", "jaune", "geel", "giallo", "amarillo"),
    )
)
"""Other words for how closely something is held, or of the same kind as the colours: whoever writes them means it to be held closely."""

_HEAD = 200
"""So far into what was said a label may stand: what is before it is no more than signs, a mention, a number."""
_LONGEST = 40
"""Characters between brackets."""
_SQUARE, _CLOSE = "[【〔「", "]】〕」}>)"
_OPEN = _SQUARE + "{(<"
_MARKUP = "*_~`\"'“”„«»‘’"
_TOKEN = re.compile(r"<[^<>]*>|&#?\w{1,10};|.", re.DOTALL)
_IN_FRONT = re.compile(
    r"\w{1,3}[.)]\s|\d\ufe0f?\u20e3|⭐ \d{1,9}\n|📎[^\n\[]{0,150}\n|@[^\s\[:]{1,60}:[^\s\[:]{2,60}(?=\s)|@[^\[\n:]{1,60}:|@[^\s\[\n]{1,60}"
)
"""What may stand before a label and has letters: a number in a list, a mention, what networks make of files that they do not hand out."""
_BEFORE_IT = re.compile(
    r"\d{4}-\d\d?-\d\d?(?:t(?=\d)|(?![^\W_]))"
    r"|\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d\d)?(?![^\W_])"
    r"|\d{1,2}[:.h]\d\d(?::\d\d)?(?:\s?(?:[ap]m|uhr|h|u|z))?(?![^\W_])"
    r"|(?:re|fwd?|aw|wg|tr|rv|antw|doorst|rif|sv|i|r)\s?:(?=\s)"
    r"|(?:[^\W\d_][\w.'’-]{0,30}|(?-i:[A-ZÀ-ÖØ-Þ][\w.'’-]{0,30}(?: (?:[A-ZÀ-ÖØ-Þ][\w.'’-]{0,30}|[a-z]{2,3})){1,3}))"
    r"\s?[:,]\s*(?=[\[【〔「])",
    re.IGNORECASE,
)
"""A date, a time, that it answers or is passed on, in whatever mail calls that; or a name to which it is said."""
_NEXT_NAMES = re.compile(r"(?: [^\s\[\n]{1,30}){1,3} ?(?=\[)")
_TLP = re.compile(r"tlp[\s_]*[:\-–]?[\s_]*([^\W\d_]{2,12})(?![^\W_])", re.IGNORECASE)
_IN_NAME = re.compile(r"[\[【〔「][^\[【〔「\]】〕」]*|(?<![^\W_])tlp", re.IGNORECASE)
_BARE = re.compile(r"([^\W\d_]{3,12})\s?[\])】]")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class _Sign:
    """One character that can be read, as compatibility has it (``［`` is ``[``), and where it stands in the markup."""

    shown: str
    start: int
    end: int


def marked(spoken: Spoken) -> tuple[Spoken, str | None, str | None]:
    """What is said without its label, the TLP colour (its word) that this names, the highest of several, and what stands there if it is nearly one."""
    html, raised, unknown = labelled(spoken.html)
    colours, slips = [raised], [unknown]
    poll = spoken.poll
    if poll is not None:
        question, raised, unknown = labelled(escape(poll.question, quote=False))
        colours.append(raised)
        slips.append(unknown)
        options = [labelled(escape(option, quote=False)) for option in poll.options]
        colours += [raised for _, raised, _ in options]
        slips += [unknown for _, _, unknown in options]
        shown = (plain(rest).strip() or said for (rest, _, _), said in zip(options, poll.options, strict=True))
        poll = replace(poll, question=plain(question).strip(), options=tuple(shown))
    names = [spoken.contact.name] if spoken.contact is not None else []
    if spoken.file is not None:
        named = normalize("NFKC", spoken.file.name)
        # People look at the end of a name as at its beginning.
        names += [spoken.file.name, *(named[found.start() :] for found in _IN_NAME.finditer(named))]
    for name in names:
        _, raised, unknown = labelled(escape(name, quote=False))
        colours.append(raised)
        slips.append(unknown)
    typed = next((one for one in slips if one is not None), None)
    return replace(spoken, html=html, poll=poll), higher(*colours), typed


def higher(*raised: str | None) -> str | None:
    """The highest of these TLP colours (their words), if there is any."""
    found = [Tlp.parse(one) for one in raised if one is not None]
    return Tlp(max(found)).word if found else None


def labelled(html: str) -> tuple[str, str | None, str | None]:
    """Restricted HTML without the labels in front, the TLP colour (its word) they name, and what stands there if it is nearly one.

    Looked for at the start, and after what is quoted there. A colour may be said in the partners' languages.
    """
    for start in _starts(html):
        rest, raised, unknown = _from(html[start:])
        if unknown is not None:
            return html, None, unknown
        if raised is not None:
            return html[:start] + rest, raised, None
    return html, None, None


def _starts(html: str) -> Iterator[int]:
    yield 0
    end = 0
    for _ in range(3):
        end = html.find("</blockquote>", end)
        if end < 0:
            break
        end += len("</blockquote>")
        yield end
    quoted = re.match(r"(?:&gt;[^\n]*\n\s*)+", html)
    if quoted is not None:
        yield quoted.end()


def _from(html: str) -> tuple[str, str | None, str | None]:
    raised: str | None = None
    for _ in range(8):
        found = _first(_signs(html))
        if found is None:
            break
        colour, typed, start, end = found
        if colour is None:
            return html, None, typed
        html, raised = _without(html, start, end), higher(raised, colour)
    return html, raised, None


def _signs(html: str) -> list[_Sign]:
    """The first characters that can be read, without those that nobody sees."""
    found: list[_Sign] = []
    for token in _TOKEN.finditer(html):
        if token[0][0] == "<" and len(token[0]) > 1:
            continue
        shown = normalize("NFKC", unescape(token[0]))
        found += [_Sign(one, token.start(), token.end()) for one in shown if category(one) != "Cf"]
        if len(found) >= _HEAD:
            break
    return found


def _first(signs: list[_Sign]) -> tuple[str | None, str, int, int] | None:
    """The first label, or nearly one: its colour, from where to where it stands in the markup; or what was typed."""
    text = "".join(sign.shown for sign in signs)
    at, by_name = 0, False
    while at < len(text):
        if text[at] in _OPEN:
            end = next(n for n in range(at, len(text) + 1) if n == len(text) or text[n] not in _OPEN)
            closing = next((n for n in range(end, min(len(text), end + _LONGEST)) if text[n] in _CLOSE + "\n"), end)
            closed = text[closing : closing + 1] not in ("", "\n") and text[closing] in _CLOSE
            inside = text[end : closing if closed else end + _LONGEST].split("\n")[0]
            colour, told = _read(inside, closed=closed, square=text[at] in _SQUARE)
            after = next(n for n in range(closing, len(text) + 1) if n == len(text) or text[n] not in _CLOSE)
            if told or (colour is not None and by_name):
                return None, text[at : after if closed else end + len(inside)], 0, 0
            if colour is None:
                at = after if closed else end
                continue
            while at > 0 and text[at - 1] in _MARKUP and text[after : after + 1] == text[at - 1]:
                at, after = at - 1, after + 1
            if text[after : after + 2] in (": ", ":\n"):
                after += 1
            return colour, "", signs[at].start, signs[after - 1].end
        in_front = _IN_FRONT.match(text, at)
        if in_front is not None:
            more = _NEXT_NAMES.match(text, in_front.end())
            at, by_name = (in_front.end(), by_name) if more is None else (more.end(), True)
        elif (before := _BEFORE_IT.match(text, at)) is not None:
            at = before.end()
        elif text[at].isalnum():
            slip = _TLP.match(text, at) or _BARE.match(text, at)
            return (None, slip[0], 0, 0) if slip is not None and _near(slip[1].lower()) else None
        else:
            at += 1
    return None


def _read(inside: str, *, closed: bool, square: bool) -> tuple[str | None, bool]:
    """The colour that stands between brackets, exactly; else whether it was meant to be one."""
    words = _WORD.findall(normalize("NFC", inside).lower())
    joined = "".join(words)
    named = joined.startswith("tlp")
    joined = joined.removeprefix("tlp")
    if joined in _COLOURS and closed:
        exact = square and not inside.rstrip().endswith("+")
        return (_COLOURS[joined].word, False) if exact else (None, True)
    if not words or named:
        return None, named
    if not closed or not square:
        return None, square and words[0] in _COLOURS
    few = words if len(words) <= 3 else []
    meant = words[0] in _COLOURS or any(one in _MEANT or one in _COLOURS for one in few)
    return None, meant or _near(joined) or any(_near(one) for one in few if len(one) > 3)


def _near(word: str) -> bool:
    """Whether a word is a colour, or one mistyped. Letters of other alphabets that look alike may stand in it."""
    seen = "".join(letter for letter in normalize("NFD", word) if letter.isascii())
    alike = {word, seen} if 0 < len(seen) >= len(word) - 2 else {word}
    return any(_slip(one, colour) for one in alike for colour in _COLOURS)


def _slip(word: str, colour: str) -> bool:
    if word == colour:
        return True
    short = len(colour) <= 4
    if abs(len(word) - len(colour)) > (1 if len(colour) <= 5 else 2):
        return False
    if len(word) == len(colour) and short:
        apart = [n for n, (a, b) in enumerate(zip(word, colour, strict=True)) if a != b]
        if len(apart) == 1:  # one letter for another: of short words that makes many ordinary ones
            return colour == "red" and (apart[0] > 0 or word[0] in "etdf45")
    return _distance(word, colour) <= (1 if len(colour) <= 5 else 2)


def _distance(one: str, other: str) -> int:
    """How many letters must be put in, left out, changed or swapped with the next (restricted Damerau-Levenshtein)."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def _without(html: str, start: int, end: int) -> str:
    """``html`` without the words from ``start`` to ``end``: tags there stay, except those that then have nothing in them."""
    between = [token[0] for token in _TOKEN.finditer(html[start:end]) if token[0][0] == "<" and len(token[0]) > 1]
    before: list[str] = []
    while start and category(html[start - 1]) == "Cf":
        start -= 1
    while start and html[start - 1] == ">" and html[(opened := html.rindex("<", 0, start)) + 1] != "/":
        before.append(html[opened:start])
        start = opened
    while html.startswith("</", end):
        closes = html.index(">", end) + 1
        between.append(html[end:closes])
        end = closes
    kept: list[str] = []
    for tag in [*reversed(before), *between]:
        if tag[1] == "/" and kept and kept[-1][1] != "/":
            kept.pop()
        else:
            kept.append(tag)
    if not start or html[start - 1].isspace():
        end += len(html[end:]) - len(html[end:].lstrip())
    return html[:start] + "".join(kept) + html[end:]
